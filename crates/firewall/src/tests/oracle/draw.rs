//! From the plans of the policy crate to packets that a host of this home can send.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use mudguard_mud::{DomainName, L3Match, MudFile};
use mudguard_policy::{Initiator, IpHeader, MacAddress, Packet, TcpHeader, Transport, UdpHeader};

use super::{
    frame::{Form, Octets, SHORTEST, frame, protocol},
    wires::{Place, Wires},
};

/// A packet from one place to another.
#[derive(Clone, Debug)]
pub(super) struct Crossing {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The MAC address of the destination within the home, or that of the group.
    pub(super) group: Option<MacAddress>,
    pub(super) transport: Transport,
    pub(super) header: IpHeader,
    pub(super) form: Form,
    pub(super) first: u8,
    /// Whether the packet that it answers passed, and the kernel followed that flow where it was routed.
    pub(super) answers: Option<bool>,
}

/// The names for which a Thing was told an address.
pub(super) type Told = BTreeMap<(MacAddress, IpAddr), BTreeSet<DomainName>>;

/// Header fields that are asked for are such as real packets have.
pub(super) fn adapt(file: &mut MudFile) {
    let lists = file.from_device.iter_mut().chain(&mut file.to_device);
    for ace in lists.flat_map(|list| &mut list.aces) {
        let ip = match &mut ace.matches.l3 {
            Some(L3Match::Ipv4(ipv4)) => &mut ipv4.ip,
            Some(L3Match::Ipv6(ipv6)) => &mut ipv6.ip,
            None => continue,
        };
        ip.ttl = ip.ttl.map(|ttl| 63 + ttl);
        ip.length = ip.length.map(|length| SHORTEST + length);
    }
}

impl Crossing {
    /// What a plan of the Thing at this place becomes; `None` if nobody can send such a packet. `chance` decides on what plans do not say.
    pub(super) fn of(packet: &Packet, thing: Place, chance: u64) -> Option<Self> {
        let family = packet.family();
        let is_same = |address: &&IpAddr| mudguard_policy::Family::of(**address) == family;
        let own: Vec<IpAddr> = thing
            .addresses()
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let own_of_family: Vec<_> = own.iter().filter(is_same).copied().collect();
        let mut peer = packet.peer.address;
        if own.contains(&peer) {
            let other = if thing == Place::Thing {
                Place::First
            } else {
                Place::Thing
            };
            let others = other
                .addresses()
                .iter()
                .map(|text| text.parse::<IpAddr>().unwrap());
            peer = others
                .into_iter()
                .find(|address| address.is_ipv6() == peer.is_ipv6())?;
        }
        let at_thing = if own.contains(&packet.thing) {
            packet.thing
        } else {
            own_of_family[usize::try_from(chance >> 40).unwrap() % own_of_family.len()]
        };
        let (place, peer, group) = locate(peer, thing)?;
        let to_group = packet.thing.is_multicast() && place.bridge() == Some(0) && thing == Place::Thing;
        let mut crossing = Self {
            from: thing,
            to: place,
            source: at_thing,
            destination: peer,
            group,
            transport: packet.transport.clone(),
            header: packet.header,
            form: Form::Plain,
            first: [0, 8, 133, 135, 128, 3][usize::try_from(chance >> 8 & 0xff).unwrap() % 6],
            answers: None,
        };
        if packet.initiator == Initiator::Peer {
            if group.is_some() || is_no_host(peer) {
                return None;
            }
            (crossing.from, crossing.to) = (place, thing);
            (crossing.source, crossing.destination) = (peer, at_thing);
            if to_group {
                let (_, destination, group) = locate(packet.thing, place)?;
                (crossing.destination, crossing.group) = (destination, group);
            }
        }
        crossing.settle(chance);
        Some(crossing)
    }

