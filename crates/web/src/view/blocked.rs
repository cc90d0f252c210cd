//! What was blocked, and why: the reason is read from what the Thing's rules are now.

use std::net::IpAddr;

use ipnet::IpNet;
use mudguard_explain::{Attempt, BlockedReason, Service};
use mudguard_manager::{BlockedFlow, Thing, Waiting};
use mudguard_mud::{Acl, MudFile};
use mudguard_policy::{Initiator, Peer, ThingPolicy};

/// The ports of name services: DNS, and DNS over TLS or QUIC.
const NAME_SERVICES: [u16; 2] = [53, 853];

/// A flow that was blocked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocked<'a> {
    pub(crate) flow: &'a BlockedFlow,
    pub(crate) reason: BlockedReason,
}

impl Blocked<'_> {
    /// What was tried.
    pub(crate) fn attempt(&self) -> Attempt<'_> {
        Attempt {
            initiator: self.flow.initiator,
            peer: self.flow.peer,
            name: self.flow.name.as_ref(),
            service: Service::of_flow(self.flow.protocol, self.flow.port),
        }
    }
}

/// What was blocked of a Thing, the latest first.
pub(super) fn of<'a>(thing: &'a Thing, local_networks: &[IpNet]) -> Vec<Blocked<'a>> {
    let mut all: Vec<Blocked<'a>> = thing
        .blocked
        .iter()
        .rev()
        .map(|flow| Blocked {
            flow,
            reason: reason(thing, flow, local_networks),
        })
        .collect();
    all.sort_by_key(|blocked| std::cmp::Reverse(blocked.flow.last));
    all
}

fn reason(thing: &Thing, flow: &BlockedFlow, local_networks: &[IpNet]) -> BlockedReason {
    let waiting = thing.question.as_ref().map(|question| &question.waiting);
    let is_local = local_networks.iter().any(|network| network.contains(&flow.peer)) || is_group(flow.peer);
    let is_own = flow.initiator == Initiator::Thing;
    if is_own && is_name_service(flow) {
        return BlockedReason::OtherNameService;
    }
    let Some(in_force) = &thing.file else {
        return if waiting.is_some() {
            BlockedReason::WaitsForDecision
        } else {
            BlockedReason::NotInRules
        };
    };
    if matches!(waiting, Some(Waiting::Addresses)) && names_address(&in_force.file, flow.peer) {
        BlockedReason::AddressesNotApproved
    } else if is_own && flow.name.is_none() && !is_local && has_names(&thing.policy) {
        BlockedReason::NoLookUp
    } else {
        BlockedReason::NotInRules
    }
}

fn is_name_service(flow: &BlockedFlow) -> bool {
    matches!(flow.protocol, 6 | 17) && flow.port.is_some_and(|port| NAME_SERVICES.contains(&port))
}

fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(v4) if v4.is_broadcast())
}

fn has_names(policy: &ThingPolicy) -> bool {
    policy
        .permits
        .iter()
        .any(|rule| matches!(rule.peer, Peer::Name(_)))
}

/// Whether an ACE of the file names a prefix that holds this address.
fn names_address(file: &MudFile, address: IpAddr) -> bool {
    let holds = |network: Option<IpNet>| network.is_some_and(|network| network.contains(&address));
    let destination = |acl: &Acl| {
        let mut l3 = acl.aces.iter().filter_map(|ace| ace.matches.l3.as_ref());
        l3.any(|l3| holds(l3.destination_network()))
    };
    let source = |acl: &Acl| {
        let mut l3 = acl.aces.iter().filter_map(|ace| ace.matches.l3.as_ref());
        l3.any(|l3| holds(l3.source_network()))
    };
    file.from_device.iter().any(destination) || file.to_device.iter().any(source)
}
