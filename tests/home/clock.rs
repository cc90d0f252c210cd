//! A clock that tests move, for one program: its wall clock and the time since its start jump together (`faketime`).
//!
//! What it is not: the machine's clock stays as it is, and so do all other programs and the kernel.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context;

/// The library that `faketime` puts before the C library of a program, below a folder that is named after the kind of processor.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// Such a clock. A program that sleeps meanwhile notices when it wakes.
#[derive(Clone, Debug)]
pub struct MovableClock {
    library: PathBuf,
    file: PathBuf,
}

impl MovableClock {
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let clock = Self {
            library: library().context("faketime is not installed")?,
            file: folder.join("clock"),
        };
        clock.set_ahead(Duration::ZERO)?;
        Ok(clock)
    }

    /// From now on, the clock is so far ahead of the machine's.
    ///
    /// # Errors
    /// If the file that says so cannot be written.
    pub fn set_ahead(&self, ahead: Duration) -> anyhow::Result<()> {
        // Never half a file: the program reads it whenever it asks for the time.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("+{}\n", ahead.as_secs()))?;
        fs::rename(new, &self.file).context("the clock cannot be moved")
    }

    pub(super) fn applies_to(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1");
    }
}

fn library() -> Option<PathBuf> {
    fs::read_dir("/usr/lib")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join(LIBRARY))
        .find(|library| library.exists())
}