    /// Gives the fields that plans leave open values that real packets have.
    fn settle(&mut self, chance: u64) {
        let header = &mut self.header;
        header.ttl = match (header.ttl, protocol(&self.transport), chance >> 16 & 7) {
            (_, 2 | 58, 0) => 255,
            (_, 2 | 58, 1) => 1,
            (_, 2 | 58, 2) => 2,
            (0..3, ..) => 64,
            (ttl, ..) => ttl,
        };
        header.length = match header.length {
            length if length < SHORTEST => SHORTEST + length % 8,
            length => length,
        };
        (header.dscp, header.ecn) = (header.dscp & 63, header.ecn & 3);
        (header.ihl, header.offset, header.ipv4_flags) = (5, 0, 0);
        if self.source.is_ipv4() {
            header.flow_label = 0;
        }
        self.form = match (chance & 15, self.source.is_ipv6()) {
            (0 | 1, _) => Form::Fragments,
            (2, true) => Form::DestinationOptions,
            (3, true) => Form::HopByHop,
            _ => Form::Plain,
        };
        match &mut self.transport {
            Transport::Tcp(tcp) => {
                *tcp = TcpHeader {
                    source: tcp.source,
                    destination: tcp.destination,
                    flags: tcp.flags,
                    sequence_number: 1000,
                    data_offset: 5,
                    window_size: u16::MAX,
                    ..TcpHeader::default()
                };
            }
            Transport::Udp(udp) => udp.length = self.header.length,
            Transport::Icmp(icmp) | Transport::Icmpv6(icmp) => icmp.rest.clear(),
            // What it is called depends on the family.
            Transport::Other(1) if self.source.is_ipv4() => {
                self.transport = Transport::Icmp(Default::default())
            }
            Transport::Other(58) if self.source.is_ipv6() => {
                self.transport = Transport::Icmpv6(Default::default())
            }
            Transport::Other(_) => {}
        }
    }

    /// Whether it goes from one port of a bridge to another.
    pub(super) fn is_bridged(&self) -> bool {
        self.from.bridge().is_some() && self.from.bridge() == self.to.bridge()
    }

    /// The packet that answers it; `None` if there is no such thing.
    pub(super) fn answer(&self, number: u32, passed: bool) -> Option<Self> {
        if self.group.is_some() || self.to == Place::Router || is_no_host(self.destination) {
            return None;
        }
        let (transport, is_followed) = match &self.transport {
            Transport::Tcp(tcp) => {
                let answer = TcpHeader {
                    source: tcp.destination,
                    destination: tcp.source,
                    flags: 0x12,
                    sequence_number: 5000,
                    acknowledgement_number: tcp.sequence_number + 1,
                    ..tcp.clone()
                };
                // Who opens otherwise opens nothing that the kernel follows.
                (Transport::Tcp(answer), tcp.flags & 0x3f == 2)
            }
            Transport::Udp(udp) => {
                let (source, destination) = (udp.destination, udp.source);
                (
                    Transport::Udp(UdpHeader {
                        source,
                        destination,
                        ..*udp
                    }),
                    true,
                )
            }
            Transport::Icmp(icmp) | Transport::Icmpv6(icmp) => {
                let mut answer = icmp.clone();
                answer.kind = match (self.source.is_ipv4(), icmp.kind) {
                    (true, 8) => 0,
                    (true, 13) => 14,
                    (false, 128) => 129,
                    _ => return None,
                };
                let [.., high, low] = number.to_be_bytes();
                answer.rest = vec![high, low];
                // The kernel follows a question of any code, and takes an answer of the same code for its.
                if self.source.is_ipv4() {
                    (Transport::Icmp(answer), true)
                } else {
                    (Transport::Icmpv6(answer), true)
                }
            }
            Transport::Other(1 | 58) => return None,
            Transport::Other(number) => (Transport::Other(*number), true),
        };
        if !self.is_bridged() && !is_followed {
            return None;
        }
        Some(Self {
            from: self.to,
            to: self.from,
            source: self.destination,
            destination: self.source,
            transport,
            answers: Some(passed && is_followed),
            ..self.clone()
        })
    }

