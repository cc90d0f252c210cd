//! HTTPS retrieval of MUD files and verification of their CMS signatures (RFC 8520 sections 1.6 and 13.2).
//!
//! What it is not: it decides neither when a file is retrieved nor whether it takes hold (the MUD manager does), it gives the file no
//! meaning, and it resolves no names (it is given a [`NameLookup`]).

mod certificate;
mod clock;
mod import;
mod retrieval;
mod signature;

pub use certificate::{CertificateClaims, CertificateError, mud_url_of_certificate};
pub use clock::Clock;
pub use import::{ImportError, judge_import};
pub use retrieval::{
    Doubt, FetchError, Limits, Lookup, LookupError, NameLookup, Outcome, Place, Refusal, Request, Resource,
    RetrievedFile, Retriever, TlsRoots, TlsRootsError, TransientCause, UntrustedCause, UnverifiedFile,
    VerifiedFile,
};
pub use signature::{
    MAX_CERTIFICATES, MAX_SIGNATURE_LENGTH, SignatureRefusal, Signer, SignerSubject, SignerSubjectError,
    TrustAnchorDescription, TrustAnchorError, TrustAnchors, Verified, verify,
};
