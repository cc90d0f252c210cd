//! Detached CMS signatures: which are good, and for what reason the others are refused.

mod accepted;
mod algorithms;
mod anchors;
mod bit_flips;
mod certificate;
mod chain;
mod content;
mod dates;
mod form;
mod handmade;
mod real;

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, Verified, verify};

use crate::openssl::{Identity, Key, Request, Workshop, now};

const FILE: &[u8] = b"{\n  \"ietf-mud:mud\": {}\n}\n";

fn check(signature: &[u8], anchor: &Identity) -> Result<Verified, Refusal> {
    verify(FILE, signature, &anchor.as_anchor(), None, Clock::Valid(now()))
}

/// What becomes of a signature by a fresh signer with this certificate, made with these options of openssl.
fn verdict(request: Request<'_>, options: &str) -> Result<Verified, Refusal> {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signer = workshop.issue(&authority, request);
    check(&workshop.sign_with(FILE, &signer, options), &authority)
}

fn with_options(options: &str) -> Result<Verified, Refusal> {
    verdict(Request::default(), options)
}

fn with_key(key: Key, options: &str) -> Result<Verified, Refusal> {
    verdict(
        Request {
            key,
            ..Request::default()
        },
        options,
    )
}

fn with_extensions(extensions: &str) -> Result<Verified, Refusal> {
    verdict(
        Request {
            extensions,
            ..Request::default()
        },
        "",
    )
}

/// A workshop, an authority, and a good signature of a signer of it.
fn good() -> (Workshop, Identity, Vec<u8>) {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signature = workshop.sign(FILE, &workshop.signer(&authority));
    assert!(check(&signature, &authority).is_ok());
    (workshop, authority, signature)
}

#[track_caller]
fn is_accepted(verdict: Result<Verified, Refusal>) {
    assert!(
        matches!(&verdict, Ok(verified) if !verified.provisional),
        "{verdict:?}"
    );
}
