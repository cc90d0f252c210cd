//! Each abstraction of RFC 8520, and each thing that RFC 8519 adds, compiles to what a reader expects.

use expect_test::{Expect, expect};
use mudguard_mud::{Dialect, Limits, MudFile, parse};
use mudguard_policy::{
    Identity, Member, Neighbour, Origin, Site, ThingPolicy, Verdict, compile,
    testing::pools::{STATIONS, THING, network, url},
};

/// A file with one list for each direction; the ACEs are given as `name: matches`, and drop if the name says so.
fn file(from: &[(&str, &str)], to: &[(&str, &str)]) -> MudFile {
    let list = |name: &str, aces: &[(&str, &str)]| {
        let aces: Vec<_> = aces
            .iter()
            .map(|(name, matches)| {
                let forwarding = if name.starts_with("drop") { "drop" } else { "accept" };
                format!(
                    r#"{{"name": "{name}", "matches": {{{matches}}}, "actions": {{"forwarding": "{forwarding}"}}}}"#
                )
            })
            .collect();
        format!(r#"{{"name": "{name}", "aces": {{"ace": [{}]}}}}"#, aces.join(","))
    };
    let text = format!(
        r#"{{"ietf-mud:mud": {{"mud-version": 1, "mud-url": "https://maker.example/lamp", "is-supported": true,
          "last-update": "2026-01-01T00:00:00Z",
          "from-device-policy": {{"access-lists": {{"access-list": [{{"name": "from"}}]}}}},
          "to-device-policy": {{"access-lists": {{"access-list": [{{"name": "to"}}]}}}}}},
          "ietf-access-control-list:acls": {{"acl": [{}, {}]}}}}"#,
        list("from", from),
        list("to", to)
    );
    let parsed = parse(text.as_bytes(), &Limits::default(), Dialect::Community);
    parsed.file.unwrap_or_else(|| panic!("{:#?}", parsed.findings))
}

/// A home with a lamp of the same maker, a camera of another, and a hub that was chosen for two classes.
fn home() -> Site {
    let thing = |place: usize, text: &str| Neighbour {
        mac: STATIONS[place],
        url: url(text),
        identity: Identity::Weak,
    };
    Site {
        thing: Some(THING),
        things: vec![
            thing(0, "https://maker.example/other-lamp"),
            thing(1, "https://other.example/camera"),
            Neighbour {
                identity: Identity::Strong,
                ..thing(2, "https://maker.example/proven-lamp")
            },
        ],
        controllers: [(
            "https://maker.example/hub".to_owned(),
            vec![
                Member::Thing(STATIONS[3]),
                Member::Network(network("203.0.113.0/24")),
            ],
        )]
        .into(),
        my_controllers: vec![Member::Thing(STATIONS[3])],
        addresses_approved: true,
        ..Site::typical()
    }
}

/// The rules that stem from ACEs, and the verdicts that are not plain.
fn text(policy: &ThingPolicy) -> String {
    let mut text = String::new();
    for (kind, rules) in [("veto ", &policy.vetoes), ("", &policy.permits)] {
        for rule in rules {
            if let Origin::Ace(name) = &rule.origin {
                text += &format!("{}: {kind}{rule}\n", name.ace);
            }
        }
    }
    for verdict in &policy.verdicts {
        match &verdict.verdict {
            Verdict::Enforced => {}
            Verdict::Narrowed(what) => text += &format!("{}: narrowed: {what}\n", verdict.ace.ace),
            Verdict::Refused(why) => text += &format!("{}: refused: {why}\n", verdict.ace.ace),
        }
    }
    text
}

fn check(from: &[(&str, &str)], to: &[(&str, &str)], expected: &Expect) {
    expected.assert_eq(&text(&compile(&file(from, to), &home())));
}

