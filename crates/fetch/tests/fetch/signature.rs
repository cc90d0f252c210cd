//! Detached CMS signatures: which are good, and for what reason the others are refused.

mod accepted;
mod anchors;
mod bit_flips;
mod certificate;
mod chain;
mod content;
mod dates;
mod form;
mod handmade;
mod matrix;
mod real;

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, Verified, verify};

use crate::openssl::{Identity, Workshop, now};

const FILE: &[u8] = b"{\n  \"ietf-mud:mud\": {}\n}\n";

fn check(signature: &[u8], anchor: &Identity) -> Result<Verified, Refusal> {
    verify(FILE, signature, &anchor.as_anchor(), None, Clock::Valid(now()))
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
