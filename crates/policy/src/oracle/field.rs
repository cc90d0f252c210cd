//! The fields of a packet on its way, compared with the fields of an ACE (RFC 8519 section 4.2).

use std::net::IpAddr;

use mudguard_mud::{IcmpMatch, IpFields, Ipv4Match, Ipv6Match, PortMatch, TcpMatch, UdpMatch};

use super::direction_holds;
use crate::{Family, IcmpHeader, Initiator, IpHeader, MacAddress, Packet, TcpHeader, Transport, UdpHeader};

/// Whether a condition is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
    /// It does not show when a flow opens.
    Unknown,
}

impl Known {
    /// Whether all are met.
    pub(super) fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        conditions
            .into_iter()
            .fold(Self::Yes, |all, condition| match (all, condition) {
                (Self::No, _) | (_, Self::No) => Self::No,
                (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
                (Self::Yes, Self::Yes) => Self::Yes,
            })
    }
}

impl From<bool> for Known {
    fn from(is_met: bool) -> Self {
        if is_met { Self::Yes } else { Self::No }
    }
}

/// A packet on its way: the one that opens a flow, or the reply to it.
pub(super) struct Transmission<'a> {
    /// The packet that opens the flow.
    pub(super) packet: &'a Packet,
    is_reply: bool,
}

impl<'a> Transmission<'a> {
    pub(super) fn opening(packet: &'a Packet) -> Self {
        Self {
            packet,
            is_reply: false,
        }
    }

    pub(super) fn reply(packet: &'a Packet) -> Self {
        Self {
            packet,
            is_reply: true,
        }
    }

    /// Whether the Thing sends it.
    pub(super) fn is_from_thing(&self) -> bool {
        (self.packet.initiator == Initiator::Thing) != self.is_reply
    }

    pub(super) fn is_reply(&self) -> bool {
        self.is_reply
    }

    pub(super) fn family(&self) -> Family {
        Family::of(self.packet.peer.address)
    }

    pub(super) fn peer_address(&self) -> IpAddr {
        self.packet.peer.address
    }

    pub(super) fn source(&self) -> IpAddr {
        if self.is_from_thing() {
            self.packet.thing
        } else {
            self.packet.peer.address
        }
    }

    pub(super) fn destination(&self) -> IpAddr {
        if self.is_from_thing() {
            self.packet.peer.address
        } else {
            self.packet.thing
        }
    }

    /// The source and destination of the frame, where they are known; `thing` is the Thing's.
    pub(super) fn macs(&self, thing: Option<MacAddress>) -> (Option<MacAddress>, Option<MacAddress>) {
        let peer = self.packet.peer.mac;
        if self.is_from_thing() {
            (thing, peer)
        } else {
            (peer, thing)
        }
    }

    /// A field that the reply chooses for itself.
    fn own<T: PartialEq>(&self, wanted: Option<T>, found: T) -> Known {
        match wanted {
            None => Known::Yes,
            Some(_) if self.is_reply => Known::Unknown,
            Some(wanted) => (wanted == found).into(),
        }
    }

    pub(super) fn ip(&self, fields: &IpFields) -> Known {
        let IpHeader {
            dscp,
            ecn,
            ttl,
            length,
            ..
        } = self.packet.header;
        Known::all([
            self.own(fields.dscp, dscp),
            self.own(fields.ecn, ecn),
            self.own(fields.ttl, ttl),
            self.own(fields.length, length),
            fields
                .protocol
                .is_none_or(|number| number == self.protocol_number())
                .into(),
        ])
    }

    pub(super) fn ipv4(&self, ipv4: &Ipv4Match) -> Known {
        let header = self.packet.header;
        Known::all([
            self.own(ipv4.ihl, header.ihl),
            self.own(ipv4.flags.map(|flags| flags.0), header.ipv4_flags),
            self.own(ipv4.offset, header.offset),
            self.own(ipv4.identification, header.identification),
        ])
    }

    pub(super) fn ipv6(&self, ipv6: &Ipv6Match) -> Known {
        self.own(ipv6.flow_label, self.packet.header.flow_label)
    }

    fn protocol_number(&self) -> u8 {
        match self.packet.transport {
            Transport::Icmp(_) => 1,
            Transport::Tcp(_) => 6,
            Transport::Udp(_) => 17,
            Transport::Icmpv6(_) => 58,
            Transport::Other(number) => number,
        }
    }

    pub(super) fn tcp(&self, matches: &TcpMatch, tcp: &TcpHeader) -> Known {
        let opener = self.packet.initiator;
        let flags = match matches.flags {
            None => Known::Yes,
            Some(_) if self.is_reply => Known::Unknown,
            Some(flags) => (tcp.flags & flags.0 == flags.0).into(),
        };
        Known::all([
            self.ports(
                matches.source_port,
                matches.destination_port,
                (tcp.source, tcp.destination),
            ),
            matches
                .direction_initiated
                .is_none_or(|direction| direction_holds(direction, opener))
                .into(),
            flags,
            self.own(matches.sequence_number, tcp.sequence_number),
            self.own(matches.acknowledgement_number, tcp.acknowledgement_number),
            self.own(matches.data_offset, tcp.data_offset),
            self.own(matches.reserved, tcp.reserved),
            self.own(matches.window_size, tcp.window_size),
            self.own(matches.urgent_pointer, tcp.urgent_pointer),
            self.own(matches.options.as_deref(), tcp.options.as_slice()),
        ])
    }

    pub(super) fn udp(&self, matches: &UdpMatch, udp: &UdpHeader) -> Known {
        Known::all([
            self.ports(
                matches.source_port,
                matches.destination_port,
                (udp.source, udp.destination),
            ),
            self.own(matches.length, udp.length),
        ])
    }

    pub(super) fn icmp(&self, matches: &IcmpMatch, icmp: &IcmpHeader) -> Known {
        let kind = if self.is_reply {
            answer(self.family(), icmp.kind)
        } else {
            icmp.kind
        };
        Known::all([
            matches.icmp_type.is_none_or(|wanted| wanted == kind).into(),
            matches.code.is_none_or(|wanted| wanted == icmp.code).into(),
            self.own(matches.rest_of_header.as_deref(), icmp.rest.as_slice()),
        ])
    }

    fn ports(&self, source: Option<PortMatch>, destination: Option<PortMatch>, opening: (u16, u16)) -> Known {
        let ports = if self.is_reply {
            (opening.1, opening.0)
        } else {
            opening
        };
        let holds = |wanted: Option<PortMatch>, port| wanted.is_none_or(|wanted| wanted.holds(port));
        (holds(source, ports.0) && holds(destination, ports.1)).into()
    }
}

/// The type of the message that answers one of this type; where there is no such pair, the same type.
fn answer(family: Family, kind: u8) -> u8 {
    match (family, kind) {
        (Family::Ipv4, 0) => 8,
        (Family::Ipv4, 8) => 0,
        (Family::Ipv4, 13) => 14,
        (Family::Ipv4, 14) => 13,
        (Family::Ipv4, 15) => 16,
        (Family::Ipv4, 16) => 15,
        (Family::Ipv4, 17) => 18,
        (Family::Ipv4, 18) => 17,
        (Family::Ipv6, 128) => 129,
        (Family::Ipv6, 129) => 128,
        (Family::Ipv6, 139) => 140,
        (Family::Ipv6, 140) => 139,
        (_, other) => other,
    }
}
