//! Placeholder: this command is being written.

use std::process::ExitCode;

use crate::cli::CompileArgs;

pub(super) fn run(_: &CompileArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this command is not there yet")
}
