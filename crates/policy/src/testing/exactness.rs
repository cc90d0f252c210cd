//! For which judgements of the oracle a compiled policy must say the same.

use std::collections::BTreeMap;

use mudguard_mud::{Ace, Acl, Action, MudFile};

use crate::{AceName, Initiator, Judgement, Origin, Packet, ThingPolicy, Verdict};

/// For which judgements of the oracle the policy must say the same.
#[derive(Debug)]
pub struct Exactness {
    enforced: BTreeMap<Origin, bool>,
    from_device: Side,
    to_device: Side,
}

/// What of the lists of one direction is enforced as written.
#[derive(Debug)]
struct Side {
    all: bool,
    drops: bool,
    has_drops: bool,
}

impl Exactness {
    /// Of a file and what it was compiled to.
    #[must_use]
    pub fn of(file: &MudFile, policy: &ThingPolicy) -> Self {
        let enforced: BTreeMap<_, _> = policy
            .verdicts
            .iter()
            .map(|verdict| {
                (
                    Origin::Ace(verdict.ace.clone()),
                    verdict.verdict == Verdict::Enforced,
                )
            })
            .collect();
        let side = |acls: &[Acl]| {
            let mut side = Side {
                all: true,
                drops: true,
                has_drops: false,
            };
            for ace in acls.iter().flat_map(|acl| &acl.aces) {
                let is_exact = enforced[&origin(ace)];
                let is_drop = ace.action != Action::Accept;
                side.all &= is_exact;
                side.drops &= is_exact || !is_drop;
                side.has_drops |= is_drop;
            }
            side
        };
        Self {
            from_device: side(&file.from_device),
            to_device: side(&file.to_device),
            enforced,
        }
    }

    /// Whether every ACE is enforced as written.
    #[must_use]
    pub fn is_enforced_wholly(&self) -> bool {
        self.from_device.all && self.to_device.all
    }

    /// An ACE that is enforced as written permits all it says, unless a drop that is wider than written comes before it, or one that
    /// forbids the reply, which an accept that is narrower than written would have let through.
    #[must_use]
    pub fn binds(&self, packet: &Packet, expected: &Judgement) -> bool {
        let (own, opposite) = match packet.initiator {
            Initiator::Thing => (&self.from_device, &self.to_device),
            Initiator::Peer => (&self.to_device, &self.from_device),
        };
        let is_exact = |by: &Origin| self.enforced.get(by).copied().unwrap_or(true);
        self.is_enforced_wholly()
            || (expected.allowed
                && expected.by.as_ref().is_some_and(is_exact)
                && own.drops
                && (opposite.all || !opposite.has_drops))
    }
}

fn origin(ace: &Ace) -> Origin {
    Origin::Ace(AceName {
        list: ace.acl.clone(),
        ace: ace.name.clone(),
        index: ace.index,
    })
}
