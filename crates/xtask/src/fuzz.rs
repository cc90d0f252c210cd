//! `cargo xtask fuzz`: runs the fuzz targets of `tests/fuzz` for a time, from the seeds that `cargo test` replays.

use std::{
    fs,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};

use crate::{
    build,
    packages::{self, Counts},
};

/// The targets, each with the folders of its seeds.
const TARGETS: [(&str, &[&str]); 4] = [
    (
        "parse_strict",
        &["tests/fuzz/seeds/parse", "crates/mud/tests/examples"],
    ),
    (
        "parse_community",
        &["tests/fuzz/seeds/parse", "crates/mud/tests/examples"],
    ),
    ("parse_compile_evaluate", &["tests/fuzz/seeds/evaluate"]),
    ("judge_frame", &["tests/fuzz/seeds/frame"]),
];

/// Arguments of `fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these targets; all without any
    targets: Vec<String>,
    /// For how long each target runs, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many inputs each target tries at most; 0 is no limit
    #[arg(long, default_value_t = 0)]
    runs: u32,
}

/// Runs the targets.
///
/// # Errors
/// If cargo-fuzz cannot be had, or a target has another name.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for name in &args.targets {
        if !TARGETS.iter().any(|(target, _)| target == name) {
            let names = TARGETS.map(|(target, _)| target).join(", ");
            bail!("there is no fuzz target {name:?}; the targets are: {names}");
        }
    }
    install_cargo_fuzz()?;
    let mut counts = Counts::default();
    for (target, seeds) in TARGETS {
        if !args.targets.is_empty() && !args.targets.iter().any(|name| name == target) {
            continue;
        }
        eprintln!("==> {target}, for {} s", args.seconds);
        let good = fuzz(target, seeds, args)?;
        counts.passed += usize::from(good);
        counts.failed += usize::from(!good);
    }
    Ok(counts.close())
}

fn install_cargo_fuzz() -> anyhow::Result<()> {
    let is_there = |output: std::process::Output| output.status.success();
    if build::cargo(&["fuzz", "--version"]).output().is_ok_and(is_there) {
        return Ok(());
    }
    packages::say("installing cargo-fuzz with cargo");
    let status = build::cargo(&["install", "--locked", "cargo-fuzz"])
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("cargo-fuzz cannot be installed; see above");
    }
    Ok(())
}

/// Runs one target; what it finds stands in `tests/fuzz/artifacts`.
fn fuzz(target: &str, seeds: &[&str], args: &Args) -> anyhow::Result<bool> {
    let corpus = format!("tests/fuzz/corpus/{target}");
    fs::create_dir_all(build::workspace().join(&corpus))
        .with_context(|| format!("{corpus} cannot be made"))?;
    let mut command: Command = build::cargo(&["fuzz", "run", "--fuzz-dir", "tests/fuzz", target, &corpus]);
    command.args(seeds).args(["--", "-max_len=16384"]);
    command.arg(format!("-max_total_time={}", args.seconds));
    if args.runs > 0 {
        command.arg(format!("-runs={}", args.runs));
    }
    // The instrumentation is there in the stable compiler, but not open to everybody.
    command.env("RUSTC_BOOTSTRAP", "1");
    let status = command.status().context("cargo cannot be started")?;
    Ok(status.success())
}
