//! Placeholder: this command is being written.

use std::process::ExitCode;

use crate::cli::TestArgs;

pub(super) fn run(_: &TestArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this command is not there yet")
}
