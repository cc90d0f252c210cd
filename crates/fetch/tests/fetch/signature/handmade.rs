//! Signatures that openssl does not make: taken apart, changed and put together again, or put together from their parts.

use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    revocation::RevocationInfoChoices,
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
    },
};
use const_oid::{ObjectIdentifier, db::rfc5911, db::rfc5912, db::rfc8410};
use der::{
    Any, Decode, Encode,
    asn1::{OctetString, SetOfVec},
};
use mudguard_fetch::{SignatureRefusal as Refusal, Verified};
use x509_cert::{Certificate, attr::Attribute, spki::AlgorithmIdentifierOwned};

use super::{FILE, check, is_accepted};
use crate::openssl::{Identity, Key, Request, Workshop, text};

fn pack(data: &SignedData) -> Vec<u8> {
    let content = Any::encode_from(data).unwrap();
    ContentInfo {
        content_type: rfc5911::ID_SIGNED_DATA,
        content,
    }
    .to_der()
    .unwrap()
}

/// What becomes of a good signature that is changed in this way.
fn changed(
    options: &str,
    change: impl FnOnce(&mut SignedData, &mut SignerInfo),
) -> Result<Verified, Refusal> {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signature = workshop.sign_with(FILE, &workshop.signer(&authority), options);
    let mut data: SignedData = ContentInfo::from_der(&signature)
        .unwrap()
        .content
        .decode_as()
        .unwrap();
    assert!(check(&pack(&data), &authority).is_ok(), "unchanged it is good");
    let mut info = data.signer_infos.0.get(0).unwrap().clone();
    change(&mut data, &mut info);
    data.signer_infos = SignerInfos(vec![info].try_into().unwrap());
    check(&pack(&data), &authority)
}

fn attributes_changed(change: impl FnOnce(&mut Vec<Attribute>)) -> Result<Verified, Refusal> {
    changed("", |_, info| {
        let mut attributes = info.signed_attrs.take().unwrap().into_vec();
        change(&mut attributes);
        info.signed_attrs = Some(attributes.try_into().unwrap());
    })
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Attribute {
    Attribute {
        oid,
        values: SetOfVec::try_from(vec![value]).unwrap(),
    }
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

#[test]
fn version_numbers_that_do_not_fit() {
    for version in [CmsVersion::V0, CmsVersion::V3, CmsVersion::V5] {
        assert_eq!(
            changed("", |data, _| data.version = version),
            Err(Refusal::Inconsistent)
        );
        assert_eq!(
            changed("", |_, info| info.version = version),
            Err(Refusal::Inconsistent)
        );
    }
    assert_eq!(
        changed("-keyid", |_, info| info.version = CmsVersion::V1),
        Err(Refusal::Inconsistent)
    );
}

#[test]
fn a_list_of_digest_algorithms_that_does_not_fit() {
    let (sha256, sha384) = (algorithm(rfc5912::ID_SHA_256), algorithm(rfc5912::ID_SHA_384));
    for list in [vec![], vec![sha384.clone()], vec![sha256, sha384]] {
        let verdict = changed("", |data, _| data.digest_algorithms = list.try_into().unwrap());
        assert_eq!(verdict, Err(Refusal::Inconsistent));
    }
}

#[test]
fn a_digest_algorithm_with_parameters() {
    let with = |parameters: Any| {
        changed("", |data, info| {
            info.digest_alg.parameters = Some(parameters);
            data.digest_algorithms = vec![info.digest_alg.clone()].try_into().unwrap();
        })
    };
    is_accepted(with(Any::null()));
    let other = Any::encode_from(&OctetString::new([0]).unwrap()).unwrap();
    assert_eq!(with(other), Err(Refusal::Inconsistent));
}

#[test]
fn unsigned_attributes() {
    let unsigned = attribute(rfc5911::ID_SIGNING_TIME, Any::null());
    let verdict = changed("", |_, info| {
        info.unsigned_attrs = Some(vec![unsigned].try_into().unwrap())
    });
    assert_eq!(verdict, Err(Refusal::Unprotected("unsigned attributes")));
}

#[test]
fn revocation_lists() {
    let verdict = changed("", |data, _| {
        data.crls = Some(RevocationInfoChoices(SetOfVec::default()))
    });
    assert_eq!(verdict, Err(Refusal::Unprotected("revocation lists")));
}

#[test]
fn another_content_type_than_the_signed_one() {
    let verdict = changed("-econtent_type 1.2.840.113549.1.9.16.1.41", |data, _| {
        data.encap_content_info.econtent_type = rfc5911::ID_DATA;
        data.version = CmsVersion::V1;
    });
    assert_eq!(verdict, Err(Refusal::SignedAttributes));
}

#[test]
fn signed_attributes_that_are_missing_or_doubled() {
    for oid in [rfc5911::ID_CONTENT_TYPE, rfc5911::ID_MESSAGE_DIGEST] {
        let missing = attributes_changed(|attributes| attributes.retain(|attribute| attribute.oid != oid));
        assert_eq!(missing, Err(Refusal::SignedAttributes));
        let doubled = attributes_changed(|attributes| attributes.push(attribute(oid, Any::null())));
        assert_eq!(doubled, Err(Refusal::SignedAttributes));
        let two_values = attributes_changed(|attributes| {
            let attribute = attributes
                .iter_mut()
                .find(|attribute| attribute.oid == oid)
                .unwrap();
            attribute.values.insert(Any::null()).unwrap();
        });
        assert_eq!(two_values, Err(Refusal::SignedAttributes));
    }
}

#[test]
fn a_signed_attribute_more() {
    let verdict =
        attributes_changed(|attributes| attributes.push(attribute(rfc5912::ID_SHA_256, Any::null())));
    assert_eq!(verdict, Err(Refusal::WrongSignature));
}

#[test]
fn certificates_in_another_order_than_that_of_der() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signer = workshop.signer(&authority);
    let mut signature = workshop.sign_with_chain(FILE, &signer, &[&authority]);
    is_accepted(check(&signature, &authority));
    let mut certificates = [workshop.der(&signer), workshop.der(&authority)];
    certificates.sort();
    let ordered = certificates.concat();
    let at = signature
        .windows(ordered.len())
        .position(|window| window == ordered)
        .unwrap();
    certificates.reverse();
    signature[at..at + ordered.len()].copy_from_slice(&certificates.concat());
    assert_eq!(check(&signature, &authority), Err(Refusal::NotDer));
}

/// openssl 3.0 makes no CMS signatures with Ed25519, so the parts come from it and the message from here (RFC 8419).
#[test]
fn ed25519() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signer = workshop.issue(
        &authority,
        Request {
            key: Key::Ed25519,
            ..Request::default()
        },
    );
    let signature = signature_with_ed25519(&workshop, &signer, rfc5912::ID_SHA_512, "sha512");
    is_accepted(check(&signature, &authority));
    let signature = signature_with_ed25519(&workshop, &signer, rfc5912::ID_SHA_256, "sha256");
    let refused = Refusal::SignatureAlgorithm("id-Ed25519".to_owned());
    assert_eq!(check(&signature, &authority), Err(refused));
}

