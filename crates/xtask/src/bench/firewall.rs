//! `cargo xtask bench firewall`: what the rules cost a packet, and how long answers, changes and a start take.

mod start;

use std::process::{ExitCode, Stdio};

use anyhow::{Context, bail, ensure};
use mudguard_tests::packages::PACKAGES;
use serde_json::Value;

use crate::{build::cargo, packages};

/// Arguments of `bench firewall`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON document instead of tables
    #[arg(long)]
    json: bool,
}

/// Measures, and prints the tables.
///
/// # Errors
/// Without root, or if the benchmark does not run.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !packages::is_root() {
        bail!("this makes network namespaces and needs root: run `sudo cargo xtask bench firewall`");
    }
    packages::install_missing(&PACKAGES)?;
    let mut bench = cargo(&[
        "bench",
        "--quiet",
        "--package",
        "mudguard-firewall",
        "--bench",
        "kernel",
    ]);
    let output = bench.stderr(Stdio::inherit()).output().context("cargo bench")?;
    ensure!(output.status.success(), "the benchmark failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let (tables, figures) = text
        .trim_end()
        .rsplit_once('\n')
        .context("the benchmark said nothing")?;
    let mut figures: Value = serde_json::from_str(figures).context("the figures are no JSON")?;
    if !args.json {
        packages::say(tables);
    }
    let start = start::measure()?;
    figures["start"] = start.json();
    if args.json {
        packages::say(&figures.to_string());
    } else {
        packages::say(&format!("\n{start}"));
    }
    Ok(ExitCode::SUCCESS)
}
