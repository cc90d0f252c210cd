//! Developer commands: `cargo xtask demo | test | bench | fuzz | soak`.
//!
//! What it is not: part of the product. It builds the daemon, makes the home of `mudguard-tests`, and drives both.

mod bench;
mod build;
mod demo;
mod fuzz;
mod packages;
mod soak;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of Mudguard")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a home in network namespaces, run the gateway in it, walk a story, and leave the page open until Ctrl-C
    Demo(demo::Args),
    /// Run everything: formatting, clippy, documents, tests, the namespace suite, the story
    Test(test::Args),
    /// Measure, and print the tables of docs/performance.md
    Bench(bench::Args),
    /// Run the fuzz targets for a time
    Fuzz(fuzz::Args),
    /// Run what takes longer than the suite: packets against the reference evaluator
    Soak(soak::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Soak(args) => soak::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
