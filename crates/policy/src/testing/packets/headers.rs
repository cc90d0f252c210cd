//! The headers of a packet drawn around an ACE.

use crate::{IcmpHeader, IpHeader, TcpHeader, Transport, UdpHeader};
use mudguard_mud::{Ace, L3Match, L4Match, PortMatch};

use super::{
    super::pools::{ICMP_TYPES, PORTS, PROTOCOLS},
    Plan,
};

impl Plan {
    pub(super) fn transport(&self, ace: &Ace, is_ipv6: bool) -> Transport {
        let stated = ace.matches.l3.as_ref().and_then(|l3| l3.ip().protocol);
        let number = match &ace.matches.l4 {
            _ if self.transport > 0 => PROTOCOLS[usize::from(self.transport) % PROTOCOLS.len()],
            Some(L4Match::Tcp(_)) => 6,
            Some(L4Match::Udp(_)) => 17,
            Some(L4Match::Icmp(_)) => {
                if is_ipv6 {
                    58
                } else {
                    1
                }
            }
            None => stated.unwrap_or_else(|| PROTOCOLS[usize::from(self.kind) % PROTOCOLS.len()]),
        };
        match number {
            6 => Transport::Tcp(self.tcp(ace)),
            17 => Transport::Udp(self.udp(ace)),
            1 if !is_ipv6 => Transport::Icmp(self.icmp(ace, &[(0, 8), (13, 14)])),
            58 if is_ipv6 => Transport::Icmpv6(self.icmp(ace, &[(128, 129)])),
            other => Transport::Other(other),
        }
    }

    fn ports(&self, source: Option<PortMatch>, destination: Option<PortMatch>) -> (u16, u16) {
        let stated = (port(source, self.ports.0), port(destination, self.ports.1));
        if self.is_reply {
            (stated.1, stated.0)
        } else {
            stated
        }
    }

    fn tcp(&self, ace: &Ace) -> TcpHeader {
        let stated = match &ace.matches.l4 {
            Some(L4Match::Tcp(tcp)) => tcp.clone(),
            _ => Default::default(),
        };
        let (source, destination) = self.ports(stated.source_port, stated.destination_port);
        let off = u8::from(self.header & 2 != 0);
        TcpHeader {
            source,
            destination,
            flags: if self.header & 4 == 0 {
                stated.flags.unwrap_or_default().0 | 2
            } else {
                self.header
            },
            sequence_number: stated.sequence_number.unwrap_or(0).wrapping_add(u32::from(off)),
            acknowledgement_number: stated.acknowledgement_number.unwrap_or(0),
            data_offset: stated.data_offset.unwrap_or(5).wrapping_add(off),
            reserved: stated.reserved.unwrap_or(0),
            window_size: stated.window_size.unwrap_or(0).wrapping_add(u16::from(off)),
            urgent_pointer: stated.urgent_pointer.unwrap_or(0),
            options: stated.options.unwrap_or_default(),
        }
    }

    fn udp(&self, ace: &Ace) -> UdpHeader {
        let stated = match &ace.matches.l4 {
            Some(L4Match::Udp(udp)) => udp.clone(),
            _ => Default::default(),
        };
        let (source, destination) = self.ports(stated.source_port, stated.destination_port);
        let length = stated
            .length
            .unwrap_or(8)
            .wrapping_add(u16::from(self.header & 2 != 0));
        UdpHeader {
            source,
            destination,
            length,
        }
    }

    fn icmp(&self, ace: &Ace, answers: &[(u8, u8)]) -> IcmpHeader {
        let stated = match &ace.matches.l4 {
            Some(L4Match::Icmp(icmp)) => icmp.clone(),
            _ => Default::default(),
        };
        let stated_kind =
            stated.icmp_type.map(
                |kind| match answers.iter().find(|(a, b)| kind == *a || kind == *b) {
                    Some((a, b)) if self.is_reply => {
                        if kind == *a {
                            *b
                        } else {
                            *a
                        }
                    }
                    _ => kind,
                },
            );
        let kind = match stated_kind {
            Some(kind) if self.kind < 128 => kind,
            _ => ICMP_TYPES[usize::from(self.kind) % ICMP_TYPES.len()],
        };
        let code = stated.code.unwrap_or(0) ^ u8::from(self.header & 2 != 0);
        IcmpHeader {
            kind,
            code,
            rest: stated.rest_of_header.unwrap_or_default(),
        }
    }

    pub(super) fn header(&self, ace: &Ace) -> IpHeader {
        let off = u8::from(self.header & 1 != 0);
        let mut header = IpHeader {
            ttl: 64,
            ihl: 5,
            length: 40,
            ..IpHeader::default()
        };
        if let Some(l3) = &ace.matches.l3 {
            let ip = l3.ip();
            header.dscp = ip.dscp.unwrap_or(0).wrapping_add(off);
            header.ecn = ip.ecn.unwrap_or(0);
            header.ttl = ip.ttl.unwrap_or(64).wrapping_add(u8::from(self.header & 8 != 0));
            header.length = ip
                .length
                .unwrap_or(40)
                .wrapping_add(u16::from(self.header & 16 != 0));
        }
        match &ace.matches.l3 {
            Some(L3Match::Ipv4(ipv4)) => {
                header.ihl = ipv4.ihl.unwrap_or(5).wrapping_add(off);
                header.ipv4_flags = ipv4.flags.unwrap_or_default().0;
                header.offset = ipv4.offset.unwrap_or(0).wrapping_add(u16::from(off));
                header.identification = ipv4.identification.unwrap_or(0);
            }
            Some(L3Match::Ipv6(ipv6)) => {
                header.flow_label = ipv6.flow_label.unwrap_or(0).wrapping_add(u32::from(off))
            }
            None => {}
        }
        header
    }
}

fn port(condition: Option<PortMatch>, place: usize) -> u16 {
    let mut candidates: Vec<u16> = Vec::new();
    for range in condition.into_iter().flat_map(PortMatch::ranges) {
        candidates.extend([*range.start(), *range.end()]);
        candidates.extend(
            [range.start().checked_sub(1), range.end().checked_add(1)]
                .into_iter()
                .flatten(),
        );
    }
    candidates.extend(PORTS);
    candidates[place % candidates.len()]
}
