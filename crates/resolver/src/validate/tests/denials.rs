//! Denials that are kept deny other names, and never one that is there (RFC 8198).

use std::time::{Duration, Instant};

use super::{
    super::{Question, RecordType, Reply, Status, denials::Denials},
    world::{INTERNET, summary},
    zone::name,
};

const ZONES: [&str; 3] = ["good.nsec.", "good.nsec3.", "optout.nsec3."];

/// Names of every kind below a zone.
const NAMES: [&str; 24] = [
    "",
    "www.",
    "a.www.",
    "nothing.",
    "other.",
    "a.b.nothing.",
    "wild.",
    "q.wild.",
    "x.q.wild.",
    "*.wild.",
    "ent.",
    "b.ent.",
    "a.b.ent.",
    "c.b.ent.",
    "odd.",
    "q.odd.",
    "*.odd.",
    "x.*.odd.",
    "sub.",
    "www.sub.",
    "unsub.",
    "www.unsub.",
    "moved.",
    "x.moved.",
];

const TYPES: [RecordType; 3] = [RecordType::A, RecordType::TXT, RecordType::NS];

fn questions(zone: &str) -> Vec<Question> {
    NAMES
        .iter()
        .flat_map(|prefix| {
            TYPES.map(|record_type| Question::new(name(&format!("{prefix}{zone}")), record_type))
        })
        .collect()
}

#[test]
fn what_is_kept_denies_nothing_that_is_there() {
    let now = Instant::now();
    for zone in ZONES {
        let mut denials = Denials::default();
        let mut trial = INTERNET.trial();
        let mut denied = 0;
        for (number, learned) in questions(zone).into_iter().enumerate() {
            let verdict = trial.judge(&learned.name.to_string(), learned.record_type);
            denials.learn(&verdict, now);
            // What is known grows slowly.
            if number % 18 != 0 {
                continue;
            }
            for question in questions(zone) {
                let Some(verdict) = denials.deny(&question, now) else {
                    continue;
                };
                denied += 1;
                let truth = INTERNET.resolve(&question);
                assert!(truth.answers.is_empty(), "{question} after {learned}");
                assert_eq!(
                    verdict.response_code, truth.response_code,
                    "{question} after {learned}"
                );
            }
        }
        assert!(denied > 30, "{zone}: {denied}");
    }
}

#[test]
fn a_proof_from_here_is_one_that_a_validator_accepts() {
    let now = Instant::now();
    for (zone, found) in [
        ("good.nsec.", "secure no such name"),
        ("good.nsec3.", "secure no such name"),
    ] {
        let mut denials = Denials::default();
        let mut trial = INTERNET.trial();
        for learned in questions(zone) {
            let verdict = trial.judge(&learned.name.to_string(), learned.record_type);
            denials.learn(&verdict, now);
        }
        let text = format!("never.asked.{zone}");
        let verdict = denials
            .deny(&Question::new(name(&text), RecordType::A), now)
            .unwrap();
        let forge = |reply: &mut Reply| {
            let link = &verdict.links[0];
            reply.answers.clear();
            reply.authorities = [&link.records[..], &link.signatures].concat();
        };
        assert_eq!(
            summary(&INTERNET.trial().forged(forge).judge(&text, RecordType::A)),
            found
        );
        let later = now + Duration::from_secs(u64::from(verdict.links[0].ttl) + 1);
        assert!(
            denials
                .deny(&Question::new(name(&text), RecordType::A), later)
                .is_none()
        );
    }
}

#[test]
fn an_unsigned_child_is_denied_nothing_by_its_parent() {
    let now = Instant::now();
    let mut denials = Denials::default();
    let verdict = INTERNET.trial().judge("unsub.good.nsec.", RecordType::DS);
    denials.learn(&verdict, now);
    for record_type in TYPES {
        for text in ["unsub.good.nsec.", "www.unsub.good.nsec."] {
            assert_eq!(
                denials.deny(&Question::new(name(text), record_type), now),
                None,
                "{text}"
            );
        }
    }
}

#[test]
fn a_span_of_unsigned_delegations_denies_nothing_though_its_record_may_be_kept() {
    let now = Instant::now();
    let mut verdict = INTERNET.trial().judge("nothing.optout.nsec3.", RecordType::A);
    let mut denials = Denials::default();
    denials.learn(&verdict, now);
    let question = Question::new(name("nothing.optout.nsec3."), RecordType::A);
    assert_eq!(denials.deny(&question, now), None);
    // As the proof of a missing type brings it.
    for link in &mut verdict.links {
        link.status = Status::Secure;
    }
    denials.learn(&verdict, now);
    assert_eq!(denials.deny(&question, now), None);
}

#[test]
fn a_chain_with_iterations_denies_nothing() {
    let now = Instant::now();
    let mut denials = Denials::default();
    denials.learn(&INTERNET.trial().judge("nothing.most.nsec3.", RecordType::A), now);
    let question = Question::new(name("nothing.most.nsec3."), RecordType::A);
    assert_eq!(denials.deny(&question, now), None);
}
