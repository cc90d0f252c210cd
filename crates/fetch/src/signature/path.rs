//! Whether a signer's certificate leads to a trust anchor, may sign MUD files, and is in force (RFC 5280 section 6, RFC 8520
//! section 13.2). Paths are built by webpki, which leaves key usage, dates of anchors and the choice of the time to us.

use const_oid::{
    ObjectIdentifier,
    db::rfc5912::{ANY_EXTENDED_KEY_USAGE, ID_KP_EMAIL_PROTECTION},
};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter, KeyUsage,
    RequiredEkuNotFoundContext, VerifiedPath,
};
use x509_cert::Certificate;

use super::{
    SignatureRefusal, TrustAnchors,
    algorithms::CHAIN,
    anchors::may_sign_certificates,
    certificates::{key_usage, name_text, unix_time, validity},
    cms::Carried,
};
use crate::Clock;

/// The way from a signer to a trust anchor.
pub(super) struct Way<'a> {
    /// Who issued the signer's certificate; the anchor itself, if nobody stands between.
    pub(super) issuer: &'a Certificate,
    pub(super) anchor: &'a Certificate,
}

/// Checks the chain from the signer to a trust anchor.
pub(super) fn check<'a>(
    signer: &Carried,
    others: &'a [Carried],
    anchors: &'a TrustAnchors,
    clock: Clock,
) -> Result<Way<'a>, SignatureRefusal> {
    if anchors.is_empty() {
        return Err(SignatureRefusal::NoTrustAnchors);
    }
    match key_usage(&signer.certificate)? {
        None => return Err(SignatureRefusal::NoKeyUsage),
        Some(usage) if !usage.digital_signature() => return Err(SignatureRefusal::NotForSignatures),
        Some(_) => {}
    }
    let leaf = EndEntityCert::try_from(&signer.der).map_err(|error| refusal(&error, signer))?;
    let intermediates: Vec<CertificateDer<'_>> = others.iter().map(|other| other.der.clone()).collect();
    let path = find(&leaf, &intermediates, &times(signer, others, clock), anchors)
        .map_err(|error| refusal(&error, signer))?;

    let anchor = anchors
        .certificate_of(path.anchor())
        .ok_or(SignatureRefusal::NoTrustAnchors)?;
    let mut authorities = Vec::new();
    for other in others {
        let on_path = path
            .intermediate_certificates()
            .any(|authority| authority.der() == other.der);
        if !on_path && !anchors.holds(&other.der) {
            let subject = name_text(&other.certificate.tbs_certificate.subject);
            return Err(SignatureRefusal::StrayCertificate(subject));
        }
        if on_path && !may_sign_certificates(&other.certificate) {
            return Err(SignatureRefusal::InvalidChain(
                "an authority in it may not issue certificates",
            ));
        }
        if on_path {
            authorities.push(&other.certificate);
        }
    }
    authorities.push(anchor);
    if let Clock::Valid(now) = clock {
        check_dates(&signer.certificate, &authorities, now)?;
    }
    let first = path.intermediate_certificates().next();
    let issuer = first.and_then(|first| others.iter().find(|other| first.der() == other.der));
    Ok(Way {
        issuer: issuer.map_or(anchor, |issuer| &issuer.certificate),
        anchor,
    })
}

/// The times at which a path is looked for. Dates are judged once a path is known, so that a good signature whose time has passed is
/// told from a bad one. If a path is valid at any time at all, it is at the start of one of its certificates.
fn times(signer: &Carried, others: &[Carried], clock: Clock) -> Vec<Timestamp> {
    let starts = [signer]
        .into_iter()
        .chain(others)
        .map(|carried| validity(&carried.certificate).0);
    [clock.now()].into_iter().chain(starts).collect()
}

