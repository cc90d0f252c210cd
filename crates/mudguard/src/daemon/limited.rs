//! Which Things are limited, in a small file beside the database: should the database be lost, they stay limited until they are learnt
//! anew, and nobody else is.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use mudguard_manager::{Enforcement, Mode, Snapshot};
use mudguard_policy::MacAddress;
use tokio::sync::watch;
use tracing::warn;

/// The longest file that is read, in octets; a line has 18.
const MAX_SIZE: u64 = 64 * 1024;

/// The list, and where it is.
#[derive(Debug)]
pub(crate) struct Limited {
    path: PathBuf,
    things: Option<BTreeSet<MacAddress>>,
}

impl Limited {
    /// Reads the list of a state folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let path = folder.join("limited-things");
        let things = match content(&path) {
            Ok(text) => Some(text.lines().filter_map(|line| line.trim().parse().ok()).collect()),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!(file = %path.display(), %error, "the list of limited Things cannot be read");
                }
                None
            }
        };
        Self { path, things }
    }

    /// The Things that were limited; `None` if nobody knows.
    pub(crate) fn things(&self) -> Option<Vec<MacAddress>> {
        self.things
            .as_ref()
            .map(|things| things.iter().copied().collect())
    }

    /// Keeps the list in line with the snapshots.
    pub(crate) async fn follow(
        mut self,
        mut snapshots: watch::Receiver<Arc<Snapshot>>,
    ) -> anyhow::Result<()> {
        loop {
            let things = limited(&snapshots.borrow_and_update());
            if self.things.as_ref() != Some(&things) {
                let (path, text) = (self.path.clone(), text(&things));
                match tokio::task::spawn_blocking(move || write(&path, &text))
                    .await
                    .context("writing a file")?
                {
                    Ok(()) => self.things = Some(things),
                    Err(error) => {
                        warn!(file = %self.path.display(), %error, "the list of limited Things cannot be written");
                    }
                }
            }
            snapshots.changed().await.context("the manager has ended")?;
        }
    }
}

/// The Things that must not be free after a loss. In the mode `protect` strangers are limited too, but by the mode alone.
fn limited(snapshot: &Snapshot) -> BTreeSet<MacAddress> {
    snapshot
        .things
        .values()
        .filter(|thing| {
            thing.url.is_some() || snapshot.mode == Mode::Ask && thing.enforcement == Enforcement::Enforce
        })
        .map(|thing| thing.mac)
        .collect()
}

fn text(things: &BTreeSet<MacAddress>) -> String {
    things.iter().map(|mac| format!("{mac}\n")).collect()
}

fn content(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SIZE).read_to_string(&mut text)?;
    Ok(text)
}

/// Replaces the file as a whole; what is there after a power cut is the old list or the new one.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mudguard_manager::Thing;
    use mudguard_mud::MudUrl;

    use super::*;

    const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

    fn snapshot(mode: Mode, change: impl FnOnce(&mut Thing)) -> Snapshot {
        let mut thing = Thing::stranger(LAMP, Timestamp::UNIX_EPOCH);
        change(&mut thing);
        Snapshot {
            mode,
            things: [(LAMP, Arc::new(thing))].into(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Limited::read(folder.path()).things(), None);
        write(&folder.path().join("limited-things"), &text(&[LAMP].into())).unwrap();
        assert_eq!(Limited::read(folder.path()).things(), Some(vec![LAMP]));
    }

    #[test]
    fn a_line_that_is_no_address_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("limited-things"),
            "garbage\n02:00:00:00:00:01\n",
        )
        .unwrap();
        assert_eq!(Limited::read(folder.path()).things(), Some(vec![LAMP]));
    }

    #[test]
    fn things_with_a_mud_url_and_things_limited_after_a_loss_are_listed() {
        let url = |thing: &mut Thing| thing.url = MudUrl::parse("https://maker.example/lamp").ok();
        assert_eq!(limited(&snapshot(Mode::Watch, url)), [LAMP].into());
        let enforced = |thing: &mut Thing| thing.enforcement = Enforcement::Enforce;
        assert_eq!(limited(&snapshot(Mode::Ask, enforced)), [LAMP].into());
    }

    #[test]
    fn strangers_are_not_listed_even_where_all_of_them_are_limited() {
        assert!(limited(&snapshot(Mode::Ask, |_| {})).is_empty());
        let enforced = |thing: &mut Thing| thing.enforcement = Enforcement::Enforce;
        assert!(limited(&snapshot(Mode::Protect, enforced)).is_empty());
    }
}
