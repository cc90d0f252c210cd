//! The way from the signer to a trust anchor.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, TrustAnchors, Verified, verify};

use super::{FILE, check, good};
use crate::openssl::{Request, Workshop, now};

fn middle() -> Request<'static> {
    Request::authority("/CN=middle")
}

fn unknown(issuer: &str) -> Result<Verified, Refusal> {
    Err(Refusal::UnknownIssuer {
        issuer: issuer.to_owned(),
    })
}

fn invalid(reason: &'static str) -> Result<Verified, Refusal> {
    Err(Refusal::InvalidChain(reason))
}

#[test]
fn an_authority_that_is_no_anchor() {
    let (workshop, _, signature) = good();
    let other = workshop.root(Request::authority("/CN=other"));
    assert_eq!(
        check(&signature, &other),
        unknown("CN=MUD authority,O=Example Trust")
    );
}

#[test]
fn an_authority_that_took_the_name_of_an_anchor() {
    let (workshop, _, signature) = good();
    assert_eq!(
        check(&signature, &workshop.authority()),
        Err(Refusal::WrongCertificateSignature)
    );
}

#[test]
fn a_signer_who_certified_himself_under_the_name_of_an_anchor() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let rogue = workshop.root(Request {
        subject: "/O=Example Trust/CN=MUD authority",
        ..Request::default()
    });
    assert_eq!(
        check(&workshop.sign(FILE, &rogue), &anchor),
        Err(Refusal::WrongCertificateSignature)
    );
}

#[test]
fn a_signer_who_certified_himself() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let rogue = workshop.root(Request::default());
    assert_eq!(
        check(&workshop.sign(FILE, &rogue), &anchor),
        unknown("CN=MUD signer,O=Example Lighting")
    );
}

#[test]
fn no_anchors() {
    let (_workshop, _, signature) = good();
    let verdict = verify(
        FILE,
        &signature,
        &TrustAnchors::default(),
        None,
        Clock::Valid(now()),
    );
    assert_eq!(verdict, Err(Refusal::NoTrustAnchors));
}

#[test]
fn an_intermediate_authority_that_is_not_there() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let signer = workshop.signer(&workshop.issue(&anchor, middle()));
    assert_eq!(
        check(&workshop.sign(FILE, &signer), &anchor),
        unknown("CN=middle")
    );
}

#[test]
fn a_chain_longer_than_an_authority_allows() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign";
    let first = workshop.issue(
        &anchor,
        Request {
            extensions,
            ..middle()
        },
    );
    let second = workshop.issue(&first, Request::authority("/CN=second"));
    let signature = workshop.sign_with_chain(FILE, &workshop.signer(&second), &[&first, &second]);
    assert_eq!(
        check(&signature, &anchor),
        invalid("it is longer than an authority in it allows")
    );
}
