//! Tests of the module above.

use expect_test::expect;
use mudguard_mud::DomainName;
use mudguard_policy::{IcmpType, PortSet, Ports, Protocol, narrow};

use super::*;
use crate::Language;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0x0a, 7]);

fn to(port: u16) -> Ports {
    Ports {
        source: PortSet::all(),
        destination: PortSet::one(port),
    }
}

fn tcp(port: u16) -> Protocol {
    Protocol::Tcp(to(port))
}

fn udp(port: u16) -> Protocol {
    Protocol::Udp(to(port))
}

fn name(text: &str) -> Peer {
    Peer::Name(DomainName::parse(text).unwrap())
}

fn networks(texts: &[&str]) -> Peer {
    Peer::Networks(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// A rule by which the Thing may open flows.
fn out(peer: Peer, protocol: Protocol) -> Rule {
    Rule {
        origin: Origin::Owner,
        initiator: Initiator::Thing,
        family: None,
        peer,
        protocol,
        conditions: Vec::new(),
        action: Action::Accept,
    }
}

/// A rule by which the other end may.
fn back(peer: Peer, protocol: Protocol) -> Rule {
    Rule {
        initiator: Initiator::Peer,
        ..out(peer, protocol)
    }
}

fn policy(permits: Vec<Rule>) -> ThingPolicy {
    ThingPolicy {
        permits,
        ..ThingPolicy::default()
    }
}

fn tell(policy: &ThingPolicy, file: Option<&MudFile>) -> Vec<Sentence> {
    let url = MudUrl::parse("https://mud.example.com/lamp").unwrap();
    let local = [
        "192.0.2.0/24".parse().unwrap(),
        "2001:db8:1::/64".parse().unwrap(),
    ];
    let name_of = |mac: MacAddress| {
        if mac == MAC {
            "Desk lamp".to_owned()
        } else {
            mac.to_string()
        }
    };
    let context = Context {
        policy,
        file,
        url: Some(&url),
        local_networks: &local,
        name_of: &name_of,
    };
    sentences(&context)
}

fn text(rules: Vec<Rule>) -> String {
    let language = Language::plain_english();
    tell(&policy(rules), None)
        .iter()
        .map(|sentence| sentence.text(&language) + "\n")
        .collect()
}

#[test]
fn the_narrow_policy_is_two_sentences() {
    expect![[r#"
        May ask this router for the time.
        May look up internet names, through this router.
    "#]]
    .assert_eq(&text(narrow().permits));
}

#[test]
fn no_rule_is_told_as_such() {
    expect![[r#"
        May not use the network at all, except to get an address.
    "#]]
    .assert_eq(&text(Vec::new()));
}

#[test]
fn a_lamp_reads_as_a_household_speaks() {
    expect![[r#"
        May contact the maker’s cloud, example.com (2 names): encrypted web and encrypted messages.
        May contact example.net: web (not encrypted).
        May contact netflix.com (2 names): encrypted web.
        May be controlled by devices in your home: port 9999.
        May search for devices in your home and announce itself to them.
        May ask this router and other time servers for the time (0.pool.ntp.org).
        May look up internet names, through this router.
    "#]]
    .assert_eq(&text(
        [
            vec![
                out(name("api.example.com"), tcp(443)),
                out(name("mqtt.example.com"), tcp(8883)),
                out(name("stats.other.example.net"), tcp(80)),
                out(name("a.netflix.com"), tcp(443)),
                out(name("b.netflix.com"), tcp(443)),
                out(name("b.netflix.com"), udp(443)),
                out(name("0.pool.ntp.org"), udp(123)),
                out(networks(&["239.255.255.250/32"]), udp(1900)),
                out(networks(&["ff02::fb/128"]), udp(5353)),
                back(networks(&["192.0.2.0/24", "2001:db8:1::/64"]), tcp(9999)),
            ],
            narrow().permits,
        ]
        .concat(),
    ));
}

#[test]
fn broad_rights_come_first_and_are_told_plainly() {
    let rules = vec![
        out(name("api.example.com"), tcp(443)),
        out(Peer::Anything, tcp(443)),
        back(Peer::Anything, tcp(23)),
        out(
            networks(&["203.0.113.9/32", "2001:db8:ffff::/48"]),
            Protocol::Number(47),
        ),
        out(networks(&["8.8.8.8/32"]), udp(53)),
    ];
    expect![[r#"
        May contact anything, also anywhere on the internet: encrypted web.
        Can be reached from anywhere, also from the internet: remote control (not encrypted).
        May contact the maker’s cloud, example.com: encrypted web.
        May contact 2001:db8:ffff::/48 and 203.0.113.9 on the internet, by address and not by name: protocol 47.
        May use another name service instead of this router: 8.8.8.8.
    "#]].assert_eq(&text(rules.clone()));
    let cautions: Vec<_> = tell(&policy(rules), None).iter().map(Sentence::caution).collect();
    assert_eq!(&cautions[..2], [crate::Caution::Broad, crate::Caution::Broad]);
}

#[test]
fn both_directions_of_one_peer_are_one_sentence() {
    expect![[r#"
        May exchange data with the maker’s cloud, example.com: encrypted web.
        May start talking to any device in your home: web (not encrypted).
        May be controlled by devices in your home: encrypted web.
        May be controlled by 192.0.2.9 in your home: port 8009.
    "#]]
    .assert_eq(&text(vec![
        out(name("api.example.com"), tcp(443)),
        back(name("api.example.com"), tcp(443)),
        out(networks(&["192.0.2.0/24"]), tcp(80)),
        back(networks(&["192.0.2.0/24"]), tcp(443)),
        back(networks(&["192.0.2.9/32"]), tcp(8009)),
    ]));
}

#[test]
fn many_places_used_alike_are_told_together() {
    let rules: Vec<_> = (0..7)
        .map(|n| out(name(&format!("cdn{n}.place{n}.example")), tcp(443)))
        .collect();
    expect![[r#"
        May contact 7 other places on the internet (7 names): encrypted web.
    "#]]
    .assert_eq(&text(rules.clone()));
    let sentence = &tell(&policy(rules), None)[0];
    assert_eq!(sentence.details.len(), 7, "the names can still be seen");
}

#[test]
fn a_cloud_for_everybody_is_nobodys_own() {
    expect![[r#"
        May contact 2 rented servers at amazonaws.com: encrypted web and web (not encrypted).
        May contact a rented server at cloudfront.net: encrypted web.
    "#]]
    .assert_eq(&text(vec![
        out(name("one.s3.amazonaws.com"), tcp(443)),
        out(name("two.s3.amazonaws.com"), tcp(80)),
        out(name("x.cloudfront.net"), tcp(443)),
    ]));
}

#[test]
fn every_kind_of_service_has_words() {
    expect![[r#"
        May contact five.example: ping and network signalling.
        May contact four.example: ports 7 and 9999.
        May contact one.example: any kind of data.
        May contact seven.example: port 5684.
        May contact six.example: encrypted web and 4 other ports.
        May contact three.example: any UDP port.
        May contact two.example: any TCP port.
    "#]]
    .assert_eq(&text(vec![
        out(name("a.one.example"), Protocol::Any),
        out(name("a.two.example"), Protocol::Tcp(Ports::default())),
        out(name("a.three.example"), Protocol::Udp(Ports::default())),
        out(name("a.four.example"), tcp(9999)),
        out(name("a.four.example"), udp(7)),
        out(
            name("a.five.example"),
            Protocol::Icmp(Some(IcmpType { kind: 8, code: None })),
        ),
        out(name("a.five.example"), Protocol::Icmp(None)),
        out(
            name("a.six.example"),
            Protocol::Tcp(Ports {
                source: PortSet::all(),
                destination: PortSet::from_ranges([1000..=2000, 1..=1, 5..=5, 9..=9, 443..=443]).unwrap(),
            }),
        ),
        out(
            name("a.seven.example"),
            Protocol::Udp(Ports {
                source: PortSet::one(5684),
                destination: PortSet::all(),
            }),
        ),
    ]));
}

#[test]
fn rules_that_take_away_are_counted_once_for_each_ace() {
    let drop = Rule {
        action: Action::Drop,
        ..out(name("api.example.com"), tcp(80))
    };
    let mut policy = policy(vec![drop.clone(), out(name("api.example.com"), Protocol::Any)]);
    policy.vetoes.push(drop.clone());
    assert_eq!(tell(&policy, None).last().unwrap().shape, Shape::Exceptions(1));
    policy.vetoes.push(Rule {
        origin: Origin::ImplicitNtp,
        ..drop
    });
    assert_eq!(tell(&policy, None).last().unwrap().shape, Shape::Exceptions(2));
}

#[test]
fn devices_are_told_by_name() {
    let things = Peer::Things(vec![MAC, MacAddress([2, 0, 0, 0, 0x0a, 8])]);
    expect![[r#"
        May talk with 02:00:00:00:0a:08 and Desk lamp: web (not encrypted).
    "#]]
    .assert_eq(&text(vec![back(things, tcp(80))]));
}

#[test]
fn an_ace_about_replies_is_no_class_without_members() {
    let file = r#"{
        "ietf-mud:mud": {
            "mud-version": 1, "mud-url": "https://mud.example.com/lamp", "last-update": "2026-01-01T00:00:00Z",
            "is-supported": true,
            "to-device-policy": { "access-lists": { "access-list": [ { "name": "to" } ] } }
        },
        "ietf-access-control-list:acls": { "acl": [ { "name": "to", "type": "ipv4-acl-type", "aces": { "ace": [
            {
                "name": "dns-replies",
                "matches": {
                    "ietf-mud:mud": { "controller": "urn:ietf:params:mud:dns" },
                    "ipv4": { "protocol": 6 },
                    "tcp": { "ietf-mud:direction-initiated": "from-device", "source-port": { "operator": "eq", "port": 53 } }
                },
                "actions": { "forwarding": "accept" }
            },
            {
                "name": "hub",
                "matches": { "ietf-mud:mud": { "controller": "https://hub.example.com/" } },
                "actions": { "forwarding": "accept" }
            }
        ] } } ] }
    }"#;
    let parsed = mudguard_mud::parse(
        file.as_bytes(),
        &mudguard_mud::Limits::default(),
        mudguard_mud::Dialect::Strict,
    );
    let file = parsed.file.unwrap();
    let policy = mudguard_policy::compile(&file, &mudguard_policy::Site::default());
    let language = Language::plain_english();
    let texts: Vec<_> = tell(&policy, Some(&file))
        .iter()
        .map(|sentence| sentence.text(&language))
        .filter(|text| text.contains("controller"))
        .collect();
    assert_eq!(
        texts,
        ["May be controlled by its controller, “https://hub.example.com/”. None found yet."]
    );
}
