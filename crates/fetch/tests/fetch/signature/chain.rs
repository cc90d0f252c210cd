//! The way from the signer to a trust anchor.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, TrustAnchors, Verified, verify};

use super::{FILE, check, good, is_accepted};
use crate::openssl::{AUTHORITY, Key, Request, SIGNER, Workshop, now};

fn middle() -> Request<'static> {
    Request::authority("/CN=middle")
}

/// What becomes of a signature whose signer was certified by an intermediate authority of this kind.
fn under(middle: Request<'_>, signer: Request<'_>) -> Result<Verified, Refusal> {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let middle = workshop.issue(&anchor, middle);
    let signer = workshop.issue(&middle, signer);
    check(&workshop.sign_with_chain(FILE, &signer, &[&middle]), &anchor)
}

fn under_extensions(extensions: &str) -> Result<Verified, Refusal> {
    under(
        Request {
            extensions,
            ..middle()
        },
        Request::default(),
    )
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

/// The cases below differ from this one in one thing each.
#[test]
fn an_intermediate_authority_that_is_fit() {
    is_accepted(under(middle(), Request::default()));
}

#[test]
fn an_intermediate_that_is_no_authority() {
    let verdict = under_extensions("basicConstraints=CA:FALSE\nkeyUsage=keyCertSign");
    assert_eq!(
        verdict,
        invalid("a certificate in it is not that of an authority")
    );
}

#[test]
fn an_intermediate_authority_without_the_right_to_issue_certificates() {
    let verdict = under_extensions("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature");
    assert_eq!(verdict, invalid("an authority in it may not issue certificates"));
}

#[test]
fn an_intermediate_authority_for_web_servers() {
    let verdict = under_extensions(&format!("{AUTHORITY}\nextendedKeyUsage=serverAuth"));
    assert_eq!(verdict, Err(Refusal::OtherPurpose));
}

#[test]
fn an_intermediate_authority_signed_with_sha_1() {
    let verdict = under(
        Request {
            digest: "sha1",
            ..middle()
        },
        Request::default(),
    );
    assert_eq!(verdict, Err(Refusal::WeakChain));
}

#[test]
fn an_intermediate_authority_with_a_short_key() {
    let verdict = under(
        Request {
            key: Key::Rsa(1024),
            ..middle()
        },
        Request::default(),
    );
    assert_eq!(verdict, Err(Refusal::WrongCertificateSignature));
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

#[test]
fn a_name_that_an_authority_may_not_certify() {
    let extensions = format!("{AUTHORITY}\nnameConstraints=critical,permitted;DNS:.example.com");
    let with_name = |name| {
        let signer = format!("{SIGNER}\nsubjectAltName=DNS:{name}");
        let signer = Request {
            extensions: &signer,
            ..Request::default()
        };
        under(
            Request {
                extensions: &extensions,
                ..middle()
            },
            signer,
        )
    };
    is_accepted(with_name("www.example.com"));
    let refused = invalid("an authority in it may not issue certificates for this name");
    assert_eq!(with_name("www.example.net"), refused);
}
