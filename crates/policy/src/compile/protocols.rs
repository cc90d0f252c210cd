//! The transport layer of an ACE: protocols, ports, ICMP types, and the header fields that stay conditions.

use mudguard_mud::{IcmpMatch, IpFields, L3Match, L4Match, PortMatch, TcpMatch};

use super::reason::Reason;
use crate::{Family, HeaderCondition, IcmpType, PortSet, Ports, Protocol};

/// The numbers of the protocols that have a container of their own.
mod number {
    pub(super) const ICMP: u8 = 1;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const ICMPV6: u8 = 58;
}

/// The IPv6 extension headers (IANA): they are no upper-layer protocol, which is what `protocol` means in IPv6. Those that encrypt or
/// authenticate what follows end the chain for a filter, so they are not among these.
const EXTENSION_HEADERS: [u8; 7] = [0, 43, 44, 60, 135, 139, 140];

/// Queries of ICMP and their answers.
const ICMP_ANSWERS: [(u8, u8); 4] = [(8, 0), (13, 14), (15, 16), (17, 18)];

/// Queries of ICMPv6 and their answers.
const ICMPV6_ANSWERS: [(u8, u8); 2] = [(128, 129), (139, 140)];

impl Protocol {
    /// The opening packet whose reply is what this describes.
    pub(super) fn of_opening(&self) -> Self {
        let exchanged = |ports: &Ports| Ports {
            source: ports.destination.clone(),
            destination: ports.source.clone(),
        };
        let counterpart = |icmp: &Option<IcmpType>, answers: &[(u8, u8)]| {
            icmp.map(|icmp| IcmpType {
                kind: counterpart(icmp.kind, answers),
                ..icmp
            })
        };
        match self {
            Self::Tcp(ports) => Self::Tcp(exchanged(ports)),
            Self::Udp(ports) => Self::Udp(exchanged(ports)),
            Self::Icmp(icmp) => Self::Icmp(counterpart(icmp, &ICMP_ANSWERS)),
            Self::Icmpv6(icmp) => Self::Icmpv6(counterpart(icmp, &ICMPV6_ANSWERS)),
            Self::Any | Self::Number(_) => self.clone(),
        }
    }
}

fn counterpart(kind: u8, answers: &[(u8, u8)]) -> u8 {
    let pair = answers
        .iter()
        .find(|(query, answer)| kind == *query || kind == *answer);
    pair.map_or(
        kind,
        |(query, answer)| if kind == *query { *answer } else { *query },
    )
}

/// The protocols of an ACE that is limited to `family`, each with the family it implies.
pub(super) fn protocols<'a>(
    l3: Option<&L3Match>,
    l4: Option<&L4Match>,
    family: Option<Family>,
) -> Result<Vec<(Option<Family>, Protocol)>, Reason<'a>> {
    let stated = l3.and_then(|l3| l3.ip().protocol);
    let container = |numbers: &[u8], protocol| match stated {
        Some(number) if !numbers.contains(&number) => Err(Reason::Contradiction),
        _ => Ok(vec![(family, protocol)]),
    };
    match l4 {
        None => match stated {
            None => Ok(vec![(family, Protocol::Any)]),
            Some(number) => by_number(number, family),
        },
        Some(L4Match::Tcp(tcp)) => container(
            &[number::TCP],
            Protocol::Tcp(ports(tcp.source_port, tcp.destination_port)?),
        ),
        Some(L4Match::Udp(udp)) => container(
            &[number::UDP],
            Protocol::Udp(ports(udp.source_port, udp.destination_port)?),
        ),
        Some(L4Match::Icmp(icmp)) => by_icmp(icmp, stated, family),
    }
}

fn by_number<'a>(number: u8, family: Option<Family>) -> Result<Vec<(Option<Family>, Protocol)>, Reason<'a>> {
    let protocol = match (number, family) {
        (number, Some(Family::Ipv6)) if EXTENSION_HEADERS.contains(&number) => {
            return Err(Reason::ExtensionHeader(number));
        }
        (number::TCP, _) => Protocol::Tcp(Ports::default()),
        (number::UDP, _) => Protocol::Udp(Ports::default()),
        (number::ICMP, Some(Family::Ipv4)) => Protocol::Icmp(None),
        (number::ICMPV6, Some(Family::Ipv6)) => Protocol::Icmpv6(None),
        (number, _) => Protocol::Number(number),
    };
    Ok(vec![(family, protocol)])
}

