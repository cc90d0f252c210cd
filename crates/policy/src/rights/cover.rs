//! Whether one rule is about every flow that another is about, as far as that shows at once.

use crate::{HeaderCondition, IcmpType, Peer, PortSet, Ports, Protocol, Rule};

/// Whether `wide` matches every packet that `narrow` matches. It may say no without need, never yes.
pub(super) fn covers(wide: &Rule, narrow: &Rule) -> bool {
    wide.initiator == narrow.initiator
        && wide.family.is_none_or(|family| narrow.family == Some(family))
        && covers_peer(&wide.peer, &narrow.peer)
        && covers_protocol(&wide.protocol, &narrow.protocol)
        && wide.conditions.iter().all(|wide| {
            narrow
                .conditions
                .iter()
                .any(|narrow| covers_condition(*wide, *narrow))
        })
}

fn covers_peer(wide: &Peer, narrow: &Peer) -> bool {
    match (wide, narrow) {
        (Peer::Anything, _) | (Peer::Gateway, Peer::Gateway) => true,
        (Peer::Name(wide), Peer::Name(narrow)) => wide == narrow,
        (Peer::Networks(wide), Peer::Networks(narrow)) => narrow
            .iter()
            .all(|narrow| wide.iter().any(|wide| wide.contains(narrow))),
        (Peer::Things(wide), Peer::Things(narrow)) => narrow.iter().all(|mac| wide.contains(mac)),
        _ => false,
    }
}

fn covers_protocol(wide: &Protocol, narrow: &Protocol) -> bool {
    match (wide, narrow) {
        (Protocol::Any, _) => true,
        (Protocol::Tcp(wide), Protocol::Tcp(narrow)) | (Protocol::Udp(wide), Protocol::Udp(narrow)) => {
            covers_ports(wide, narrow)
        }
        (Protocol::Icmp(wide), Protocol::Icmp(narrow))
        | (Protocol::Icmpv6(wide), Protocol::Icmpv6(narrow)) => covers_icmp(*wide, *narrow),
        (Protocol::Number(wide), Protocol::Number(narrow)) => wide == narrow,
        _ => false,
    }
}

fn covers_ports(wide: &Ports, narrow: &Ports) -> bool {
    wide.source.covers(&narrow.source) && wide.destination.covers(&narrow.destination)
}

fn covers_icmp(wide: Option<IcmpType>, narrow: Option<IcmpType>) -> bool {
    match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => {
            wide.kind == narrow.kind && wide.code.is_none_or(|code| narrow.code == Some(code))
        }
    }
}

fn covers_condition(wide: HeaderCondition, narrow: HeaderCondition) -> bool {
    match (wide, narrow) {
        (HeaderCondition::ThingAddress(wide), HeaderCondition::ThingAddress(narrow)) => {
            wide.contains(&narrow)
        }
        (HeaderCondition::TcpFlags(wide), HeaderCondition::TcpFlags(narrow)) => wide & narrow == wide,
        _ => wide == narrow,
    }
}

impl PortSet {
    /// Whether every port of the other set is in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.ranges().all(|narrow| {
            self.ranges()
                .any(|wide| wide.start() <= narrow.start() && narrow.end() <= wide.end())
        })
    }

    /// Whether any port is in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        other.ranges().any(|one| {
            self.ranges()
                .any(|two| one.start() <= two.end() && two.start() <= one.end())
        })
    }
}
