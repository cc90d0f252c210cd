//! Packets drawn around the ACEs of a file: just inside, just outside, of the other family, in the other direction.
//!
//! A plan is a handful of small numbers, so that it shrinks; zeros give a packet that meets the ACE where it can be met.

mod headers;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    Initiator, IpHeader, LOCAL_GROUPS, MacAddress, Member, OtherEnd, Packet, Site, TcpHeader, Transport,
    UdpHeader,
};
use ipnet::IpNet;
use mudguard_mud::{Ace, Acl, AclType, Host, IpFields, L3Match, MudFile};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::pools::{ADDRESSES, NAMES, STATIONS, address, name};

/// How to draw a packet.
#[derive(Clone, Debug)]
pub struct Plan {
    ace: Index,
    /// Not around an ACE, but to a service of the router.
    to_router: bool,
    /// Not the packet the ACE is about, but the one to which it is the reply.
    is_reply: bool,
    other_family: bool,
    peer: usize,
    names: u8,
    station: usize,
    transport: u8,
    ports: (usize, usize),
    kind: u8,
    thing: usize,
    header: u8,
}

/// So many plans on average.
pub fn plans(count: usize) -> impl Strategy<Value = Vec<Plan>> {
    let rarely = |weight| prop_oneof![weight => Just(0u8), 1 => any::<u8>()];
    let plan = (
        (any::<Index>(), prop_oneof![20 => Just(false), 1 => Just(true)]),
        (any::<bool>(), prop_oneof![5 => Just(false), 1 => Just(true)]),
        (0..40usize, rarely(3), 0..8usize),
        (rarely(8), (0..12usize, 0..12usize), rarely(3)),
        (prop_oneof![3 => Just(0), 1 => 0..8usize], rarely(3)),
    )
        .prop_map(
            |(
                (ace, to_router),
                (is_reply, other_family),
                (peer, names, station),
                (transport, ports, kind),
                (thing, header),
            )| {
                Plan {
                    ace,
                    to_router,
                    is_reply,
                    other_family,
                    peer,
                    names,
                    station,
                    transport,
                    ports,
                    kind,
                    thing,
                    header,
                }
            },
        );
    vec(plan, 1..2 * count)
}

impl Plan {
    /// Draws the packet around one ACE of the file, or around nothing if it has none.
    pub fn packet(&self, file: &MudFile, site: &Site) -> Packet {
        if self.to_router && !site.gateway.is_empty() {
            return self.to_router(site);
        }
        let of = |initiator, acls: &'_ [Acl]| {
            acls.iter()
                .flat_map(move |acl| {
                    acl.aces
                        .iter()
                        .map(move |ace| (initiator, acl.acl_type, ace.clone()))
                })
                .collect::<Vec<_>>()
        };
        let mut aces = of(Initiator::Thing, &file.from_device);
        aces.extend(of(Initiator::Peer, &file.to_device));
        if aces.is_empty() {
            let nothing = Ace {
                acl: String::new(),
                name: String::new(),
                index: 0,
                pointer: String::new(),
                matches: Default::default(),
                action: mudguard_mud::Action::Accept,
                not_understood: Vec::new(),
            };
            return self.around(Initiator::Thing, None, &nothing, site);
        }
        let (initiator, acl_type, ace) = self.ace.get(&aces);
        self.around(*initiator, *acl_type, ace, site)
    }

    fn to_router(&self, site: &Site) -> Packet {
        let destination = [53, 123, 53, 80][self.ports.1 % 4];
        let address = site.gateway[self.peer % site.gateway.len()];
        let udp = UdpHeader {
            source: 40_000,
            destination,
            length: 8,
        };
        let tcp = TcpHeader {
            source: 40_000,
            destination,
            flags: 2,
            ..TcpHeader::default()
        };
        Packet {
            initiator: Initiator::Thing,
            thing: self.own_address(None, address.is_ipv6()),
            peer: OtherEnd {
                address,
                mac: None,
                names: Vec::new(),
            },
            transport: if self.ports.0.is_multiple_of(2) {
                Transport::Udp(udp)
            } else {
                Transport::Tcp(tcp)
            },
            header: IpHeader::default(),
        }
    }

    /// Draws the packet around an ACE of a list of this type, which is about what `sender` sends.
    pub fn around(&self, sender: Initiator, acl_type: Option<AclType>, ace: &Ace, site: &Site) -> Packet {
        let is_ipv6 = is_ipv6(acl_type, ace, self.peer) != self.other_family;
        let own = if sender == Initiator::Thing {
            source_network(ace)
        } else {
            destination_network(ace)
        };
        let address = self.peer_address(sender, ace, site, is_ipv6);
        let initiator = if self.is_reply { sender.other() } else { sender };
        let transport = self.transport(ace, is_ipv6);
        Packet {
            initiator,
            thing: self.own_address(own, is_ipv6),
            peer: OtherEnd {
                address,
                mac: self.mac(address, ace, site),
                names: self.names(ace),
            },
            transport,
            header: self.header(ace),
        }
    }

    /// Edges of what the ACE names first, then anything.
    fn peer_address(&self, sender: Initiator, ace: &Ace, site: &Site, is_ipv6: bool) -> IpAddr {
        let named = if sender == Initiator::Thing {
            destination_network(ace)
        } else {
            source_network(ace)
        };
        let mut candidates: Vec<IpAddr> = named.into_iter().flat_map(edges).collect();
        candidates.extend(literal(ace));
        if let Some(mud) = &ace.matches.mud {
            if mud.local_networks {
                candidates.extend(
                    site.local_networks
                        .iter()
                        .chain(&LOCAL_GROUPS)
                        .copied()
                        .flat_map(edges),
                );
            }
            if mud.controller.is_some() {
                candidates.extend(&site.gateway);
            }
        }
        candidates.extend(ADDRESSES.map(address));
        candidates.retain(|address| address.is_ipv6() == is_ipv6);
        candidates[self.peer % candidates.len()]
    }

    /// A group has the MAC address that its IP address gives it; a station in the home has one; beyond the router there is none.
    fn mac(&self, address: IpAddr, ace: &Ace, site: &Site) -> Option<MacAddress> {
        if is_broadcast(address, site) {
            return Some(MacAddress([0xff; 6]));
        }
        match address {
            IpAddr::V4(group) if group.is_multicast() => {
                let [_, b, c, d] = group.octets();
                return Some(MacAddress([1, 0, 0x5e, b & 0x7f, c, d]));
            }
            IpAddr::V6(group) if group.is_multicast() => {
                let [.., a, b, c, d] = group.octets();
                return Some(MacAddress([0x33, 0x33, a, b, c, d]));
            }
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        let is_near = site
            .local_networks
            .iter()
            .any(|network| network.contains(&address));
        let mut candidates = members(ace, site);
        candidates.extend(STATIONS);
        (is_near || self.station > 4).then(|| candidates[self.station % candidates.len()])
    }

    fn names(&self, ace: &Ace) -> Vec<mudguard_mud::DomainName> {
        let fields = ace.matches.l3.as_ref().map(L3Match::ip);
        let named =
            |fields: &IpFields| match fields.dst_dnsname.clone().or_else(|| fields.src_dnsname.clone()) {
                Some(Host::Name(name)) => Some(name),
                _ => None,
            };
        match self.names {
            0 => fields.and_then(named).into_iter().collect(),
            other => {
                let bits = NAMES
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| other >> place & 1 == 1);
                bits.map(|(_, text)| name(text)).collect()
            }
        }
    }

    fn own_address(&self, stated: Option<IpNet>, is_ipv6: bool) -> IpAddr {
        let mut candidates: Vec<IpAddr> = stated.into_iter().flat_map(edges).collect();
        candidates.extend(
            [
                "192.168.1.64",
                "192.168.1.20",
                "239.255.255.250",
                "fd00:1::64",
                "ff02::fb",
            ]
            .map(address),
        );
        candidates.retain(|address| address.is_ipv6() == is_ipv6);
        candidates[self.thing % candidates.len()]
    }
}

