//! Placeholder: this command is being written.

use std::process::ExitCode;

use crate::cli::DiffArgs;

pub(super) fn run(_: &DiffArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this command is not there yet")
}
