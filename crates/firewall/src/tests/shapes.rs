//! Each set of the skeleton holds one shape of a rule, and each is looked in: where the flow is opened, where it is answered, and for
//! fragments where the shape says nothing of ports.

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::{MacAddress, Peer, PortSet, Ports, Protocol, Rule};

use super::{
    bench,
    frames::{Ear, packet},
    net::{Namespace, Net},
    probe::send_frame,
};
use crate::testing::*;

const ENDS: [[&str; 3]; 2] = [
    ["192.0.2.11", "192.0.2.12", "198.51.100.1"],
    ["2001:db8::11", "2001:db8::12", "2001:db8:f::1"],
];
/// On its bridge, and at the other side.
const ROUTER: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xfe]);
const WAN: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xfd]);
const HOST: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xfc]);

/// A rule of each shape for this peer. The ports and the protocol are those of this number.
fn of_each_shape(peer: &Peer, number: u16) -> [Rule; 4] {
    let range = Ports {
        source: PortSet::all(),
        destination: PortSet::from_ranges([2000 + number..=2009 + number]).unwrap(),
    };
    let protocol = 100 + u8::try_from(number / 100).unwrap();
    [
        udp(1000 + number),
        Protocol::Udp(range),
        Protocol::Udp(from(3000 + number)),
        Protocol::Number(protocol),
    ]
    .map(|protocol| rule("shape", peer.clone(), protocol))
}

/// What these rules permit, by its protocol and its first octets.
fn permitted(number: u16) -> [(u8, [u16; 2]); 4] {
    let protocol = 100 + u8::try_from(number / 100).unwrap();
    [
        (17, [40_000, 1000 + number]),
        (17, [40_001, 2005 + number]),
        (17, [3000 + number, 40_002]),
        (protocol, [0, 0]),
    ]
}

struct Sender<'a> {
    from: &'a Namespace,
    to: &'a Namespace,
    macs: (MacAddress, MacAddress),
    addresses: [&'a str; 2],
}

impl Sender<'_> {
    /// The octets after the ports are unlike those of every other.
    fn arrives(&self, (protocol, [from, to]): (u8, [u16; 2]), is_fragment: bool) -> bool {
        let [source, destination] = self.addresses;
        let last = u8::from(is_fragment) + 2 * u8::from(source.contains(':'));
        let [high, low] = (from ^ to).to_be_bytes();
        let mark = [self.macs.1.0[5], protocol, high, low, last, 0xee];
        let mut octets = Vec::new();
        for number in [from, to, 14, 0] {
            octets.extend(number.to_be_bytes());
        }
        octets.extend(mark);
        let is_ipv6 = source.contains(':');
        let frame = if is_fragment && is_ipv6 {
            let header = [protocol, 0, 0, 8, 0, 0, 0, 1];
            let rest = [&header[..], &octets].concat();
            packet(self.macs, source, destination, (44, 64), &rest)
        } else {
            let mut frame = packet(self.macs, source, destination, (protocol, 64), &octets);
            if is_fragment {
                // The last octet of the offset; the sum of the header is one less for it.
                frame[14 + 7] = 1;
                let sum = u16::from_be_bytes([frame[24], frame[25]]).wrapping_sub(1);
                frame[24..26].copy_from_slice(&sum.to_be_bytes());
            }
            frame
        };
        let ear = Ear::open(self.to);
        send_frame(self.from, frame);
        ear.hears(&mark)
    }
}

fn within_a_bridge(turned: impl Fn(Rule) -> Rule) -> Snapshot {
    let rules = [
        (networks(["192.0.2.12/32", "2001:db8::12/128"]), 0),
        (Peer::Things(vec![thing_mac(2)]), 100),
    ];
    let rules = rules
        .iter()
        .flat_map(|(peer, number)| of_each_shape(peer, *number))
        .map(turned);
    home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::None, []),
    ])
}

/// Flows that the Thing with this number opens to the other.
fn crosses(net: &Net, opener: u8) {
    let other = 3 - opener;
    for ends in ENDS {
        let sender = |from: u8, to: u8| Sender {
            from: net.thing(from),
            to: net.thing(to),
            macs: (thing_mac(to), thing_mac(from)),
            addresses: [ends[usize::from(from) - 1], ends[usize::from(to) - 1]],
        };
        let (there, back) = (sender(opener, other), sender(other, opener));
        for shape in [0, 100].into_iter().flat_map(permitted) {
            let (protocol, [source, destination]) = shape;
            assert!(there.arrives(shape, false), "{ends:?} {shape:?}");
            let answer = (protocol, [destination, source]);
            assert!(back.arrives(answer, false), "{ends:?} {shape:?} answered");
            if protocol != 17 {
                assert!(there.arrives(shape, true), "{ends:?} {shape:?} in part");
                assert!(back.arrives(answer, true), "{ends:?} {shape:?} answered in part");
            }
        }
    }
}

#[test]
fn what_a_thing_opens_within_a_bridge_is_looked_up_in_every_set() {
    bench(2, &within_a_bridge(|rule| rule), async |_, net: &Net| {
        crosses(net, 1)
    });
}

#[test]
fn what_is_opened_to_a_thing_within_a_bridge_is_looked_up_in_every_set() {
    bench(2, &within_a_bridge(from_peer), async |_, net: &Net| {
        crosses(net, 2)
    });
}

#[test]
fn what_is_routed_is_looked_up_in_every_set() {
    let peer = networks(["198.51.100.1/32", "2001:db8:f::1/128"]);
    let out = of_each_shape(&peer, 0);
    let into = of_each_shape(&peer, 100).map(from_peer);
    let home = home([thing(1, Enforcement::Enforce, out.into_iter().chain(into))]);
    bench(1, &home, async |_, net: &Net| is_routed(net, &[0], &[100]));
}

#[test]
fn what_is_routed_to_and_from_a_name_is_looked_up_in_every_set() {
    // A Thing without names is looked up in fewer.
    let peers = [
        name("cloud.example.com"),
        networks(["198.51.100.1/32", "2001:db8:f::1/128"]),
    ];
    let rules = peers.iter().zip([0, 200]).flat_map(|(peer, number)| {
        let into = of_each_shape(peer, 100 + number).map(from_peer);
        of_each_shape(peer, number).into_iter().chain(into)
    });
    let home = home([thing(1, Enforcement::Enforce, rules)]);
    bench(1, &home, async |bench, net: &Net| {
        let addresses = ENDS.map(|[_, _, host]| (host.parse().unwrap(), 3600));
        let answered = bench
            .elements
            .answered(thing_mac(1), &["cloud.example.com"], &addresses);
        answered.await.unwrap();
        is_routed(net, &[0, 200], &[100, 300]);
    });
}

/// What the Thing opens to the internet, and what that opens to it.
fn is_routed(net: &Net, out_numbers: &[u16], into_numbers: &[u16]) {
    net.router.ip(format!("link set wan address {WAN}\n"));
    for [own, _, host] in ENDS {
        let out = Sender {
            from: net.thing(1),
            to: &net.internet,
            macs: (ROUTER, thing_mac(1)),
            addresses: [own, host],
        };
        let into = Sender {
            from: &net.internet,
            to: net.thing(1),
            macs: (WAN, HOST),
            addresses: [host, own],
        };
        for shape in out_numbers.iter().copied().flat_map(permitted) {
            assert!(out.arrives(shape, false), "{own} {shape:?}");
        }
        for shape in into_numbers.iter().copied().flat_map(permitted) {
            assert!(into.arrives(shape, false), "{own} {shape:?}");
        }
    }
}
