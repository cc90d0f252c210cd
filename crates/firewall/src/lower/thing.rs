//! The policy of one Thing in one table.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::Arc,
};

use mudguard_manager::Thing;
use mudguard_mud::DomainName;
use mudguard_policy::{Action, Family, HeaderCondition, Initiator, MacAddress, Peer, Protocol, Rule};

use super::{
    Chain, Ground, chains,
    fit::{Elements, Target, everywhere, families, fit, single, tails},
    inbound_to, outbound_to,
};
use crate::{
    comment::{comment, learned},
    expression::{FAMILIES, Stmt, digit, go_back, goto, goto_verdict, mac},
    firewall::LeftOut,
    kernel::Kernel,
    key::{Opening, Place},
    sets::{Look, Plane, Tail, address_type, learned_set, static_set, way},
    skeleton::{addresses_chain, denied_chain, replies_chain, replies_map, replies_sets, sets_chain},
    table::{self, Element, SetKind, Table},
};

/// What answers open, by Thing.
pub(crate) type Index = BTreeMap<MacAddress, Arc<ThingIndex>>;

/// What answers open for one Thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ThingIndex {
    /// Its addresses.
    pub(crate) addresses: Vec<IpAddr>,
    /// By name.
    pub(crate) openings: BTreeMap<Box<str>, Vec<Opening>>,
}

/// Lowers one Thing into one table.
pub(crate) struct ThingLowering<'a, 'b> {
    pub(crate) ground: &'a Ground<'b>,
    pub(crate) kernel: &'a Kernel,
    pub(crate) plane: Plane,
    pub(crate) thing: &'a Thing,
    pub(crate) table: &'a mut Table,
    pub(crate) index: &'a mut ThingIndex,
    pub(crate) left_out: &'a mut Vec<LeftOut>,
    /// The names for which its chains in this table have sets.
    pub(crate) names: BTreeSet<u64>,
}

impl ThingLowering<'_, '_> {
    /// Adds the Thing to the table.
    pub(crate) fn lower(mut self) {
        for initiator in [Initiator::Thing, Initiator::Peer] {
            self.flows_of(initiator);
        }
    }

    fn flows_of(&mut self, initiator: Initiator) {
        let policy = Arc::clone(&self.thing.policy);
        let permits = until_last(&policy.permits, initiator, Action::Accept);
        let vetoes = until_last(&policy.vetoes, initiator, Action::Drop);
        let is_ordered = !vetoes.is_empty() || permits.iter().any(|rule| rule.action == Action::Drop);
        let mut elements = Elements::default();
        let in_chain: Vec<_> = permits
            .into_iter()
            .filter(|rule| is_ordered || !self.fits(rule, &mut elements))
            .collect();
        self.elements(initiator, elements);
        let chain = if in_chain.is_empty() && !is_ordered {
            let is_named = |opening: &Opening| matches!(opening.place, Place::Shared { initiator: of, .. } if of == initiator);
            let has_names = self.index.openings.values().flatten().any(is_named);
            Chain::Shared(if has_names || self.plane == Plane::Bridged {
                sets_chain(initiator)
            } else {
                addresses_chain(initiator)
            })
        } else {
            let look = Look::opening(self.plane, initiator);
            Chain::Own(self.chains(look, &in_chain, &vetoes, is_ordered))
        };
        let lead = match initiator {
            Initiator::Thing => outbound_to,
            Initiator::Peer => inbound_to,
        };
        lead(self.table, self.ground, self.plane, self.thing.mac, &chain);
    }

