//! From a MUD file and a home to the policy of one Thing: [`compile`] (RFC 8520 sections 2, 3 and 8, RFC 8519 section 4).
//!
//! # What a file means
//!
//! RFC 8519 speaks of packets, a [`Rule`] of flows. A file is read thus:
//!
//! - **Opening.** A flow may be opened if the packet that opens it is accepted by the access lists of its direction: those of
//!   `from-device-policy` for what the Thing sends, those of `to-device-policy` for what is sent to it. They are searched in the
//!   order of the policy, their ACEs in order; the first ACE that matches decides, and `reject` is a drop. After the last ACE stand
//!   DNS and NTP at this router (RFC 8520 section 5 and appendix A; DNS also over TCP, RFC 7766). What matches nothing is dropped.
//! - **Replies.** They follow the flow, so a file need not permit them. But where it forbids them it means it: no flow is opened if
//!   the first ACE of the opposite direction that matches the reply is a drop. The reply has addresses and ports exchanged, and the
//!   ICMP types of query and answer. Its other header fields are not known when the flow opens: a drop that tests one of them counts
//!   as matching, an accept as not matching.
//! - **`direction-initiated`** matches the packets of flows that were opened by that side, in either list. In a list for what the
//!   Thing receives `from-device` is thus about replies alone: it opens nothing, and holds because replies follow the flow.
//! - **Header fields** (DSCP, TTL, TCP flags...) are those of the packet that opens the flow. TCP flags match if all that are named
//!   are set.
//! - **Families.** An `ipv4` or `ipv6` container, an EtherType, or the type of the list limits an ACE to a family; without any it
//!   holds for both. `icmp` is ICMP in IPv4 and ICMPv6 in IPv6.
//! - **`local-networks`** are the local networks of the site. For what the Thing sends, except where the ACE is about TCP alone, they
//!   are the [`LOCAL_GROUPS`](crate::LOCAL_GROUPS) too: what goes there never leaves towards the default route.
//! - **Classes.** `same-manufacturer`, `manufacturer` and `model` are the other Things of the site whose MUD URL has that host, or is
//!   that URL, and which were identified as strongly as this Thing. `urn:ietf:params:mud:dns` and `:ntp` are this router, and so is
//!   the unregistered `:gateway`; the site may add members. Other controllers are what the site says; no URI is ever fetched.
//! - **Names** are the addresses that the resolver told this Thing for them.
//! - **Link protocols.** ARP, and EAPOL, which is spoken with the access point itself, are never filtered.
//!
//! # What becomes of what cannot be enforced
//!
//! An accept that holds any condition that cannot be enforced exactly is refused. A drop is never left out, for the ACEs after it
//! would then permit what it forbids: it is enforced without that condition, which drops more, and is called narrowed. An accept of
//! a class without members is called narrowed: it begins to hold with the first member. An accept that names addresses outside of
//! the home waits for the owner's approval (RFC 8520 section 2).

mod classes;
mod ends;
mod protocols;
mod reading;
mod reason;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    mem,
};

use mudguard_mud::{Ace, Acl, Action as Forwarding, Direction, MudFile};

use self::reading::{Reading, read};
use crate::{
    AceName, AceVerdict, Action, HeaderCondition, Initiator, Origin, Protocol, Rule, Site, ThingPolicy,
    Verdict, narrow::implicit_rules,
};

/// What the file permits the Thing of the site. Pure; the time it takes grows with the ACEs and the members of their classes.
#[must_use]
pub fn compile(file: &MudFile, site: &Site) -> ThingPolicy {
    let mut policy = ThingPolicy::default();
    let places = |acls: &[Acl]| acls.iter().map(|acl| acl.aces.len()).sum::<usize>();
    policy
        .verdicts
        .reserve_exact(places(&file.from_device) + places(&file.to_device));
    policy
        .permits
        .reserve(policy.verdicts.capacity() + implicit_rules().len());
    for (side, acls) in [
        (Side::FromDevice, &file.from_device),
        (Side::ToDevice, &file.to_device),
    ] {
        let vetoes = policy.vetoes.len();
        let is_drop = |ace: &Ace| ace.action != Forwarding::Accept;
        let forbids = acls.iter().flat_map(|acl| &acl.aces).any(is_drop);
        for acl in acls {
            for ace in &acl.aces {
                add(
                    &mut policy,
                    &Context {
                        file,
                        site,
                        side,
                        acl,
                        ace,
                    },
                    forbids,
                );
            }
        }
        // What follows the last drop forbids nothing.
        let drops = policy.vetoes[vetoes..]
            .iter()
            .rposition(|rule| rule.action == Action::Drop);
        policy
            .vetoes
            .truncate(drops.map_or(vetoes, |last| vetoes + last + 1));
    }
    policy.permits.extend(implicit_rules());
    if names_a_list_twice(file) {
        policy.verdicts = merge_verdicts(policy.verdicts);
    }
    policy
}

