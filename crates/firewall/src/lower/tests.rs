//! Policies and the rulesets they become. Each heading is one of `docs/security.md`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::{HeaderCondition, IcmpType, PortSet, Ports, Protocol};

use super::*;
use crate::testing::*;

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
    let things = mudguard_policy::Peer::Things(vec![thing_mac(2), thing_mac(3)]);
    let anything = mudguard_policy::Peer::Anything;
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

/// What `nft --check` says of a ruleset, which asks the kernel too; `None` if it has nothing against it.
fn objections(commands: &str) -> Option<String> {
    let mut nft = Command::new("nft")
        .args(["-j", "-c", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    nft.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
    let output = nft.wait_with_output().unwrap();
    (!output.status.success()).then(|| {
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
    })
}

#[test]
fn nft_and_the_kernel_take_every_shape() {
    let kernel = Kernel {
        bridge: Bridge::Stateless,
        samples: true,
    };
    let commands = lower(&everything(), &kernel).commands().to_string();
    std::fs::write("/tmp/fwt/every.json", &commands).unwrap();
    assert_eq!(objections(&commands), None);
}
