//! The last good rules as a file in the state folder, with which `mudguard restore` loads them without the gateway: when the firewall
//! service starts, before the gateway runs.
//!
//! It holds what the policies say, and no address that a Thing was told. Flash is spared: the file is written a while after the last change,
//! not more often than once a minute, and only if it differs.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use mudguard_firewall::{Kernel, ruleset_text};
use mudguard_manager::Snapshot;
use tokio::time::{Duration, Instant, sleep_until};
use tracing::{debug, warn};

use super::limited::write;

/// The name of the file in the state folder.
const NAME: &str = "last-good-rules.json";

/// The longest file, in octets: that of some thousand Things.
const MAX_SIZE: usize = 32 << 20;

/// How long nothing must have changed.
const CALM: Duration = Duration::from_secs(10);

/// How long after a file the next one is written at the earliest.
const PAUSE: Duration = Duration::from_secs(60);

/// The file, and what is to be written to it.
pub(crate) struct LastGood {
    path: PathBuf,
    kernel: Kernel,
    waiting: Option<(Arc<Snapshot>, Instant)>,
    earliest: Instant,
    /// The digest of what is in the file.
    written: Option<u64>,
}

/// Where the file of a state folder is.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Reads the file of a state folder; `None` if there is none.
///
/// # Errors
/// If it is too long, or cannot be read.
pub(crate) fn read(folder: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    let file = match File::open(path(folder)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let limit = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() > MAX_SIZE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(text))
}

impl LastGood {
    /// For the file of a state folder.
    pub(crate) fn new(folder: &Path, kernel: Kernel) -> Self {
        Self {
            path: path(folder),
            kernel,
            waiting: None,
            earliest: Instant::now(),
            written: read(folder).ok().flatten().map(|text| digest(&text)),
        }
    }

    /// The kernel took the rules of this snapshot.
    pub(crate) fn keep(&mut self, snapshot: Arc<Snapshot>) {
        let due = (Instant::now() + CALM).max(self.earliest);
        self.waiting = Some((snapshot, due));
    }

    /// Waits until it is time to write; for ever if there is nothing to be written. May be cancelled.
    pub(crate) async fn is_due(&self) {
        match &self.waiting {
            Some((_, due)) => sleep_until(*due).await,
            None => std::future::pending().await,
        }
    }

    /// Writes what waits.
    pub(crate) async fn write(&mut self) {
        let Some((snapshot, _)) = self.waiting.take() else {
            return;
        };
        let (path, kernel, written) = (self.path.clone(), self.kernel, self.written);
        let work = move || {
            let text = ruleset_text(&snapshot, &kernel);
            let digest = digest(&text);
            if written == Some(digest) {
                return Ok(digest);
            }
            if text.len() > MAX_SIZE {
                // Old rules must not come back instead of these.
                fs::remove_file(&path)?;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            write(&path, &text).map(|()| digest)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(digest)) => {
                debug!(file = %self.path.display(), "the last good rules are in the file");
                self.written = Some(digest);
            }
            Ok(Err(error)) => {
                warn!(file = %self.path.display(), %error, "the last good rules cannot be written");
            }
            Err(error) => warn!(%error, "the last good rules cannot be written"),
        }
        self.earliest = Instant::now() + PAUSE;
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rules_are_written_when_it_is_calm_and_only_if_they_differ() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LastGood::new(folder.path(), Kernel::FULL);
        let home = Arc::new(Snapshot::default());
        let start = Instant::now();
        file.keep(Arc::clone(&home));
        file.is_due().await;
        assert_eq!(start.elapsed(), CALM);
        file.write().await;
        let text = read(folder.path()).unwrap().unwrap();
        assert_eq!(text, ruleset_text(&home, &Kernel::FULL));
        let data = fs::metadata(path(folder.path())).unwrap();
        assert_eq!(data.permissions().mode() & 0o777, 0o600);
        file.keep(Arc::clone(&home));
        file.is_due().await;
        assert_eq!(start.elapsed(), CALM + PAUSE);
        file.write().await;
        let another = LastGood::new(folder.path(), Kernel::FULL);
        assert_eq!(another.written, file.written, "it is known after a restart");
        assert_eq!(fs::metadata(path(folder.path())).unwrap().ino(), data.ino());
    }

    #[test]
    fn where_nothing_was_written_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
    }
}
