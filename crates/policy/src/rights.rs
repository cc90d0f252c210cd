//! What one policy permits that another does not: [`ThingPolicy::beyond`], by which versions of a MUD file are compared.
//!
//! Rights are compared by what they permit and not by how they are written: the question for every rule is whether there is a flow
//! that it opens and that the other policy does not. Rules are made of finitely many prefixes, ranges and names, so a flow from
//! each of the pieces into which those divide all flows answers it. Where the pieces are too many the answer is yes.

mod cover;
mod samples;

use std::net::IpAddr;

use self::{cover::covers, samples::samples};
use crate::{Action, Family, Packet, Protocol, Rule, ThingPolicy};

/// Something that one policy permits and another does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right<'a> {
    /// The rule that permits it.
    pub rule: &'a Rule,
    /// A packet that opens such a flow; `None` if there were too many to try.
    pub example: Option<Packet>,
}

/// How many times a packet is held against a rule before the answer is taken to be yes.
const TRIALS: usize = 20_000_000;

impl ThingPolicy {
    /// The rules by which this policy permits what `other` does not, in a home whose router has these addresses on the LAN.
    ///
    /// Nothing is missed. What may be told without need is a rule of a policy that is too manifold to be compared piece by piece.
    #[must_use]
    pub fn beyond<'a>(&'a self, other: &Self, gateway: &[IpAddr]) -> Vec<Right<'a>> {
        let mut trials = TRIALS;
        let mut rights = Vec::new();
        for (place, rule) in self.permits.iter().enumerate() {
            if rule.action != Action::Accept {
                continue;
            }
            let comparison = Comparison::new(self, other, place);
            match comparison.find(gateway, &mut trials) {
                Found::Nothing => {}
                Found::Packet(packet) => rights.push(Right {
                    rule,
                    example: Some(packet),
                }),
                Found::TooMany => rights.push(Right { rule, example: None }),
            }
        }
        rights
    }
}

/// Whether a rule permits what the other policy does not.
enum Found {
    Nothing,
    Packet(Packet),
    TooMany,
}

/// One accept of a policy, with all that bears on the flows it opens.
struct Comparison<'a> {
    rule: &'a Rule,
    /// What comes before the rule in its policy.
    earlier: Vec<&'a Rule>,
    vetoes: Vec<&'a Rule>,
    other_permits: Vec<&'a Rule>,
    other_vetoes: Vec<&'a Rule>,
}

impl<'a> Comparison<'a> {
    fn new(policy: &'a ThingPolicy, other: &'a ThingPolicy, place: usize) -> Self {
        let rule = &policy.permits[place];
        let touching = |rules: &'a [Rule]| {
            rules
                .iter()
                .filter(|rule_| touches(rule, rule_))
                .collect::<Vec<_>>()
        };
        let (earlier, vetoes) = (touching(&policy.permits[..place]), touching(&policy.vetoes));
        // What this policy drops anyway, the other may drop too.
        let first_accept = vetoes.iter().position(|veto| veto.action == Action::Accept);
        let sure_vetoes = &vetoes[..first_accept.unwrap_or(vetoes.len())];
        let is_dropped_anyway = |drop: &&Rule| {
            earlier
                .iter()
                .filter(|rule| rule.action == Action::Drop)
                .chain(sure_vetoes)
                .any(|mine| covers(mine, drop))
        };
        let telling = |rules: Vec<&'a Rule>| {
            rules
                .into_iter()
                .filter(|rule| rule.action == Action::Accept || !is_dropped_anyway(rule))
                .collect::<Vec<_>>()
        };
        let other_permits = telling(touching(&other.permits));
        let other_vetoes = telling(touching(&other.vetoes));
        Self {
            rule,
            earlier,
            vetoes,
            other_permits,
            other_vetoes,
        }
    }

    fn find(&self, gateway: &[IpAddr], trials: &mut usize) -> Found {
        if self.is_covered_at_once() {
            return Found::Nothing;
        }
        let families = [Family::Ipv4, Family::Ipv6];
        for family in families
            .into_iter()
            .filter(|family| self.rule.family.is_none_or(|own| own == *family))
        {
            let Some(samples) = samples(self, family, gateway) else {
                return Found::TooMany;
            };
            for packet in samples {
                let Some(left) = trials.checked_sub(self.size()) else {
                    return Found::TooMany;
                };
                *trials = left;
                if self.is_opened_by_the_rule(&packet, gateway)
                    && !self.is_opened_by_the_other(&packet, gateway)
                {
                    return Found::Packet(packet);
                }
            }
        }
        Found::Nothing
    }

    /// The common case: one accept of the other policy holds all of it, and no drop can be in the way.
    fn is_covered_at_once(&self) -> bool {
        let is_drop = |rule: &&Rule| rule.action == Action::Drop;
        !self.other_vetoes.iter().any(is_drop)
            && !self.other_permits.iter().any(is_drop)
            && self.other_permits.iter().any(|accept| covers(accept, self.rule))
    }

    fn size(&self) -> usize {
        1 + self.earlier.len() + self.vetoes.len() + self.other_permits.len() + self.other_vetoes.len()
    }

    /// All rules that divide the flows into pieces.
    fn rules(&self) -> impl Iterator<Item = &'a Rule> + '_ {
        [
            &self.earlier,
            &self.vetoes,
            &self.other_permits,
            &self.other_vetoes,
        ]
        .into_iter()
        .flatten()
        .copied()
        .chain([self.rule])
    }

    fn is_opened_by_the_rule(&self, packet: &Packet, gateway: &[IpAddr]) -> bool {
        self.rule.matches(packet, gateway)
            && !self.earlier.iter().any(|rule| rule.matches(packet, gateway))
            && first(&self.vetoes, packet, gateway) != Some(Action::Drop)
    }

    fn is_opened_by_the_other(&self, packet: &Packet, gateway: &[IpAddr]) -> bool {
        first(&self.other_permits, packet, gateway) == Some(Action::Accept)
            && first(&self.other_vetoes, packet, gateway) != Some(Action::Drop)
    }
}

fn first(rules: &[&Rule], packet: &Packet, gateway: &[IpAddr]) -> Option<Action> {
    let rule = rules.iter().find(|rule| rule.matches(packet, gateway))?;
    Some(rule.action)
}

/// Whether two rules may be about one flow; it may say yes without need.
fn touches(one: &Rule, other: &Rule) -> bool {
    let is_one_protocol = match (&one.protocol, &other.protocol) {
        (Protocol::Any, _) | (_, Protocol::Any) => true,
        (Protocol::Tcp(one), Protocol::Tcp(other)) | (Protocol::Udp(one), Protocol::Udp(other)) => {
            one.source.meets(&other.source) && one.destination.meets(&other.destination)
        }
        (Protocol::Icmp(one), Protocol::Icmp(other)) | (Protocol::Icmpv6(one), Protocol::Icmpv6(other)) => {
            one.is_none_or(|one| other.is_none_or(|other| one.kind == other.kind))
        }
        (Protocol::Number(one), Protocol::Number(other)) => one == other,
        _ => false,
    };
    let is_one_family = one
        .family
        .is_none_or(|one| other.family.is_none_or(|other| one == other));
    one.initiator == other.initiator && is_one_family && is_one_protocol
}
