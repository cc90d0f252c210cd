//! What one policy permits beyond another: nothing is missed, and what is told can be shown by a packet.

use std::cell::Cell;

use mudguard_policy::{
    Action, Packet, Rule, ThingPolicy, compile,
    testing::{file, plans, site},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    })
}

/// The rule that opens the flow of the packet.
fn opened_by<'a>(policy: &'a ThingPolicy, packet: &Packet, site: &mudguard_policy::Site) -> Option<&'a Rule> {
    let rule = policy
        .permits
        .iter()
        .find(|rule| rule.matches(packet, &site.gateway))?;
    let veto = policy
        .vetoes
        .iter()
        .find(|rule| rule.matches(packet, &site.gateway));
    let is_vetoed = veto.is_some_and(|veto| veto.action == Action::Drop);
    (rule.action == Action::Accept && !is_vetoed).then_some(rule)
}

#[test]
fn no_right_that_is_added_is_missed() {
    let added = Cell::new(0);
    let case = (file(), file(), site(), plans(20));
    runner(1_500)
        .run(&case, |(old, new, site, plans)| {
            let (old, policy) = (compile(&old, &site), compile(&new, &site));
            let beyond = policy.beyond(&old, &site.gateway);
            for plan in &plans {
                let packet = plan.packet(&new, &site);
                let Some(rule) = opened_by(&policy, &packet, &site) else {
                    continue;
                };
                if !old.judge(&packet, &site.gateway).allowed {
                    added.set(added.get() + 1);
                    prop_assert!(
                        beyond.iter().any(|right| right.rule == rule),
                        "{rule:#?} permits {packet:#?}"
                    );
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(added.get() > 2_000, "{added:?}");
}

#[test]
fn every_right_that_is_told_can_be_shown() {
    let told = Cell::new(0);
    let shown = Cell::new(0);
    runner(1_500)
        .run(&(file(), file(), site()), |(old, new, site)| {
            let (old, new) = (compile(&old, &site), compile(&new, &site));
            for right in new.beyond(&old, &site.gateway) {
                told.set(told.get() + 1);
                let Some(packet) = right.example else { continue };
                shown.set(shown.get() + 1);
                prop_assert!(new.judge(&packet, &site.gateway).allowed, "{packet:#?}");
                prop_assert!(!old.judge(&packet, &site.gateway).allowed, "{packet:#?}");
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(
        told.get() > 1_000 && shown.get() * 100 > told.get() * 95,
        "{shown:?} of {told:?}"
    );
}

#[test]
fn a_policy_permits_nothing_beyond_itself_nor_beyond_one_with_fewer_drops() {
    runner(1_500)
        .run(
            &(file(), site(), any::<prop::sample::Index>()),
            |(file, site, place)| {
                let policy = compile(&file, &site);
                prop_assert_eq!(policy.beyond(&policy, &site.gateway), []);
                let mut wider = policy.clone();
                let is_drop = |rule: &Rule| rule.action == Action::Drop;
                let drops: Vec<_> = (0..policy.permits.len())
                    .filter(|place| is_drop(&policy.permits[*place]))
                    .collect();
                if !drops.is_empty() {
                    wider.permits.remove(*place.get(&drops));
                    let beyond = policy.beyond(&wider, &site.gateway);
                    prop_assert!(beyond.is_empty(), "{beyond:#?}");
                }
                Ok(())
            },
        )
        .unwrap_or_else(|error| panic!("{error}"));
}
