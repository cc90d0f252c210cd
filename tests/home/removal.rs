//! Removing homes: at the end of the owner, whatever that end is, and later if even that failed.
//!
//! A home is removed by a shell of its own, the guardian, which waits for the end of its standard input. Dropping the home closes that
//! pipe; so does the kernel when the owner panics, is interrupted by Ctrl-C or is killed. The guardian is in a session of its own, where
//! the signals of the owner's terminal do not reach it. If it is killed too, the next home that is built sweeps.

use std::process::{Child, Command, Stdio};

use anyhow::Context;

use super::name::HomeName;

/// What a guardian does.
const SCRIPT: &str = include_str!("remove.sh");

/// Removes a home when it is dropped, or when this process ends in any other way.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts watching over a home that is about to be built.
    pub(super) fn watch(home: &HomeName) -> anyhow::Result<Self> {
        Command::new("setsid")
            .args(["sh", "-c", SCRIPT, "mudguard-home-guardian", &home.to_string()])
            .arg(home.folder())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .context("setsid (util-linux) cannot be started")
    }

    /// The guardian's process.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        // Waiting closes the pipe first. Nobody is left to tell that the guardian was killed; the next home sweeps.
        let _ = self.0.wait();
    }
}

/// Removes the homes whose owner no longer lives.
pub(super) fn sweep() -> anyhow::Result<()> {
    let guardians: Vec<_> = HomeName::abandoned()
        .iter()
        .map(Guardian::watch)
        .collect::<Result<_, _>>()?;
    drop(guardians);
    Ok(())
}
