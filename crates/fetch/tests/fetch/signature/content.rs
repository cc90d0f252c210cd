//! The signature belongs to the exact octets of one file.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, verify};

use super::{FILE, check, good};
use crate::openssl::{Workshop, now};

#[test]
fn another_file() {
    let (_workshop, authority, signature) = good();
    let longer = [FILE, b"\n"].concat();
    let other_lines = String::from_utf8_lossy(FILE).replace('\n', "\r\n").into_bytes();
    for other in [b"", &b"{}"[..], &FILE[1..], &longer, &other_lines] {
        let verdict = verify(
            other,
            &signature,
            &authority.as_anchor(),
            None,
            Clock::Valid(now()),
        );
        assert_eq!(verdict, Err(Refusal::DigestMismatch));
    }
}

#[test]
fn a_signature_over_the_text_form_of_the_file() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let signature = workshop.cms(FILE, &workshop.signer(&authority), "-outform DER");
    assert_eq!(check(&signature, &authority), Err(Refusal::DigestMismatch));
}

#[test]
fn a_signature_that_the_key_did_not_make() {
    let (_workshop, authority, mut signature) = good();
    *signature.last_mut().unwrap() ^= 1;
    assert_eq!(check(&signature, &authority), Err(Refusal::WrongSignature));
}

#[test]
fn only_a_wrong_digest_or_signature_speaks_against_the_file() {
    assert!(Refusal::DigestMismatch.is_forged());
    assert!(Refusal::WrongSignature.is_forged());
    let unknown = Refusal::UnknownIssuer {
        issuer: String::new(),
    };
    for refusal in [
        Refusal::NotDer,
        Refusal::NoTrustAnchors,
        Refusal::OtherPurpose,
        unknown,
    ] {
        assert!(!refusal.is_forged(), "{refusal}");
    }
}
