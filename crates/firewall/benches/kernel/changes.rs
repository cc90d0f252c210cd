//! How long answers and changes of policies take, and whether packets are lost meanwhile.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use mudguard_firewall::{Elements, Firewall};
use mudguard_manager::Snapshot;
use mudguard_policy::{Action, Peer, Protocol, Rule};
use serde_json::{Value, json};

use crate::{
    Times,
    homes::{ACES, ace, by_address, by_name, home, mac, name, thing},
    net::Net,
    stream::Ends,
};

const THINGS: u16 = 500;
/// The Thing whose policy changes; it is not the one that sends.
const CHANGED: u16 = 77;
/// A packet of the constant stream every so long.
const PAUSE: Duration = Duration::from_micros(100);

/// Prints a table, and returns its figures.
pub(crate) fn measure() -> Value {
    let net = Net::build(1).expect("this needs root");
    println!("| what | runs | minimum | p50 | p99 |\n|---|---|---|---|---|");
    net.router.apart(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut figures = runtime.block_on(answers(&net));
        let changes = runtime.block_on(policies(&net));
        for (name, value) in changes.as_object().unwrap() {
            figures[name] = value.clone();
        }
        figures
    })
}

async fn answers(net: &Net) -> Value {
    net.router.nft(&["flush", "ruleset"]);
    let (mut firewall, elements, _denials) = Firewall::start().await.unwrap();
    let home = home(THINGS, |_| by_name());
    firewall.apply(&home).await.unwrap();
    // The daemon hears every change too.
    let mut tables = firewall.tables().unwrap();
    let listener = tokio::spawn(async move { tables.changed().await });
    for number in 1..=THINGS {
        for index in 0..ACES {
            tell(&elements, number, index, 0).await;
        }
    }
    let mut times = Vec::new();
    for round in 1..=20u8 {
        for number in 1..=THINGS {
            let start = Instant::now();
            // Half of the answers refresh an element and half make a new one.
            tell(&elements, number, u16::from(round) % ACES, round % 2 * round).await;
            times.push(start.elapsed());
        }
        tokio::task::yield_now().await;
    }
    let learned = Times::new(times);
    learned.row("one learned element in the kernel, among 10,000");
    assert!(
        !listener.is_finished(),
        "own changes were taken for those of others"
    );
    let mut times = Vec::new();
    let mut now = home;
    for round in 0..100 {
        let mut rules = by_name();
        rules.truncate(usize::from(ACES) - 1 - round % 2);
        times.push(change(&mut firewall, &mut now, rules).await);
    }
    let with_learned = Times::new(times);
    with_learned.row("policy of one Thing of 500, with 10,000 learned elements");
    json!({ "learned_element": learned.json(), "policy_of_one_thing_with_learned": with_learned.json() })
}

async fn tell(elements: &Elements, number: u16, index: u16, host: u8) {
    let [high, low] = number.to_be_bytes();
    let address = IpAddr::from([203, host, high << 5 | u8::try_from(index).unwrap(), low]);
    let told = elements
        .answered(mac(number), &[&name(index)], &[(address, 300)])
        .await
        .unwrap();
    assert_eq!(told.opened, 1);
}

/// How long the rules of a change take to hold. The flows that they forbid end after that.
async fn change(firewall: &mut Firewall, home: &mut Snapshot, rules: Vec<Rule>) -> Duration {
    home.things.insert(mac(CHANGED), thing(CHANGED, rules));
    let start = Instant::now();
    let ending = firewall.apply_rules(home).await.unwrap();
    let time = start.elapsed();
    ending.ended().await;
    time
}

async fn policies(net: &Net) -> Value {
    let (mut firewall, elements, denials) = Firewall::start().await.unwrap();
    let mut now = home(THINGS, |number| by_address(number, 0));
    let mut times = Vec::new();
    for _ in 0..10 {
        net.router.nft(&["flush", "ruleset"]);
        let start = Instant::now();
        firewall.apply(&now).await.unwrap();
        times.push(start.elapsed());
    }
    let whole = Times::new(times);
    whole.row("the whole table of 500 Things (10,000 elements)");
    drop((firewall, elements, denials));
    let mut times = Vec::new();
    for _ in 0..5 {
        let (mut firewall, _, _) = Firewall::start().await.unwrap();
        let start = Instant::now();
        firewall.apply(&now).await.unwrap();
        times.push(start.elapsed());
    }
    let again = Times::new(times);
    again.row("the same, where it stands already (a restart)");

    let (mut firewall, _, _) = Firewall::start().await.unwrap();
    firewall.apply(&now).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stream = Ends::open(net).constant(PAUSE, Arc::clone(&stop));
    let mut times = Vec::new();
    for round in 1..=200 {
        let rules = by_address(CHANGED, round % 2);
        times.push(change(&mut firewall, &mut now, rules).await);
    }
    let one = Times::new(times);
    one.row("policy of one Thing of 500: all of its 20 ACEs change");
    let mut times = Vec::new();
    for round in 0..100 {
        let mut rules = by_address(CHANGED, round % 2);
        // A drop before an accept needs a chain.
        let everything = Peer::Networks(vec!["100.64.0.0/10".parse().unwrap()]);
        let mut drop = ace(ACES, everything, Protocol::Any);
        drop.action = Action::Drop;
        rules.insert(0, drop);
        times.push(change(&mut firewall, &mut now, rules).await);
    }
    let ordered = Times::new(times);
    ordered.row("the same where it needs chains of its own");
    // The sender itself changes too: the ACE that it needs stays.
    for round in 0..100 {
        now.things.insert(mac(1), thing(1, by_address(1, round % 2)));
        firewall.apply(&now).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let (sent, arrived) = stream.join().unwrap();
    println!(
        "\nA constant stream during these changes: {sent} packets, {} lost.",
        sent - arrived
    );
    json!({
        "policy_of_one_thing": one.json(),
        "policy_of_one_thing_in_chains": ordered.json(),
        "whole_table": whole.json(),
        "whole_table_that_stands": again.json(),
        "stream": { "sent": sent, "lost": sent - arrived },
    })
}
