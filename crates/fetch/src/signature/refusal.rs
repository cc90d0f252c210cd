//! Why a signature is refused, in plain words. Text from certificates in it is foreign: it is clipped here and escaped where shown.

use jiff::Timestamp;
use thiserror::Error;

use super::{MAX_CERTIFICATES, MAX_SIGNATURE_LENGTH};

/// Why a detached signature does not prove who made a MUD file (RFC 8520 section 13.2, RFC 5652, RFC 5280).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureRefusal {
    /// Longer than [`MAX_SIGNATURE_LENGTH`].
    #[error("the signature is longer than {MAX_SIGNATURE_LENGTH} octets")]
    TooLong,
    /// Text where octets were expected.
    #[error("the signature is in PEM form; RFC 8520 wants DER (openssl: -outform DER)")]
    Pem,
    /// The octets are not the one DER encoding of a CMS message, or something follows it.
    #[error("the signature is not a CMS message in DER form")]
    NotDer,
    /// A CMS message of another kind.
    #[error("the signature is a CMS message of another type than signed-data")]
    NotSignedData,
    /// What is signed is carried inside of the signature.
    #[error("the signature carries its own content; only detached signatures are accepted")]
    AttachedContent,
    /// Neither id-data nor id-ct-mudtype.
    #[error("the signature is over content of another type than data or a MUD file")]
    ContentType,
    /// Not exactly one.
    #[error("the signature has {0} signers; it must have one")]
    SignerCount(usize),
    /// None, or more than [`MAX_CERTIFICATES`].
    #[error("the signature holds {0} certificates; it must hold 1 to {MAX_CERTIFICATES}")]
    CertificateCount(usize),
    /// Version numbers or digest algorithms, which nothing protects, are not what the rest implies.
    #[error("the parts of the signature contradict each other")]
    Inconsistent,
    /// Revocation lists or unsigned attributes, which nothing protects.
    #[error("the signature holds {0}, which nothing protects")]
    Unprotected(&'static str),
    /// A certificate that neither signs nor leads to the trust anchor.
    #[error("the signature holds a certificate that does not belong to the signer's chain: {0}")]
    StrayCertificate(String),
    /// The signer's certificate is not in the signature, or is there twice.
    #[error("the signature does not hold the certificate of its signer")]
    NoSignerCertificate,
    /// Without them the digest is not bound to a content type.
    #[error("the signature has no signed attributes")]
    NoSignedAttributes,
    /// Content type or message digest is missing, doubled, or of another form.
    #[error("the signed attributes lack a proper content type and message digest")]
    SignedAttributes,
    /// Not SHA-256, SHA-384 or SHA-512.
    #[error("the digest algorithm {0} is not accepted")]
    DigestAlgorithm(String),
    /// Not RSA (PKCS #1 v1.5, or PSS with a salt as long as the digest), ECDSA or Ed25519 with the digest named beside it.
    #[error("the signature algorithm {0} is not accepted here")]
    SignatureAlgorithm(String),
    /// A key of a kind that is not accepted.
    #[error("the signer's key is not accepted: {0}")]
    PublicKey(String),
    /// Shorter than 2048 bits.
    #[error("the signer's RSA key has {0} bits; at least 2048 are needed")]
    ShortKey(u32),
    /// The file is another one than the one that was signed.
    #[error("the file is not the one that was signed")]
    DigestMismatch,
    /// The signer's key did not make this signature.
    #[error("the signature was not made with the signer's key")]
    WrongSignature,
    /// RFC 8520 section 13.2 wants the extension to be there.
    #[error("the signer's certificate has no key usage extension")]
    NoKeyUsage,
    /// RFC 8520 section 13.2 wants the bit digitalSignature.
    #[error("the signer's certificate is not meant for digital signatures")]
    NotForSignatures,
    /// An extended key usage that names neither emailProtection nor any.
    #[error("the signer's certificate, or one above it, is for another purpose, such as web servers")]
    OtherPurpose,
    /// An authority that signs files itself.
    #[error("the signer's certificate is that of a certification authority")]
    SignerIsAuthority,
    /// There is nobody whose signatures would be believed.
    #[error("no trust anchor for MUD files is configured")]
    NoTrustAnchors,
    /// No chain leads to a trust anchor.
    #[error("the signer's certificate was issued by {issuer}, which leads to no trust anchor for MUD files")]
    UnknownIssuer {
        /// The issuer that the signer's certificate names; foreign text.
        issuer: String,
    },
    /// A certificate was not signed by the authority that it names.
    #[error("a certificate of the signer's chain was not issued by the authority that it names")]
    WrongCertificateSignature,
    /// A certificate was signed with SHA-1, a short key, or the like.
    #[error("a certificate of the signer's chain is signed with an algorithm that is not accepted")]
    WeakChain,
    /// A rule of RFC 5280 section 6 does not hold.
    #[error("the signer's chain of certificates is not valid: {0}")]
    InvalidChain(&'static str),
    /// Its own case: the file was good once, and its maker has to sign it again (RFC 8520 section 13.1).
    #[error("the certificate of the signer {subject} expired on {not_after}")]
    SignerExpired {
        /// The subject; foreign text.
        subject: String,
        /// The last second of its validity.
        not_after: Timestamp,
    },
    /// The signer's certificate starts later.
    #[error("the certificate of the signer {subject} is not valid before {not_before}")]
    SignerNotYetValid {
        /// The subject; foreign text.
        subject: String,
        /// The first second of its validity.
        not_before: Timestamp,
    },
    /// A certificate above the signer's is over.
    #[error("the certificate of the authority {subject} expired on {not_after}")]
    AuthorityExpired {
        /// The subject; foreign text.
        subject: String,
        /// The last second of its validity.
        not_after: Timestamp,
    },
    /// A certificate above the signer's starts later.
    #[error("the certificate of the authority {subject} is not valid before {not_before}")]
    AuthorityNotYetValid {
        /// The subject; foreign text.
        subject: String,
        /// The first second of its validity.
        not_before: Timestamp,
    },
    /// The Thing's own certificate names another signer (id-pe-mudsigner, RFC 8520 section 11).
    #[error("the file was signed by {found}, but the Thing's certificate names {expected} as the signer")]
    OtherSigner {
        /// Whom the Thing's certificate names; foreign text.
        expected: String,
        /// Who signed; foreign text.
        found: String,
    },
}

impl SignatureRefusal {
    /// Whether the signature speaks against the file: it was tampered with, or file and signature are of different versions. In all
    /// other cases nothing is known of the file, and a person may decide.
    #[must_use]
    pub fn is_forged(&self) -> bool {
        matches!(self, Self::DigestMismatch | Self::WrongSignature)
    }
}
