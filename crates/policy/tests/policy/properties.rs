//! The compiled policy against the oracle: it never permits more, and where the verdicts say so it permits the same.

use std::cell::RefCell;

use mudguard_policy::{
    Judgement, Origin, Packet, compile,
    oracle::may_open,
    testing::{Exactness, file, plans, site},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestError, TestRunner},
};

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
