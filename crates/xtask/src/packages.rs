//! The Debian packages that the home needs, and what needs root.

use std::{
    io::Write,
    process::{Command, ExitCode},
};

use anyhow::{Context, bail};
use mudguard_tests::packages::missing_packages;

/// Whether this process may make network namespaces.
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Installs what is missing, and says what.
///
/// # Errors
/// If a package is missing and cannot be installed.
pub(crate) fn install_missing() -> anyhow::Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing Debian packages: {}", missing.join(" "));
    apt(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    apt(&arguments)?;
    let still = missing_packages();
    if !still.is_empty() {
        bail!(
            "these programs are still missing after the installation: {}",
            still.join(" ")
        );
    }
    Ok(())
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // A package that brings a server must not start it on this machine.
        .env("RUNLEVEL", "1")
        .stdout(std::process::Stdio::null())
        .status()
        .context("apt-get cannot be started; this needs Debian or a derivative")?;
    if !status.success() {
        bail!("apt-get {} failed; see above", arguments.join(" "));
    }
    Ok(())
}

/// Prints a line of the result; progress goes to standard error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// How many checks passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Counts {
    /// Prints the line with which a command ends, and makes its exit code.
    pub(crate) fn close(self) -> ExitCode {
        say(&format!("{} passed, {} failed", self.passed, self.failed));
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
