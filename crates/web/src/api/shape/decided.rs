//! What the owner decided beside the file of a Thing, as it stands in the JSON.

use jiff::Timestamp;
use mudguard_manager::{Flows, Override, OverridePeer, Overriding, Thing};
use mudguard_policy::Initiator;
use serde::Serialize;

/// A decision about flows, or about the limits as a whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct OverrideText {
    /// By which `end` names it.
    id: u32,
    kind: &'static str,
    /// What follows is null for a lift.
    peer: Option<String>,
    initiator: Option<Initiator>,
    protocol: Option<u8>,
    port: Option<u16>,
    made: Timestamp,
    /// Null for one that the owner ends.
    until: Option<Timestamp>,
}

impl OverrideText {
    pub(crate) fn of(decided: &Override) -> Self {
        let (kind, flows) = match &decided.what {
            Overriding::Allow(flows) => ("allow", Some(flows)),
            Overriding::Block(flows) => ("block", Some(flows)),
            Overriding::Lift => ("lift", None),
        };
        Self {
            id: decided.id,
            kind,
            peer: flows.map(peer),
            initiator: flows.map(|flows| flows.initiator),
            protocol: flows.and_then(|flows| flows.protocol),
            port: flows.and_then(|flows| flows.port),
            made: decided.made,
            until: decided.until,
        }
    }
}

fn peer(flows: &Flows) -> String {
    match &flows.peer {
        OverridePeer::Name(name) => name.to_string(),
        OverridePeer::Address(address) => address.to_string(),
        OverridePeer::Network(network) => network.to_string(),
    }
}

/// When the limits hold again, if they are lifted.
pub(crate) fn lifted_until(thing: &Thing) -> Option<Timestamp> {
    thing
        .overrides
        .iter()
        .filter(|decided| decided.what == Overriding::Lift)
        .filter_map(|decided| decided.until)
        .max()
}
