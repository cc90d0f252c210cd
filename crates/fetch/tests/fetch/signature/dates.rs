//! Dates in certificates, with a clock that is right and with one that is not known to be.

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, Verified, verify};

use super::{FILE, good};
use crate::openssl::{Request, VALID, Workshop, now};

/// Over since half a day.
const PAST: (&str, &str) = ("20250101000000Z", "20260531235959Z");
/// Begins in one second.
const FUTURE: (&str, &str) = ("20260601120001Z", "20270101000000Z");

/// The verdicts over a chain with these validities, with a clock that is right and with one that is not known to be.
fn verdicts(
    anchor: (&str, &str),
    middle: (&str, &str),
    signer: (&str, &str),
) -> [Result<Verified, Refusal>; 2] {
    let workshop = Workshop::new();
    let anchor = workshop.root(Request {
        validity: anchor,
        ..Request::authority("/CN=anchor")
    });
    let middle = workshop.issue(
        &anchor,
        Request {
            validity: middle,
            ..Request::authority("/CN=middle")
        },
    );
    let request = Request {
        subject: "/CN=signer",
        validity: signer,
        ..Request::default()
    };
    let signature = workshop.sign_with_chain(FILE, &workshop.issue(&middle, request), &[&middle]);
    let floor = "2010-01-01T00:00:00Z".parse().unwrap();
    [Clock::Valid(now()), Clock::Provisional { floor }]
        .map(|clock| verify(FILE, &signature, &anchor.as_anchor(), None, clock))
}

#[track_caller]
fn refused_for_its_date_only(verdicts: [Result<Verified, Refusal>; 2], reason: Refusal) {
    let [valid, provisional] = verdicts;
    assert_eq!(valid, Err(reason));
    assert!(
        matches!(&provisional, Ok(verified) if verified.provisional),
        "{provisional:?}"
    );
}

#[test]
fn a_signer_whose_time_is_over() {
    let not_after = "2026-05-31T23:59:59Z".parse().unwrap();
    let reason = Refusal::SignerExpired {
        subject: "CN=signer".to_owned(),
        not_after,
    };
    assert_eq!(
        reason.to_string(),
        "the certificate of the signer CN=signer expired on 2026-05-31T23:59:59Z"
    );
    refused_for_its_date_only(verdicts(VALID, VALID, PAST), reason);
}

#[test]
fn a_signer_whose_time_has_not_come() {
    let not_before = "2026-06-01T12:00:01Z".parse().unwrap();
    let reason = Refusal::SignerNotYetValid {
        subject: "CN=signer".to_owned(),
        not_before,
    };
    refused_for_its_date_only(verdicts(VALID, VALID, FUTURE), reason);
}

#[test]
fn authorities_whose_time_is_over() {
    let not_after = "2026-05-31T23:59:59Z".parse().unwrap();
    let reason = |subject: &str| Refusal::AuthorityExpired {
        subject: subject.to_owned(),
        not_after,
    };
    refused_for_its_date_only(verdicts(VALID, PAST, VALID), reason("CN=middle"));
    refused_for_its_date_only(verdicts(PAST, VALID, VALID), reason("CN=anchor"));
}

#[test]
fn authorities_whose_time_has_not_come() {
    let not_before = "2026-06-01T12:00:01Z".parse().unwrap();
    let reason = |subject: &str| Refusal::AuthorityNotYetValid {
        subject: subject.to_owned(),
        not_before,
    };
    refused_for_its_date_only(verdicts(VALID, FUTURE, VALID), reason("CN=middle"));
    refused_for_its_date_only(verdicts(FUTURE, VALID, VALID), reason("CN=anchor"));
}

#[test]
fn a_chain_that_was_never_valid_as_a_whole() {
    let never = Err(Refusal::InvalidChain(
        "there is no time at which all of it is valid",
    ));
    assert_eq!(verdicts(VALID, PAST, FUTURE), [never.clone(), never]);
}

#[test]
fn a_signature_that_is_good_in_time_is_provisional_while_the_clock_is_not_known() {
    let [valid, provisional] = verdicts(VALID, VALID, VALID);
    assert!(!valid.unwrap().provisional);
    assert!(provisional.unwrap().provisional);
}

#[test]
fn the_last_second_counts_and_the_next_does_not() {
    let (_workshop, authority, signature) = good();
    let at = |time: &str| {
        verify(
            FILE,
            &signature,
            &authority.as_anchor(),
            None,
            Clock::Valid(time.parse().unwrap()),
        )
        .is_ok()
    };
    assert!(at("2026-01-01T00:00:00Z") && !at("2025-12-31T23:59:59.9Z"));
    assert!(at("2027-01-01T00:00:00.9Z") && !at("2027-01-01T00:00:01Z"));
}
