//! `cargo xtask bench policy`: how long a MUD file takes to be read and compiled, and what that allocates.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, ensure};

use crate::{build::cargo, packages::say};

/// Measures, and prints the tables. The recorded profiles are measured too where they lie beside the repository.
///
/// # Errors
/// If the benchmarks cannot be built or run.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    say("Built for speed (`opt-level = 3`):\n");
    table(&mut bench("speed"))?;
    say("\nBuilt for size, as the gateway is (`opt-level = \"z\"`):\n");
    table(bench("speed").env("CARGO_PROFILE_BENCH_OPT_LEVEL", "z"))?;
    say("\nAllocations:\n");
    table(&mut bench("allocations"))?;
    Ok(ExitCode::SUCCESS)
}

fn bench(name: &str) -> Command {
    cargo(&[
        "bench",
        "--quiet",
        "--package",
        "mudguard-policy",
        "--bench",
        name,
    ])
}

/// Prints the table that a benchmark prints, without what cargo adds.
fn table(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stderr(Stdio::inherit()).output().context("cargo bench")?;
    ensure!(output.status.success(), "the benchmark failed");
    for line in String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| line.starts_with('|'))
    {
        say(line);
    }
    Ok(())
}
