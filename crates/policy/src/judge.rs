//! What a compiled policy says of a packet that opens a flow. The kernel's rules are to say the same.

use std::net::IpAddr;

use crate::{
    Action, Family, HeaderCondition, IcmpType, Judgement, Packet, Peer, Ports, Protocol, Rule, ThingPolicy,
    Transport, packet::IcmpHeader,
};

impl ThingPolicy {
    /// Whether the flow that this packet opens may be opened, in a home whose router has these addresses on the LAN.
    #[must_use]
    pub fn judge(&self, packet: &Packet, gateway: &[IpAddr]) -> Judgement {
        let first = |rules: &[Rule]| {
            let rule = rules.iter().find(|rule| rule.matches(packet, gateway))?;
            Some((rule.action == Action::Accept, rule.origin.clone()))
        };
        let permit = first(&self.permits);
        if let Some((true, _)) = permit
            && let Some((false, origin)) = first(&self.vetoes)
        {
            return Judgement {
                allowed: false,
                by: Some(origin),
            };
        }
        match permit {
            Some((allowed, origin)) => Judgement {
                allowed,
                by: Some(origin),
            },
            None => Judgement {
                allowed: false,
                by: None,
            },
        }
    }
}

impl Rule {
    /// Whether this rule is about the flow that the packet opens, in a home whose router has these addresses on the LAN.
    #[must_use]
    pub fn matches(&self, packet: &Packet, gateway: &[IpAddr]) -> bool {
        self.initiator == packet.initiator
            && self.family.is_none_or(|family| family == packet.family())
            && self.peer.holds(packet, gateway)
            && self.protocol.holds(packet)
            && self.conditions.iter().all(|condition| condition.holds(packet))
    }
}

impl Peer {
    fn holds(&self, packet: &Packet, gateway: &[IpAddr]) -> bool {
        let peer = &packet.peer;
        match self {
            Self::Anything => true,
            Self::Name(name) => peer.names.contains(name),
            Self::Networks(networks) => networks.iter().any(|network| network.contains(&peer.address)),
            Self::Things(things) => peer.mac.is_some_and(|mac| things.contains(&mac)),
            Self::Gateway => gateway.contains(&peer.address),
        }
    }
}

impl Protocol {
    fn holds(&self, packet: &Packet) -> bool {
        match (self, &packet.transport) {
            (Self::Any, _) => true,
            (Self::Tcp(ports), Transport::Tcp(tcp)) => ports.hold(tcp.source, tcp.destination),
            (Self::Udp(ports), Transport::Udp(udp)) => ports.hold(udp.source, udp.destination),
            (Self::Icmp(icmp), Transport::Icmp(header)) | (Self::Icmpv6(icmp), Transport::Icmpv6(header)) => {
                icmp.is_none_or(|icmp| icmp.holds(header))
            }
            (Self::Number(number), Transport::Other(other)) => number == other,
            _ => false,
        }
    }
}

impl Ports {
    fn hold(&self, source: u16, destination: u16) -> bool {
        self.source.contains(source) && self.destination.contains(destination)
    }
}

impl IcmpType {
    fn holds(self, header: &IcmpHeader) -> bool {
        self.kind == header.kind && self.code.is_none_or(|code| code == header.code)
    }
}

impl HeaderCondition {
    fn holds(self, packet: &Packet) -> bool {
        let header = &packet.header;
        match self {
            Self::Dscp(dscp) => header.dscp == dscp,
            Self::Ecn(ecn) => header.ecn == ecn,
            Self::Ttl(ttl) => header.ttl == ttl,
            Self::Length(length) => header.length == length,
            Self::FlowLabel(label) => packet.family() == Family::Ipv6 && header.flow_label == label,
            Self::TcpFlags(flags) => {
                matches!(&packet.transport, Transport::Tcp(tcp) if tcp.flags & flags == flags)
            }
            Self::ThingAddress(network) => network.contains(&packet.thing),
        }
    }
}