fn is_ipv6(acl_type: Option<AclType>, ace: &Ace, otherwise: usize) -> bool {
    let ethertype = ace.matches.eth.and_then(|eth| eth.ethertype);
    match (&ace.matches.l3, ethertype, acl_type) {
        (Some(L3Match::Ipv4(_)), ..) | (None, Some(0x0800), _) => false,
        (Some(L3Match::Ipv6(_)), ..) | (None, Some(0x86dd), _) => true,
        (None, _, Some(AclType::Ipv4 | AclType::MixedEthIpv4)) => false,
        (None, _, Some(AclType::Ipv6 | AclType::MixedEthIpv6)) => true,
        _ => otherwise % 2 == 1,
    }
}

fn source_network(ace: &Ace) -> Option<IpNet> {
    ace.matches.l3.as_ref().and_then(L3Match::source_network)
}

fn destination_network(ace: &Ace) -> Option<IpNet> {
    ace.matches.l3.as_ref().and_then(L3Match::destination_network)
}

fn literal(ace: &Ace) -> Option<IpAddr> {
    let fields = ace.matches.l3.as_ref()?.ip();
    [&fields.src_dnsname, &fields.dst_dnsname]
        .into_iter()
        .find_map(|host| match host {
            Some(Host::Address(address)) => Some(*address),
            _ => None,
        })
}

fn members(ace: &Ace, site: &Site) -> Vec<MacAddress> {
    let Some(mud) = &ace.matches.mud else {
        return Vec::new();
    };
    let chosen = mud
        .controller
        .as_ref()
        .and_then(|uri| site.controllers.get(uri))
        .into_iter()
        .flatten();
    let chosen = chosen.chain(
        mud.my_controller
            .then_some(&site.my_controllers)
            .into_iter()
            .flatten(),
    );
    let chosen = chosen.filter_map(|member| match member {
        Member::Thing(mac) => Some(*mac),
        Member::Gateway | Member::Network(_) => None,
    });
    let is_by_url = mud.same_manufacturer || mud.manufacturer.is_some() || mud.model.is_some();
    let things = site
        .things
        .iter()
        .filter(|_| is_by_url)
        .map(|neighbour| neighbour.mac);
    chosen.chain(things).collect()
}

/// Its first and last address, and the ones just outside.
fn edges(network: IpNet) -> Vec<IpAddr> {
    match network {
        IpNet::V4(network) => {
            let (first, last) = (network.network().to_bits(), network.broadcast().to_bits());
            let bits = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
            bits.into_iter()
                .flatten()
                .map(|bits| Ipv4Addr::from_bits(bits).into())
                .collect()
        }
        IpNet::V6(network) => {
            let (first, last) = (network.network().to_bits(), network.broadcast().to_bits());
            let bits = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
            bits.into_iter()
                .flatten()
                .map(|bits| Ipv6Addr::from_bits(bits).into())
                .collect()
        }
    }
}

fn is_broadcast(address: IpAddr, site: &Site) -> bool {
    let IpAddr::V4(address) = address else {
        return false;
    };
    address.is_broadcast()
        || site.local_networks.iter().any(|network| {
            matches!(network, IpNet::V4(network) if network.prefix_len() < 31 && network.broadcast() == address)
        })
}