    /// Whether sets hold the rule; then it is added to them.
    fn fits(&mut self, rule: &Rule, elements: &mut Elements) -> bool {
        let Some(fit) = fit(rule) else { return false };
        // In an answer the checksum stands where a set of source ports and types would look.
        let is_typed = matches!(rule.protocol, Protocol::Icmp(Some(_)) | Protocol::Icmpv6(Some(_)));
        if is_typed && self.is_stateless() {
            return false;
        }
        let text: Arc<str> = comment(self.thing.mac, &rule.origin).into();
        let mut add = |target| elements.add(target, fit.clone(), &text);
        match &rule.peer {
            Peer::Name(name) => {
                let Some(tails) = tails(&fit) else { return false };
                if self.plane == Plane::Routed {
                    let text = learned(name.as_str(), &rule.origin).into();
                    for family in families(rule) {
                        for tail in &tails {
                            self.opening(name, shared(rule.initiator, family, *tail), &text);
                        }
                    }
                }
            }
            Peer::Anything => families(rule).for_each(|family| add(Target::Network(everywhere(family)))),
            Peer::Networks(networks) => {
                for family in families(rule) {
                    let same = networks
                        .iter()
                        .filter(|network| Family::of(network.addr()) == family);
                    same.for_each(|network| add(Target::Network(network.trunc())));
                }
            }
            Peer::Things(things) if self.plane == Plane::Bridged => {
                for family in families(rule) {
                    things.iter().for_each(|thing| add(Target::Mac(family, *thing)));
                }
            }
            Peer::Things(things) => {
                for family in families(rule) {
                    let addresses = things
                        .iter()
                        .flat_map(|thing| self.ground.addresses_of(*thing, family));
                    addresses.for_each(|address| add(Target::Network(single(address))));
                }
            }
            // The router is at no port of a bridge.
            Peer::Gateway if self.plane == Plane::Bridged => {}
            Peer::Gateway => {
                let gateway = self.ground.gateway.iter().copied();
                for address in gateway.filter(|at| families(rule).any(|family| family == Family::of(*at))) {
                    add(Target::Network(single(address)));
                }
            }
        }
        true
    }

    fn opening(&mut self, name: &DomainName, place: Place, comment: &Arc<str>) {
        let opening = Opening {
            place,
            comment: Arc::clone(comment),
        };
        let openings = &mut self.index.openings;
        openings.entry(name.as_str().into()).or_default().push(opening);
    }

    fn elements(&mut self, initiator: Initiator, elements: Elements) {
        for entry in elements.entries() {
            let set = static_set(initiator, entry.peer, entry.shape);
            let things = match (initiator, self.plane) {
                (Initiator::Thing, _) | (Initiator::Peer, Plane::Bridged) => vec![mac(self.thing.mac)],
                (Initiator::Peer, Plane::Routed) => {
                    let addresses = self.ground.addresses_of(self.thing.mac, entry.peer.family());
                    addresses.map(crate::expression::address).collect()
                }
            };
            for thing in things {
                let element = Element {
                    comment: Some(Arc::clone(&entry.comment)),
                    ..Element::key([thing].into_iter().chain(entry.rest.iter().cloned()))
                };
                self.table.add(set.clone(), element);
            }
        }
    }

    /// Makes the chains for these rules and gives the name of the first.
    fn chains(&mut self, look: Look, permits: &[&Rule], vetoes: &[&Rule], is_ordered: bool) -> String {
        let initiator = look.initiator;
        let is_stateless = self.is_stateless();
        let name = self.chain_name(look);
        let denied = match (look.reply, is_stateless) {
            (true, _) => denied_chain(initiator.other()),
            (false, true) => replies_chain(initiator.other()),
            (false, false) => denied_chain(initiator),
        };
        let at_end = match (is_ordered, look.reply) {
            (true, _) => denied.clone(),
            (false, true) => replies_sets(initiator),
            (false, false) => sets_chain(initiator),
        };
        let vetoes_name = format!("{name}_vetoes");
        let accepted = if vetoes.is_empty() {
            go_back()
        } else {
            goto(vetoes_name.clone())
        };
        self.chain(&name, permits, look, &accepted, &denied, goto(at_end));
        if !vetoes.is_empty() {
            self.chain(&vetoes_name, vetoes, look, &go_back(), &denied, go_back());
        }
        if is_stateless && !look.reply {
            let replies = self.chains(Look::replies(self.plane, initiator), permits, vetoes, is_ordered);
            let element = Element {
                verdict: Some(goto_verdict(replies)),
                ..Element::key([mac(self.thing.mac)])
            };
            self.table.add(replies_map(initiator), element);
        }
        name
    }

