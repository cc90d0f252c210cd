//! A packet from each of the pieces into which a few rules divide all packets.
//!
//! A set of values that rules hold against one field (ranges of ports, prefixes, types) divides its values into runs that no rule
//! tells apart: one value of each run stands for all.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;
use mudguard_mud::DomainName;

use super::Comparison;
use crate::{
    Action, Family, HeaderCondition, IcmpHeader, IcmpType, IpHeader, MacAddress, OtherEnd, Packet, Peer,
    PortSet, Ports, Protocol, Rule, TcpHeader, Transport, UdpHeader,
};

/// Into more pieces than these nothing is divided: neither ends nor ports. Those two together are bounded by the trials.
const MOST_PIECES: usize = 50_000;

/// More headers than these are not tried.
const MOST_HEADERS: usize = 1_000;

/// Of so many names every selection is tried.
const MOST_NAMES: usize = 6;

/// Packets of one family, among which is one of each piece that the rule of the comparison touches; `None` if they are too many.
pub(super) fn samples<'a>(
    comparison: &'a Comparison<'a>,
    family: Family,
    gateway: &[IpAddr],
) -> Option<impl Iterator<Item = Packet> + 'a> {
    let ends = ends(comparison, family, gateway)?;
    let transports = transports(comparison, family)?;
    let headers = headers(comparison)?;
    let things = own_addresses(comparison, family);
    let pieces = [transports.len(), headers.len(), things.len()]
        .into_iter()
        .try_fold(ends.len(), usize::checked_mul)?;
    let initiator = comparison.rule.initiator;
    Some((0..pieces).map(move |piece| {
        let (thing, piece) = (things[piece % things.len()], piece / things.len());
        let ((header, flags), piece) = (headers[piece % headers.len()], piece / headers.len());
        let (transport, piece) = (&transports[piece % transports.len()], piece / transports.len());
        let mut transport = transport.clone();
        if let Transport::Tcp(tcp) = &mut transport {
            tcp.flags = flags;
        }
        Packet {
            initiator,
            thing,
            peer: ends[piece].clone(),
            transport,
            header,
        }
    }))
}

/// Addresses, stations and names together.
fn ends(comparison: &Comparison<'_>, family: Family, gateway: &[IpAddr]) -> Option<Vec<OtherEnd>> {
    let mut networks: Vec<IpNet> = gateway.iter().map(|address| IpNet::from(*address)).collect();
    let mut stations: BTreeSet<Option<MacAddress>> = BTreeSet::from([None]);
    for rule in comparison.rules() {
        match &rule.peer {
            Peer::Networks(more) => networks.extend(more),
            Peer::Things(things) => stations.extend(things.iter().copied().map(Some)),
            Peer::Anything | Peer::Name(_) | Peer::Gateway => {}
        }
    }
    let own = &comparison.rule.peer;
    let addresses: Vec<_> = addresses(&networks, family)
        .into_iter()
        .filter(|address| match own {
            Peer::Networks(networks) => networks.iter().any(|network| network.contains(address)),
            Peer::Gateway => gateway.contains(address),
            Peer::Anything | Peer::Name(_) | Peer::Things(_) => true,
        })
        .collect();
    if let Peer::Things(things) = own {
        stations.retain(|station| station.is_some_and(|mac| things.contains(&mac)));
    }
    let selections = names(comparison)?;
    let pieces = addresses
        .len()
        .checked_mul(stations.len())?
        .checked_mul(selections.len())?;
    if pieces > MOST_PIECES {
        return None;
    }
    let mut ends = Vec::with_capacity(pieces);
    for address in addresses {
        for mac in &stations {
            ends.extend(selections.iter().map(|names| OtherEnd {
                address,
                mac: *mac,
                names: names.clone(),
            }));
        }
    }
    Some(ends)
}

/// Which names an address may have been told for. More names than the rule's own matter only where they stand in a drop of the other
/// policy, or open a way past the vetoes of this one.
fn names(comparison: &Comparison<'_>) -> Option<Vec<Vec<DomainName>>> {
    let of = |rule: &&Rule| match &rule.peer {
        Peer::Name(name) => Some(name.clone()),
        Peer::Anything | Peer::Networks(_) | Peer::Things(_) | Peer::Gateway => None,
    };
    let own = of(&comparison.rule);
    let is_drop = |rule: &&&Rule| rule.action == Action::Drop;
    let mut more: Vec<_> = comparison
        .other_permits
        .iter()
        .filter(is_drop)
        .chain(&comparison.other_vetoes)
        .chain(&comparison.vetoes)
        .filter_map(of)
        .filter(|name| Some(name) != own.as_ref())
        .collect();
    more.sort_unstable();
    more.dedup();
    if more.len() > MOST_NAMES {
        return None;
    }
    let selections = (0..1u32 << more.len()).map(|bits| {
        let chosen = more
            .iter()
            .enumerate()
            .filter(|(place, _)| bits >> place & 1 == 1);
        own.iter().chain(chosen.map(|(_, name)| name)).cloned().collect()
    });
    Some(selections.collect())
}

