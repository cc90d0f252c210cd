//! The folder of trust anchors for MUD files, read anew for each retrieval: a certificate laid there counts from then on.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use mudguard_fetch::TrustAnchors;
use tracing::warn;

/// The most files of the folder that are read, in the order of their names.
const MAX_FILES: usize = 64;

/// The longest file that is read, in octets.
const MAX_SIZE: u64 = 256 * 1024;

/// Reads the anchors. What cannot be used is logged and left out: fewer anchors mean that more files wait for the owner, never that more
/// is believed.
pub(crate) fn read(folder: &Path) -> TrustAnchors {
    let mut anchors = TrustAnchors::default();
    let files = match files(folder) {
        Ok(files) => files,
        Err(error) => {
            warn!(folder = %folder.display(), %error, "no trust anchors for MUD files: every file waits for the owner");
            return anchors;
        }
    };
    for (path, is_pem) in files {
        let added = content(&path)
            .map_err(|error| error.to_string())
            .and_then(|octets| {
                let added = if is_pem {
                    anchors.add_pem(&octets).map(drop)
                } else {
                    anchors.add_der(&octets)
                };
                added.map_err(|error| error.to_string())
            });
        if let Err(error) = added {
            warn!(file = %path.display(), error, "no trust anchor for MUD files");
        }
    }
    anchors
}

/// The files that hold certificates by their names, and whether they are in PEM form.
fn files(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter_map(|path| match path.extension()?.to_str()? {
            "pem" | "crt" => Some((path, true)),
            "der" => Some((path, false)),
            _ => None,
        })
        .collect();
    files.sort_unstable();
    if files.len() > MAX_FILES {
        warn!(folder = %folder.display(), MAX_FILES, "too many trust anchors for MUD files: only the first are read");
        files.truncate(MAX_FILES);
    }
    Ok(files)
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut octets)?;
    if u64::try_from(octets.len()).is_ok_and(|length| length > MAX_SIZE) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 256 KiB"));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_holds_no_anchor() {
        assert!(read(Path::new("/nonexistent")).is_empty());
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.pem"), "nothing").unwrap();
        fs::write(folder.path().join("b.der"), [0x30, 0x80]).unwrap();
        fs::write(folder.path().join("README"), "not looked at").unwrap();
        assert!(read(folder.path()).is_empty());
    }

    #[test]
    fn only_the_first_files_by_name_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MAX_FILES + 3 {
            fs::write(folder.path().join(format!("{number:03}.pem")), "").unwrap();
        }
        let files = files(folder.path()).unwrap();
        assert_eq!(files.len(), MAX_FILES);
        assert!(files[0].0.ends_with("000.pem"));
    }
}