    fn chain_name(&self, look: Look) -> String {
        let replies = if look.reply { "_replies" } else { "" };
        format!("{}_{}{replies}", way(look.initiator), hexadecimal(self.thing.mac))
    }

    fn chain(&mut self, name: &str, rules: &[&Rule], look: Look, accept: &Stmt, denied: &str, end: Stmt) {
        let mut lowered = Vec::new();
        for rule in rules {
            if self.cannot_hold(rule, look) {
                continue;
            }
            let text = comment(self.thing.mac, &rule.origin);
            let verdict = match rule.action {
                Action::Accept => accept.clone(),
                Action::Drop => goto(denied),
            };
            let name = self.names(rule);
            let names = |family| names_set(family, self.thing.mac, name);
            for mut statements in chains::matches(rule, look, self.ground, names) {
                statements.push(verdict.clone());
                lowered.push(table::Rule::with_comment(statements, text.clone()));
            }
        }
        lowered.push(table::Rule::new([end]));
        self.table.chain(name, lowered);
    }

    /// The number of the sets in which the addresses of the rule's name stand. It is made from the name, so that the sets and what they
    /// hold outlive a change of the policy.
    fn names(&mut self, rule: &Rule) -> u64 {
        let Peer::Name(name) = &rule.peer else { return 0 };
        let mut hasher = DefaultHasher::new();
        name.as_str().hash(&mut hasher);
        let number = hasher.finish();
        if !self.names.insert(number) {
            return number;
        }
        let text = learned(name.as_str(), &rule.origin).into();
        for family in FAMILIES {
            let set = names_set(family, self.thing.mac, number);
            self.table
                .declare(set.clone(), SetKind::Learned, &[address_type(family)]);
            let place = Place::Own {
                plane: self.plane,
                family,
                set: set.into(),
            };
            self.opening(name, place, &text);
        }
        number
    }

    fn is_stateless(&self) -> bool {
        self.plane == Plane::Bridged && !self.kernel.is_stateful_in_bridges()
    }

    /// Without knowledge of connections every frame is judged by itself, and header fields differ from frame to frame.
    fn cannot_hold(&mut self, rule: &Rule, look: Look) -> bool {
        let is_stateless = self.is_stateless();
        let fields = rule.conditions.iter();
        let mut fields = fields.filter(|field| !matches!(field, HeaderCondition::ThingAddress(_)));
        if !is_stateless || fields.next().is_none() {
            return false;
        }
        let is_accept = rule.action == Action::Accept;
        if is_accept && !look.reply {
            self.left_out.push(LeftOut {
                thing: self.thing.mac,
                origin: rule.origin.clone(),
                reason: "between two ports of one bridge this kernel does not follow connections, so it cannot tell \
                         the packet that opens a flow, about whose header fields the rule is",
            });
        }
        // A drop holds for what opens flows; of replies its fields say nothing.
        is_accept || look.reply
    }
}

/// The rules for the flows of an initiator, without those after the last that changes anything.
fn until_last(rules: &[Rule], initiator: Initiator, action: Action) -> Vec<&Rule> {
    let mut rules: Vec<_> = rules.iter().filter(|rule| rule.initiator == initiator).collect();
    let last = rules.iter().rposition(|rule| rule.action == action);
    rules.truncate(last.map_or(0, |last| last + 1));
    rules
}

fn shared(initiator: Initiator, family: Family, tail: Tail) -> Place {
    Place::Shared {
        initiator,
        family,
        tail,
        set: learned_set(initiator, family, tail).into(),
    }
}

fn names_set(family: Family, thing: MacAddress, number: u64) -> String {
    format!("names{}_{}_{number:016x}", digit(family), hexadecimal(thing))
}

fn hexadecimal(thing: MacAddress) -> String {
    thing.to_string().replace(':', "")
}
