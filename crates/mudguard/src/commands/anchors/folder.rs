//! Changes of the folder of trust anchors. Each takes hold at once and whole: the gateway may read the folder at any time.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use mudguard_fetch::{TrustAnchorDescription, TrustAnchors};

use super::hexadecimal;
use crate::anchor_folder::{self, MAX_FILES};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A trust anchor, and where it is.
pub(super) struct Held {
    pub(super) anchor: TrustAnchorDescription,
    pub(super) path: PathBuf,
}

/// What the folder holds.
pub(super) struct Folder {
    path: PathBuf,
    files: usize,
    pub(super) held: Vec<Held>,
    /// Files that hold none, and why.
    pub(super) unusable: Vec<(PathBuf, String)>,
}

/// Makes the folder if it is missing. The one that it is in must be there: its name may be a mistake.
pub(super) fn make(path: &Path) -> anyhow::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("{} cannot be made", path.display()))
        }
        _ => Ok(()),
    }
}

impl Folder {
    /// Reads it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut folder = Self {
            path: path.to_owned(),
            files: 0,
            held: Vec::new(),
            unusable: Vec::new(),
        };
        for path in anchor_folder::files(path)? {
            folder.files += 1;
            if folder.files > MAX_FILES {
                let reason = format!("only the first {MAX_FILES} files are read");
                folder.unusable.push((path, reason));
                continue;
            }
            match anchor_folder::read(&path) {
                Ok(anchors) => folder
                    .held
                    .extend(anchors.descriptions().into_iter().map(|anchor| Held {
                        anchor,
                        path: path.clone(),
                    })),
                Err(reason) => folder.unusable.push((path, reason)),
            }
        }
        Ok(folder)
    }

    /// Adds an anchor in a file of its own, whose name is its fingerprint.
    pub(super) fn add(&mut self, anchor: TrustAnchorDescription) -> anyhow::Result<&Held> {
        if self.files >= MAX_FILES {
            bail!(
                "{} holds {MAX_FILES} files already, and no more are read; put several certificates into one",
                self.path.display()
            );
        }
        let path = self.path.join(format!("{}.der", hexadecimal(&anchor.sha256)));
        write(&path, &anchor.der, None)?;
        self.files += 1;
        self.held.push(Held { anchor, path });
        self.held
            .last()
            .context("the trust anchor that was added is gone")
    }

    /// Removes an anchor from every file that holds it, and nothing else from any.
    pub(super) fn remove(self, sha256: &[u8; 32]) -> anyhow::Result<Vec<Held>> {
        let (removed, stay): (Vec<_>, Vec<_>) = self
            .held
            .into_iter()
            .partition(|held| held.anchor.sha256 == *sha256);
        for Held { path, .. } in &removed {
            let others: Vec<_> = stay
                .iter()
                .filter(|held| held.path == *path)
                .map(|held| &held.anchor)
                .collect();
            if others.is_empty() {
                match fs::remove_file(path) {
                    // It stood there twice.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    removed => removed.with_context(|| format!("{} cannot be removed", path.display()))?,
                }
            } else {
                cut_out(path, sha256, &others)?;
            }
        }
        sync(&self.path)?;
        Ok(removed)
    }
}

/// Writes a file with several certificates anew, without one of them.
fn cut_out(path: &Path, sha256: &[u8; 32], others: &[&TrustAnchorDescription]) -> anyhow::Result<()> {
    let name = path.display();
    let octets = anchor_folder::content(path).with_context(|| name.to_string())?;
    let text =
        String::from_utf8(octets).with_context(|| format!("{name} is no text; take it apart by hand"))?;
    let rest = without(&text, sha256);
    let mut left = TrustAnchors::default();
    left.add_pem(rest.as_bytes()).with_context(|| name.to_string())?;
    if left.descriptions().iter().ne(others.iter().copied()) {
        return Err(anyhow!(
            "{name} is written in an unusual way; take the certificate out by hand"
        ));
    }
    let permissions = fs::metadata(path)
        .with_context(|| name.to_string())?
        .permissions();
    write(path, rest.as_bytes(), Some(permissions))
}

/// A PEM text without a certificate; all other octets of it stay.
fn without(text: &str, sha256: &[u8; 32]) -> String {
    let mut rest = String::new();
    let mut unread = text;
    while let Some((before, from)) = unread.find(BEGIN).map(|at| unread.split_at(at)) {
        let Some(end) = from.find(END) else { break };
        let (certificate, after) = from.split_at(end + END.len());
        rest += before;
        let mut read = TrustAnchors::default();
        let is_it = read.add_pem(certificate.as_bytes()).is_ok()
            && read.descriptions().iter().all(|anchor| anchor.sha256 == *sha256);
        if is_it {
            unread = after
                .strip_prefix("\r\n")
                .or_else(|| after.strip_prefix('\n'))
                .unwrap_or(after);
        } else {
            rest += certificate;
            unread = after;
        }
    }
    rest + unread
}

/// Writes a file so that it is there whole or not at all.
fn write(path: &Path, octets: &[u8], permissions: Option<fs::Permissions>) -> anyhow::Result<()> {
    let folder = path.parent().context("a trust anchor lies in no folder")?;
    // Files count by how their names end; this one does not.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let new = folder.join(format!(".{}.new", name.unwrap_or_default()));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(octets)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        // Nothing reads it; that it is left behind is not worse than the failure.
        let _ = fs::remove_file(&new);
    }
    written.with_context(|| format!("{} cannot be written", path.display()))?;
    sync(folder)
}

/// Waits until what the folder says of its files is on the disk.
fn sync(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("{} cannot be written", folder.display()))
}