    /// By what the kernel knows the flow, as seen from either end.
    pub(super) fn flow(&self) -> [(u8, IpAddr, u16, IpAddr, u16); 2] {
        let (protocol, (source, destination)) = match &self.transport {
            Transport::Tcp(tcp) => (6, (tcp.source, tcp.destination)),
            Transport::Udp(udp) => (17, (udp.source, udp.destination)),
            Transport::Icmp(_) | Transport::Icmpv6(_) | Transport::Other(_) => {
                (protocol(&self.transport), (0, 0))
            }
        };
        [
            (protocol, self.source, source, self.destination, destination),
            (protocol, self.destination, destination, self.source, source),
        ]
    }

    /// Sends it.
    pub(super) fn send(&self, number: u32, wires: &Wires) {
        let octets = Octets {
            number,
            source: self.source,
            destination: self.destination,
            transport: &self.transport,
            header: self.header,
            form: self.form,
            first: self.first,
        };
        if self.from == Place::Router {
            return wires.send_from_router(&octets);
        }
        let next = match (self.group, self.is_bridged()) {
            (Some(group), _) => group,
            (None, true) => self.to.mac(),
            (None, false) => self.from.router(),
        };
        for packet in octets.packets() {
            wires.send(self.from, &frame(next, self.from.mac(), &packet));
        }
    }
}

/// Where an address is, seen from a place: the place, the address, and the MAC address of a group.
fn locate(address: IpAddr, from: Place) -> Option<(Place, IpAddr, Option<MacAddress>)> {
    let near = match (from, from.bridge()) {
        (Place::Third, _) => Place::Fourth,
        (_, Some(1)) => Place::Third,
        (Place::Thing, _) => Place::First,
        _ => Place::Thing,
    };
    let group = match address {
        IpAddr::V4(v4) if v4.is_broadcast() => Some(MacAddress([0xff; 6])),
        IpAddr::V4(v4) if v4.is_multicast() => {
            let [_, b, c, d] = v4.octets();
            Some(MacAddress([1, 0, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(v6) if v6.is_multicast() => {
            let [first, second, .., a, b, c, d] = v6.octets();
            // Groups of other scopes than these never leave a host, or are none.
            if first != 0xff || !matches!(second & 15, 2..15) {
                return None;
            }
            Some(MacAddress([0x33, 0x33, a, b, c, d]))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    };
    if group.is_some() {
        return Some((near, address, group));
    }
    let within = |network: &str| network.parse::<ipnet::IpNet>().unwrap().contains(&address);
    if ["192.168.1.1", "fd00:1::1"].contains(&address.to_string().as_str()) {
        return Some((Place::Router, address, None));
    }
    for place in [
        Place::Thing,
        Place::First,
        Place::Second,
        Place::Third,
        Place::Fourth,
    ] {
        if place.addresses().contains(&address.to_string().as_str()) {
            return Some((place, address, None));
        }
    }
    if within("192.168.1.0/24") || within("fd00:1::/64") {
        let is_broadcast = address.to_string() == "192.168.1.255";
        return match (from.bridge(), is_broadcast) {
            (Some(0), true) => Some((near, address, Some(MacAddress([0xff; 6])))),
            (Some(0), false) => Some((Place::Stranger, address, None)),
            // Nobody answers for it there.
            _ => None,
        };
    }
    if within("192.168.2.0/24") || within("fd00:2::/64") {
        let place = if from == Place::Third {
            Place::Fourth
        } else {
            Place::Third
        };
        let index = usize::from(address.is_ipv6());
        return Some((place, place.addresses()[index].parse().unwrap(), None));
    }
    let is_nowhere = match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.octets()[0] == 127,
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_loopback()
                || v6.segments()[0] & 0xff00 == 0xfe00
                || v6.segments()[0] == 0
        }
    };
    (!is_nowhere).then_some((Place::Wan, address, None))
}

/// Whether no host has this address: networks themselves and their broadcast addresses.
fn is_no_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets()[3] == 0 || v4.octets()[3] == 255 || v4.octets()[0] >= 224,
        IpAddr::V6(v6) => v6.segments()[4..] == [0; 4],
    }
}
