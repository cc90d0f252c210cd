//! Which digests and signature algorithms are believed (RFC 5754, 4056, 8419): a table of what is accepted, not of what is refused.

use const_oid::db;
use der::{AnyRef, Decode, Encode};
use ring::digest;
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::ring as accepted;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{SignatureRefusal, certificates::oid_text};

/// What may sign certificates.
pub(super) static CHAIN: &[&dyn SignatureVerificationAlgorithm] = &[
    accepted::ECDSA_P256_SHA256,
    accepted::ECDSA_P256_SHA384,
    accepted::ECDSA_P384_SHA256,
    accepted::ECDSA_P384_SHA384,
    accepted::ED25519,
    accepted::RSA_PKCS1_2048_8192_SHA256,
    accepted::RSA_PKCS1_2048_8192_SHA384,
    accepted::RSA_PKCS1_2048_8192_SHA512,
    accepted::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    accepted::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    accepted::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    accepted::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    accepted::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    accepted::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// A digest algorithm that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// The algorithm that an identifier names. Its parameters are absent or NULL (RFC 5754 section 2).
    pub(super) fn named(identifier: &AlgorithmIdentifierOwned) -> Result<Self, SignatureRefusal> {
        if !has_no_parameters(identifier) {
            return Err(SignatureRefusal::Inconsistent);
        }
        match identifier.oid {
            db::rfc5912::ID_SHA_256 => Ok(Self::Sha256),
            db::rfc5912::ID_SHA_384 => Ok(Self::Sha384),
            db::rfc5912::ID_SHA_512 => Ok(Self::Sha512),
            other => Err(SignatureRefusal::DigestAlgorithm(oid_text(other))),
        }
    }

    /// The digest of some octets.
    pub(super) fn of(self, octets: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, octets)
    }

    /// The algorithms by which a signature over signed attributes may have been made: those that the identifier names and that use
    /// this digest. There may be two, for the identifier of ECDSA does not name the curve.
    pub(super) fn signed_with(
        self,
        identifier: &AlgorithmIdentifierOwned,
    ) -> Result<Vec<&'static dyn SignatureVerificationAlgorithm>, SignatureRefusal> {
        // RFC 3370 section 3.2: CMS may say rsaEncryption, and leave the digest to the field beside it.
        if identifier.oid == db::rfc5912::RSA_ENCRYPTION && has_no_parameters(identifier) {
            return Ok(vec![self.with_pkcs1()]);
        }
        let encoded = identifier.to_der().map_err(|_| SignatureRefusal::NotDer)?;
        let named = AnyRef::from_der(&encoded)
            .map_err(|_| SignatureRefusal::NotDer)?
            .value();
        let found: Vec<_> = self
            .algorithms()
            .iter()
            .copied()
            .filter(|known| known.signature_alg_id().as_ref() == named)
            .collect();
        if found.is_empty() {
            return Err(SignatureRefusal::SignatureAlgorithm(oid_text(identifier.oid)));
        }
        Ok(found)
    }

    fn with_pkcs1(self) -> &'static dyn SignatureVerificationAlgorithm {
        match self {
            Self::Sha256 => accepted::RSA_PKCS1_2048_8192_SHA256,
            Self::Sha384 => accepted::RSA_PKCS1_2048_8192_SHA384,
            Self::Sha512 => accepted::RSA_PKCS1_2048_8192_SHA512,
        }
    }

    fn algorithms(self) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        match self {
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
        }
    }
}

static SHA256: &[&dyn SignatureVerificationAlgorithm] = &[
    accepted::ECDSA_P256_SHA256,
    accepted::ECDSA_P384_SHA256,
    accepted::RSA_PKCS1_2048_8192_SHA256,
    accepted::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    accepted::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
];

static SHA384: &[&dyn SignatureVerificationAlgorithm] = &[
    accepted::ECDSA_P256_SHA384,
    accepted::ECDSA_P384_SHA384,
    accepted::RSA_PKCS1_2048_8192_SHA384,
    accepted::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    accepted::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
];

/// RFC 8419 section 3.1 binds Ed25519 with signed attributes to SHA-512.
static SHA512: &[&dyn SignatureVerificationAlgorithm] = &[
    accepted::ED25519,
    accepted::RSA_PKCS1_2048_8192_SHA512,
    accepted::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    accepted::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

fn has_no_parameters(identifier: &AlgorithmIdentifierOwned) -> bool {
    identifier
        .parameters
        .as_ref()
        .is_none_or(|parameters| parameters.is_null())
}
