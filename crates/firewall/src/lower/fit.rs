//! Which rules fit sets, and the elements they become.
//!
//! The kernel refuses overlapping elements in a set with ranges, so they are made disjoint: prefixes contain one another or are
//! disjoint, and what a containing prefix permits already is left out of the contained.

use std::{collections::BTreeMap, net::IpAddr, ops::RangeInclusive, sync::Arc};

use ipnet::IpNet;
use mudguard_policy::{Family, IcmpType, MacAddress, Ports, Protocol, Rule};

use crate::{
    expression::{Expr, FAMILIES, ICMP, ICMPV6, TCP, UDP, mac, number, prefix, range},
    sets::{PeerKey, Shape, Tail},
};

/// What a rule says of protocol and ports, in the shape of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) shape: Shape,
    /// The protocol; 0 in the shape [`Shape::Protocol`], which has it in `ranges`.
    pub(crate) protocol: u8,
    pub(crate) ranges: Vec<RangeInclusive<u16>>,
}

/// The families about which a rule is.
pub(crate) fn families(rule: &Rule) -> impl Iterator<Item = Family> {
    let by_protocol = match rule.protocol {
        Protocol::Icmp(_) => Some(Family::Ipv4),
        Protocol::Icmpv6(_) => Some(Family::Ipv6),
        Protocol::Any | Protocol::Tcp(_) | Protocol::Udp(_) | Protocol::Number(_) => None,
    };
    let limits = [rule.family, by_protocol];
    FAMILIES
        .into_iter()
        .filter(move |family| limits.iter().flatten().all(|limit| limit == family))
}

/// The shape of a rule; `None` if it needs a chain.
pub(crate) fn fit(rule: &Rule) -> Option<Fit> {
    if !rule.conditions.is_empty() {
        return None;
    }
    let whole = |low: u8, high: u8| Fit {
        shape: Shape::Protocol,
        protocol: 0,
        ranges: vec![low.into()..=high.into()],
    };
    let ports = |protocol: u8, ports: &Ports| {
        let (shape, ranges) = match (ports.source.is_all(), ports.destination.is_all()) {
            (true, true) => return Some(whole(protocol, protocol)),
            (true, false) => (Shape::Ports, ports.destination.ranges().collect()),
            (false, true) => (Shape::Source, ports.source.ranges().collect()),
            (false, false) => return None,
        };
        Some(Fit {
            shape,
            protocol,
            ranges,
        })
    };
    let icmp = |protocol: u8, icmp: Option<IcmpType>| match icmp {
        None => whole(protocol, protocol),
        Some(icmp) => Fit {
            shape: Shape::Source,
            protocol,
            ranges: vec![type_and_code(icmp, 0)..=type_and_code(icmp, u8::MAX)],
        },
    };
    Some(match &rule.protocol {
        Protocol::Any => whole(0, u8::MAX),
        Protocol::Number(protocol) => whole(*protocol, *protocol),
        Protocol::Tcp(tcp) => return ports(TCP, tcp),
        Protocol::Udp(udp) => return ports(UDP, udp),
        Protocol::Icmp(kind) => icmp(ICMP, *kind),
        Protocol::Icmpv6(kind) => icmp(ICMPV6, *kind),
    })
}

/// Type and code stand where TCP and UDP have the source port.
fn type_and_code(icmp: IcmpType, any: u8) -> u16 {
    u16::from_be_bytes([icmp.kind, icmp.code.unwrap_or(any)])
}

/// At most so many elements for each address of a name; a rule with more ports gets a chain.
const TAILS_AT_MOST: usize = 8;

/// The tails of learned elements; `None` if they are too many or have ranges.
pub(crate) fn tails(fit: &Fit) -> Option<Vec<Tail>> {
    let single = |range: &RangeInclusive<u16>| (range.start() == range.end()).then_some(*range.start());
    let values = || {
        let values: Option<Vec<_>> = fit.ranges.iter().map(single).collect();
        values.filter(|values| values.len() <= TAILS_AT_MOST)
    };
    match fit.shape {
        Shape::Protocol if fit.ranges == [0..=255] => Some(vec![Tail::Any]),
        Shape::Protocol => {
            let protocols = values()?.into_iter().map(u8::try_from);
            protocols.map(|number| number.ok().map(Tail::Protocol)).collect()
        }
        Shape::Port | Shape::Ports => Some(
            values()?
                .into_iter()
                .map(|port| Tail::Destination(fit.protocol, port))
                .collect(),
        ),
        Shape::Source => Some(
            values()?
                .into_iter()
                .map(|port| Tail::Source(fit.protocol, port))
                .collect(),
        ),
    }
}

/// A peer in the elements of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Addresses.
    Network(IpNet),
    /// A Thing, by its MAC address, in packets of a family.
    Mac(Family, MacAddress),
}

impl Target {
    fn peer(self) -> PeerKey {
        match self {
            Self::Network(network) => PeerKey::Address(Family::of(network.addr())),
            Self::Mac(family, _) => PeerKey::Mac(family),
        }
    }

    fn length(self) -> u8 {
        match self {
            Self::Network(network) => network.prefix_len(),
            Self::Mac(..) => u8::MAX,
        }
    }

