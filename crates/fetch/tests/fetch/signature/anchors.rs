//! What may be a trust anchor.

use std::fs;

use mudguard_fetch::{TrustAnchorError as Error, TrustAnchors};

use crate::openssl::{Key, Request, Workshop};

#[test]
fn only_certificates_of_authorities_are_taken() {
    let workshop = Workshop::new();
    let (authority, other) = (workshop.authority(), workshop.authority());
    let signer = workshop.signer(&authority);
    let mut anchors = TrustAnchors::default();
    let not_an_authority = Error::NotAnAuthority("CN=MUD signer,O=Example Lighting".to_owned());
    assert_eq!(
        anchors.add_der(&workshop.der(&signer)),
        Err(not_an_authority.clone())
    );
    let bundle = workshop.bundle(&[&authority, &signer]);
    assert_eq!(anchors.add_pem(&fs::read(bundle).unwrap()), Err(not_an_authority));
    assert_eq!(anchors.add_der(b"no certificate"), Err(Error::Malformed));
    assert_eq!(anchors.add_pem(b"no certificate"), Err(Error::NoCertificate));
    assert_eq!(
        anchors.add_pem(&fs::read(&signer.key).unwrap()),
        Err(Error::NoCertificate)
    );
    assert!(anchors.is_empty(), "a text with one bad certificate adds nothing");
    let bundle = workshop.bundle(&[&authority, &other]);
    assert_eq!(anchors.add_pem(&fs::read(bundle).unwrap()), Ok(2));
    assert_eq!(anchors.len(), 2);
}

#[test]
fn each_is_described() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let mut anchors = TrustAnchors::default();
    assert_eq!(anchors.add_file(&workshop.der(&authority)), Ok(1));
    assert_eq!(
        anchors.add_file(&fs::read(&authority.certificate).unwrap()),
        Ok(1)
    );
    let [of_der, of_pem] = &anchors.descriptions()[..] else {
        panic!("{anchors:?}")
    };
    assert_eq!(of_der, of_pem);
    assert_eq!(of_der.subject, "CN=MUD authority,O=Example Trust");
    let sum = workshop.openssl(&format!(
        "dgst -sha256 -binary {}",
        workshop.file(&of_der.der).to_str().unwrap()
    ));
    assert_eq!(of_der.sha256[..], sum);
    assert_eq!(of_der.not_before, "2026-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(of_der.not_after, "2027-01-01T00:00:00Z".parse().unwrap());
}

#[test]
fn keys_that_sign_nothing_that_is_believed_are_told() {
    let workshop = Workshop::new();
    for (key, wrong) in [
        (Key::Curve("P-256"), None),
        (Key::Rsa(2048), None),
        (
            Key::Rsa(1024),
            Some("its RSA key has 1024 bits; at least 2048 are needed"),
        ),
        (
            Key::Curve("secp256k1"),
            Some("its key is not accepted: the elliptic curve 1.3.132.0.10"),
        ),
    ] {
        let request = Request {
            key,
            ..Request::authority("/CN=MUD authority")
        };
        let reason = match workshop.root(request).as_anchor().check_keys() {
            Ok(()) => None,
            Err(Error::Key { reason, .. }) => Some(reason),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(reason.as_deref(), wrong);
    }
}
