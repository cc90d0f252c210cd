//! The trust anchors for MUD files: the authorities under which signers' certificates are believed. They are never those of the web:
//! whoever may run a web server may not therefore speak for the maker of a Thing (RFC 8520 section 16).

use der::Decode;
use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};
use thiserror::Error;
use webpki::anchor_from_trusted_cert;
use x509_cert::{Certificate, ext::pkix::BasicConstraints};

use super::certificates::{extension, key_usage, name_text};

/// A set of trust anchors for MUD files.
#[derive(Clone, Debug, Default)]
pub struct TrustAnchors {
    certificates: Vec<Certificate>,
    octets: Vec<CertificateDer<'static>>,
    /// The same, in the same order, as the path builder wants it.
    anchors: Vec<TrustAnchor<'static>>,
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
        self.certificates.append(&mut added.certificates);
        self.octets.append(&mut added.octets);
        self.anchors.append(&mut added.anchors);
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