    /// Itself and all that contain it.
    fn containing(self) -> Vec<Self> {
        let mut all = vec![self];
        if let Self::Network(mut network) = self {
            while let Some(wider) = network.supernet() {
                network = wider;
                all.push(Self::Network(wider));
            }
        }
        all
    }

    fn expression(self) -> Expr {
        match self {
            Self::Network(network) => prefix(network),
            Self::Mac(_, address) => mac(address),
        }
    }
}

/// The elements of one Thing in one direction, gathered and made disjoint.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    wanted: Vec<(Target, Fit, Arc<str>)>,
}

/// An element without its first part, the Thing.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) peer: PeerKey,
    pub(crate) shape: Shape,
    pub(crate) rest: Vec<Expr>,
    pub(crate) comment: Arc<str>,
}

type Taken = BTreeMap<(Target, Shape, u8), Vec<(u16, u16)>>;

impl Elements {
    /// Adds what a rule permits towards a target.
    pub(crate) fn add(&mut self, target: Target, fit: Fit, comment: &Arc<str>) {
        self.wanted.push((target, fit, Arc::clone(comment)));
    }

    /// The elements.
    pub(crate) fn entries(mut self) -> Vec<Entry> {
        self.wanted.sort_by_key(|(target, ..)| target.length());
        let mut taken = Taken::new();
        let mut entries = Vec::new();
        for (target, fit, comment) in self.wanted {
            let around = target.containing();
            for wanted in fit.ranges {
                let mut free = vec![(*wanted.start(), *wanted.end())];
                for outer in &around {
                    let key = (*outer, fit.shape, fit.protocol);
                    for occupied in taken.get(&key).into_iter().flatten() {
                        free = free
                            .into_iter()
                            .flat_map(|part| without(part, *occupied))
                            .collect();
                    }
                }
                for part in &free {
                    entries.push(entry(target, fit.shape, fit.protocol, *part, &comment));
                }
                taken
                    .entry((target, fit.shape, fit.protocol))
                    .or_default()
                    .extend(free);
            }
        }
        entries
    }
}

/// What of `part` lies outside of `occupied`.
fn without(part: (u16, u16), occupied: (u16, u16)) -> impl Iterator<Item = (u16, u16)> {
    let below = occupied.0.checked_sub(1).map(|end| (part.0, part.1.min(end)));
    let above = occupied.1.checked_add(1).map(|start| (part.0.max(start), part.1));
    [below, above]
        .into_iter()
        .flatten()
        .filter(|(low, high)| low <= high)
}

fn entry(target: Target, shape: Shape, protocol: u8, (low, high): (u16, u16), comment: &Arc<str>) -> Entry {
    let values = range(number(low), number(high));
    let single =
        matches!(target, Target::Network(network) if network.prefix_len() == network.max_prefix_len());
    let exact = shape == Shape::Ports && low == high && single;
    let rest = match shape {
        Shape::Protocol => vec![target.expression(), values],
        Shape::Port | Shape::Ports | Shape::Source => vec![target.expression(), number(protocol), values],
    };
    Entry {
        peer: target.peer(),
        shape: if exact { Shape::Port } else { shape },
        rest,
        comment: Arc::clone(comment),
    }
}

/// Every address of a family.
pub(crate) fn everywhere(family: Family) -> IpNet {
    match family {
        Family::Ipv4 => IpNet::V4(ipnet::Ipv4Net::default()),
        Family::Ipv6 => IpNet::V6(ipnet::Ipv6Net::default()),
    }
}

/// The prefix of a single address.
pub(crate) fn single(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_of_a_range_is_what_remains() {
        let parts = |part, occupied| without(part, occupied).collect::<Vec<_>>();
        assert_eq!(parts((10, 20), (13, 15)), [(10, 12), (16, 20)]);
        assert_eq!(parts((10, 20), (0, 15)), [(16, 20)]);
        assert_eq!(parts((10, 20), (15, u16::MAX)), [(10, 14)]);
        assert_eq!(parts((10, 20), (0, u16::MAX)), []);
        assert_eq!(parts((10, 20), (30, 40)), [(10, 20)]);
        assert_eq!(parts((10, 20), (0, 5)), [(10, 20)]);
    }

    #[test]
    fn elements_of_nested_prefixes_are_disjoint() {
        let mut elements = Elements::default();
        let comment: Arc<str> = "x".into();
        for (network, ports) in [
            ("10.0.0.0/8", 80..=90),
            ("0.0.0.0/0", 85..=85),
            ("10.1.0.0/16", 85..=100),
        ] {
            let fit = Fit {
                shape: Shape::Ports,
                protocol: TCP,
                ranges: vec![ports],
            };
            elements.add(Target::Network(network.parse().unwrap()), fit, &comment);
        }
        let entries = elements
            .entries()
            .into_iter()
            .map(|entry| serde_json::json!(entry.rest).to_string());
        assert_eq!(
            entries.collect::<Vec<_>>(),
            [
                r#"[{"prefix":{"addr":"0.0.0.0","len":0}},6,85]"#,
                r#"[{"prefix":{"addr":"10.0.0.0","len":8}},6,{"range":[80,84]}]"#,
                r#"[{"prefix":{"addr":"10.0.0.0","len":8}},6,{"range":[86,90]}]"#,
                r#"[{"prefix":{"addr":"10.1.0.0","len":16}},6,{"range":[91,100]}]"#,
            ]
        );
    }
}
