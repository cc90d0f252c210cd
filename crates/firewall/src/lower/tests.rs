//! Policies and the rulesets they become. Each heading is one of `docs/security.md`.

pub(crate) mod random;
pub(crate) mod text;

use expect_test::{ExpectFile, expect_file};

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::{HeaderCondition, IcmpType, PortSet, Ports, Protocol};

use super::*;
use crate::{nft, testing::*};

/// Every shape that a rule can have.
pub(crate) fn everything() -> Snapshot {
    let range = Ports {
        source: PortSet::all(),
        destination: PortSet::from_ranges([8000..=8100, 9000..=9000]).unwrap(),
    };
    let both = Ports {
        source: PortSet::one(5353),
        destination: PortSet::one(5353),
    };
    let echo = IcmpType { kind: 8, code: None };
    let unreachable = IcmpType {
        kind: 1,
        code: Some(4),
    };
    let things = Peer::Things(vec![thing_mac(2), thing_mac(3)]);
    let anything = Peer::Anything;
    let rules = vec![
        rule("cloud", name("cloud.example.com"), tcp(443)),
        from_peer(rule("push", name("push.example.com"), Protocol::Udp(from(3478)))),
        rule("every", name("any.example.com"), Protocol::Any),
        rule("gre", name("gre.example.com"), Protocol::Number(47)),
        rule("echo", name("echo.example.com"), Protocol::Icmp(Some(echo))),
        rule("range", name("range.example.com"), Protocol::Tcp(range.clone())),
        rule("local", networks(["192.0.2.0/24", "2001:db8::/64"]), udp(5683)),
        rule(
            "ranges",
            networks(["198.51.100.0/24", "198.51.100.128/25"]),
            Protocol::Tcp(range),
        ),
        rule("group", networks(["224.0.0.0/24", "ff02::/16"]), udp(5353)),
        rule("one", networks(["203.0.113.9/32"]), tcp(1883)),
        from_peer(rule("class", things.clone(), tcp(80))),
        rule("class", things, udp(80)),
        rule("ping", anything.clone(), Protocol::Icmpv6(None)),
        rule(
            "kind",
            networks(["2001:db8:1::/48"]),
            Protocol::Icmpv6(Some(unreachable)),
        ),
        from_peer(rule("both", anything.clone(), Protocol::Udp(both))),
        with(
            rule("fields", anything.clone(), tcp(22)),
            [
                HeaderCondition::Dscp(46),
                HeaderCondition::Ecn(1),
                HeaderCondition::Ttl(255),
                HeaderCondition::Length(60),
                HeaderCondition::TcpFlags(2),
            ],
        ),
        with(
            rule("label", anything.clone(), udp(9)),
            [HeaderCondition::FlowLabel(0xabcde)],
        ),
        with(
            from_peer(rule("end", anything.clone(), udp(9))),
            [HeaderCondition::ThingAddress("192.0.2.0/25".parse().unwrap())],
        ),
    ];
    let ordered = vec![
        dropping(rule("not", name("bad.example.com"), Protocol::Any)),
        rule("but", anything.clone(), Protocol::Any),
        from_peer(rule("in", anything.clone(), Protocol::Tcp(to(8080)))),
    ];
    let mut limited = thing(4, Enforcement::Enforce, [rule("any", anything, Protocol::Any)]);
    let mut policy = (*limited.policy).clone();
    policy.vetoes = vec![
        rule("but", networks(["10.0.0.0/8"]), tcp(1)),
        dropping(rule("veto", networks(["10.0.0.0/8"]), Protocol::Any)),
    ];
    limited.policy = policy.into();
    home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::Observe, ordered),
        thing(3, Enforcement::None, []),
        limited,
    ])
}

const STATELESS: Kernel = Kernel {
    bridge: Bridge::Stateless,
    samples: true,
};

/// Compares what a snapshot adds to the ruleset of an empty home, and asks nft and the kernel whether they take it.
fn golden(heading: &str, snapshot: &Snapshot, kernel: &Kernel, expected: &ExpectFile) {
    let specification = include_str!("../../../../docs/security.md");
    let is_there = specification
        .lines()
        .any(|line| line.trim_start_matches('#').trim() == heading);
    assert!(is_there, "docs/security.md has no heading {heading}");
    let commands = lower(snapshot, kernel).commands();
    let text = text::text(&commands, &lower(&Snapshot::default(), kernel).commands());
    expected.assert_eq(&format!("# docs/security.md: {heading}\n{text}"));
    taken(&commands, kernel);
}

