//! Signatures that are good, beside those of the [`matrix`](super::matrix), and what is told of their signers.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, SignerSubject, TrustAnchors, verify};

use super::{FILE, check, is_accepted};
use crate::openssl::{AUTHORITY, Identity, Key, Request, Workshop, now, text};

#[test]
fn a_chain_of_two_intermediate_authorities_with_and_without_the_anchor() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let first = workshop.issue(&anchor, Request::authority("/CN=first"));
    let second = workshop.issue(&first, Request::authority("/CN=second"));
    let signer = workshop.signer(&second);
    for chain in [&[&first, &second][..], &[&first, &second, &anchor]] {
        let verified = check(&workshop.sign_with_chain(FILE, &signer, chain), &anchor).unwrap();
        assert_eq!(verified.signer.issuer, "CN=second");
        assert_eq!(verified.signer.anchor, "CN=MUD authority,O=Example Trust");
    }
}

/// A set has one order in DER, also where certificates have the same length.
#[test]
fn a_chain_of_certificates_that_have_the_same_length() {
    let workshop = Workshop::new();
    let request = |subject| Request {
        key: Key::Rsa(2048),
        ..Request::authority(subject)
    };
    let mut chain = vec![workshop.root(request("/CN=0"))];
    for subject in ["/CN=1", "/CN=2", "/CN=3", "/CN=4", "/CN=5"] {
        chain.push(workshop.issue(chain.last().unwrap(), request(subject)));
    }
    let signer = workshop.signer(chain.last().unwrap());
    let signature = workshop.sign_with_chain(FILE, &signer, &chain.iter().skip(1).collect::<Vec<_>>());
    is_accepted(check(&signature, &chain[0]));
}

#[test]
fn an_intermediate_authority_may_be_the_anchor() {
    let workshop = Workshop::new();
    let intermediate = workshop.issue(&workshop.authority(), Request::authority("/CN=middle"));
    let signer = workshop.signer(&intermediate);
    let verified = check(
        &workshop.sign_with_chain(FILE, &signer, &[&intermediate]),
        &intermediate,
    )
    .unwrap();
    assert_eq!(verified.signer.anchor, "CN=middle");
}

#[test]
fn the_right_one_of_several_anchors_is_found_also_under_one_name() {
    let workshop = Workshop::new();
    let (old, new) = (workshop.authority(), workshop.authority());
    let other = workshop.root(Request::authority("/CN=other"));
    let signature = workshop.sign(FILE, &workshop.signer(&new));
    let mut anchors = TrustAnchors::default();
    for anchor in [&other, &old, &new] {
        anchors.add_der(&workshop.der(anchor)).unwrap();
    }
    is_accepted(verify(FILE, &signature, &anchors, None, Clock::Valid(now())));
}

#[test]
fn the_signer_is_described() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let subject = "/O=Example Lighting/CN=Lamp, \u{202e}signer";
    let signer = workshop.issue(
        &authority,
        Request {
            subject,
            ..Request::default()
        },
    );
    let verified = check(&workshop.sign(FILE, &signer), &authority).unwrap();
    assert_eq!(verified.signer.key_sha256[..], key_sum(&workshop, &signer));
    assert_eq!(verified.signer.ca[..], key_sum(&workshop, &authority));
    assert_eq!(verified.signer.subject, "CN=Lamp\\, signer,O=Example Lighting");
    assert_eq!(verified.signer.issuer, "CN=MUD authority,O=Example Trust");
    assert_eq!(verified.signer.not_after, "2027-01-01T00:00:00Z".parse().unwrap());
}

/// The same CA is the same key (draft-ietf-iotops-mud-acceptable-urls), whatever stands above it and whatever it is called.
#[test]
fn the_authority_that_issued_the_signers_certificate_is_told_by_its_key() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let first = workshop.issue(&anchor, Request::authority("/CN=first"));
    let second = workshop.issue(&first, Request::authority("/CN=second"));
    let namesake = workshop.issue(&first, Request::authority("/CN=second"));
    let ca = |issuer, chain: &[_]| {
        let signer = workshop.signer(issuer);
        let signature = workshop.sign_with_chain(FILE, &signer, chain);
        check(&signature, &anchor).unwrap().signer.ca
    };
    let second_ca = ca(&second, &[&first, &second]);
    assert_eq!(second_ca[..], key_sum(&workshop, &second));
    assert_eq!(ca(&second, &[&anchor, &first, &second]), second_ca);
    assert_ne!(ca(&namesake, &[&first, &namesake]), second_ca);
    assert_eq!(ca(&first, &[&first])[..], key_sum(&workshop, &first));
    assert_eq!(ca(&anchor, &[&anchor])[..], key_sum(&workshop, &anchor));
}

/// SHA-256 of a public key, as openssl has it.
fn key_sum(workshop: &Workshop, identity: &Identity) -> Vec<u8> {
    let key = workshop.openssl(&format!("pkey -in {} -pubout -outform DER", text(&identity.key)));
    workshop.openssl(&format!("dgst -sha256 -binary {}", text(&workshop.file(&key))))
}

#[test]
fn the_signer_that_the_things_certificate_names() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signature = workshop.sign(FILE, &workshop.signer(&authority));
    let check = |named: &str| {
        let other = workshop.root(Request {
            subject: named,
            extensions: AUTHORITY,
            ..Request::default()
        });
        let expected = SignerSubject::from_der(&subject_of(&workshop.der(&other))).unwrap();
        verify(
            FILE,
            &signature,
            &authority.as_anchor(),
            Some(&expected),
            Clock::Valid(now()),
        )
    };
    is_accepted(check(Request::default().subject));
    let refused = Refusal::OtherSigner {
        expected: "CN=somebody else".to_owned(),
        found: "CN=MUD signer,O=Example Lighting".to_owned(),
    };
    assert_eq!(check("/CN=somebody else"), Err(refused));
    assert!(SignerSubject::from_der(b"CN=MUD signer").is_err());
}

/// The subject of a certificate, in DER form.
fn subject_of(certificate: &[u8]) -> Vec<u8> {
    use der::{Decode, Encode};
    x509_cert::Certificate::from_der(certificate)
        .unwrap()
        .tbs_certificate
        .subject
        .to_der()
        .unwrap()
}