#[test]
fn names_stand_for_the_other_end_in_both_directions() {
    check(
        &[(
            "out",
            r#""ipv4": {"ietf-acldns:dst-dnsname": "api.maker.example"}"#,
        )],
        &[(
            "in",
            r#""ipv6": {"ietf-acldns:src-dnsname": "api.maker.example"}"#,
        )],
        &expect![[r#"
            out: accept from-device any protocol to api.maker.example, IPv4 alone
            in: accept to-device any protocol from api.maker.example, IPv6 alone
        "#]],
    );
}

#[test]
fn classes_are_the_things_of_this_home_and_strong_and_weak_do_not_mix() {
    check(
        &[
            ("same", r#""ietf-mud:mud": {"same-manufacturer": [null]}"#),
            ("maker", r#""ietf-mud:mud": {"manufacturer": "other.example"}"#),
            (
                "model",
                r#""ietf-mud:mud": {"model": "https://other.example/camera"}"#,
            ),
            (
                "hub",
                r#""ietf-mud:mud": {"controller": "https://maker.example/hub"}"#,
            ),
            ("mine", r#""ietf-mud:mud": {"my-controller": [null]}"#),
            (
                "dns",
                r#""ietf-mud:mud": {"controller": "urn:ietf:params:mud:dns"}"#,
            ),
            ("nobody", r#""ietf-mud:mud": {"manufacturer": "nobody.example"}"#),
            (
                "none",
                r#""ietf-mud:mud": {"controller": "https://nobody.example/class"}"#,
            ),
        ],
        &[],
        &expect![[r#"
            same: accept from-device any protocol to 02:00:00:00:0a:02
            maker: accept from-device any protocol to 02:00:00:00:0a:03
            model: accept from-device any protocol to 02:00:00:00:0a:03
            hub: accept from-device any protocol to 02:00:00:00:0a:05
            hub: accept from-device any protocol to 203.0.113.0/24
            mine: accept from-device any protocol to 02:00:00:00:0a:05
            dns: accept from-device any protocol to this router
            nobody: narrowed: there is no other Thing of nobody.example in this home yet
            none: narrowed: no controller of the class https://nobody.example/class was chosen in this home yet
        "#]],
    );
}

#[test]
fn local_networks_hold_groups_for_what_the_thing_sends_but_not_over_tcp() {
    let local = r#""ietf-mud:mud": {"local-networks": [null]}"#;
    check(
        &[
            ("udp", &format!(r#"{local}, "ipv4": {{"protocol": 17}}"#)),
            ("tcp", &format!(r#"{local}, "ipv4": {{"protocol": 6}}"#)),
            ("v6", &format!(r#"{local}, "ipv6": {{"protocol": 17}}"#)),
        ],
        &[("in", &format!(r#"{local}, "ipv4": {{"protocol": 17}}"#))],
        &expect![[r#"
            udp: accept from-device udp any to 192.168.1.0/24, IPv4 alone
            udp: accept from-device udp any to 224.0.0.0/24 239.0.0.0/8 255.255.255.255/32, IPv4 alone
            tcp: accept from-device tcp any to 192.168.1.0/24, IPv4 alone
            v6: accept from-device udp any to fd00::/64, IPv6 alone
            v6: accept from-device udp any to ff02::/16 ff05::/16 ff12::/16 ff15::/16 ff32::/16 ff35::/16, IPv6 alone
            in: accept to-device udp any from 192.168.1.0/24, IPv4 alone
        "#]],
    );
}

#[test]
fn the_direction_says_who_opens_and_without_it_either_may() {
    let tcp = |direction: &str, port: &str| {
        format!(
            r#""tcp": {{{direction}"{port}": {{"operator": "eq", "port": 443}}}}, "ipv4": {{"ietf-acldns:{}": "api.example"}}"#,
            if port == "source-port" {
                "src-dnsname"
            } else {
                "dst-dnsname"
            }
        )
    };
    let by = |side: &str| format!(r#""ietf-mud:direction-initiated": "{side}-device", "#);
    check(
        &[
            ("from", &tcp(&by("from"), "destination-port")),
            ("to", &tcp(&by("to"), "destination-port")),
            ("either", &tcp("", "destination-port")),
        ],
        &[
            ("from-replies", &tcp(&by("from"), "source-port")),
            ("to-opens", &tcp(&by("to"), "source-port")),
            ("either-opens", &tcp("", "source-port")),
        ],
        &expect![[r#"
            from: accept from-device tcp 443 to api.example, IPv4 alone
            either: accept from-device tcp 443 to api.example, IPv4 alone
            to-opens: accept to-device tcp 443:any from api.example, IPv4 alone
            either-opens: accept to-device tcp 443:any from api.example, IPv4 alone
        "#]],
    );
}

#[test]
fn ports_and_types_are_held_in_every_writing() {
    let udp =
        |condition: &str| format!(r#""udp": {{{condition}}}, "ietf-mud:mud": {{"my-controller": [null]}}"#);
    check(
        &[
            (
                "range",
                &udp(r#""destination-port": {"lower-port": 10, "upper-port": 20}"#),
            ),
            (
                "lte",
                &udp(r#""destination-port": {"operator": "lte", "port": 20}"#),
            ),
            ("gte", &udp(r#""source-port": {"operator": "gte", "port": 1024}"#)),
            (
                "neq",
                &udp(r#""destination-port": {"operator": "neq", "port": 53}"#),
            ),
            (
                "ping",
                r#""icmp": {"type": 8, "code": 0}, "ipv4": {}, "ietf-mud:mud": {"my-controller": [null]}"#,
            ),
            (
                "both",
                r#""icmp": {"type": 128}, "ietf-mud:mud": {"my-controller": [null]}"#,
            ),
            (
                "number",
                r#""ipv4": {"protocol": 47}, "ietf-mud:mud": {"my-controller": [null]}"#,
            ),
        ],
        &[],
        &expect![[r#"
            range: accept from-device udp 10-20 to 02:00:00:00:0a:05
            lte: accept from-device udp 0-20 to 02:00:00:00:0a:05
            gte: accept from-device udp 1024-65535:any to 02:00:00:00:0a:05
            neq: accept from-device udp 0-52,54-65535 to 02:00:00:00:0a:05
            ping: accept from-device icmp type 8 code 0 to 02:00:00:00:0a:05, IPv4 alone
            both: accept from-device icmp type 128 to 02:00:00:00:0a:05, IPv4 alone
            both: accept from-device icmpv6 type 128 to 02:00:00:00:0a:05, IPv6 alone
            number: accept from-device protocol 47 to 02:00:00:00:0a:05, IPv4 alone
        "#]],
    );
}

#[test]
fn drops_stand_in_order_and_forbid_flows_whose_replies_they_drop() {
    check(
        &[
            (
                "drop-host",
                r#""ipv4": {"destination-ipv4-network": "192.168.1.20/32"}"#,
            ),
            (
                "lan",
                r#""ietf-mud:mud": {"local-networks": [null]}, "ipv4": {"protocol": 6}"#,
            ),
        ],
        &[(
            "lan-in",
            r#""ietf-mud:mud": {"local-networks": [null]}, "ipv4": {"protocol": 6}"#,
        )],
        &expect![[r#"
            drop-host: veto drop to-device any protocol from 192.168.1.20/32, IPv4 alone
            drop-host: drop from-device any protocol to 192.168.1.20/32, IPv4 alone
            lan: accept from-device tcp any to 192.168.1.0/24, IPv4 alone
            lan-in: accept to-device tcp any from 192.168.1.0/24, IPv4 alone
        "#]],
    );
}

#[test]
fn header_fields_stay_conditions_or_refuse_the_ace_and_a_drop_drops_more() {
    check(
        &[
            ("dscp", r#""ipv4": {"dscp": 46, "protocol": 17}"#),
            ("flags", r#""tcp": {"flags": "syn ack"}"#),
            ("own", r#""ipv4": {"source-ipv4-network": "192.168.1.64/26"}"#),
            ("offset", r#""ipv4": {"offset": 20}"#),
            (
                "drop-offset",
                r#""ipv4": {"offset": 20, "destination-ipv4-network": "203.0.113.0/24"}"#,
            ),
            ("interface", r#""egress-interface": "wan""#),
        ],
        &[],
        &expect![[r#"
            own: veto accept to-device any protocol from anything, IPv4 alone, the Thing at 192.168.1.64/26
            drop-offset: veto drop to-device any protocol from 203.0.113.0/24, IPv4 alone
            dscp: accept from-device udp any to anything, IPv4 alone, dscp 46
            flags: accept from-device tcp any to anything, flags 0x12
            own: accept from-device any protocol to anything, IPv4 alone, the Thing at 192.168.1.64/26
            drop-offset: drop from-device any protocol to 203.0.113.0/24, IPv4 alone
            offset: refused: it tests offset, which cannot be enforced
            drop-offset: narrowed: drops more than it says: it tests offset, which cannot be enforced
            interface: refused: it names a network interface, and no home has one of that name
        "#]],
    );
}

#[test]
fn addresses_outside_of_the_home_wait_for_the_owner() {
    let file = file(
        &[
            (
                "outside",
                r#""ipv4": {"destination-ipv4-network": "203.0.113.0/24"}"#,
            ),
            (
                "inside",
                r#""ipv4": {"destination-ipv4-network": "192.168.1.20/32"}"#,
            ),
            (
                "group",
                r#""ipv4": {"destination-ipv4-network": "239.255.255.250/32"}"#,
            ),
            (
                "drop-outside",
                r#""ipv4": {"destination-ipv4-network": "198.51.100.0/24"}"#,
            ),
            ("literal", r#""ipv4": {"ietf-acldns:dst-dnsname": "203.0.113.9"}"#),
        ],
        &[],
    );
    let site = Site {
        addresses_approved: false,
        ..home()
    };
    expect![[r#"
        inside: veto accept to-device any protocol from 192.168.1.20/32, IPv4 alone
        group: veto accept to-device any protocol from 239.255.255.250/32, IPv4 alone
        drop-outside: veto drop to-device any protocol from 198.51.100.0/24, IPv4 alone
        inside: accept from-device any protocol to 192.168.1.20/32, IPv4 alone
        group: accept from-device any protocol to 239.255.255.250/32, IPv4 alone
        drop-outside: drop from-device any protocol to 198.51.100.0/24, IPv4 alone
        outside: refused: waits for approval, as it names addresses outside of this home: 203.0.113.0/24
        literal: refused: waits for approval, as it names addresses outside of this home: 203.0.113.9/32
    "#]]
    .assert_eq(&text(&compile(&file, &site)));
}

#[test]
fn the_implicit_services_come_last_and_a_drop_overrides_them() {
    let policy = compile(
        &file(
            &[(
                "drop-dns",
                r#""udp": {"destination-port": {"operator": "eq", "port": 53}}"#,
            )],
            &[],
        ),
        &home(),
    );
    let permits: Vec<_> = policy.permits.iter().map(ToString::to_string).collect();
    expect![[r#"
        drop from-device udp 53 to anything
        accept from-device udp 53 to this router
        accept from-device tcp 53 to this router
        accept from-device udp 123 to this router
    "#]]
    .assert_eq(&(permits.join("\n") + "\n"));
}
