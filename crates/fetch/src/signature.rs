//! Verification of detached CMS signatures over MUD files (RFC 8520 section 13.2, RFC 5652): octets in, verdict out.
//!
//! What it is not: it fetches nothing, reads no clock and no file, and remembers nothing. Whether a change of the signer or an older
//! file is accepted (RFC 8520 section 16) is decided by the MUD manager. Revocation lists are not consulted.

mod algorithms;
mod anchors;
mod certificates;
mod cms;
mod path;
mod refusal;

use std::fmt;

use der::{Decode, Encode};
use jiff::Timestamp;
use ring::digest;
use rustls_pki_types::CertificateDer;
use webpki::{EndEntityCert, Error};
use x509_cert::{Certificate, name::Name};

pub(crate) use self::{
    anchors::is_der,
    certificates::{first_second, name_text, unix_time},
};
pub use self::{
    anchors::{TrustAnchorDescription, TrustAnchorError, TrustAnchors},
    refusal::SignatureRefusal,
};
use self::{
    certificates::{check_key, validity},
    cms::DetachedSignature,
};
use crate::Clock;

/// The longest signature that is looked at, in octets.
pub const MAX_SIGNATURE_LENGTH: usize = 64 * 1024;

/// The most certificates that a signature may hold.
pub const MAX_CERTIFICATES: usize = 8;

/// A good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who signed.
    pub signer: Signer,
    /// Whether dates could not be judged, so that the signature must be verified again when the clock is right.
    pub provisional: bool,
}

/// Who signed a MUD file. Texts come from certificates: they are clipped, and must be escaped where they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The subject of the signer's certificate (RFC 4514).
    pub subject: String,
    /// SHA-256 of the signer's public key (SubjectPublicKeyInfo in DER form).
    pub key_sha256: [u8; 32],
    /// The authority that issued the signer's certificate.
    pub issuer: String,
    /// SHA-256 of the public key of that authority: what "the same CA" means where names prove nothing.
    pub ca: [u8; 32],
    /// The trust anchor under which it is believed.
    pub anchor: String,
    /// The last second in which the signer's certificate is valid.
    pub not_after: Timestamp,
}

/// The subject that a signer must have, taken from the extension id-pe-mudsigner of a Thing's certificate (RFC 8520 section 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerSubject(Name);

/// The octets are no X.501 name in DER form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of the signer is not an X.501 name in DER form")]
pub struct SignerSubjectError;

impl SignerSubject {
    /// Reads the value of the extension.
    ///
    /// # Errors
    /// The octets are not one name in DER form.
    pub fn from_der(octets: &[u8]) -> Result<Self, SignerSubjectError> {
        Name::from_der(octets).map(Self).map_err(|_| SignerSubjectError)
    }

    /// The octets of which [`from_der`](Self::from_der) makes the same again.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        // What was read can be written.
        self.0.to_der().unwrap_or_default()
    }
}

impl fmt::Display for SignerSubject {
    /// As RFC 4514 writes it, clipped; foreign text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name_text(&self.0))
    }
}

/// Verifies that `signature` is a detached CMS signature over exactly the octets of `content`, made by somebody whom one of the
/// `anchors` vouches for and, if the Thing's certificate names a signer, by that one.
///
/// # Errors
/// The reason for which nothing is proven.
pub fn verify(
    content: &[u8],
    signature: &[u8],
    anchors: &TrustAnchors,
    expected: Option<&SignerSubject>,
    clock: Clock,
) -> Result<Verified, SignatureRefusal> {
    let parsed = DetachedSignature::parse(signature)?;
    if parsed.digest.of(content).as_ref() != parsed.message_digest {
        return Err(SignatureRefusal::DigestMismatch);
    }
    check_signature(&parsed)?;
    let path::Way { issuer, anchor } = path::check(&parsed.signer, &parsed.others, anchors, clock)?;

    let certificate = &parsed.signer.certificate.tbs_certificate;
    let subject = name_text(&certificate.subject);
    if let Some(SignerSubject(expected)) = expected.filter(|expected| expected.0 != certificate.subject) {
        return Err(SignatureRefusal::OtherSigner {
            expected: name_text(expected),
            found: subject,
        });
    }
    let signer = Signer {
        subject,
        key_sha256: key_sha256(&parsed.signer.certificate)?,
        issuer: name_text(&certificate.issuer),
        ca: key_sha256(issuer)?,
        anchor: name_text(&anchor.tbs_certificate.subject),
        not_after: validity(&parsed.signer.certificate).1,
    };
    Ok(Verified {
        signer,
        provisional: clock.is_provisional(),
    })
}

/// SHA-256 of the public key of a certificate (SubjectPublicKeyInfo in DER form).
fn key_sha256(certificate: &Certificate) -> Result<[u8; 32], SignatureRefusal> {
    let key = certificate.tbs_certificate.subject_public_key_info.to_der();
    key.map(|key| sha256(&key)).map_err(|_| SignatureRefusal::NotDer)
}

/// SHA-256 of some octets.
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    sum
}

/// Checks the signature over the signed attributes with the signer's key.
fn check_signature(parsed: &DetachedSignature) -> Result<(), SignatureRefusal> {
    check_key(&parsed.signer.certificate.tbs_certificate.subject_public_key_info)?;
    let algorithms = parsed.digest.signed_with(&parsed.algorithm)?;
    let der: &CertificateDer<'_> = &parsed.signer.der;
    let certificate = EndEntityCert::try_from(der).map_err(|error| path::refusal(&error, &parsed.signer))?;
    let fits = |error: &Error| !matches!(error, Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_));
    let mut refused =
        SignatureRefusal::SignatureAlgorithm("of another kind than the signer's key".to_owned());
    for algorithm in algorithms {
        match certificate.verify_signature(algorithm, &parsed.signed, &parsed.signature) {
            Ok(()) => return Ok(()),
            Err(error) if fits(&error) => refused = SignatureRefusal::WrongSignature,
            Err(_) => {}
        }
    }
    Err(refused)
}