/// An address of each run.
fn addresses(networks: &[IpNet], family: Family) -> Vec<IpAddr> {
    let mut starts = BTreeSet::from([0]);
    for network in networks
        .iter()
        .filter(|network| Family::of(network.addr()) == family)
    {
        match network {
            IpNet::V4(network) => {
                starts.insert(u128::from(network.network().to_bits()));
                starts.extend(network.broadcast().to_bits().checked_add(1).map(u128::from));
            }
            IpNet::V6(network) => {
                starts.insert(network.network().to_bits());
                starts.extend(network.broadcast().to_bits().checked_add(1));
            }
        }
    }
    let address = |bits| match family {
        Family::Ipv4 => u32::try_from(bits)
            .ok()
            .map(|bits| Ipv4Addr::from_bits(bits).into()),
        Family::Ipv6 => Some(Ipv6Addr::from_bits(bits).into()),
    };
    starts.into_iter().filter_map(address).collect()
}

fn own_addresses(comparison: &Comparison<'_>, family: Family) -> Vec<IpAddr> {
    let mut networks = Vec::new();
    for condition in comparison.rules().flat_map(|rule| &rule.conditions) {
        if let HeaderCondition::ThingAddress(network) = condition {
            networks.push(*network);
        }
    }
    addresses(&networks, family)
}

fn transports(comparison: &Comparison<'_>, family: Family) -> Option<Vec<Transport>> {
    let mut transports = Vec::new();
    match &comparison.rule.protocol {
        Protocol::Tcp(ports) => transports.extend(tcp(comparison, ports)?),
        Protocol::Udp(ports) => transports.extend(udp(comparison, ports)?),
        Protocol::Icmp(icmp) => transports.extend(types(comparison, *icmp).map(Transport::Icmp)),
        Protocol::Icmpv6(icmp) => transports.extend(types(comparison, *icmp).map(Transport::Icmpv6)),
        Protocol::Number(number) => transports.push(Transport::Other(*number)),
        Protocol::Any => {
            let ports = Ports::default();
            transports.extend(tcp(comparison, &ports)?);
            transports.extend(udp(comparison, &ports)?);
            let icmp = types(comparison, None);
            match family {
                Family::Ipv4 => transports.extend(icmp.map(Transport::Icmp)),
                Family::Ipv6 => transports.extend(icmp.map(Transport::Icmpv6)),
            }
            let number = |rule: &Rule| {
                if let Protocol::Number(number) = rule.protocol {
                    Some(number)
                } else {
                    None
                }
            };
            let numbers = with_another(comparison.rules().filter_map(number));
            transports.extend(numbers.into_iter().map(Transport::Other));
        }
    }
    Some(transports)
}

fn tcp(comparison: &Comparison<'_>, own: &Ports) -> Option<impl Iterator<Item = Transport> + use<>> {
    let of = |rule: &'_ Rule| {
        if let Protocol::Tcp(ports) = &rule.protocol {
            Some(ports.clone())
        } else {
            None
        }
    };
    let header = |(source, destination)| TcpHeader {
        source,
        destination,
        ..TcpHeader::default()
    };
    let ports = ports(own, comparison.rules().filter_map(of))?;
    Some(ports.into_iter().map(move |ports| Transport::Tcp(header(ports))))
}

fn udp(comparison: &Comparison<'_>, own: &Ports) -> Option<impl Iterator<Item = Transport> + use<>> {
    let of = |rule: &'_ Rule| {
        if let Protocol::Udp(ports) = &rule.protocol {
            Some(ports.clone())
        } else {
            None
        }
    };
    let header = |(source, destination)| UdpHeader {
        source,
        destination,
        length: 8,
    };
    let ports = ports(own, comparison.rules().filter_map(of))?;
    Some(ports.into_iter().map(move |ports| Transport::Udp(header(ports))))
}

fn ports(own: &Ports, others: impl Iterator<Item = Ports>) -> Option<Vec<(u16, u16)>> {
    let (mut sources, mut destinations) = (BTreeSet::new(), BTreeSet::new());
    for ports in others {
        sources.extend(starts(&ports.source));
        destinations.extend(starts(&ports.destination));
    }
    sources.retain(|port| own.source.contains(*port));
    destinations.retain(|port| own.destination.contains(*port));
    // What people expect to see in an example comes first.
    let sources: Vec<_> = sources.into_iter().rev().collect();
    let pieces = sources.len().checked_mul(destinations.len())?;
    let pairs = destinations
        .into_iter()
        .flat_map(|destination| sources.iter().map(move |source| (*source, destination)));
    (pieces <= MOST_PIECES).then(|| pairs.collect())
}

