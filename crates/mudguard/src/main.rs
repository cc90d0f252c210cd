//! The Mudguard daemon and command line: the only place that knows all the parts.

mod anchor_folder;
mod check;
mod cli;
mod commands;
mod config;
mod daemon;
mod look_up;
mod print;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    commands::run(cli.command).unwrap_or_else(|error| {
        eprintln!("mudguard: {}", print::reasons(&error));
        commands::exit_code(&error)
    })
}
