//! How long the way of an answer and a policy change take. The figures are for people: `cargo test -- --ignored --nocapture speed`.

use std::{
    io::Write,
    net::IpAddr,
    time::{Duration, Instant},
};

use mudguard_manager::Enforcement;

use super::{bench, net::Net};
use crate::testing::*;

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    format!("p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100))
}

#[test]
#[ignore = "a measurement"]
fn of_an_answer_and_of_a_policy_change() {
    let mut out = std::io::stderr();
    for things in [1u8, 200] {
        let of = |number: u8| {
            let rules = (0..20).map(|ace| {
                let peer = if ace % 2 == 0 {
                    name(&format!("{ace}.example.com"))
                } else {
                    networks(["198.51.100.0/24"])
                };
                rule("x", peer, tcp(1000 + ace))
            });
            thing(number, Enforcement::Enforce, rules)
        };
        let home = home((0..things).map(of));
        bench(1, &home, async |mut bench, _: &Net| {
            let mut times = Vec::new();
            for round in 0..10_000u32 {
                let [_, _, high, low] = round.to_be_bytes();
                let addresses = [(IpAddr::from([203, 0, high, low]), 300)];
                let mac = thing_mac(u8::try_from(round % u32::from(things)).unwrap());
                let name = format!("{}.example.com", round / 5 % 10 * 2);
                let start = Instant::now();
                let told = bench.elements.answered(mac, &[&name], &addresses).await.unwrap();
                times.push(start.elapsed());
                assert_eq!(told.opened, 1);
            }
            writeln!(out, "{things} Things, one element: {}", percentiles(times)).unwrap();
            let mut times = Vec::new();
            for _ in 0..20 {
                let start = Instant::now();
                bench.firewall.apply(&home).await.unwrap();
                times.push(start.elapsed());
            }
            writeln!(out, "{things} Things, transaction: {}", percentiles(times)).unwrap();
        });
    }
}
