//! Placeholder: this command is being written.

use std::process::ExitCode;

use crate::cli::ExplainArgs;

pub(super) fn run(_: &ExplainArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this command is not there yet")
}
