//! The Debian packages that the home needs, and what needs root.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
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
pub(crate) fn install_missing(packages: &[(&'static str, &str)]) -> anyhow::Result<()> {
    let missing = missing_packages(packages);
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing Debian packages: {}", missing.join(" "));
    apt(&["update", "-qq"])?;
    let _no_servers_start = NoServersStart::new()?;
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&missing);
    apt(&arguments)?;
    let still = missing_packages(packages);
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
        .stdout(std::process::Stdio::null())
        .status()
        .context("apt-get cannot be started; this needs Debian or a derivative")?;
    if !status.success() {
        bail!("apt-get {} failed; see above", arguments.join(" "));
    }
    Ok(())
}

/// While it lives, a package that brings a server does not start it on this machine (Debian's policy-rc.d).
struct NoServersStart(Option<&'static Path>);

impl NoServersStart {
    fn new() -> anyhow::Result<Self> {
        const POLICY: &str = "/usr/sbin/policy-rc.d";
        let policy = Path::new(POLICY);
        if policy.exists() {
            return Ok(Self(None));
        }
        fs::write(policy, "#!/bin/sh\nexit 101\n").with_context(|| format!("{POLICY} cannot be written"))?;
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
        Ok(Self(Some(policy)))
    }
}

impl Drop for NoServersStart {
    fn drop(&mut self) {
        if let Some(policy) = self.0
            && let Err(error) = fs::remove_file(policy)
        {
            eprintln!(
                "{} was made for the installation and cannot be removed: {error}",
                policy.display()
            );
        }
    }
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
