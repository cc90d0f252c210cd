//! Change by change the kernel comes to the same as by loading everything.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use mudguard_manager::{Enforcement, Snapshot, Thing};
use mudguard_policy::{MacAddress, Rule};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use serde_json::Value;

use super::net::{Namespace, Net};
use crate::{Elements, Firewall, lower::tests::random, testing::*};

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A Thing comes, or is another from now on.
    Thing(u8, Enforcement, Vec<Rule>, Vec<Rule>, u8),
    /// A Thing goes.
    Gone(u8),
    /// A Thing is told an address of a name.
    Told(u8, u8, u8),
    /// Another program removes everything.
    Flushed,
    /// The daemon starts again.
    Restart,
}

const THINGS: u8 = 4;

fn step() -> impl Strategy<Value = Step> {
    let number = || 1..=THINGS;
    let enforcement = select(vec![
        Enforcement::Enforce,
        Enforcement::Enforce,
        Enforcement::Observe,
        Enforcement::None,
    ]);
    let vetoes = prop_oneof![3 => Just(Vec::new()), 1 => random::rules(true)];
    let rules = prop_oneof![random::rules(false), random::rules(true)];
    let thing = (number(), enforcement, rules, vetoes, 1..64u8);
    prop_oneof![
        6 => thing.prop_map(|(number, enforcement, rules, vetoes, has)| {
            Step::Thing(number, enforcement, rules, vetoes, has)
        }),
        1 => number().prop_map(Step::Gone),
        6 => (number(), 0..5u8, 0..9u8).prop_map(|(thing, name, host)| Step::Told(thing, name, host)),
        1 => Just(Step::Flushed),
        1 => Just(Step::Restart),
    ]
}

/// A Thing with some of its own addresses, and perhaps with some of the next one's.
fn other_thing(number: u8, enforcement: Enforcement, rules: Vec<Rule>, vetoes: Vec<Rule>, has: u8) -> Thing {
    let mut made = thing(number, enforcement, rules);
    let mut policy = (*made.policy).clone();
    policy.vetoes = vetoes;
    made.policy = Arc::new(policy);
    let next = thing(number % THINGS + 1, Enforcement::None, []).bindings;
    let both = made.bindings.into_iter().chain(next).enumerate();
    made.bindings = both
        .filter(|(at, _)| has & 1 << at != 0)
        .map(|(_, binding)| binding)
        .collect();
    made
}

type Answers = Vec<(MacAddress, String, IpAddr)>;

/// What the kernel has, without what depends on time and order: by the name of each object.
fn kernel(namespace: &Namespace) -> BTreeMap<String, Vec<String>> {
    let listed: Value = serde_json::from_str(&namespace.nft(&["-j", "list", "ruleset"])).unwrap();
    let mut objects = BTreeMap::<_, Vec<_>>::new();
    for object in listed["nftables"].as_array().unwrap() {
        let (kind, object) = object.as_object().unwrap().iter().next().unwrap();
        let mut object = object.clone();
        let place =
            ["family", "chain", "name"].map(|part| object[part].as_str().unwrap_or_default().to_owned());
        for part in ["handle", "packets", "bytes"] {
            object.as_object_mut().unwrap().remove(part);
        }
        if let Some(elements) = object.get_mut("elem").and_then(Value::as_array_mut) {
            for element in elements.iter_mut() {
                if let Some(inner) = element
                    .get_mut("elem")
                    .filter(|inner| inner.get("expires").is_some())
                {
                    inner["expires"] = 0.into();
                    inner["timeout"] = 0.into();
                }
            }
            elements.sort_by_key(ToString::to_string);
        }
        if kind != "metainfo" {
            objects
                .entry(format!("{kind} {}", place.join(" ")))
                .or_default()
                .push(object.to_string());
        }
    }
    objects
}

async fn tell(elements: &Elements, answers: &Answers) {
    for (thing, name, address) in answers {
        let told = elements.answered(*thing, &[name], &[(*address, 3600)]).await;
        told.unwrap();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What a daemon makes that comes to this state at once.
fn at_once(net: &Net, now: &Snapshot, answers: &Answers) -> BTreeMap<String, Vec<String>> {
    net.internet.nft(&["flush", "ruleset"]);
    net.internet.apart(|| {
        runtime().block_on(async {
            let (mut firewall, elements, _denials) = Firewall::start().await.unwrap();
            tell(&elements, answers).await;
            firewall.apply(now).await.unwrap();
        });
    });
    kernel(&net.internet)
}

async fn walk(steps: Vec<Step>, net: &Net) -> Result<(), TestCaseError> {
    net.router.nft(&["flush", "ruleset"]);
    let mut daemon = Firewall::start().await.unwrap();
    let mut things = BTreeMap::<u8, Thing>::new();
    let mut answers = Answers::new();
    daemon.0.apply(&home([])).await.unwrap();
    for step in steps {
        let mut restarted = false;
        match step {
            Step::Thing(number, enforcement, rules, vetoes, has) => {
                things.insert(number, other_thing(number, enforcement, rules, vetoes, has));
            }
            Step::Gone(number) => {
                things.remove(&number);
            }
            Step::Told(thing, name, host) => {
                let address = if host % 2 == 0 {
                    format!("203.0.113.{host}")
                } else {
                    format!("2001:db8:f::{host}")
                };
                let name = format!("{name}.example.com");
                let answer = vec![(thing_mac(thing), name, address.parse().unwrap())];
                tell(&daemon.1, &answer).await;
                answers.extend(answer);
            }
            Step::Flushed => drop(net.router.nft(&["flush", "ruleset"])),
            Step::Restart => {
                drop(daemon);
                daemon = Firewall::start().await.unwrap();
                restarted = true;
            }
        }
        let now = home(things.values().cloned());
        daemon.0.apply(&now).await.unwrap();
        if restarted {
            // Of names without a rule nothing is in the kernel to be read.
            tell(&daemon.1, &answers).await;
        }
        prop_assert_eq!(kernel(&net.router), at_once(net, &now, &answers));
    }
    Ok(())
}

#[test]
fn change_by_change_the_kernel_comes_to_the_same_as_at_once() {
    let Some(net) = Net::build(0) else { return };
    let config = ProptestConfig {
        cases: 8,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    };
    net.router.apart(|| {
        let steps = prop::collection::vec(step(), 1..20);
        let walked = TestRunner::new(config).run(&steps, |steps| runtime().block_on(walk(steps, &net)));
        walked.unwrap();
    });
}