fn find<'p>(
    leaf: &'p EndEntityCert<'p>,
    intermediates: &'p [CertificateDer<'p>],
    times: &[Timestamp],
    anchors: &'p TrustAnchors,
) -> Result<VerifiedPath<'p>, Error> {
    let mut found = Err(Error::UnknownIssuer);
    for time in times {
        found = leaf.verify_for_usage(
            CHAIN,
            anchors.anchors(),
            intermediates,
            unix_time(*time),
            FileSigning,
            None,
            None,
        );
        if !matches!(
            found,
            Err(Error::CertExpired { .. } | Error::CertNotValidYet { .. })
        ) {
            break;
        }
    }
    found
}

fn check_dates(
    signer: &Certificate,
    authorities: &[&Certificate],
    now: Timestamp,
) -> Result<(), SignatureRefusal> {
    let (not_before, not_after) = validity(signer);
    let subject = name_text(&signer.tbs_certificate.subject);
    if now.as_second() > not_after.as_second() {
        return Err(SignatureRefusal::SignerExpired { subject, not_after });
    }
    if now < not_before {
        return Err(SignatureRefusal::SignerNotYetValid { subject, not_before });
    }
    for authority in authorities {
        let (not_before, not_after) = validity(authority);
        let subject = name_text(&authority.tbs_certificate.subject);
        if now.as_second() > not_after.as_second() {
            return Err(SignatureRefusal::AuthorityExpired { subject, not_after });
        }
        if now < not_before {
            return Err(SignatureRefusal::AuthorityNotYetValid { subject, not_before });
        }
    }
    Ok(())
}

/// What a signer's certificate, and each one above it, may be for: RFC 8520 says nothing, so no purpose at all, e-mail (what CMS is
/// usually for) or any purpose. A certificate for web servers only is none for MUD files.
struct FileSigning;

static EMAIL: ObjectIdentifier = ID_KP_EMAIL_PROTECTION;
static ANY: ObjectIdentifier = ANY_EXTENDED_KEY_USAGE;

impl ExtendedKeyUsageValidator for FileSigning {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let (email, any) = (
            KeyPurposeId::new(EMAIL.as_bytes()),
            KeyPurposeId::new(ANY.as_bytes()),
        );
        let mut present = Vec::new();
        for purpose in purposes {
            let purpose = purpose?;
            if purpose == email || purpose == any {
                return Ok(());
            }
            present.push(purpose.to_decoded_oid());
        }
        if present.is_empty() {
            return Ok(());
        }
        let required = KeyUsage::required_if_present(EMAIL.as_bytes());
        Err(Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext {
            required,
            present,
        }))
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open; every other error is a malformed certificate to us"
)]
pub(super) fn refusal(error: &Error, signer: &Carried) -> SignatureRefusal {
    match error {
        Error::UnknownIssuer => SignatureRefusal::UnknownIssuer {
            issuer: name_text(&signer.certificate.tbs_certificate.issuer),
        },
        Error::CaUsedAsEndEntity => SignatureRefusal::SignerIsAuthority,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => SignatureRefusal::OtherPurpose,
        Error::InvalidSignatureForPublicKey | Error::SignatureAlgorithmMismatch => {
            SignatureRefusal::WrongCertificateSignature
        }
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => SignatureRefusal::WeakChain,
        Error::EndEntityUsedAsCa => {
            SignatureRefusal::InvalidChain("a certificate in it is not that of an authority")
        }
        Error::PathLenConstraintViolated | Error::MaximumPathDepthExceeded => {
            SignatureRefusal::InvalidChain("it is longer than an authority in it allows")
        }
        Error::NameConstraintViolation => {
            SignatureRefusal::InvalidChain("an authority in it may not issue certificates for this name")
        }
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } | Error::InvalidCertValidity => {
            SignatureRefusal::InvalidChain("there is no time at which all of it is valid")
        }
        Error::MaximumSignatureChecksExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => {
            SignatureRefusal::InvalidChain("it is too complex to be checked")
        }
        Error::UnsupportedCriticalExtension => SignatureRefusal::InvalidChain(
            "a certificate in it has a critical extension that is not understood",
        ),
        Error::UnsupportedCertVersion => {
            SignatureRefusal::InvalidChain("a certificate in it is not of version 3")
        }
        _ => SignatureRefusal::InvalidChain("a certificate in it is malformed"),
    }
}
