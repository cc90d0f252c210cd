//! The sets that hold policies: their names, what their keys are made of, and where in a packet each part of a key stands.
//!
//! A key is a Thing, its peer, and a tail by the shape of the rule. Sets that are written with the policy and sets that are learned
//! from answers are never the same: a permanent element that is added again with a timeout would end with it.

use mudguard_policy::{Family, Initiator};
use nftables::schema::SetType;

use crate::{
    expression::{
        Expr, FAMILIES, destination, destination_mac, destination_port, digit, protocol, source, source_mac,
        source_port,
    },
    table::{SetKind, Table},
};

/// Which packets a table sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Plane {
    /// What this router routes or receives: family `inet`.
    Routed,
    /// Frames between two ports of one bridge: family `bridge`.
    Bridged,
}

/// How the peer stands in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum PeerKey {
    /// By its address.
    Address(Family),
    /// By its MAC address, in packets of this family; only within a bridge.
    Mac(Family),
}

/// What follows the peer in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// The protocol and one destination port, with a single address.
    Port,
    /// The protocol and destination ports.
    Ports,
    /// The protocol.
    Protocol,
    /// The protocol and source ports, or the type and code of ICMP, which stand in the same place.
    Source,
}

/// What follows the peer in the key of a learned element. All are single values, so that the sets are hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Tail {
    /// Nothing: every protocol.
    Any,
    /// This protocol.
    Protocol(u8),
    /// This protocol and source port, or type and code.
    Source(u8, u16),
    /// This protocol and destination port.
    Destination(u8, u16),
}

/// One of each tail, the most used first.
pub(crate) const TAILS: [Tail; 4] = [
    Tail::Destination(0, 0),
    Tail::Protocol(0),
    Tail::Source(0, 0),
    Tail::Any,
];

/// Where to look in a packet for the flows of one initiator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) plane: Plane,
    pub(crate) initiator: Initiator,
    /// Whether the packet is a reply of such a flow, instead of the packet that opens it.
    pub(crate) reply: bool,
}

impl Look {
    /// At packets that open flows.
    pub(crate) fn opening(plane: Plane, initiator: Initiator) -> Self {
        Self {
            plane,
            initiator,
            reply: false,
        }
    }

    /// At replies.
    pub(crate) fn replies(plane: Plane, initiator: Initiator) -> Self {
        Self {
            plane,
            initiator,
            reply: true,
        }
    }

    /// Whether the packet comes from the Thing.
    fn is_from_thing(self) -> bool {
        (self.initiator == Initiator::Thing) != self.reply
    }

    /// What stands for the Thing in a key. Its MAC address is not known where a packet is routed to it.
    pub(crate) fn thing_key(self, family: Family) -> Expr {
        match (self.is_from_thing(), self.plane) {
            (true, _) => source_mac(),
            (false, Plane::Bridged) => destination_mac(),
            (false, Plane::Routed) => destination(family),
        }
    }

    /// The address at the Thing's end.
    pub(crate) fn thing_address(self, family: Family) -> Expr {
        if self.is_from_thing() {
            source(family)
        } else {
            destination(family)
        }
    }

    /// What stands for the peer in a key.
    pub(crate) fn peer(self, key: PeerKey) -> Expr {
        match (key, self.is_from_thing()) {
            (PeerKey::Address(family), true) => destination(family),
            (PeerKey::Address(family), false) => source(family),
            (PeerKey::Mac(_), true) => destination_mac(),
            (PeerKey::Mac(_), false) => source_mac(),
        }
    }

    /// The source port of the packet that opens the flow.
    pub(crate) fn source_port(self) -> Expr {
        if self.reply {
            destination_port()
        } else {
            source_port()
        }
    }

    /// The destination port of the packet that opens the flow.
    pub(crate) fn destination_port(self) -> Expr {
        if self.reply {
            source_port()
        } else {
            destination_port()
        }
    }

    /// The key to look up in the set of this shape.
    pub(crate) fn key(self, peer: PeerKey, shape: Shape) -> Vec<Expr> {
        let mut key = vec![self.thing_key(peer.family()), self.peer(peer), protocol()];
        match shape {
            Shape::Port | Shape::Ports => key.push(self.destination_port()),
            Shape::Source => key.push(self.source_port()),
            Shape::Protocol => {}
        }
        key
    }

