//! Sets a database aside that cannot be read: renamed together with its log, never deleted.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

/// What SQLite puts behind the name of a database for the files beside it.
pub(crate) const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// A database that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now; its log, if it had one, lies beside it.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// Renames what stands at `path`, and the files beside it, to a name that holds the time and was free.
pub(crate) fn set_aside(path: &Path, reason: String, now: Timestamp) -> io::Result<SetAside> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let target = (0..=u16::MAX)
        .map(|n| {
            if n == 0 {
                stamp.clone()
            } else {
                format!("{stamp}-{n}")
            }
        })
        .map(|suffix| beside(path, &format!(".damaged-{suffix}")))
        .find(|target| is_free(target) && COMPANIONS.iter().all(|end| is_free(&beside(target, end))))
        .ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
    // The log first: should the power fail between the two, a database without its log is set aside at the next start as well,
    // but a log without its database would be taken for that of the new one.
    for end in COMPANIONS {
        rename(&beside(path, end), &beside(&target, end))?;
    }
    rename(path, &target)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(SetAside { path: target, reason })
}

/// The path with `end` behind its last component.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut text = OsString::from(path);
    text.push(end);
    PathBuf::from(text)
}

fn is_free(path: &Path) -> bool {
    matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
