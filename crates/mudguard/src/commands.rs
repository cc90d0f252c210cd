//! What each command does; the running gateway itself is in [`daemon`].

mod anchors;
mod answer;
mod certificate;
mod check;
mod client;
mod compile;
mod diff;
mod explain;
mod import;
mod journal;
mod lint;
mod manual;
mod observe;
mod off;
mod owner;
mod query;
mod restore;
mod retrieve;
mod set_url;
mod site_file;
mod source;
mod test;
mod things;
mod verify;
mod words;

use std::process::ExitCode;

use anyhow::Context;

use crate::{
    cli::{Command, brought::ThingCommand},
    config::{Config, ConfigError},
    daemon, print,
};

/// Wrong use, wrong configuration, unreadable input.
const CANNOT_READ: u8 = 2;

/// The kernel did not take the rules.
const FIREWALL_REFUSED: u8 = 3;

/// Carries out a command.
///
/// # Errors
/// What went wrong, in words for the user.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(args) => {
            daemon::run(&Config::read(&args.config)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Resolver(args) => {
            daemon::alone::run(&Config::read_resolver(&args.config)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Query(args) => query::run(&args),
        Command::Off(args) => off::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Status(args) => things::status(&args),
        Command::Things(args) => things::list(&args),
        Command::Why(args) => things::why(&args),
        Command::Approve(args) => answer::run(&args, "approve"),
        Command::Reject(args) => answer::run(&args, "reject"),
        Command::Journal(args) => journal::show(&args),
        Command::Controllers(args) => owner::controllers(&args),
        Command::Inbox(args) => things::inbox(&args),
        Command::Rename(args) => owner::rename(&args),
        Command::Lift(args) => owner::lift(&args),
        Command::Allow(args) => owner::flows(&args, "allow"),
        Command::Block(args) => owner::flows(&args, "block"),
        Command::End(args) => owner::end(&args),
        Command::Undo(args) => journal::undo(&args),
        Command::SetUrl(args) | Command::Thing(ThingCommand::SetUrl(args)) => set_url::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Mode(args) => owner::mode(&args),
        Command::Forget(args) => owner::forget(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Observe(args) => observe::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Anchors(command) => anchors::run(&command),
        Command::Certificate(args) => certificate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::CheckConfig(args) => {
            Config::read(&args.config)?;
            print::line(format_args!(
                "{}: nothing is wrong with it",
                args.config.display()
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man(args) => manual::pages(&args.folder),
    }
}

/// The exit code that says what kind of failure an error is.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<ConfigError>() || error.is::<source::Unreadable>() {
        ExitCode::from(CANNOT_READ)
    } else if error.is::<daemon::FirewallRefused>() {
        ExitCode::from(FIREWALL_REFUSED)
    } else {
        ExitCode::FAILURE
    }
}

/// Runs a future on a runtime of its own: commands are short and need one thread.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(future)
}
