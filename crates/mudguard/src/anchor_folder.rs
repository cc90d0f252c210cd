//! The files in the folder of trust anchors for MUD files: which of them count, and what is in them. The gateway and the command line
//! read them alike.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use mudguard_fetch::TrustAnchors;

/// The most files of the folder that are read, in the order of their names.
pub(crate) const MAX_FILES: usize = 64;

/// The longest file that is read, in octets.
const MAX_SIZE: u64 = 256 * 1024;

/// The files that hold certificates by their names, in order; those after the first [`MAX_FILES`] do not count.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("pem" | "crt" | "der"))
        })
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// The anchors in a file, all of them or none.
///
/// # Errors
/// Why there are none, in words.
pub(crate) fn read(path: &Path) -> Result<TrustAnchors, String> {
    let mut anchors = TrustAnchors::default();
    let octets = content(path).map_err(|error| error.to_string())?;
    anchors.add_file(&octets).map_err(|error| error.to_string())?;
    Ok(anchors)
}

/// The octets of a file.
///
/// # Errors
/// If it cannot be read, or is too long.
pub(crate) fn content(path: &Path) -> io::Result<Vec<u8>> {
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
    fn files_count_by_their_names_and_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.pem", "c.crt", "a.der", "README", ".d.pem.new", "e.pem.bak"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = files(folder.path())
            .unwrap()
            .into_iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["a.der", "b.pem", "c.crt"]);
    }

    #[test]
    fn what_is_no_certificate_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = |octets: &[u8]| {
            let path = folder.path().join("a.pem");
            fs::write(&path, octets).unwrap();
            read(&path).unwrap_err()
        };
        assert!(file(b"nothing").contains("BEGIN CERTIFICATE"));
        assert!(file(&[0x30, 0x82, 0, 0]).contains("no X.509 certificate"));
        assert!(file(&[b'x'; 262_145]).contains("256 KiB"));
    }
}
