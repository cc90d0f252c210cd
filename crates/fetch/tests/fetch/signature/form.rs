//! The form of a signature: one DER encoding of one detached signed-data with one signer, and nothing in it that nothing protects.

use std::fs;

use mudguard_fetch::{MAX_CERTIFICATES, MAX_SIGNATURE_LENGTH, SignatureRefusal as Refusal};

use super::{FILE, check, good};
use crate::openssl::{Request, Workshop, text};

#[test]
fn less_and_more_than_the_whole() {
    let (_workshop, authority, signature) = good();
    for length in 0..signature.len() {
        assert_eq!(
            check(&signature[..length], &authority),
            Err(Refusal::NotDer),
            "{length} octets of it"
        );
    }
    let (longer, twice) = (
        [&signature[..], b"\0"].concat(),
        [&signature[..], &signature].concat(),
    );
    for changed in [longer, twice] {
        assert_eq!(check(&changed, &authority), Err(Refusal::NotDer));
    }
}

#[test]
fn a_web_page() {
    let (_workshop, authority, _) = good();
    assert_eq!(
        check(b"<!DOCTYPE html><title>Not found</title>", &authority),
        Err(Refusal::NotDer)
    );
}

#[test]
fn too_long() {
    let (_workshop, authority, _) = good();
    assert_eq!(
        check(&vec![0x30; MAX_SIGNATURE_LENGTH + 1], &authority),
        Err(Refusal::TooLong)
    );
}

#[test]
fn a_message_of_another_type() {
    let workshop = Workshop::new();
    let (input, output) = (workshop.file(FILE), workshop.path("cms"));
    workshop.openssl(&format!(
        "cms -digest_create -in {} -outform DER -out {}",
        text(&input),
        text(&output)
    ));
    let verdict = check(&fs::read(output).unwrap(), &workshop.authority());
    assert_eq!(verdict, Err(Refusal::NotSignedData));
}

#[test]
fn two_signers() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let (one, two) = (workshop.signer(&authority), workshop.signer(&authority));
    let second = format!("-signer {} -inkey {}", text(&two.certificate), text(&two.key));
    let signature = workshop.sign_with(FILE, &one, &second);
    assert_eq!(check(&signature, &authority), Err(Refusal::SignerCount(2)));
}

#[test]
fn no_signer() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let output = workshop.path("p7b");
    let certificates = text(&authority.certificate);
    workshop.openssl(&format!(
        "crl2pkcs7 -nocrl -certfile {certificates} -outform DER -out {}",
        text(&output)
    ));
    assert_eq!(
        check(&fs::read(output).unwrap(), &authority),
        Err(Refusal::SignerCount(0))
    );
}

#[test]
fn only_certificates_of_others() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let options = format!("-nocerts -certfile {}", text(&authority.certificate));
    let signature = workshop.sign_with(FILE, &workshop.signer(&authority), &options);
    assert_eq!(check(&signature, &authority), Err(Refusal::NoSignerCertificate));
}

#[test]
fn too_many_certificates() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let others: Vec<_> = (0..MAX_CERTIFICATES).map(|_| workshop.authority()).collect();
    let others: Vec<_> = others.iter().collect();
    let signature = workshop.sign_with_chain(FILE, &workshop.signer(&authority), &others);
    assert_eq!(
        check(&signature, &authority),
        Err(Refusal::CertificateCount(MAX_CERTIFICATES + 1))
    );
}

#[test]
fn a_certificate_that_leads_nowhere() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let stray = workshop.root(Request::authority("/CN=stray"));
    let signature = workshop.sign_with_chain(FILE, &workshop.signer(&authority), &[&stray]);
    assert_eq!(
        check(&signature, &authority),
        Err(Refusal::StrayCertificate("CN=stray".to_owned()))
    );
}
