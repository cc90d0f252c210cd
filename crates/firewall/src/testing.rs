//! Homes and policies for the tests of this crate.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_manager::{Binding, Enforcement, Home, Lan, Snapshot, Thing};
use mudguard_policy::{
    AceName, Action, HeaderCondition, Initiator, MacAddress, Origin, Peer, PortSet, Ports, Protocol, Rule,
    ThingPolicy,
};

/// The MAC address of the Thing with this number.
pub(crate) fn thing_mac(number: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, number])
}

/// A home with one LAN, where the router is 192.0.2.1 and 2001:db8::1.
pub(crate) fn home(things: impl IntoIterator<Item = Thing>) -> Snapshot {
    Snapshot {
        version: 1,
        home: Home {
            lans: vec![Lan {
                interface: "br-lan".to_owned(),
                addresses: ["192.0.2.1", "2001:db8::1", "fe80::1"]
                    .map(|address| address.parse().unwrap())
                    .into(),
                prefixes: ["192.0.2.0/24", "2001:db8::/64"]
                    .map(|prefix| prefix.parse().unwrap())
                    .into(),
                ..Lan::default()
            }],
        },
        things: things
            .into_iter()
            .map(|thing| (thing.mac, Arc::new(thing)))
            .collect(),
        ..Snapshot::default()
    }
}

/// A Thing with 192.0.2.10 + its number, 2001:db8::10 + its number and a link-local address.
pub(crate) fn thing(number: u8, enforcement: Enforcement, rules: impl IntoIterator<Item = Rule>) -> Thing {
    let mut thing = Thing::stranger(thing_mac(number), Timestamp::UNIX_EPOCH);
    let addresses = [
        format!("192.0.2.{}", 10 + number),
        format!("2001:db8::{}", 10 + number),
        format!("fe80::ff:fe00:{number:x}"),
    ];
    thing.bindings = addresses
        .map(|address| Binding {
            address: address.parse().unwrap(),
            expires: None,
        })
        .into();
    thing.enforcement = enforcement;
    let mut policy = ThingPolicy {
        permits: rules.into_iter().collect(),
        ..ThingPolicy::default()
    };
    policy.permits.extend(mudguard_policy::narrow().permits);
    thing.policy = Arc::new(policy);
    thing
}

/// A rule of the ACE of this name that accepts what the Thing opens.
pub(crate) fn rule(ace: &str, peer: Peer, protocol: Protocol) -> Rule {
    Rule {
        origin: Origin::Ace(AceName {
            list: "list".to_owned(),
            ace: ace.to_owned(),
            index: 0,
        }),
        initiator: Initiator::Thing,
        family: None,
        peer,
        protocol,
        conditions: Vec::new(),
        action: Action::Accept,
    }
}

/// The same for what the peer opens.
pub(crate) fn from_peer(rule: Rule) -> Rule {
    Rule {
        initiator: Initiator::Peer,
        ..rule
    }
}

/// The same rule as a drop.
pub(crate) fn dropping(rule: Rule) -> Rule {
    Rule {
        action: Action::Drop,
        ..rule
    }
}

/// The same rule with conditions.
pub(crate) fn with(rule: Rule, conditions: impl IntoIterator<Item = HeaderCondition>) -> Rule {
    Rule {
        conditions: conditions.into_iter().collect(),
        ..rule
    }
}

/// A name.
pub(crate) fn name(name: &str) -> Peer {
    Peer::Name(name.parse().unwrap())
}

/// Prefixes.
pub(crate) fn networks<const N: usize>(networks: [&str; N]) -> Peer {
    Peer::Networks(networks.map(|network| network.parse().unwrap()).into())
}

/// TCP to a port.
pub(crate) fn tcp(port: u16) -> Protocol {
    Protocol::Tcp(to(port))
}

/// UDP to a port.
pub(crate) fn udp(port: u16) -> Protocol {
    Protocol::Udp(to(port))
}

/// To a port from any.
pub(crate) fn to(port: u16) -> Ports {
    Ports {
        source: PortSet::all(),
        destination: PortSet::one(port),
    }
}

/// From a port to any.
pub(crate) fn from(port: u16) -> Ports {
    Ports {
        source: PortSet::one(port),
        destination: PortSet::all(),
    }
}
