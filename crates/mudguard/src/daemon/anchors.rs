//! The folder of trust anchors for MUD files, read anew for each retrieval: a certificate laid there counts from then on.

use std::path::Path;

use mudguard_fetch::TrustAnchors;
use tracing::warn;

use crate::anchor_folder::{self, MAX_FILES};

/// Reads the anchors. What cannot be used is logged and left out: fewer anchors mean that more files wait for the owner, never that more
/// is believed.
pub(crate) fn read(folder: &Path) -> TrustAnchors {
    let mut anchors = TrustAnchors::default();
    let files = match anchor_folder::files(folder) {
        Ok(files) => files,
        Err(error) => {
            warn!(folder = %folder.display(), %error, "no trust anchors for MUD files: every file waits for the owner");
            return anchors;
        }
    };
    if files.len() > MAX_FILES {
        warn!(folder = %folder.display(), MAX_FILES, "too many trust anchors for MUD files: only the first are read");
    }
    for path in files.iter().take(MAX_FILES) {
        match anchor_folder::read(path) {
            Ok(read) => anchors.append(read),
            Err(error) => warn!(file = %path.display(), error, "no trust anchor for MUD files"),
        }
    }
    anchors
}

#[cfg(test)]
mod tests {
    use std::fs;

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
}
