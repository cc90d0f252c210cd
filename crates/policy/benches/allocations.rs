//! What reading and compiling a MUD file allocates: `cargo xtask bench policy`. It counts apart from the clock, for counting takes time.

#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

#[path = "measured/files.rs"]
mod files;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

use self::files::{Measured, all_made, recorded};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What the work on one file allocates.
struct Cost {
    aces: usize,
    read: Stats,
    compiled: Stats,
    kept: isize,
}

impl Cost {
    fn of(measured: &Measured) -> Self {
        let region = Region::new(ALLOCATOR);
        let parsed = measured.read();
        let read = region.change();
        let region = Region::new(ALLOCATOR);
        let policy = measured.compile(parsed.file.as_ref().unwrap());
        let compiled = region.change();
        let kept = compiled.bytes_allocated.cast_signed() - compiled.bytes_deallocated.cast_signed();
        drop((parsed, policy));
        Self {
            aces: measured.aces(),
            read,
            compiled,
            kept,
        }
    }

    fn count(&self) -> usize {
        count(&self.read) + count(&self.compiled)
    }
}

fn count(stats: &Stats) -> usize {
    stats.allocations + stats.reallocations
}

fn main() {
    println!(
        "| MUD file | ACEs | allocations to read | and to compile | octets to read | and to compile | the policy keeps |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, measured) in all_made() {
        row(name, &Cost::of(&measured));
    }
    let mut costs: Vec<_> = recorded().iter().map(Cost::of).collect();
    costs.sort_by_key(Cost::count);
    if let Some(most) = costs.last() {
        row(
            &format!("median of {} recorded profiles", costs.len()),
            &costs[costs.len() / 2],
        );
        row("most of them", most);
    }
}

fn row(name: &str, cost: &Cost) {
    println!(
        "| {name} | {} | {} | {} | {} | {} | {} |",
        cost.aces,
        count(&cost.read),
        count(&cost.compiled),
        cost.read.bytes_allocated,
        cost.compiled.bytes_allocated,
        cost.kept
    );
}
