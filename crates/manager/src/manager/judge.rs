//! What a file is worth beside the one in force: how it is read, whether it is a replay, whether another vouches for it.

use mudguard_mud::{Dialect, Finding, Limits, MudFile, Severity, parse};

use crate::{FileInForce, Trust};

/// Reads a file as RFC 8520 says or, failing that, as files are found in the wild; the latter is no file as made.
pub(super) fn read(bytes: &[u8]) -> Result<(MudFile, Vec<Finding>, bool), String> {
    let limits = Limits::default();
    let strict = parse(bytes, &limits, Dialect::Strict);
    if let Some(file) = strict.file {
        return Ok((file, strict.findings, true));
    }
    let community = parse(bytes, &limits, Dialect::Community);
    match community.file {
        Some(file) => Ok((file, community.findings, false)),
        None => Err(community
            .findings
            .iter()
            .find(|finding| finding.severity == Severity::Error)
            .map_or_else(|| "the file cannot be read".to_owned(), ToString::to_string)),
    }
}

/// RFC 8520 section 3.4: a file that is older than the one in force is a replay.
pub(super) fn rollback(old: &FileInForce, new: &MudFile) -> Option<String> {
    (new.last_update < old.file.last_update).then(|| {
        format!(
            "the file is from {}, older than the one in force ({})",
            new.last_update, old.file.last_update
        )
    })
}

pub(super) fn other_signer(old: &Trust, new: &Trust) -> Option<String> {
    match (old, new) {
        (Trust::Signed { signer: old, .. }, Trust::Signed { signer: new, .. }) => {
            (old != new).then(|| format!("it was signed by {old} and is now signed by {new}"))
        }
        _ => None,
    }
}

pub(super) fn same_kind(old: &Trust, new: &Trust) -> bool {
    match (old, new) {
        (Trust::Signed { signer: old, .. }, Trust::Signed { signer: new, .. }) => old == new,
        (Trust::Approved { .. }, Trust::Approved { .. }) => true,
        (Trust::Signed { .. }, Trust::Approved { .. }) | (Trust::Approved { .. }, Trust::Signed { .. }) => {
            false
        }
    }
}
