//! No single bit of a good signature, nor of the file, may be changed.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, verify};

use super::FILE;
use crate::openssl::{Identity, Key, Request, Workshop, now, text};

#[track_caller]
fn every_flip_is_refused(signature: &[u8], anchor: &Identity) {
    let anchors = anchor.as_anchor();
    let check = |file: &[u8], signature: &[u8]| verify(file, signature, &anchors, None, Clock::Valid(now()));
    check(FILE, signature).expect("the signature is good before a bit is flipped");
    for (changed, bit) in flips(signature) {
        assert!(
            check(FILE, &changed).is_err(),
            "bit {bit} of the signature may be changed"
        );
    }
    for (changed, bit) in flips(FILE) {
        assert_eq!(
            check(&changed, signature),
            Err(Refusal::DigestMismatch),
            "bit {bit} of the file"
        );
    }
}

fn flips(octets: &[u8]) -> impl Iterator<Item = (Vec<u8>, usize)> + '_ {
    (0..octets.len() * 8).map(|bit| {
        let mut changed = octets.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        (changed, bit)
    })
}

#[test]
fn ecdsa_with_the_signers_certificate_alone() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signature = workshop.sign(FILE, &workshop.signer(&authority));
    every_flip_is_refused(&signature, &authority);
}

#[test]
fn ecdsa_with_the_whole_chain_and_another_content_type() {
    let workshop = Workshop::new();
    let anchor = workshop.authority();
    let middle = workshop.issue(&anchor, Request::authority("/CN=middle"));
    let chain = workshop.bundle(&[&middle, &anchor]);
    let options = format!(
        "-certfile {} -keyid -econtent_type 1.2.840.113549.1.9.16.1.41",
        text(&chain)
    );
    let signature = workshop.sign_with(FILE, &workshop.signer(&middle), &options);
    every_flip_is_refused(&signature, &anchor);
}

#[test]
fn rsa() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signer = workshop.issue(
        &authority,
        Request {
            key: Key::Rsa(2048),
            ..Request::default()
        },
    );
    every_flip_is_refused(&workshop.sign(FILE, &signer), &authority);
}
