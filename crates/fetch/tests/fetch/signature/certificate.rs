//! The signer's own certificate.

use mudguard_fetch::SignatureRefusal as Refusal;

use super::{FILE, check, verdict, with_extensions};
use crate::openssl::{Identity, P256, Request, SIGNER, Workshop, text};

#[test]
fn no_key_usage() {
    assert_eq!(
        with_extensions("basicConstraints=CA:FALSE"),
        Err(Refusal::NoKeyUsage)
    );
}

#[test]
fn key_usage_without_digital_signature() {
    for usage in ["keyEncipherment", "nonRepudiation", "keyAgreement"] {
        let verdict = with_extensions(&format!("keyUsage=critical,{usage}"));
        assert_eq!(verdict, Err(Refusal::NotForSignatures), "{usage}");
    }
}

#[test]
fn a_certificate_for_web_servers() {
    for purpose in ["serverAuth", "serverAuth,clientAuth", "codeSigning"] {
        let names = "subjectAltName=DNS:www.example.com";
        let verdict = with_extensions(&format!("{SIGNER}\nextendedKeyUsage={purpose}\n{names}"));
        assert_eq!(verdict, Err(Refusal::OtherPurpose), "{purpose}");
    }
}

#[test]
fn an_authority_that_signs_files_itself() {
    let extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature,keyCertSign";
    assert_eq!(with_extensions(extensions), Err(Refusal::SignerIsAuthority));
}

#[test]
fn a_critical_extension_that_nobody_knows() {
    let verdict = with_extensions(&format!("{SIGNER}\n1.2.3.4=critical,ASN1:NULL"));
    let reason = "a certificate in it has a critical extension that is not understood";
    assert_eq!(verdict, Err(Refusal::InvalidChain(reason)));
}

#[test]
fn version_1() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let (key, asked, certificate) = (workshop.key(P256), workshop.path("csr"), workshop.path("pem"));
    workshop.openssl(&format!(
        "req -new -key {} -subj /CN=old -out {}",
        text(&key),
        text(&asked)
    ));
    let by = format!(
        "-CA {} -CAkey {} -CAcreateserial",
        text(&authority.certificate),
        text(&authority.key)
    );
    workshop.openssl(&format!(
        "x509 -req -days 3650 -in {} -out {} {by}",
        text(&asked),
        text(&certificate)
    ));
    let verdict = check(&workshop.sign(FILE, &Identity { key, certificate }), &authority);
    assert_eq!(
        verdict,
        Err(Refusal::InvalidChain("a certificate in it is not of version 3"))
    );
}

#[test]
fn signed_with_sha_1() {
    let request = Request {
        digest: "sha1",
        ..Request::default()
    };
    assert_eq!(verdict(request, ""), Err(Refusal::WeakChain));
}