/// An ACE where it stands.
#[derive(Clone, Copy)]
struct Context<'a> {
    file: &'a MudFile,
    site: &'a Site,
    side: Side,
    acl: &'a Acl,
    ace: &'a Ace,
}

/// Which packets an access list is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// What the Thing sends.
    FromDevice,
    /// What it receives.
    ToDevice,
}

impl Side {
    /// Who opens the flows whose first packet is on this side.
    fn initiator(self) -> Initiator {
        match self {
            Self::FromDevice => Initiator::Thing,
            Self::ToDevice => Initiator::Peer,
        }
    }
}

/// Adds the rules and the verdict of an ACE. Where no list of its side forbids anything, there is nothing to veto.
fn add(policy: &mut ThingPolicy, context: &Context<'_>, forbids: bool) {
    let ace = context.ace;
    let name = AceName {
        list: ace.acl.clone(),
        ace: ace.name.clone(),
        index: ace.index,
    };
    let verdict = match read(context) {
        Err(verdict) => verdict,
        Ok(reading) => {
            let rules = Rules {
                context,
                reading: &reading,
                name: &name,
            };
            rules.permits(&mut policy.permits);
            if forbids {
                rules.vetoes(&mut policy.vetoes);
            }
            reading.verdict()
        }
    };
    policy.verdicts.push(AceVerdict { ace: name, verdict });
}

/// The rules of one ACE.
struct Rules<'a> {
    context: &'a Context<'a>,
    reading: &'a Reading<'a>,
    name: &'a AceName,
}

impl Rules<'_> {
    /// About the packets that open flows.
    fn permits(&self, rules: &mut Vec<Rule>) {
        let initiator = self.context.side.initiator();
        if self.is_about(initiator) {
            let reading = self.reading;
            self.push(rules, initiator, |protocol| protocol.clone(), &reading.conditions);
        }
    }

    /// About the replies to them.
    fn vetoes(&self, rules: &mut Vec<Rule>) {
        let initiator = self.context.side.initiator().other();
        if !self.is_about(initiator) {
            return;
        }
        let is_known = |condition: &&HeaderCondition| matches!(condition, HeaderCondition::ThingAddress(_));
        let known: Vec<_> = self.reading.conditions.iter().filter(is_known).copied().collect();
        if known.len() == self.reading.conditions.len() || self.action() == Action::Drop {
            self.push(rules, initiator, Protocol::of_opening, &known);
        }
    }

    fn is_about(&self, initiator: Initiator) -> bool {
        match self.reading.direction {
            None => true,
            Some(Direction::FromDevice) => initiator == Initiator::Thing,
            Some(Direction::ToDevice) => initiator == Initiator::Peer,
        }
    }

    fn push(
        &self,
        rules: &mut Vec<Rule>,
        initiator: Initiator,
        protocol: impl Fn(&Protocol) -> Protocol,
        conditions: &[HeaderCondition],
    ) {
        let reading = self.reading;
        for end in reading
            .ends
            .iter()
            .filter(|end| end.is_peer_when_opened_by(initiator))
        {
            for (family, stated) in &reading.protocols {
                let Some(peer) = end.peer(*family) else { continue };
                rules.push(Rule {
                    origin: Origin::Ace(self.name.clone()),
                    initiator,
                    family: *family,
                    peer,
                    protocol: protocol(stated),
                    conditions: conditions.to_vec(),
                    action: self.action(),
                });
            }
        }
    }

    fn action(&self) -> Action {
        match self.context.ace.action {
            Forwarding::Accept => Action::Accept,
            Forwarding::Drop | Forwarding::Reject => Action::Drop,
        }
    }
}

/// A list that is named twice is read twice; each of its ACEs has one verdict. What is refused once is narrowed if it holds elsewhere.
fn merge_verdicts(verdicts: Vec<AceVerdict>) -> Vec<AceVerdict> {
    let mut places: BTreeMap<AceName, usize> = BTreeMap::new();
    let mut merged: Vec<AceVerdict> = Vec::with_capacity(verdicts.len());
    for AceVerdict { ace, verdict } in verdicts {
        match places.entry(ace) {
            Entry::Vacant(place) => {
                merged.push(AceVerdict {
                    ace: place.key().clone(),
                    verdict,
                });
                place.insert(merged.len() - 1);
            }
            Entry::Occupied(place) => {
                let known = &mut merged[*place.get()].verdict;
                *known = match (mem::replace(known, Verdict::Enforced), verdict) {
                    (Verdict::Enforced, Verdict::Enforced) => Verdict::Enforced,
                    (Verdict::Refused(reason), Verdict::Refused(_)) => Verdict::Refused(reason),
                    (Verdict::Refused(reason) | Verdict::Narrowed(reason), _)
                    | (_, Verdict::Refused(reason) | Verdict::Narrowed(reason)) => Verdict::Narrowed(reason),
                };
            }
        }
    }
    merged
}

fn names_a_list_twice(file: &MudFile) -> bool {
    let mut names: Vec<_> = file
        .from_device
        .iter()
        .chain(&file.to_device)
        .map(|acl| &acl.name)
        .collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}
