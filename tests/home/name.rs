//! The name of a home, unique on this machine, and what it says about its owner.
//!
//! All that a home leaves on the machine outside its owner's memory, its namespaces and its folder, carries this name. It holds the
//! owner's process number and start time, so that a later process can tell whether the owner still lives.

use std::{
    collections::BTreeSet,
    env, fmt, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context;

/// What the names of all homes begin with.
pub const PREFIX: &str = "mudguard-home";
/// Where `ip netns` keeps the names of namespaces.
pub(super) const NAMESPACES: &str = "/run/netns";

/// The name of a home: `mudguard-home-PROCESS-START-NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HomeName {
    /// The process that built it.
    process: u32,
    /// When that process started, in clock ticks since the machine started: process numbers are used again, pairs are not.
    start: String,
    /// Counts the homes of one process.
    number: u32,
}

impl HomeName {
    /// A name for one more home of this process.
    pub(super) fn fresh() -> anyhow::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let process = process::id();
        let start = start_time(process).context("/proc does not say when this process started")?;
        Ok(Self {
            process,
            start,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The homes on this machine whose owner no longer lives.
    pub(super) fn abandoned() -> BTreeSet<Self> {
        let mut homes: BTreeSet<_> = named_in(Path::new(NAMESPACES))
            .chain(named_in(&env::temp_dir()))
            .collect();
        homes.retain(|home| start_time(home.process).is_none_or(|start| start != home.start));
        homes
    }

    /// The folder of the home.
    pub(super) fn folder(&self) -> PathBuf {
        env::temp_dir().join(self.to_string())
    }

    /// Reads the name of a home, or of something that belongs to one.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.strip_prefix('-')?.splitn(4, '-');
        let process = parts.next()?.parse().ok()?;
        let start = parts
            .next()
            .filter(|start| start.bytes().all(|byte| byte.is_ascii_digit()))?;
        let number = parts.next()?.parse().ok()?;
        Some(Self {
            process,
            start: start.to_owned(),
            number,
        })
    }
}

impl fmt::Display for HomeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{PREFIX}-{}-{}-{}",
            self.process, self.start, self.number
        )
    }
}

fn named_in(folder: &Path) -> impl Iterator<Item = HomeName> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| HomeName::parse(&entry.file_name().to_string_lossy()))
}

/// Field 22 of `/proc/PROCESS/stat`; none if there is no such process. The second field, a name in parentheses, may hold anything.
fn start_time(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_from_whatever_belongs_to_the_home() {
        let name = HomeName::fresh().unwrap();
        assert_eq!(HomeName::parse(&name.to_string()), Some(name.clone()));
        assert_eq!(HomeName::parse(&format!("{name}-thing-lamp")), Some(name));
        for other in [
            "mudguard-home",
            "mudguard-home-1-2",
            "mudguard-home-1-../etc-0",
            "home-1-2-3",
            "",
        ] {
            assert_eq!(HomeName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_own_process_lives_and_has_one_start_time() {
        let name = HomeName::fresh().unwrap();
        assert_eq!(start_time(name.process).as_deref(), Some(name.start.as_str()));
        assert!(name.start.parse::<u64>().unwrap() > 0);
    }
}