/// The kernel that tests run on may follow no connections within bridges: then it is not asked about that.
fn taken(commands: &Value, kernel: &Kernel) {
    match nft::check(&commands.to_string()) {
        Ok(()) => {}
        Err(_) if kernel.bridge == Bridge::Stateful && Kernel::probe().is_ok_and(|here| here != *kernel) => {}
        Err(_) if nft::check(r#"{"nftables":[{"add":{"table":{"family":"inet","name":"x"}}}]}"#).is_err() => {
            eprintln!("LEFT OUT: nft cannot ask the kernel; this test needs root and nft");
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_tables_of_an_empty_home() {
    for (kernel, expected) in [
        (STATELESS, expect_file!["goldens/tables-stateless.txt"]),
        (Kernel::FULL, expect_file!["goldens/tables-stateful.txt"]),
    ] {
        let commands = lower(&Snapshot::default(), &kernel).commands();
        let text = text::text(&commands, &Value::Null);
        expected.assert_eq(&format!("# docs/security.md: The tables\n{text}"));
        taken(&commands, &kernel);
    }
}

#[test]
fn without_tables_for_bridges_only_routed_packets_are_judged() {
    let kernel = Kernel {
        bridge: Bridge::Absent,
        samples: false,
    };
    let commands = lower(&everything(), &kernel).commands();
    let text = text::text(&commands, &Value::Null);
    assert!(!text.contains("bridge") && !text.contains(" log "), "{text}");
    taken(&commands, &kernel);
}

#[test]
fn a_thing_that_is_not_managed() {
    let home = home([thing(
        1,
        Enforcement::None,
        [rule("any", Peer::Anything, Protocol::Any)],
    )]);
    golden(
        "A Thing that is not managed",
        &home,
        &STATELESS,
        &expect_file!["goldens/not-managed.txt"],
    );
}

#[test]
fn an_observed_thing() {
    let home = home([thing(1, Enforcement::Observe, [])]);
    golden(
        "An observed Thing",
        &home,
        &STATELESS,
        &expect_file!["goldens/observed.txt"],
    );
}

#[test]
fn a_managed_thing_without_a_file() {
    let home = home([thing(1, Enforcement::Enforce, [])]);
    golden(
        "A managed Thing",
        &home,
        &STATELESS,
        &expect_file!["goldens/narrow.txt"],
    );
}

#[test]
fn every_shape_of_a_rule() {
    golden(
        "Order",
        &everything(),
        &STATELESS,
        &expect_file!["goldens/everything-stateless.txt"],
    );
    golden(
        "Order",
        &everything(),
        &Kernel::FULL,
        &expect_file!["goldens/everything-stateful.txt"],
    );
}

#[test]
fn what_is_left_out_is_named_and_accepts() {
    let lowered = lower(&everything(), &STATELESS);
    let named: Vec<_> = lowered
        .left_out
        .iter()
        .map(|left_out| crate::comment::comment(left_out.thing, &left_out.origin))
        .collect();
    assert_eq!(
        named,
        [
            "02:00:00:00:00:01 0 list fields",
            "02:00:00:00:00:01 0 list label"
        ]
    );
    assert_eq!(lower(&everything(), &Kernel::FULL).left_out, []);
}

#[test]
fn the_first_of_two_things_keeps_an_address_that_both_claim() {
    let mut second = thing(
        2,
        Enforcement::Enforce,
        [from_peer(rule("in", Peer::Anything, udp(1)))],
    );
    let first = thing(
        1,
        Enforcement::Enforce,
        [from_peer(rule("in", Peer::Anything, udp(1)))],
    );
    second.bindings = first.bindings.clone();
    let home = home([first, second]);
    assert!(
        Ground::of(&home)
            .owner
            .values()
            .all(|owner| *owner == thing_mac(1))
    );
    taken(&lower(&home, &STATELESS).commands(), &STATELESS);
}

#[test]
fn addresses_of_no_host_and_those_of_the_router_are_bound_to_nobody() {
    let mut claims = thing(1, Enforcement::Enforce, []);
    let addresses = [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "127.0.0.1",
        "::",
        "ff02::1",
        "::1",
        "192.0.2.1",
        "fe80::1",
    ];
    claims.bindings = addresses
        .map(|address| mudguard_manager::Binding {
            address: address.parse().unwrap(),
            expires: None,
        })
        .into();
    assert!(Ground::of(&home([claims])).owner.is_empty());
}

#[test]
fn where_an_address_belongs_follows_the_prefixes_of_the_lan() {
    let before = home([thing(1, Enforcement::Enforce, [])]);
    let mut now = before.clone();
    let renumbered = ["192.0.2.0/24", "2001:db8:1::/64"].map(|prefix| prefix.parse().unwrap());
    now.home.lans[0].prefixes = renumbered.into();
    let grounds = [&before, &now].map(Ground::of);
    let things = [&before, &now].map(|home| &*home.things[&thing_mac(1)]);
    assert!(!is_lowered_alike(
        (things[0], &grounds[0]),
        (things[1], &grounds[1])
    ));
    let belongs = |ground| {
        let routed = lower_thing(things[0], ground, &Kernel::FULL).routed;
        routed.of_other_sets.contains_key("out6")
    };
    assert!(belongs(&grounds[0]) && !belongs(&grounds[1]));
}