    /// The key to look up in the learned set of this tail.
    pub(crate) fn learned_key(self, family: Family, tail: Tail) -> Vec<Expr> {
        let mut key = vec![self.thing_key(family), self.peer(PeerKey::Address(family))];
        match tail {
            Tail::Any => {}
            Tail::Protocol(_) => key.push(protocol()),
            Tail::Source(..) => key.extend([protocol(), self.source_port()]),
            Tail::Destination(..) => key.extend([protocol(), self.destination_port()]),
        }
        key
    }
}

impl PeerKey {
    /// The family of the packets.
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Address(family) | Self::Mac(family) => family,
        }
    }

    fn set_type(self) -> SetType {
        match self {
            Self::Address(family) => address_type(family),
            Self::Mac(_) => SetType::EtherAddr,
        }
    }
}

/// The word by which sets and chains of an initiator begin.
pub(crate) fn way(initiator: Initiator) -> &'static str {
    match initiator {
        Initiator::Thing => "out",
        Initiator::Peer => "in",
    }
}

/// The name of the set for rules of a shape.
pub(crate) fn static_set(initiator: Initiator, peer: PeerKey, shape: Shape) -> String {
    let shape = match shape {
        Shape::Port => "port",
        Shape::Ports => "ports",
        Shape::Protocol => "protocol",
        Shape::Source => "source",
    };
    let things = match peer {
        PeerKey::Address(_) => "",
        PeerKey::Mac(_) => "things_",
    };
    format!("{}{}_{things}{shape}", way(initiator), digit(peer.family()))
}

/// The name of the set for learned elements with a tail.
pub(crate) fn learned_set(initiator: Initiator, family: Family, tail: Tail) -> String {
    let tail = match tail {
        Tail::Any => "any",
        Tail::Protocol(_) => "protocol",
        Tail::Source(..) => "source",
        Tail::Destination(..) => "port",
    };
    format!("{}{}_learned_{tail}", way(initiator), digit(family))
}

/// The peers and shapes for which a table has sets, in the order in which they are looked up.
pub(crate) fn static_sets(plane: Plane) -> Vec<(PeerKey, Shape)> {
    let mut sets = Vec::new();
    for family in FAMILIES {
        let address = PeerKey::Address(family);
        sets.extend(
            [Shape::Port, Shape::Ports, Shape::Protocol, Shape::Source].map(|shape| (address, shape)),
        );
        if plane == Plane::Bridged {
            let macs = PeerKey::Mac(family);
            sets.extend([Shape::Ports, Shape::Protocol, Shape::Source].map(|shape| (macs, shape)));
        }
    }
    sets
}

/// The type of an address.
pub(crate) fn address_type(family: Family) -> SetType {
    match family {
        Family::Ipv4 => SetType::Ipv4Addr,
        Family::Ipv6 => SetType::Ipv6Addr,
    }
}

/// Declares the sets for the flows of an initiator.
pub(crate) fn declare(table: &mut Table, plane: Plane, initiator: Initiator) {
    let thing = |family| match (initiator, plane) {
        (Initiator::Thing, _) | (Initiator::Peer, Plane::Bridged) => SetType::EtherAddr,
        (Initiator::Peer, Plane::Routed) => address_type(family),
    };
    for (peer, shape) in static_sets(plane) {
        let mut key = vec![thing(peer.family()), peer.set_type(), SetType::InetProto];
        if shape != Shape::Protocol {
            key.push(SetType::InetService);
        }
        let kind = if shape == Shape::Port {
            SetKind::Exact
        } else {
            SetKind::Intervals
        };
        table.declare(static_set(initiator, peer, shape), kind, &key);
    }
    // Names are names of the internet: no address of this home is learned for one.
    if plane == Plane::Bridged {
        return;
    }
    for family in FAMILIES {
        for tail in TAILS {
            let mut key = vec![thing(family), address_type(family)];
            match tail {
                Tail::Any => {}
                Tail::Protocol(_) => key.push(SetType::InetProto),
                Tail::Source(..) | Tail::Destination(..) => {
                    key.extend([SetType::InetProto, SetType::InetService]);
                }
            }
            table.declare(learned_set(initiator, family, tail), SetKind::Learned, &key);
        }
    }
}
