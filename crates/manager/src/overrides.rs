//! What the owner decides about the flows of a Thing beside its MUD file (RFC 8520 section 1.6: the administrator has the last word).
//!
//! What it is not: a file. A file that is retrieved again changes nothing here, and what is here ends by itself when its time has come.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use mudguard_mud::DomainName;
use mudguard_policy::{Action, Family, Initiator, Origin, Peer, PortSet, Ports, Protocol, Rule, ThingPolicy};
use serde::{Deserialize, Serialize};

/// A decision of the owner that stands beside the file of a Thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Its number among those of this Thing.
    pub id: u32,
    /// What is decided.
    pub what: Overriding,
    /// When it was made.
    pub made: Timestamp,
    /// When it ends; `None` for one that the owner ends.
    pub until: Option<Timestamp>,
}

/// What an [`Override`] does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "flows")]
pub enum Overriding {
    /// These flows may be opened, whatever the file says.
    Allow(Flows),
    /// These flows may not be opened, whatever the file says.
    Block(Flows),
    /// Nothing is dropped; what would be is recorded.
    Lift,
}

/// The flows of one Thing with one other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flows {
    /// The other end. There is no word for all of them.
    pub peer: OverridePeer,
    /// Who opens the flow. A block holds for both.
    pub initiator: Initiator,
    /// The IP protocol number; `None` is every protocol, or TCP and UDP if there is a port.
    pub protocol: Option<u8>,
    /// The destination port of TCP and UDP; `None` is every port.
    pub port: Option<u16>,
}

/// The other end of the flows of an [`Override`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverridePeer {
    /// The addresses that the resolver tells the Thing for this name.
    Name(DomainName),
    /// One address.
    Address(IpAddr),
    /// The addresses of a prefix.
    Network(IpNet),
}

/// What the owner's decisions make of a policy: allowed flows come before the file's rules, blocked ones are vetoes.
pub(crate) fn overridden(policy: ThingPolicy, overrides: &[Override]) -> ThingPolicy {
    let mut blocks = Vec::new();
    let mut allows = Vec::new();
    for decided in overrides {
        match &decided.what {
            Overriding::Block(flows) => {
                for initiator in [Initiator::Thing, Initiator::Peer] {
                    blocks.extend(flows.rules(initiator, Action::Drop));
                }
            }
            Overriding::Allow(flows) => allows.extend(flows.rules(flows.initiator, Action::Accept)),
            Overriding::Lift => {}
        }
    }
    let ThingPolicy {
        vetoes,
        permits,
        verdicts,
    } = policy;
    if !vetoes.is_empty() {
        // What the owner allows is not taken back by what the file says about replies.
        blocks.extend(allows.iter().cloned());
    }
    blocks.extend(vetoes);
    allows.extend(permits);
    ThingPolicy {
        vetoes: blocks,
        permits: allows,
        verdicts,
    }
}

impl Flows {
    fn rules(&self, initiator: Initiator, action: Action) -> impl Iterator<Item = Rule> {
        let (peer, family) = match &self.peer {
            OverridePeer::Name(name) => (Peer::Name(name.clone()), None),
            OverridePeer::Address(address) => (
                Peer::Networks(vec![(*address).into()]),
                Some(Family::of(*address)),
            ),
            OverridePeer::Network(network) => (
                Peer::Networks(vec![network.trunc()]),
                Some(Family::of(network.addr())),
            ),
        };
        self.protocols().into_iter().map(move |protocol| {
            let of_protocol = match protocol {
                Protocol::Icmp(_) => Some(Family::Ipv4),
                Protocol::Icmpv6(_) => Some(Family::Ipv6),
                Protocol::Any | Protocol::Tcp(_) | Protocol::Udp(_) | Protocol::Number(_) => None,
            };
            Rule {
                origin: Origin::Owner,
                initiator,
                family: family.or(of_protocol),
                peer: peer.clone(),
                protocol,
                conditions: Vec::new(),
                action,
            }
        })
    }

    fn protocols(&self) -> Vec<Protocol> {
        let ports = Ports {
            source: PortSet::all(),
            destination: self.port.map_or_else(PortSet::all, PortSet::one),
        };
        match (self.protocol, self.port) {
            (Some(1), _) => vec![Protocol::Icmp(None)],
            (Some(6), _) => vec![Protocol::Tcp(ports)],
            (Some(17), _) => vec![Protocol::Udp(ports)],
            (Some(58), _) => vec![Protocol::Icmpv6(None)],
            (Some(number), _) => vec![Protocol::Number(number)],
            (None, Some(_)) => vec![Protocol::Tcp(ports.clone()), Protocol::Udp(ports)],
            (None, None) => vec![Protocol::Any],
        }
    }
}
