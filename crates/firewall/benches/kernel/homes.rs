//! Homes with many Things of 20 ACEs each.

use std::{net::IpAddr, sync::Arc};

use jiff::Timestamp;
use mudguard_manager::{Binding, Enforcement, Home, Lan, Snapshot, Thing};
use mudguard_policy::{
    AceName, Action, Initiator, MacAddress, Origin, Peer, PortSet, Ports, Protocol, Rule, ThingPolicy,
};

/// ACEs of each Thing.
pub(crate) const ACES: u16 = 20;
/// The port at which the internet listens; the last ACE of each Thing permits it.
pub(crate) const PORT: u16 = 2000;

/// The port of the bridge at which they are.
const LAN_PORT: &str = "port1";

/// The MAC address of a Thing. Only number 1 is on the wire.
pub(crate) fn mac(number: u16) -> MacAddress {
    let [high, low] = number.to_be_bytes();
    MacAddress([2, 0, 0, 0, high, low])
}

/// Its address.
pub(crate) fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    if number == 1 {
        IpAddr::from([192, 0, 2, 11])
    } else {
        IpAddr::from([10, 0, high, low])
    }
}

/// An ACE that accepts what the Thing opens.
pub(crate) fn ace(index: u16, peer: Peer, protocol: Protocol) -> Rule {
    Rule {
        origin: Origin::Ace(AceName {
            list: "from-thing".to_owned(),
            ace: format!("ace-{index}"),
            index: index.into(),
        }),
        initiator: Initiator::Thing,
        family: None,
        peer,
        protocol,
        conditions: Vec::new(),
        action: Action::Accept,
    }
}

/// To these ports from any.
pub(crate) fn to(first: u16, last: u16) -> Ports {
    Ports {
        source: PortSet::all(),
        destination: PortSet::from_ranges([first..=last]).unwrap(),
    }
}

/// ACEs of a Thing by address: of five, four name a host and a port, and one a prefix and ports. The last permits the port at which the
/// internet listens. `variant` makes others of them.
pub(crate) fn by_address(number: u16, variant: u16) -> Vec<Rule> {
    let [high, low] = number.to_be_bytes();
    (0..ACES)
        .map(|index| {
            let last = index + 1 == ACES;
            let (network, ports) = if last {
                ("198.51.100.1/32".to_owned(), to(PORT, PORT))
            } else if index % 5 == 4 {
                let network = format!("100.{}.{low}.0/24", 64 + index);
                (network, to(1000 + u16::from(high), 1100 + index + variant))
            } else {
                let network = format!("203.{index}.{high}.{low}/32");
                (network, to(443 + variant, 443 + variant))
            };
            let peer = Peer::Networks(vec![network.parse().unwrap()]);
            ace(index, peer, Protocol::Udp(ports))
        })
        .collect()
}

/// ACEs of a Thing by name.
pub(crate) fn by_name() -> Vec<Rule> {
    let names = (0..ACES).map(|index| Peer::Name(name(index).parse().unwrap()));
    let aces = names.zip(0..ACES);
    aces.map(|(peer, index)| ace(index, peer, Protocol::Tcp(to(443, 443))))
        .collect()
}

/// A name in the policy of each Thing.
pub(crate) fn name(index: u16) -> String {
    format!("host-{index}.cloud.example.com")
}

/// A Thing with these ACEs.
pub(crate) fn thing(number: u16, rules: Vec<Rule>) -> Arc<Thing> {
    let mut thing = Thing::stranger(mac(number), Timestamp::UNIX_EPOCH);
    thing.bindings = vec![Binding {
        address: address(number),
        expires: None,
    }];
    thing.port = Some(LAN_PORT.to_owned());
    thing.enforcement = Enforcement::Enforce;
    let mut policy = ThingPolicy {
        permits: rules,
        ..ThingPolicy::default()
    };
    policy.permits.extend(mudguard_policy::narrow().permits);
    thing.policy = Arc::new(policy);
    Arc::new(thing)
}

/// A home with so many Things.
pub(crate) fn home(things: u16, rules: impl Fn(u16) -> Vec<Rule>) -> Snapshot {
    Snapshot {
        version: 1,
        home: Home {
            lans: vec![Lan {
                interface: "br-lan".to_owned(),
                addresses: vec!["192.0.2.1".parse().unwrap()],
                prefixes: vec!["192.0.2.0/24".parse().unwrap()],
                ports: [LAN_PORT.to_owned()].into(),
                ..Lan::default()
            }],
        },
        things: (1..=things)
            .map(|number| (mac(number), thing(number, rules(number))))
            .collect(),
        ..Snapshot::default()
    }
}
