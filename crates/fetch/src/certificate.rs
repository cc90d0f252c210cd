//! What the certificate of a Thing says about its MUD file (RFC 8520 section 11): the extensions id-pe-mud-url and id-pe-mudsigner.
//!
//! What it is not: a proof. Whether the certificate is the Thing's, and who vouches for it, is for whoever took it from the Thing.

use const_oid::ObjectIdentifier;
use der::{AnyRef, Decode, Tag, Tagged};
use mudguard_mud::{MudUrl, MudUrlError};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use thiserror::Error;
use x509_cert::{Certificate, ext::Extension};

use crate::signature::{SignerSubject, is_der, name_text};

/// id-pe-mud-url.
const MUD_URL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.25");
/// id-pe-mudsigner.
const MUD_SIGNER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.30");

/// The longest file that is looked at, in octets.
const MAX_LENGTH: usize = 64 * 1024;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateClaims {
    /// The subject of the certificate (RFC 4514); foreign text, clipped.
    pub subject: String,
    /// The serial number, in hexadecimal digits; one authority gives each only once.
    pub serial: String,
    /// The MUD URL.
    pub url: Option<MudUrl>,
    /// Who must have signed the MUD file.
    pub signer: Option<SignerSubject>,
}

/// Why nothing is taken from a certificate. One extension that is wrong makes the other one doubtful, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// More than any certificate has.
    #[error("it is longer than {MAX_LENGTH} octets")]
    TooLong,
    /// PEM text without a certificate.
    #[error("no certificate is in it; a line -----BEGIN CERTIFICATE----- is expected")]
    NoCertificate,
    /// The octets cannot be read.
    #[error("it holds something that is no X.509 certificate")]
    Malformed,
    /// There may be one of each (RFC 5280 section 4.2).
    #[error("the certificate has the extension {0} more than once")]
    Twice(&'static str),
    /// RFC 8520 section 11 defines an extension that is not critical.
    #[error("the certificate marks the extension {0} as critical; RFC 8520 wants it not to be")]
    Critical(&'static str),
    /// Its type is another one, or something follows it.
    #[error("the extension id-pe-mud-url is not one IA5String")]
    UrlType,
    /// What stands there is not a MUD URL that is used.
    #[error(transparent)]
    Url(#[from] MudUrlError),
    /// It is not one name.
    #[error("the extension id-pe-mudsigner is not one X.501 name")]
    SignerType,
}

/// Reads the extensions of a certificate in PEM or DER form. Of several in a PEM text, the first is the Thing's own.
///
/// # Errors
/// Why nothing is taken from it.
pub fn mud_url_of_certificate(octets: &[u8]) -> Result<CertificateClaims, CertificateError> {
    if octets.len() > MAX_LENGTH {
        return Err(CertificateError::TooLong);
    }
    let der = if is_der(octets) {
        CertificateDer::from(octets)
    } else {
        CertificateDer::pem_slice_iter(octets)
            .next()
            .ok_or(CertificateError::NoCertificate)?
            .map_err(|_| CertificateError::Malformed)?
    };
    let certificate = Certificate::from_der(&der).map_err(|_| CertificateError::Malformed)?;
    Ok(CertificateClaims {
        subject: name_text(&certificate.tbs_certificate.subject),
        serial: serial(certificate.tbs_certificate.serial_number.as_bytes()),
        url: value(&certificate, MUD_URL, "id-pe-mud-url")?
            .map(url)
            .transpose()?,
        signer: value(&certificate, MUD_SIGNER, "id-pe-mudsigner")?
            .map(signer)
            .transpose()?,
    })
}

/// Without the octet that DER puts before a great number.
fn serial(octets: &[u8]) -> String {
    let octets = match octets {
        [0, rest @ ..] if !rest.is_empty() => rest,
        octets => octets,
    };
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The octets in an extension of which there may be one.
fn value<'a>(
    certificate: &'a Certificate,
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<Option<&'a [u8]>, CertificateError> {
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    let mut found = extensions.filter(|extension| extension.extn_id == oid);
    let Some(Extension {
        critical, extn_value, ..
    }) = found.next()
    else {
        return Ok(None);
    };
    if found.next().is_some() {
        return Err(CertificateError::Twice(name));
    }
    if *critical {
        return Err(CertificateError::Critical(name));
    }
    Ok(Some(extn_value.as_bytes()))
}

fn url(octets: &[u8]) -> Result<MudUrl, CertificateError> {
    let value = AnyRef::from_der(octets).map_err(|_| CertificateError::UrlType)?;
    if value.tag() != Tag::Ia5String {
        return Err(CertificateError::UrlType);
    }
    // An octet beyond ASCII becomes a character that no URL holds: an IRI must be mapped to a URI before (RFC 8520 section 11).
    Ok(MudUrl::parse(&String::from_utf8_lossy(value.value()))?)
}

fn signer(octets: &[u8]) -> Result<SignerSubject, CertificateError> {
    SignerSubject::from_der(octets).map_err(|_| CertificateError::SignerType)
}
