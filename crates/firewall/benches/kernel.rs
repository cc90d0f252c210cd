//! What the rules cost and how fast they change, in network namespaces: `cargo xtask bench firewall`. Needs root.
//!
//! It prints tables, and behind them one line of JSON with the same figures.

#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]
#![allow(dead_code, reason = "the tests of this crate use more of the namespaces")]

#[path = "kernel/changes.rs"]
mod changes;
#[path = "kernel/forwarding.rs"]
mod forwarding;
#[path = "kernel/homes.rs"]
mod homes;
#[path = "../src/tests/net.rs"]
mod net;
#[path = "kernel/stream.rs"]
mod stream;

use std::time::Duration;

use mudguard_firewall::TABLE;
use serde_json::json;

/// Times of the same work.
struct Times(Vec<Duration>);

impl Times {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In microseconds.
    fn percentile(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100].as_secs_f64() * 1e6
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "runs": self.0.len(),
            "min_us": self.percentile(0),
            "p50_us": self.percentile(50),
            "p99_us": self.percentile(99),
        })
    }

    fn row(&self, what: &str) {
        let text = |percent| {
            let micros = self.percentile(percent);
            if micros < 1000.0 {
                format!("{micros:.1} us")
            } else {
                format!("{:.1} ms", micros / 1000.0)
            }
        };
        println!(
            "| {what} | {} | {} | {} | {} |",
            self.0.len(),
            text(0),
            text(50),
            text(99)
        );
    }
}

fn main() {
    let only = std::env::args().nth(1).filter(|word| !word.starts_with('-'));
    let wanted = |what: &str| only.as_deref().is_none_or(|only| only == what);
    let mut figures = json!({});
    if wanted("forwarding") {
        let [opening, established] = forwarding::measure();
        figures["forwarding"] = opening;
        figures["forwarding_established"] = established;
        println!();
    }
    if wanted("changes") {
        figures["changes"] = changes::measure();
    }
    println!("{figures}");
}
