//! HTTPS retrieval of MUD files and verification of their CMS signatures (RFC 8520 sections 1.6 and 13.2).
//!
//! What it is not: it decides neither when a file is retrieved nor whether it takes hold (the MUD manager does), it gives the file no
//! meaning, and it resolves no names.

mod clock;
mod signature;

pub use clock::Clock;
pub use signature::{
    MAX_CERTIFICATES, MAX_SIGNATURE_LENGTH, SignatureRefusal, Signer, SignerSubject, SignerSubjectError,
    TrustAnchorError, TrustAnchors, Verified, verify,
};