/// `icmp` is ICMP in IPv4 and ICMPv6 in IPv6.
fn by_icmp<'a>(
    icmp: &IcmpMatch,
    stated: Option<u8>,
    family: Option<Family>,
) -> Result<Vec<(Option<Family>, Protocol)>, Reason<'a>> {
    let kind = icmp.icmp_type.map(|kind| IcmpType {
        kind,
        code: icmp.code,
    });
    let is_meant =
        |of, number| family.is_none_or(|family| family == of) && stated.is_none_or(|stated| stated == number);
    let mut protocols = Vec::new();
    if is_meant(Family::Ipv4, number::ICMP) {
        protocols.push((Some(Family::Ipv4), Protocol::Icmp(kind)));
    }
    if is_meant(Family::Ipv6, number::ICMPV6) {
        protocols.push((Some(Family::Ipv6), Protocol::Icmpv6(kind)));
    }
    if protocols.is_empty() {
        Err(Reason::Contradiction)
    } else {
        Ok(protocols)
    }
}

fn ports<'a>(source: Option<PortMatch>, destination: Option<PortMatch>) -> Result<Ports, Reason<'a>> {
    let set = |condition: Option<PortMatch>| match condition {
        None => Ok(PortSet::all()),
        Some(condition) => PortSet::from_ranges(condition.ranges()).ok_or(Reason::Contradiction),
    };
    Ok(Ports {
        source: set(source)?,
        destination: set(destination)?,
    })
}

/// Whether an ACE is about TCP and nothing else.
pub(super) fn is_for_tcp_alone(l3: Option<&L3Match>, l4: Option<&L4Match>) -> bool {
    matches!(l4, Some(L4Match::Tcp(_))) || l3.and_then(|l3| l3.ip().protocol) == Some(number::TCP)
}

/// The header fields that rules can test.
pub(super) fn conditions(l3: Option<&L3Match>, l4: Option<&L4Match>) -> Vec<HeaderCondition> {
    let mut conditions = Vec::new();
    if let Some(l3) = l3 {
        let IpFields {
            dscp,
            ecn,
            length,
            ttl,
            ..
        } = *l3.ip();
        conditions.extend(dscp.map(HeaderCondition::Dscp));
        conditions.extend(ecn.map(HeaderCondition::Ecn));
        conditions.extend(ttl.map(HeaderCondition::Ttl));
        conditions.extend(length.map(HeaderCondition::Length));
    }
    if let Some(L3Match::Ipv6(ipv6)) = l3 {
        conditions.extend(ipv6.flow_label.map(HeaderCondition::FlowLabel));
    }
    if let Some(L4Match::Tcp(TcpMatch {
        flags: Some(flags), ..
    })) = l4
        && flags.0 != 0
    {
        conditions.push(HeaderCondition::TcpFlags(flags.0));
    }
    conditions
}

/// The header fields that no rule can test, by their names in RFC 8519.
pub(super) fn fields_beyond_rules(
    l3: Option<&L3Match>,
    l4: Option<&L4Match>,
) -> impl Iterator<Item = &'static str> {
    let ipv4 = match l3 {
        Some(L3Match::Ipv4(ipv4)) => [
            ipv4.ihl.map(|_| "ihl"),
            ipv4.flags.map(|_| "flags of IPv4"),
            ipv4.offset.map(|_| "offset"),
            ipv4.identification.map(|_| "identification"),
        ],
        Some(L3Match::Ipv6(_)) | None => [None; 4],
    };
    let transport = match l4 {
        Some(L4Match::Tcp(tcp)) => [
            tcp.sequence_number.map(|_| "sequence-number"),
            tcp.acknowledgement_number.map(|_| "acknowledgement-number"),
            tcp.data_offset.map(|_| "data-offset"),
            tcp.reserved.map(|_| "reserved"),
            tcp.flags
                .and_then(|flags| (flags.0 == 0).then_some("flags without naming one")),
            tcp.window_size.map(|_| "window-size"),
            tcp.urgent_pointer.map(|_| "urgent-pointer"),
            tcp.options.as_ref().map(|_| "options"),
        ],
        Some(L4Match::Udp(udp)) => just([udp.length.map(|_| "length of UDP"), None]),
        Some(L4Match::Icmp(icmp)) => just([
            icmp.rest_of_header.as_ref().map(|_| "rest-of-header"),
            icmp.code
                .and_then(|_| icmp.icmp_type.is_none().then_some("code without type")),
        ]),
        None => just([None; 2]),
    };
    ipv4.into_iter().chain(transport).flatten()
}

fn just([first, second]: [Option<&'static str>; 2]) -> [Option<&'static str>; 8] {
    [first, second, None, None, None, None, None, None]
}
