//! From octets to the parts of a detached CMS signature (RFC 5652 section 5), in the one form that is accepted. No part of it may be
//! left that nothing protects, and nothing here says whether the signature is right: that is for `signature` and `path`.

use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    revocation::RevocationInfoChoices,
    signed_data::{
        DigestAlgorithmIdentifiers, EncapsulatedContentInfo, SignedAttributes, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use const_oid::{ObjectIdentifier, db::rfc5911};
use der::{Any, Decode, Encode, Sequence, asn1::OctetString};
use rustls_pki_types::CertificateDer;
use x509_cert::{Certificate, ext::pkix::SubjectKeyIdentifier, spki::AlgorithmIdentifierOwned};

use super::{
    MAX_CERTIFICATES, MAX_SIGNATURE_LENGTH, SignatureRefusal, algorithms::Digest, certificates::extension,
};

/// A certificate, and the octets it was read from.
pub(super) struct Carried {
    pub(super) certificate: Certificate,
    pub(super) der: CertificateDer<'static>,
}

/// A detached signature with one signer.
pub(super) struct DetachedSignature {
    pub(super) signer: Carried,
    /// The certificates beside the signer's.
    pub(super) others: Vec<Carried>,
    pub(super) digest: Digest,
    /// The digest of the content, as the signer says.
    pub(super) message_digest: Vec<u8>,
    /// What is signed: the attributes as a SET OF (RFC 5652 section 5.4).
    pub(super) signed: Vec<u8>,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: Vec<u8>,
}

impl DetachedSignature {
    /// Takes a signature apart.
    pub(super) fn parse(octets: &[u8]) -> Result<Self, SignatureRefusal> {
        if octets.len() > MAX_SIGNATURE_LENGTH {
            return Err(SignatureRefusal::TooLong);
        }
        if octets.starts_with(b"-----BEGIN") {
            return Err(SignatureRefusal::Pem);
        }
        let data = signed_data(octets)?;
        check_content(&data)?;
        let [info] = data.signer_infos.0.as_slice() else {
            return Err(SignatureRefusal::SignerCount(data.signer_infos.0.len()));
        };
        if !is_canonical(octets, &data).unwrap_or(false) {
            return Err(SignatureRefusal::NotDer);
        }
        check_unprotected(&data, info)?;
        let digest = Digest::named(&info.digest_alg)?;
        let attributes = info
            .signed_attrs
            .as_ref()
            .ok_or(SignatureRefusal::NoSignedAttributes)?;
        if attribute::<ObjectIdentifier>(attributes, rfc5911::ID_CONTENT_TYPE)?
            != data.encap_content_info.econtent_type
        {
            return Err(SignatureRefusal::SignedAttributes);
        }
        let message_digest = attribute::<OctetString>(attributes, rfc5911::ID_MESSAGE_DIGEST)?.into_bytes();
        let signed = attributes.to_der().map_err(|_| SignatureRefusal::NotDer)?;
        let (signer, others) = certificates(&data, &info.sid)?;
        Ok(Self {
            signer,
            others,
            digest,
            message_digest,
            signed,
            algorithm: info.signature_algorithm.clone(),
            signature: info.signature.as_bytes().to_vec(),
        })
    }
}

/// SignedData as in RFC 5652 section 5.1. Unlike that of the `cms` crate it keeps the certificates in the order in which they came:
/// the crate sorts them by a rule that is not the one of DER, and so could not tell the one proper encoding from others.
#[derive(Sequence)]
struct SignedData {
    version: CmsVersion,
    digest_algorithms: DigestAlgorithmIdentifiers,
    encap_content_info: EncapsulatedContentInfo,
    #[asn1(
        context_specific = "0",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    certificates: Option<Vec<CertificateChoices>>,
    #[asn1(
        context_specific = "1",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    crls: Option<RevocationInfoChoices>,
    signer_infos: SignerInfos,
}

fn signed_data(octets: &[u8]) -> Result<SignedData, SignatureRefusal> {
    let info = ContentInfo::from_der(octets).map_err(|_| SignatureRefusal::NotDer)?;
    if info.content_type != rfc5911::ID_SIGNED_DATA {
        return Err(SignatureRefusal::NotSignedData);
    }
    info.content.decode_as().map_err(|_| SignatureRefusal::NotDer)
}

/// Whether the octets are the one encoding of what was read from them: the decoder also takes sets in any order, and defaults that
/// are written out.
fn is_canonical(octets: &[u8], data: &SignedData) -> der::Result<bool> {
    let certificates = data
        .certificates
        .iter()
        .flatten()
        .map(Encode::to_der)
        .collect::<der::Result<Vec<_>>>()?;
    let content = Any::encode_from(data)?;
    let again = ContentInfo {
        content_type: rfc5911::ID_SIGNED_DATA,
        content,
    }
    .to_der()?;
    Ok(again == octets && certificates.is_sorted_by(|one, next| one < next))
}

fn check_content(data: &SignedData) -> Result<(), SignatureRefusal> {
    if data.encap_content_info.econtent.is_some() {
        return Err(SignatureRefusal::AttachedContent);
    }
    match data.encap_content_info.econtent_type {
        rfc5911::ID_DATA | ID_CT_MUDTYPE => Ok(()),
        _ => Err(SignatureRefusal::ContentType),
    }
}

/// Nothing signs the version numbers, the list of digest algorithms, the revocation lists and the unsigned attributes. The first two
/// follow from the rest (RFC 5652 sections 5.1 and 5.3), the others are not used.
fn check_unprotected(data: &SignedData, info: &SignerInfo) -> Result<(), SignatureRefusal> {
    if data.crls.is_some() {
        return Err(SignatureRefusal::Unprotected("revocation lists"));
    }
    if info.unsigned_attrs.is_some() {
        return Err(SignatureRefusal::Unprotected("unsigned attributes"));
    }
    let of_signer = match info.sid {
        SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
        SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
    };
    let of_data = match data.encap_content_info.econtent_type {
        rfc5911::ID_DATA => of_signer,
        _ => CmsVersion::V3,
    };
    let algorithms = data.digest_algorithms.as_slice();
    if info.version != of_signer || data.version != of_data || algorithms != [info.digest_alg.clone()] {
        return Err(SignatureRefusal::Inconsistent);
    }
    Ok(())
}

/// The value of an attribute that must be there once, with one value (RFC 5652 section 11).
fn attribute<'a, T>(attributes: &'a SignedAttributes, oid: ObjectIdentifier) -> Result<T, SignatureRefusal>
where
    T: der::Choice<'a> + der::DecodeValue<'a>,
{
    let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(SignatureRefusal::SignedAttributes);
    };
    let [value] = attribute.values.as_slice() else {
        return Err(SignatureRefusal::SignedAttributes);
    };
    value.decode_as().map_err(|_| SignatureRefusal::SignedAttributes)
}

