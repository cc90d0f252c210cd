//! How long a MUD file takes to be read and compiled: `cargo xtask bench policy`.

#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

#[path = "measured/files.rs"]
mod files;

use std::{hint::black_box, time::Duration};

use nix::time::{ClockId, clock_gettime};

use self::files::{Measured, all_made, recorded};

/// How long each piece of work is repeated.
const REPEATED: Duration = Duration::from_millis(300);

/// How long the work takes between two looks at the clock, at least.
const ONE_LOOK: Duration = Duration::from_micros(500);

/// What the work on one file costs.
struct Cost {
    octets: usize,
    aces: usize,
    read: Duration,
    compiled: Duration,
}

impl Cost {
    fn of(measured: &Measured) -> Self {
        Self {
            octets: measured.bytes.len(),
            aces: measured.aces(),
            read: typical(|| black_box(measured).read()),
            compiled: typical(|| measured.compile(black_box(&measured.file))),
        }
    }

    fn both(&self) -> Duration {
        self.read + self.compiled
    }
}

fn main() {
    println!("| MUD file | octets | ACEs | read | compiled | both |");
    println!("|---|---|---|---|---|---|");
    for (name, measured) in all_made() {
        row(name, &Cost::of(&measured));
    }
    let mut costs: Vec<_> = recorded().iter().map(Cost::of).collect();
    costs.sort_by_key(Cost::both);
    if let Some(slowest) = costs.last() {
        row(
            &format!("median of {} recorded profiles", costs.len()),
            &costs[costs.len() / 2],
        );
        row("slowest of them", slowest);
    }
}

fn row(name: &str, cost: &Cost) {
    let micros = |time: Duration| format!("{:.1} us", time.as_secs_f64() * 1e6);
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        cost.octets,
        cost.aces,
        micros(cost.read),
        micros(cost.compiled),
        micros(cost.both())
    );
}

/// The time that this thread has run: what others do on the machine meanwhile does not count.
fn now() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The tenth percentile of many runs: other work on the machine shares its core and its caches, and the slower runs tell of that.
fn typical<T>(mut work: impl FnMut() -> T) -> Duration {
    // Each result is dropped when the next is there: that is part of what it costs.
    let mut run = |times: u32| {
        let start = now();
        for _ in 0..times {
            black_box(work());
        }
        now() - start
    };
    let once = run(3) / 3;
    let at_a_time = u32::try_from(ONE_LOOK.as_nanos() / once.as_nanos().max(1))
        .unwrap_or(1)
        .max(1);
    let begin = now();
    let mut times = Vec::new();
    while now() - begin < REPEATED || times.len() < 11 {
        times.push(run(at_a_time) / at_a_time);
    }
    times.sort_unstable();
    times[times.len() / 10]
}
