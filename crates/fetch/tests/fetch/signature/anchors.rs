//! What may be a trust anchor.

use std::fs;

use mudguard_fetch::{TrustAnchorError as Error, TrustAnchors};

use crate::openssl::Workshop;

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
