//! `cargo xtask soak`: what takes longer than the suite. Random packets through a real router until so many agree with the reference
//! evaluator; or the rules of the firewall's skeleton, each left out once.

mod mutation;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context, bail};
use mudguard_tests::packages::PACKAGES;

use crate::{
    build,
    packages::{self, Counts},
};

/// How many tests draw packets: a home as it is, and one whose kernel shows frames of a bridge to the rules for routed packets.
const TESTS: u32 = 2;

/// Arguments of `soak`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many packets are compared at least
    #[arg(long, default_value_t = 200_000)]
    packets: u32,
    /// The seed of the first; without it the clock's
    #[arg(long)]
    seed: Option<u64>,
    /// Instead leave out each rule of the skeleton in turn, and say which test notices it
    #[arg(long, conflicts_with_all = ["packets", "seed"])]
    mutation: bool,
    /// Only rules whose names begin so, such as `bridge forward`
    #[arg(long, requires = "mutation")]
    only: Vec<String>,
    /// How many rules are left out at a time, each in a router of its own
    #[arg(long, requires = "mutation", default_value_t = 4)]
    jobs: usize,
}

/// Runs it.
///
/// # Errors
/// If a tool cannot be started, or without root.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !packages::is_root() {
        bail!("packets go through network namespaces, which need root: run `sudo cargo xtask soak`");
    }
    packages::install_missing(&PACKAGES)?;
    if args.mutation {
        return mutation::run(&args.only, args.jobs);
    }
    let start = Instant::now();
    let mut command = build::cargo(&[
        "test",
        "--locked",
        "--package",
        "mudguard-firewall",
        "--lib",
        "tests::oracle",
        "--",
        "--nocapture",
    ]);
    command.env("MUDGUARD_PACKETS", args.packets.div_ceil(TESTS).to_string());
    if let Some(seed) = args.seed {
        command.env("MUDGUARD_SEED", seed.to_string());
    }
    let good = command.status().context("cargo cannot be started")?.success();
    let verdict = if good { "passed" } else { "FAILED" };
    eprintln!(
        "==> {} packets against the oracle: {verdict} in {:.0?}",
        args.packets,
        start.elapsed()
    );
    let counts = Counts {
        passed: usize::from(good),
        failed: usize::from(!good),
    };
    Ok(counts.close())
}
