//! A rule in one line, for makers and researchers: RFC 8520's words, no sentences. The household reads `explain`.

use std::fmt;

use super::{Action, Family, HeaderCondition, IcmpType, Initiator, Peer, PortSet, Ports, Protocol, Rule};

/// `accept from-device tcp 443 to api.example.com`; a source port stands before the destination port and a colon.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Accept => "accept",
            Action::Drop => "drop",
        };
        let (side, towards) = match self.initiator {
            Initiator::Thing => ("from-device", "to"),
            Initiator::Peer => ("to-device", "from"),
        };
        write!(f, "{action} {side} {} {towards} {}", self.protocol, self.peer)?;
        match self.family {
            Some(Family::Ipv4) => f.write_str(", IPv4 alone")?,
            Some(Family::Ipv6) => f.write_str(", IPv6 alone")?,
            None => {}
        }
        for condition in &self.conditions {
            write!(f, ", {condition}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any protocol"),
            Self::Tcp(ports) => write!(f, "tcp {ports}"),
            Self::Udp(ports) => write!(f, "udp {ports}"),
            Self::Icmp(icmp) => write_icmp(f, "icmp", *icmp),
            Self::Icmpv6(icmp) => write_icmp(f, "icmpv6", *icmp),
            Self::Number(number) => write!(f, "protocol {number}"),
        }
    }
}

fn write_icmp(f: &mut fmt::Formatter<'_>, name: &str, icmp: Option<IcmpType>) -> fmt::Result {
    f.write_str(name)?;
    if let Some(IcmpType { kind, code }) = icmp {
        write!(f, " type {kind}")?;
        if let Some(code) = code {
            write!(f, " code {code}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.source.is_all() {
            write!(f, "{}:", self.source)?;
        }
        self.destination.fmt(f)
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("any");
        }
        for (place, range) in self.ranges().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            let (low, high) = range.into_inner();
            if low == high {
                write!(f, "{separator}{low}")?;
            } else {
                write!(f, "{separator}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => f.write_str("anything"),
            Self::Name(name) => name.fmt(f),
            Self::Networks(networks) => write_list(f, networks),
            Self::Things(things) => write_list(f, things),
            Self::Gateway => f.write_str("this router"),
        }
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, entries: &[T]) -> fmt::Result {
    for (place, entry) in entries.iter().enumerate() {
        let separator = if place == 0 { "" } else { " " };
        write!(f, "{separator}{entry}")?;
    }
    Ok(())
}

impl fmt::Display for HeaderCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dscp(dscp) => write!(f, "dscp {dscp}"),
            Self::Ecn(ecn) => write!(f, "ecn {ecn}"),
            Self::Ttl(ttl) => write!(f, "ttl {ttl}"),
            Self::Length(length) => write!(f, "length {length}"),
            Self::FlowLabel(label) => write!(f, "flow-label {label}"),
            Self::TcpFlags(flags) => write!(f, "flags 0x{flags:02x}"),
            Self::ThingAddress(network) => write!(f, "the Thing at {network}"),
        }
    }
}
