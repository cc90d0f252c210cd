//! `cargo xtask bench order`: fresh names, asked for by limited Things that connect the moment the answer is there.

use std::process::ExitCode;

use anyhow::bail;
use mudguard_tests::{
    home::gateway,
    order::{Times, measure},
    packages::PACKAGES,
};

use crate::packages;

/// Arguments of `bench order`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Measure the development build instead of the release build
    #[arg(long)]
    debug: bool,
}

/// Measures, and prints the table.
///
/// # Errors
/// Without root, or if the home does not work.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !packages::is_root() {
        bail!("this makes network namespaces and needs root: run `sudo cargo xtask bench order`");
    }
    packages::install_missing(&PACKAGES)?;
    let binary = match std::env::var_os(gateway::BINARY_VARIABLE) {
        Some(binary) => binary.into(),
        None => gateway::build(!args.debug)?,
    };
    let figures = measure(&binary, |line| eprintln!("{line}"))?;
    for refused in &figures.refused {
        eprintln!("refused: {refused}");
    }
    packages::say(&format!(
        "{} lookups of fresh names, each followed by a connection: {} first SYNs refused, {} attempts blocked\n",
        figures.lookups,
        figures.refused.len(),
        figures.blocked
    ));
    packages::say("| Lookup | of | p50 | p99 |\n|---|---|---|---|");
    row(
        "a name nobody asked for",
        "a limited Thing",
        &figures.fresh_limited,
    );
    row(
        "a name nobody asked for",
        "a Thing without limits",
        &figures.fresh_free,
    );
    row("a name in the cache", "a limited Thing", &figures.cached_limited);
    row(
        "a name in the cache",
        "a Thing without limits",
        &figures.cached_free,
    );
    let added = |percent| {
        let micros = |times: &Times| times.percentile(percent).as_secs_f64() * 1e6;
        micros(&figures.cached_limited) - micros(&figures.cached_free)
    };
    packages::say(&format!(
        "\nBinding an answer adds {:.0} us at p50 and {:.0} us at p99, seen from the Thing.",
        added(50),
        added(99)
    ));
    let good = figures.refused.is_empty() && figures.blocked == 0;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn row(lookup: &str, of: &str, times: &Times) {
    let micros = |percent| times.percentile(percent).as_micros();
    packages::say(&format!(
        "| {lookup} | {of} | {} us | {} us |",
        micros(50),
        micros(99)
    ));
}
