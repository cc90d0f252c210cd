//! A MUD file that was brought by hand, for a home without the internet: judged as a retrieved one is (RFC 8520 sections 1.6 and 13.2).
//!
//! What it is not: it reads no files and asks nobody. Which URL it is for is what the file says: there is no request to compare it with.

use std::sync::Arc;

use mudguard_mud::{OutlineError, outline};
use thiserror::Error;

use crate::{
    Clock, Doubt, Limits, Outcome, RetrievedFile, SignatureRefusal, SignerSubject, TrustAnchors,
    UnverifiedFile, Verified, VerifiedFile, signature::sha256, verify,
};

/// Why a file that was brought is not taken, whoever would approve it.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It is longer than a retrieved one may be.
    #[error("the file is longer than {0} octets")]
    TooLarge(usize),
    /// The signature is longer than a retrieved one may be.
    #[error("the signature is longer than {0} octets")]
    SignatureTooLarge(usize),
    /// It cannot be read far enough to find its URL.
    #[error("it is not a MUD file: {0}")]
    NotAMudFile(OutlineError),
    /// The file was tampered with, or the signature is that of another one.
    #[error("the signature is wrong: {0}")]
    Forged(SignatureRefusal),
}

/// Judges a file and its detached signature, if it was brought with one, under `anchors` and at the time of `clock`; `signer` says who must have
/// signed the file of a URL, if the certificate of its Thing does. The outcome is never [`Outcome::Unchanged`].
///
/// # Errors
/// Why it is not taken.
pub fn judge_import(
    file: Vec<u8>,
    signature: Option<&[u8]>,
    anchors: &TrustAnchors,
    signer: Option<&SignerSubject>,
    clock: Clock,
) -> Result<Outcome, ImportError> {
    let limits = Limits::default();
    if file.len() > limits.file_octets {
        return Err(ImportError::TooLarge(limits.file_octets));
    }
    if signature.is_some_and(|signature| signature.len() > limits.signature_octets) {
        return Err(ImportError::SignatureTooLarge(limits.signature_octets));
    }
    let outline = outline(&file).map_err(ImportError::NotAMudFile)?;
    let file = RetrievedFile {
        url: outline.mud_url,
        sha256: sha256(&file),
        bytes: Arc::from(file),
        // The next retrieval must not be told that nothing has changed since.
        etag: None,
        last_modified: None,
        retrieved: clock.now(),
    };
    let unverified = |file, doubt| Ok(Outcome::Unverified(UnverifiedFile { file, doubt }));
    let Some(signature) = signature else {
        let doubt = match outline.mud_signature {
            Some(_) => Doubt::SignatureNotBrought,
            None => Doubt::Unsigned,
        };
        return unverified(file, doubt);
    };
    match verify(&file.bytes, signature, anchors, signer, clock) {
        Ok(Verified { signer, provisional }) => Ok(Outcome::Verified(VerifiedFile {
            file,
            signer,
            provisional,
        })),
        Err(refusal) if refusal.is_forged() => Err(ImportError::Forged(refusal)),
        Err(refusal) => unverified(file, Doubt::Signature(refusal)),
    }
}
