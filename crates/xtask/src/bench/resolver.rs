//! `cargo xtask bench resolver`: our resolver beside unbound, knot-resolver and dnsmasq, on the same zones, in one run.
//!
//! The figure to trust is the processor time per query: the machine does other things meanwhile. The resolvers take turns, and the least
//! of several turns is printed.

mod load;
mod servers;
mod zones;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use mudguard_tests::home::gateway;
use serde_json::json;

use self::{
    load::{as_fast_as_possible, at_a_rate, query},
    servers::{House, Kind, Server},
    zones::{PLAIN, SIGNED, Zones, label},
};
use crate::packages;

/// What the resolvers beside ours, and the zones, come from.
const PACKAGES: [(&str, &str); 5] = [
    ("bind9-utils", "dnssec-signzone"),
    ("dnsmasq-base", "dnsmasq"),
    ("knot-resolver", "kresd"),
    ("nsd", "nsd"),
    ("unbound", "unbound"),
];
/// The names that are asked for again and again.
const HOT: u32 = 1000;
/// Queries a second for the time that an answer takes.
const RATE: u32 = 1000;

/// Arguments of `bench resolver`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Names that are asked for once, with an empty cache
    #[arg(long, default_value_t = 100_000)]
    names: u32,
    /// Queries for names in the cache, in each turn
    #[arg(long, default_value_t = 100_000)]
    queries: u32,
    /// Turns of each resolver with names in the cache
    #[arg(long, default_value_t = 5)]
    turns: u32,
    /// Only these resolvers
    #[arg(long, value_name = "RESOLVER", value_delimiter = ',', default_values = Kind::ALL.map(Kind::name))]
    only: Vec<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Measure the development build instead of the release build
    #[arg(long)]
    debug: bool,
}

/// What was measured of one resolver.
struct Figures {
    kind: Kind,
    server: Server,
    idle_kilobytes: u64,
    cold: Duration,
    full_kilobytes: u64,
    hot_signed: Duration,
    hot_plain: Duration,
    middle: Duration,
    slow: Duration,
}

/// Measures, and prints the table.
///
/// # Errors
/// If a resolver cannot be had, or does not answer.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    packages::install_missing(&PACKAGES)?;
    let mudguard = match std::env::var_os(gateway::BINARY_VARIABLE) {
        Some(binary) => PathBuf::from(binary),
        None => gateway::build(!args.debug)?,
    };
    let folder = tempfile::tempdir()?;
    eprintln!("signing a zone of {} names", args.names);
    let zones = Zones::make(folder.path(), args.names.max(HOT))?;
    let name_server = Server::nsd(folder.path(), &zones).context("nsd")?;
    let house = House {
        zones: &zones,
        folder: folder.path(),
        name_server: name_server.address,
        mudguard: &mudguard,
    };
    let mut all = Vec::new();
    for kind in Kind::ALL {
        if !args.only.iter().any(|name| name == kind.name()) {
            continue;
        }
        eprintln!("{}: names that are not in the cache", kind.name());
        all.push(cold(kind, &house, args).with_context(|| kind.name())?);
    }
    for turn in 1..=args.turns {
        eprintln!("names in the cache: turn {turn} of {}", args.turns);
        for figures in &mut all {
            hot(figures, args).with_context(|| figures.kind.name())?;
        }
    }
    if args.json {
        packages::say(&json(&all, args));
    } else {
        table(&all, args);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for each signed name once.
fn cold(kind: Kind, house: &House<'_>, args: &Args) -> anyhow::Result<Figures> {
    let server = Server::resolver(kind, house)?;
    // The keys on the way are not part of the price of a name.
    as_fast_as_possible(server.address, names(SIGNED, 1, 1))?;
    let idle_kilobytes = server.resident_kilobytes()?;
    let before = server.processor_time()?;
    let outcome =
        as_fast_as_possible(server.address, names(SIGNED, args.names, args.names))?.complete("cold")?;
    let cold = per_query(server.processor_time()? - before, outcome.answered);
    Ok(Figures {
        kind,
        idle_kilobytes,
        cold,
        full_kilobytes: server.resident_kilobytes()?,
        server,
        hot_signed: Duration::MAX,
        hot_plain: Duration::MAX,
        middle: Duration::MAX,
        slow: Duration::MAX,
    })
}

/// Asks for the same names again and again.
fn hot(figures: &mut Figures, args: &Args) -> anyhow::Result<()> {
    let server = &figures.server;
    for (zone, least) in [(SIGNED, &mut figures.hot_signed), (PLAIN, &mut figures.hot_plain)] {
        as_fast_as_possible(server.address, names(zone, HOT, HOT))?;
        let before = server.processor_time()?;
        let outcome = as_fast_as_possible(server.address, names(zone, HOT, args.queries))?.complete("hot")?;
        *least = (*least).min(per_query(server.processor_time()? - before, outcome.answered));
    }
    let outcome = at_a_rate(server.address, RATE, names(SIGNED, HOT, 3 * RATE))?;
    figures.middle = figures.middle.min(outcome.per_mille(500));
    figures.slow = figures.slow.min(outcome.per_mille(990));
    Ok(())
}

/// Queries for so many names of a zone, over and over until there are so many queries.
fn names(zone: &'static str, distinct: u32, queries: u32) -> impl Iterator<Item = Vec<u8>> {
    (0..queries).map(move |number| query(&format!("{}.{zone}", label(number % distinct))))
}

fn per_query(time: Duration, queries: usize) -> Duration {
    time / u32::try_from(queries.max(1)).unwrap_or(u32::MAX)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn table(all: &[Figures], args: &Args) {
    packages::say(&format!(
        "| resolver | hot signed | hot unsigned | cold signed | p50 at {RATE}/s | p99 at {RATE}/s | idle | after {} names |\n\
         |---|---|---|---|---|---|---|---|",
        args.names
    ));
    for figures in all {
        packages::say(&format!(
            "| {} | {:.1} us | {:.1} us | {:.0} us | {:.0} us | {:.0} us | {:.1} MB | {:.1} MB |",
            figures.kind.name(),
            micros(figures.hot_signed),
            micros(figures.hot_plain),
            micros(figures.cold),
            micros(figures.middle),
            micros(figures.slow),
            megabytes(figures.idle_kilobytes),
            megabytes(figures.full_kilobytes),
        ));
    }
}

fn json(all: &[Figures], args: &Args) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|figures| {
            json!({
                "resolver": figures.kind.name(),
                "hot_signed_us": micros(figures.hot_signed),
                "hot_unsigned_us": micros(figures.hot_plain),
                "cold_signed_us": micros(figures.cold),
                "p50_us": micros(figures.middle),
                "p99_us": micros(figures.slow),
                "idle_rss_kb": figures.idle_kilobytes,
                "full_rss_kb": figures.full_kilobytes,
            })
        })
        .collect();
    json!({ "names": args.names, "queries": args.queries, "turns": args.turns, "resolvers": rows })
        .to_string()
}

fn megabytes(kilobytes: u64) -> f64 {
    f64::from(u32::try_from(kilobytes).unwrap_or(u32::MAX)) / 1024.0
}
