//! From the errors of the HTTPS library to what they mean for a retrieval.

use std::{error::Error, io};

use rustls::CertificateError;

use super::{FetchError, Limits, Place, Refusal, TransientCause, UntrustedCause, wire::Meter};

/// Why a request, or the reading of its answer, ended early.
pub(super) fn failure(place: &Place, error: &reqwest::Error, limits: &Limits, meter: &Meter) -> FetchError {
    if meter.left() == 0 {
        return place.refused(Refusal::TooMuch(limits.octets));
    }
    if let Some(kind) = meter.refused() {
        return place.transient(TransientCause::NoConnection(kind));
    }
    let cause = match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            return FetchError::Untrusted {
                place: place.clone(),
                cause: untrusted(error),
            };
        }
        Some(_) => TransientCause::Handshake,
        None if error.is_timeout() && error.is_connect() => TransientCause::Stalled(limits.connect),
        None if error.is_timeout() => TransientCause::Stalled(limits.idle),
        None if error.is_connect() => {
            let kind = find::<io::Error>(error).map_or(io::ErrorKind::Other, io::Error::kind);
            TransientCause::NoConnection(kind)
        }
        None => TransientCause::Broken,
    };
    place.transient(cause)
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open; all else is one thing to the owner"
)]
fn untrusted(error: &CertificateError) -> UntrustedCause {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            UntrustedCause::WrongName
        }
        CertificateError::UnknownIssuer => UntrustedCause::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => UntrustedCause::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            UntrustedCause::NotYetValid
        }
        _ => UntrustedCause::Invalid,
    }
}

/// The first error of a type among the causes of another. An [`io::Error`] hides the error that it was made from.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let cause = inner
        .map(|inner| inner as &(dyn Error + 'static))
        .or_else(|| error.source());
    cause.and_then(find)
}
