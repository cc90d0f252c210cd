//! A network namespace of a home: running programs and code of the test in it.
//!
//! The probes that tests send from a namespace are in [`super::probe`] and [`super::dns`].

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    net::IpAddr,
    panic,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::Context;
use nix::sched::{CloneFlags, setns};

use super::{
    name::NAMESPACES,
    running::{Running, feed, run},
};

/// What runs a program with the namespace's own `/etc/resolv.conf`. `ip netns exec` has already made the mount namespace private, so that
/// the machine's file stays as it is and nothing has to be undone.
const WITH_RESOLV_CONF: &str =
    "if [ -e /etc/resolv.conf ]; then mount --bind \"$0\" /etc/resolv.conf || exit 125; fi; exec \"$@\"";

/// A network namespace of a home.
#[derive(Clone, Debug)]
pub struct Namespace {
    name: String,
    resolv_conf: PathBuf,
}

impl Namespace {
    /// Names a namespace; `folder` is the home's.
    pub(super) fn new(name: String, folder: &Path) -> anyhow::Result<Self> {
        let resolv_conf = folder.join(format!("{name}.resolv.conf"));
        fs::write(&resolv_conf, "")?;
        Ok(Self { name, resolv_conf })
    }

    /// Its name, as `ip netns` takes it.
    pub fn netns(&self) -> &str {
        &self.name
    }

    /// A command that runs a program in the namespace, with its `/sys` and its `/etc/resolv.conf`. Add arguments as usual; start it with
    /// [`Running::start`] to have it killed in the end.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "sh", "-c", WITH_RESOLV_CONF]);
        command.arg(&self.resolv_conf).arg(program);
        command
    }

    /// Runs a program in the namespace to its end and returns what it wrote to standard output.
    ///
    /// # Errors
    /// If it cannot be started or fails; what it wrote to standard error is part of the error.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<String> {
        let output = run(self.command(program).args(arguments))?;
        String::from_utf8(output).context("the program wrote what is not UTF-8")
    }

    /// Starts a program in the namespace; it is killed when the result is dropped.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Running> {
        let mut command = self.command(program);
        command.args(arguments);
        Running::start(command)
    }

    /// Runs code of the test in the namespace, on a thread of its own. Sockets that it opens stay in the namespace wherever they are used
    /// afterwards. A panic in it goes on here.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    pub fn enter<T: Send>(&self, code: impl FnOnce() -> T + Send) -> io::Result<T> {
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.enter_for_ever()?;
                Ok(code())
            });
            thread
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }

    /// Moves the calling thread into the namespace. There is no way back: only for threads that end there.
    pub(super) fn enter_for_ever(&self) -> io::Result<()> {
        let file = File::open(Path::new(NAMESPACES).join(&self.name))?;
        Ok(setns(file, CloneFlags::CLONE_NEWNET)?)
    }

    /// Runs lines of the `ip` command in the namespace.
    ///
    /// # Errors
    /// If a line fails; its number is in the error.
    pub fn ip(&self, lines: &str) -> anyhow::Result<()> {
        feed(Command::new("ip").args(["-n", &self.name, "-batch", "-"]), lines).map(drop)
    }

    /// Loads an nftables ruleset into the namespace.
    ///
    /// # Errors
    /// If nft refuses it.
    pub fn nft(&self, ruleset: &str) -> anyhow::Result<()> {
        feed(self.command("nft").args(["-f", "-"]), ruleset).map(drop)
    }

    /// Sets kernel settings of the namespace; in a name, `/` separates the parts, since interfaces may have dots.
    ///
    /// # Errors
    /// If one cannot be set.
    pub fn sysctl(&self, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        self.enter(|| settings.iter().try_for_each(|(name, value)| set(name, value)))?
    }

    /// The same, where a setting that this kernel does not have is left out.
    pub(super) fn sysctl_where_present(&self, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        let present = |name: &str| Path::new("/proc/sys").join(name).exists();
        self.enter(|| {
            settings
                .iter()
                .filter(|(name, _)| present(name))
                .try_for_each(|(name, value)| set(name, value))
        })?
    }

    /// Says which resolvers the programs of the namespace ask, as its `/etc/resolv.conf`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn use_resolvers(&self, resolvers: &[IpAddr]) -> io::Result<()> {
        let lines: String = resolvers
            .iter()
            .map(|resolver| format!("nameserver {resolver}\n"))
            .collect();
        fs::write(&self.resolv_conf, lines)
    }

    /// The file that the programs of the namespace see as `/etc/resolv.conf`.
    pub(super) fn resolv_conf(&self) -> &Path {
        &self.resolv_conf
    }
}

fn set(name: &str, value: &str) -> anyhow::Result<()> {
    fs::write(Path::new("/proc/sys").join(name), value).with_context(|| format!("sysctl {name}={value}"))
}
