//! The trust anchors for MUD files: the authorities under which signers' certificates are believed. They are never those of the web:
//! whoever may run a web server may not therefore speak for the maker of a Thing (RFC 8520 section 16).

use der::Decode;
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};
use thiserror::Error;
use webpki::anchor_from_trusted_cert;
use x509_cert::{Certificate, ext::pkix::BasicConstraints};

use super::{
    SignatureRefusal,
    certificates::{check_key, extension, key_usage, name_text, validity},
    sha256,
};

/// A set of trust anchors for MUD files.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors {
    certificates: Vec<Certificate>,
    octets: Vec<CertificateDer<'static>>,
    /// The same, in the same order, as the path builder wants it.
    anchors: Vec<TrustAnchor<'static>>,
}

/// What people are told of a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchorDescription {
    /// The subject of its certificate (RFC 4514); foreign text, clipped.
    pub subject: String,
    /// SHA-256 of its certificate in DER form.
    pub sha256: [u8; 32],
    /// The first second in which it is valid.
    pub not_before: Timestamp,
    /// The last second in which it is valid.
    pub not_after: Timestamp,
    /// Its certificate in DER form.
    pub der: Vec<u8>,
}

/// Why octets are no trust anchor.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrustAnchorError {
    /// PEM text without a certificate.
    #[error("no certificate is in it; a line -----BEGIN CERTIFICATE----- is expected")]
    NoCertificate,
    /// A certificate that cannot be read.
    #[error("it holds something that is no X.509 certificate")]
    Malformed,
    /// A signer's or a server's own certificate: a path ends at an authority.
    #[error(
        "the certificate of {0} is not that of a certification authority (basicConstraints CA:TRUE, keyCertSign)"
    )]
    NotAnAuthority(String),
    /// Nothing that it vouches for would be believed.
    #[error("the certificate of {subject} cannot vouch for anybody: {reason}")]
    Key {
        /// The subject; foreign text.
        subject: String,
        /// What is wrong with its key, in words.
        reason: String,
    },
}

impl TrustAnchors {
    /// Adds every certificate of a PEM text, or none of them. Returns how many there were.
    ///
    /// # Errors
    /// What is wrong with the text, or with the first certificate in it that cannot be an anchor.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, TrustAnchorError> {
        let mut added = Self::default();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            added.add_der(&certificate.map_err(|_| TrustAnchorError::Malformed)?)?;
        }
        if added.is_empty() {
            return Err(TrustAnchorError::NoCertificate);
        }
        let count = added.len();
        self.append(added);
        Ok(count)
    }

    /// Adds one certificate in DER form.
    ///
    /// # Errors
    /// Why it cannot be an anchor.
    pub fn add_der(&mut self, der: &[u8]) -> Result<(), TrustAnchorError> {
        let certificate = Certificate::from_der(der).map_err(|_| TrustAnchorError::Malformed)?;
        if !is_authority(&certificate) {
            let subject = name_text(&certificate.tbs_certificate.subject);
            return Err(TrustAnchorError::NotAnAuthority(subject));
        }
        let octets = CertificateDer::from(der.to_vec());
        let anchor = anchor_from_trusted_cert(&octets)
            .map_err(|_| TrustAnchorError::Malformed)?
            .to_owned();
        self.certificates.push(certificate);
        self.octets.push(octets);
        self.anchors.push(anchor);
        Ok(())
    }

    /// Adds the certificates of a file, which may be in PEM or in DER form, or none of them. Returns how many there were.
    ///
    /// # Errors
    /// As [`Self::add_pem`] and [`Self::add_der`].
    pub fn add_file(&mut self, octets: &[u8]) -> Result<usize, TrustAnchorError> {
        if is_der(octets) {
            self.add_der(octets).map(|()| 1)
        } else {
            self.add_pem(octets)
        }
    }

    /// Adds those of another set.
    pub fn append(&mut self, mut other: Self) {
        self.certificates.append(&mut other.certificates);
        self.octets.append(&mut other.octets);
        self.anchors.append(&mut other.anchors);
    }

    /// What people are told of each, in the order in which they were added.
    #[must_use]
    pub fn descriptions(&self) -> Vec<TrustAnchorDescription> {
        let described = |(certificate, octets): (&Certificate, &CertificateDer<'_>)| {
            let (not_before, not_after) = validity(certificate);
            TrustAnchorDescription {
                subject: name_text(&certificate.tbs_certificate.subject),
                sha256: sha256(octets),
                not_before,
                not_after,
                der: octets.to_vec(),
            }
        };
        self.certificates
            .iter()
            .zip(&self.octets)
            .map(described)
            .collect()
    }

    /// Whether each has a key with which something that is believed can be signed.
    ///
    /// # Errors
    /// The first that has not.
    pub fn check_keys(&self) -> Result<(), TrustAnchorError> {
        for certificate in &self.certificates {
            let certificate = &certificate.tbs_certificate;
            check_key(&certificate.subject_public_key_info).map_err(|refusal| TrustAnchorError::Key {
                subject: name_text(&certificate.subject),
                reason: key_reason(&refusal),
            })?;
        }
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.anchors.len()
    }

    /// Whether there are none, so that no signature is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.anchors.is_empty()
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }

    /// The certificate of an anchor that the path builder found.
    pub(super) fn certificate_of(&self, anchor: &TrustAnchor<'_>) -> Option<&Certificate> {
        self.anchors
            .iter()
            .position(|known| known == anchor)
            .and_then(|index| self.certificates.get(index))
    }

    pub(super) fn holds(&self, der: &[u8]) -> bool {
        self.octets.iter().any(|octets| octets.as_ref() == der)
    }
}

/// Whether octets begin as a certificate in DER form does, and no text can.
pub(crate) fn is_der(octets: &[u8]) -> bool {
    octets.starts_with(&[0x30, 0x82]) || octets.starts_with(&[0x30, 0x81])
}

fn key_reason(refusal: &SignatureRefusal) -> String {
    if let SignatureRefusal::ShortKey(bits) = refusal {
        format!("its RSA key has {bits} bits; at least 2048 are needed")
    } else if let SignatureRefusal::PublicKey(what) = refusal {
        format!("its key is not accepted: {what}")
    } else {
        refusal.to_string()
    }
}

/// Whether a certificate may sign others (RFC 5280 section 6.1.4, k and n).
pub(super) fn is_authority(certificate: &Certificate) -> bool {
    let is_ca = matches!(extension::<BasicConstraints>(certificate), Ok(Some(constraints)) if constraints.ca);
    is_ca && may_sign_certificates(certificate)
}

/// Whether the key usage, if it is there, allows to sign certificates.
pub(super) fn may_sign_certificates(certificate: &Certificate) -> bool {
    match key_usage(certificate) {
        Ok(None) => true,
        Ok(Some(usage)) => usage.key_cert_sign(),
        Err(_) => false,
    }
}
