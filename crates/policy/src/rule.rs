//! A rule: which flows of one Thing may be opened, and where in the MUD file that stands.
//!
//! Rules speak of flows, not of packets: a rule is met by the packet that opens a flow, and the replies of an accepted flow
//! follow it. RFC 8519 speaks of packets; how `compile` gets from one to the other is told there.

mod text;

use std::{borrow::Cow, net::IpAddr, ops::RangeInclusive};

use ipnet::IpNet;
use mudguard_mud::DomainName;
use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// One rule of a [`ThingPolicy`](crate::ThingPolicy). All its conditions must hold (RFC 8520 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Where the rule comes from.
    pub origin: Origin,
    /// Who sends the packet that opens the flow.
    pub initiator: Initiator,
    /// The family it is limited to; `None` is both.
    pub family: Option<Family>,
    /// The other end of the flow.
    pub peer: Peer,
    /// The protocol, and the ports or types as they stand in the packet that opens the flow.
    pub protocol: Protocol,
    /// Further header conditions, in no particular order. A rule with any of them fits no set and needs an ordered chain.
    pub conditions: Vec<HeaderCondition>,
    /// What becomes of the flow.
    pub action: Action,
}

/// Who opens a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initiator {
    /// The Thing itself.
    Thing,
    /// The other end.
    Peer,
}

impl Initiator {
    /// The other of the two.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Thing => Self::Peer,
            Self::Peer => Self::Thing,
        }
    }
}

/// What a rule does. RFC 8520 section 2 knows only these; `reject` counts as `drop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The flow may be opened.
    Accept,
    /// It may not.
    Drop,
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }
}

/// The other end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Any address outside the home, and any inside.
    Anything,
    /// The addresses that the resolver told this Thing for this name (RFC 8520 section 8, RFC 9726).
    Name(DomainName),
    /// Addresses within these prefixes; never empty. Multicast groups stand here too.
    Networks(Vec<IpNet>),
    /// These Things, by MAC address: members of a class (manufacturer, model, controller). Never empty.
    Things(Vec<MacAddress>),
    /// This router itself, at whichever of its LAN addresses: its DNS or NTP service.
    Gateway,
}

/// A protocol with its ports or types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Every protocol.
    Any,
    /// TCP.
    Tcp(Ports),
    /// UDP.
    Udp(Ports),
    /// ICMP, limited to a type, or to a type and a code.
    Icmp(Option<IcmpType>),
    /// ICMPv6, limited likewise.
    Icmpv6(Option<IcmpType>),
    /// Another protocol, by its number.
    Number(u8),
}

/// An ICMP or ICMPv6 type, with its code if that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IcmpType {
    /// The type.
    pub kind: u8,
    /// The code; `None` is any.
    pub code: Option<u8>,
}

/// Ports of TCP or UDP as they stand in the packet that opens the flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Source ports.
    pub source: PortSet,
    /// Destination ports.
    pub destination: PortSet,
}

/// A set of ports: sorted, disjoint, non-adjacent ranges; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSet(Cow<'static, [(u16, u16)]>);

/// Nearly every rule holds this one once or twice: it takes no memory of its own.
const ALL: &[(u16, u16)] = &[(0, u16::MAX)];

impl PortSet {
    /// Every port, the default.
    #[must_use]
    pub fn all() -> Self {
        Self(Cow::Borrowed(ALL))
    }

    /// One port.
    #[must_use]
    pub fn one(port: u16) -> Self {
        Self(vec![(port, port)].into())
    }

    /// The union of ranges given in any order; `None` if no port is in it.
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Option<Self> {
        let mut ranges: Vec<_> = ranges
            .into_iter()
            .filter(|r| r.start() <= r.end())
            .map(|r| (*r.start(), *r.end()))
            .collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, last| {
            let is_joined = next.0 <= last.1.saturating_add(1);
            if is_joined {
                last.1 = last.1.max(next.1);
            }
            is_joined
        });
        (!ranges.is_empty()).then(|| Self(ranges.into()))
    }

    /// Whether every port is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self.0 == *ALL
    }

    /// Whether `port` is in it.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|&(low, high)| (low..=high).contains(&port))
    }

    /// Its ranges, sorted and disjoint.
    pub fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u16>> + '_ {
        self.0.iter().map(|&(low, high)| low..=high)
    }
}

impl Default for PortSet {
    fn default() -> Self {
        Self::all()
    }
}

/// A condition on a header field that sets of addresses and ports do not hold (RFC 8519 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderCondition {
    /// The DSCP is this, 0 to 63.
    Dscp(u8),
    /// The ECN field is this, 0 to 3.
    Ecn(u8),
    /// The TTL or hop limit is this.
    Ttl(u8),
    /// The length of the packet (IPv4 total length, IPv6 payload length) in octets is this.
    Length(u16),
    /// The IPv6 flow label is this, 20 bits.
    FlowLabel(u32),
    /// All these TCP flags are set (the bits of the flags octet), the others are not looked at.
    TcpFlags(u8),
    /// The address at the Thing's end lies within this prefix: the source of what the Thing sends, the destination of what the
    /// peer sends. That destination may be a multicast group or a broadcast address to which the Thing listens.
    ThingAddress(IpNet),
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// An ACE of the Thing's MUD file.
    Ace(AceName),
    /// RFC 8520 section 5 and appendix A: DNS at this router, unless an ACE says otherwise.
    ImplicitDns,
    /// The same for NTP at this router.
    ImplicitNtp,
    /// A decision of the owner.
    Owner,
}

/// The place of an ACE in its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AceName {
    /// The name of the access list.
    pub list: String,
    /// The name of the ACE.
    pub ace: String,
    /// The position of the ACE in its list, from 0.
    pub index: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_ranges_are_merged_and_sorted() {
        let set = PortSet::from_ranges([10..=20, 1..=1, 21..=30, 15..=18]).unwrap();
        assert_eq!(set.ranges().collect::<Vec<_>>(), [1..=1, 10..=30]);
        assert!(set.contains(21) && !set.contains(2) && !set.is_all());
    }

    #[test]
    #[allow(
        clippy::reversed_empty_ranges,
        reason = "an empty range is the case under test"
    )]
    fn no_port_is_no_set() {
        assert_eq!(PortSet::from_ranges([5..=4]), None);
        assert_eq!(PortSet::from_ranges([0..=u16::MAX]), Some(PortSet::all()));
    }
}
