//! `cargo xtask bench`: measurements, each printing the lines that `docs/performance.md` holds.

mod firewall;
mod order;
mod policy;
mod resolver;

use std::process::ExitCode;

/// Arguments of `bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(clap::Subcommand)]
enum Bench {
    /// Rule first, answer second: refused first SYNs, and what binding an answer costs
    Order(order::Args),
    /// What the rules cost a packet, and how long answers, changes of policies and a start take
    Firewall(firewall::Args),
    /// Reading and compiling a MUD file: time and allocations
    Policy,
    /// Our resolver beside unbound, knot-resolver and dnsmasq
    Resolver(resolver::Args),
}

/// Runs a measurement.
///
/// # Errors
/// If it cannot be carried out.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.bench {
        Bench::Order(args) => order::run(args),
        Bench::Firewall(args) => firewall::run(args),
        Bench::Policy => policy::run(),
        Bench::Resolver(args) => resolver::run(args),
    }
}