fn signature_with_ed25519(
    workshop: &Workshop,
    signer: &Identity,
    digest_alg: ObjectIdentifier,
    digest: &str,
) -> Vec<u8> {
    let certificate = Certificate::from_der(&workshop.der(signer)).unwrap();
    let digest = workshop.openssl(&format!("dgst -{digest} -binary {}", text(&workshop.file(FILE))));
    let digest = Any::encode_from(&OctetString::new(digest).unwrap()).unwrap();
    let attributes = SetOfVec::try_from(vec![
        attribute(
            rfc5911::ID_CONTENT_TYPE,
            Any::encode_from(&rfc5911::ID_DATA).unwrap(),
        ),
        attribute(rfc5911::ID_MESSAGE_DIGEST, digest),
    ])
    .unwrap();
    let input = workshop.file(&attributes.to_der().unwrap());
    let made = workshop.openssl(&format!(
        "pkeyutl -sign -rawin -inkey {} -in {}",
        text(&signer.key),
        text(&input)
    ));
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate.issuer.clone(),
            serial_number: certificate.tbs_certificate.serial_number.clone(),
        }),
        digest_alg: algorithm(digest_alg),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(rfc8410::ID_ED_25519),
        signature: OctetString::new(made).unwrap(),
        unsigned_attrs: None,
    };
    let certificates = vec![CertificateChoices::Certificate(certificate)];
    pack(&SignedData {
        version: CmsVersion::V1,
        digest_algorithms: vec![info.digest_alg.clone()].try_into().unwrap(),
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: rfc5911::ID_DATA,
            econtent: None,
        },
        certificates: Some(CertificateSet(certificates.try_into().unwrap())),
        crls: None,
        signer_infos: SignerInfos(vec![info].try_into().unwrap()),
    })
}