/// Where runs of ports begin.
fn starts(ports: &PortSet) -> impl Iterator<Item = u16> + '_ {
    ports
        .ranges()
        .flat_map(|range| [Some(*range.start()), range.end().checked_add(1)])
        .chain([Some(0)])
        .flatten()
}

fn types(comparison: &Comparison<'_>, own: Option<IcmpType>) -> impl Iterator<Item = IcmpHeader> + use<> {
    let stated = || {
        comparison.rules().filter_map(|rule| match rule.protocol {
            Protocol::Icmp(icmp) | Protocol::Icmpv6(icmp) => icmp,
            Protocol::Any | Protocol::Tcp(_) | Protocol::Udp(_) | Protocol::Number(_) => None,
        })
    };
    let mut kinds = with_another(stated().map(|icmp| icmp.kind));
    let mut codes = with_another(stated().filter_map(|icmp| icmp.code));
    if let Some(own) = own {
        kinds = vec![own.kind];
        codes.retain(|code| own.code.is_none_or(|own| own == *code));
    }
    kinds.into_iter().flat_map(move |kind| {
        codes.clone().into_iter().map(move |code| IcmpHeader {
            kind,
            code,
            rest: Vec::new(),
        })
    })
}

/// The values, and one that is not among them.
fn with_another(values: impl Iterator<Item = u8>) -> Vec<u8> {
    let values: BTreeSet<_> = values.collect();
    let another = (0..=u8::MAX).rev().find(|value| !values.contains(value));
    values.into_iter().chain(another).collect()
}

/// The header fields on which the rules have conditions, and TCP flags: every selection of what they ask for, from none to all.
fn headers(comparison: &Comparison<'_>) -> Option<Vec<(IpHeader, u8)>> {
    let conditions: Vec<_> = comparison
        .rules()
        .flat_map(|rule| rule.conditions.iter().copied())
        .filter(|condition| !matches!(condition, HeaderCondition::ThingAddress(_)))
        .collect();
    let tests_flags = conditions
        .iter()
        .any(|condition| matches!(condition, HeaderCondition::TcpFlags(_)));
    let mut headers = vec![(unasked(&conditions), if tests_flags { 0 } else { SYN })];
    for condition in conditions {
        let with: Vec<_> = headers
            .iter()
            .map(|(header, flags)| {
                let (mut header, mut flags) = (*header, *flags);
                match condition {
                    HeaderCondition::Dscp(dscp) => header.dscp = dscp,
                    HeaderCondition::Ecn(ecn) => header.ecn = ecn,
                    HeaderCondition::Ttl(ttl) => header.ttl = ttl,
                    HeaderCondition::Length(length) => header.length = length,
                    HeaderCondition::FlowLabel(label) => header.flow_label = label,
                    HeaderCondition::TcpFlags(more) => flags |= more,
                    HeaderCondition::ThingAddress(_) => {}
                }
                (header, flags)
            })
            .filter(|header| !headers.contains(header))
            .collect();
        headers.extend(with);
        if headers.len() > MOST_HEADERS {
            return None;
        }
    }
    Some(headers)
}

/// A header that meets none of the conditions, where there is one.
fn unasked(conditions: &[HeaderCondition]) -> IpHeader {
    let mut header = IpHeader::default();
    // A value that is asked for is left for the next one; as many rounds as conditions are enough for each field.
    for _ in conditions {
        for condition in conditions {
            match *condition {
                HeaderCondition::Dscp(dscp) if header.dscp == dscp => header.dscp = (dscp + 1) % 64,
                HeaderCondition::Ecn(ecn) if header.ecn == ecn => header.ecn = (ecn + 1) % 4,
                HeaderCondition::Ttl(ttl) if header.ttl == ttl => header.ttl = ttl.wrapping_add(1),
                HeaderCondition::Length(length) if header.length == length => {
                    header.length = length.wrapping_add(1)
                }
                HeaderCondition::FlowLabel(label) if header.flow_label == label => {
                    header.flow_label = (label + 1) % (1 << 20);
                }
                HeaderCondition::Dscp(_)
                | HeaderCondition::Ecn(_)
                | HeaderCondition::Ttl(_)
                | HeaderCondition::Length(_)
                | HeaderCondition::FlowLabel(_)
                | HeaderCondition::TcpFlags(_)
                | HeaderCondition::ThingAddress(_) => {}
            }
        }
    }
    header
}

/// The flag of a segment that opens a connection.
const SYN: u8 = 2;
