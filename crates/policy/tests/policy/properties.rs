//! The compiled policy against the oracle: it never permits more, and where the verdicts say so it permits the same.

use std::{cell::RefCell, collections::BTreeMap};

use mudguard_mud::{Ace, Acl, Action, MudFile};
use mudguard_policy::{
    AceName, Initiator, Judgement, Origin, Packet, ThingPolicy, Verdict, compile, oracle::may_open,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};

use crate::generate::{file, plans, site};

/// 3,500 files and homes with 40 packets each: 140,000 comparisons.
const FILES: u32 = 3_500;
const PACKETS: usize = 40;

#[test]
fn the_policy_agrees_with_the_oracle() {
    let seen = RefCell::new(Seen::default());
    let config = Config {
        cases: FILES,
        failure_persistence: None,
        ..Config::default()
    };
    let case = (file(), site(), plans(PACKETS));
    let result = TestRunner::new(config).run(&case, |(file, site, plans)| {
        let policy = compile(&file, &site);
        let exactness = Exactness::of(&file, &policy);
        for plan in &plans {
            let packet = plan.packet(&file, &site);
            let judged = policy.judge(&packet, &site.gateway);
            let expected = may_open(&file, &site, &packet);
            prop_assert!(
                !judged.allowed || expected.allowed,
                "{packet:#?} is permitted by {judged:?}, the oracle says {expected:?}"
            );
            if exactness.binds(&packet, &expected) {
                prop_assert_eq!(&judged, &expected, "{:#?}", packet);
            }
            seen.borrow_mut().count(&exactness, &packet, &expected);
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Abort(reason)) => panic!("{reason}"),
        Err(TestError::Fail(reason, (file, site, _))) => panic!(
            "{reason}\n{site:#?}\nfrom {:#?}\nto {:#?}\ncompiled {:#?}",
            file.from_device,
            file.to_device,
            compile(&file, &site)
        ),
    }
    let seen = seen.into_inner();
    println!("{seen:?}");
    seen.is_telling();
}

/// For which judgements of the oracle the policy must say the same.
struct Exactness {
    enforced: BTreeMap<Origin, bool>,
    from_device: Side,
    to_device: Side,
}

/// What of the lists of one direction is enforced as written.
struct Side {
    all: bool,
    drops: bool,
    has_drops: bool,
}

impl Exactness {
    fn of(file: &MudFile, policy: &ThingPolicy) -> Self {
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

    fn is_enforced_wholly(&self) -> bool {
        self.from_device.all && self.to_device.all
    }

    /// An ACE that is enforced as written permits all it says, unless a drop that is wider than written comes before it, or one that
    /// forbids the reply, which an accept that is narrower than written would have let through.
    fn binds(&self, packet: &Packet, expected: &Judgement) -> bool {
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

/// What the cases were like: a test whose cases never permit anything shows nothing.
#[derive(Debug, Default)]
struct Seen {
    packets: u32,
    bound: u32,
    allowed_and_bound: u32,
    allowed: u32,
    dropped_by_ace: u32,
    implicit: u32,
    of_files_enforced_wholly: u32,
}

impl Seen {
    fn count(&mut self, exactness: &Exactness, packet: &Packet, expected: &Judgement) {
        self.packets += 1;
        let binds = exactness.binds(packet, expected);
        self.bound += u32::from(binds);
        self.allowed_and_bound += u32::from(binds && expected.allowed);
        self.allowed += u32::from(expected.allowed);
        self.dropped_by_ace += u32::from(!expected.allowed && expected.by.is_some());
        self.implicit += u32::from(matches!(
            expected.by,
            Some(Origin::ImplicitDns | Origin::ImplicitNtp)
        ));
        self.of_files_enforced_wholly += u32::from(exactness.is_enforced_wholly());
    }

    fn is_telling(&self) {
        assert!(self.packets >= 100_000, "{self:?}");
        for count in [
            self.bound,
            self.allowed,
            self.dropped_by_ace,
            self.of_files_enforced_wholly,
        ] {
            assert!(count > self.packets / 10, "{self:?}");
        }
        assert!(
            self.allowed_and_bound > self.packets / 20 && self.implicit > 100,
            "{self:?}"
        );
    }
}