/// The signer's certificate, and the others.
fn certificates(
    data: &SignedData,
    signer: &SignerIdentifier,
) -> Result<(Carried, Vec<Carried>), SignatureRefusal> {
    let set = data.certificates.as_deref().unwrap_or_default();
    if set.is_empty() || set.len() > MAX_CERTIFICATES {
        return Err(SignatureRefusal::CertificateCount(set.len()));
    }
    let mut of_signer = Vec::new();
    let mut others = Vec::new();
    for choice in set {
        let CertificateChoices::Certificate(certificate) = choice else {
            return Err(SignatureRefusal::StrayCertificate(
                "a certificate of another format".to_owned(),
            ));
        };
        let der = certificate.to_der().map_err(|_| SignatureRefusal::NotDer)?.into();
        let carried = Carried {
            certificate: certificate.clone(),
            der,
        };
        if is_named(certificate, signer) {
            of_signer.push(carried)
        } else {
            others.push(carried)
        }
    }
    match (of_signer.pop(), of_signer.is_empty()) {
        (Some(signer), true) => Ok((signer, others)),
        _ => Err(SignatureRefusal::NoSignerCertificate),
    }
}

fn is_named(certificate: &Certificate, signer: &SignerIdentifier) -> bool {
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            id.issuer == certificate.tbs_certificate.issuer
                && id.serial_number == certificate.tbs_certificate.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => {
            matches!(extension::<SubjectKeyIdentifier>(certificate), Ok(Some(own)) if own == *id)
        }
    }
}

/// id-ct-mudtype (RFC 8520 section 17.4).
const ID_CT_MUDTYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.41");
