//! Whatever octet of whatever reply is changed: nothing is secure but what the zones hold.

use std::{cell::Cell, sync::LazyLock};

use proptest::prelude::*;

use super::{
    super::{Overall, Question, Record, RecordType, Reply, Verdict, canonical::canonical_data},
    world::{INTERNET, Trial, summary},
    zone::name,
};

/// The questions whose replies are changed, and what the truth is about each.
const QUESTIONS: [(&str, RecordType); 10] = [
    ("www.good.nsec.", RecordType::A),
    ("www.good.nsec3.", RecordType::TXT),
    ("q.wild.good.nsec.", RecordType::A),
    ("p.q.wild.good.nsec3.", RecordType::A),
    ("to-hashed.good.nsec.", RecordType::A),
    ("www.moved.good.nsec.", RecordType::A),
    ("nothing.good.nsec.", RecordType::A),
    ("nothing.good.nsec3.", RecordType::A),
    ("b.ent.good.nsec.", RecordType::A),
    ("q.wild.good.nsec3.", RecordType::AAAA),
];

/// What a verdict says of the question: names and data, without how long they hold.
fn said(verdict: &Verdict) -> Vec<(String, RecordType, u16, Vec<Vec<u8>>)> {
    let links = verdict.links.iter().map(|link| {
        let data = link
            .records
            .iter()
            .filter(|record| {
                !matches!(
                    record.record_type,
                    RecordType::NSEC | RecordType::NSEC3 | RecordType::SOA
                )
            })
            .map(|record| canonical_data(record.record_type, &record.data))
            .collect();
        (
            link.owner.to_string(),
            link.record_type,
            verdict.response_code,
            data,
        )
    });
    links.collect()
}

/// Changes one octet of the data of one record of the reply with that number.
fn mutated(
    question: usize,
    reply_number: usize,
    record: prop::sample::Index,
    octet: prop::sample::Index,
    mask: u8,
) -> (Trial<'static>, Option<(Question, Record)>, Verdict) {
    let count = Cell::new(0);
    let changed = std::rc::Rc::new(std::cell::RefCell::new(None));
    let remembered = std::rc::Rc::clone(&changed);
    let mut trial = INTERNET
        .trial()
        .tampered(move |asked: &Question, reply: &mut Reply| {
            let number = count.replace(count.get() + 1);
            let mut records: Vec<_> = reply.answers.iter_mut().chain(&mut reply.authorities).collect();
            if number != reply_number || records.is_empty() {
                return;
            }
            let record_number = record.index(records.len());
            let record = &mut records[record_number];
            let place = octet.index(record.data.len());
            record.data[place] ^= mask;
            *remembered.borrow_mut() = Some((asked.clone(), record.clone()));
        });
    let (text, record_type) = QUESTIONS[question];
    let verdict = trial.judge(text, record_type);
    let changed = changed.borrow().clone();
    (trial, changed, verdict)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_octet_never_makes_anything_else_secure(
        question in 0..QUESTIONS.len(),
        reply_number in 0..10_usize,
        record: prop::sample::Index,
        octet: prop::sample::Index,
        mask in 1..=u8::MAX,
    ) {
        let (_, changed, verdict) = mutated(question, reply_number, record, octet, mask);
        if verdict.overall() == Overall::Secure {
            let (text, record_type) = QUESTIONS[question];
            let truth = INTERNET.trial().judge(text, record_type);
            prop_assert_eq!(said(&verdict), said(&truth), "changed: {:?}", changed);
        } else {
            // Nor does it make a secure zone insecure.
            prop_assert_eq!(verdict.overall(), Overall::Bogus, "changed: {:?}", changed);
        }
    }
}

/// Every record of every reply to these questions, and to those about the zones on the way.
static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
    let mut records: Vec<Record> = Vec::new();
    let others = [
        ("nothing.nsec.", RecordType::A),
        ("insecure.nsec.", RecordType::DS),
        ("insecure.nsec3.", RecordType::DS),
        ("unsub.good.nsec.", RecordType::DS),
        ("www.insecure.nsec.", RecordType::A),
        ("nothing.insecure.nsec.", RecordType::A),
        ("to-insecure.good.nsec.", RecordType::A),
        ("www.moved-away.good.nsec.", RecordType::A),
        ("good.nsec.", RecordType::DS),
        ("good.nsec.", RecordType::DNSKEY),
        ("www.good.nsec.", RecordType::DS),
        ("nothing.good.nsec.", RecordType::DS),
        ("q.wild.optout.nsec3.", RecordType::A),
    ];
    for (text, record_type) in QUESTIONS.into_iter().chain(others) {
        let reply = INTERNET.resolve(&Question::new(name(text), record_type));
        for record in reply.answers.into_iter().chain(reply.authorities) {
            if !records.contains(&record) {
                records.push(record);
            }
        }
    }
    records
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn real_records_in_the_wrong_place_never_make_anything_else_secure(
        question in 0..QUESTIONS.len(),
        reply_number in prop_oneof![4 => Just(0_usize), 1 => 1..6_usize],
        response_code in prop_oneof![Just(0_u16), Just(3)],
        keeps in any::<bool>(),
        // Each with whether it goes into the answer section, and whether it is told under the name asked for.
        chosen in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<bool>()), 0..14),
    ) {
        let count = Cell::new(0);
        let mut trial = INTERNET.trial().tampered(|asked, reply| {
            if count.replace(count.get() + 1) != reply_number {
                return;
            }
            if !keeps {
                *reply = Reply { response_code, ..Reply::default() };
            }
            for (index, is_answer, is_renamed) in &chosen {
                let mut record = index.get(&RECORDS).clone();
                if *is_renamed {
                    record.owner = asked.name.clone();
                }
                if *is_answer {
                    reply.answers.push(record);
                } else {
                    reply.authorities.push(record);
                }
            }
        });
        let (text, record_type) = QUESTIONS[question];
        let verdict = trial.judge(text, record_type);
        if verdict.overall() == Overall::Secure {
            let truth = INTERNET.trial().judge(text, record_type);
            prop_assert_eq!(said(&verdict), said(&truth));
        } else {
            prop_assert_eq!(verdict.overall(), Overall::Bogus, "{}", summary(&verdict));
        }
    }
}

#[test]
fn every_signed_octet_of_an_answer_and_of_its_signature_counts() {
    // Every octet in turn: the data of the records, the fields of the signature and the signature.
    for (text, record_type) in [
        ("www.good.nsec.", RecordType::A),
        ("www.good.nsec3.", RecordType::TXT),
    ] {
        let real = INTERNET.resolve(&Question::new(name(text), record_type));
        let mut known = INTERNET.trial();
        known.judge(text, record_type);
        for record in 0..real.answers.len() {
            for octet in 0..real.answers[record].data.len() {
                let mut trial = INTERNET.trial().forged(|reply| {
                    reply.clone_from(&real);
                    reply.answers[record].data[octet] ^= 1;
                });
                trial.cuts = known.cuts.clone();
                let verdict = trial.judge(text, record_type);
                assert!(
                    verdict.overall() == Overall::Bogus,
                    "record {record}, octet {octet}: {}",
                    summary(&verdict)
                );
            }
        }
    }
}

#[test]
fn every_octet_of_a_proof_counts() {
    // Of several proofs one may suffice, so all that say the same are changed together.
    for text in ["nothing.good.nsec.", "nothing.good.nsec3."] {
        let real = INTERNET.resolve(&Question::new(name(text), RecordType::A));
        let mut known = INTERNET.trial();
        known.judge(text, RecordType::A);
        for record in 0..real.authorities.len() {
            let changed = &real.authorities[record];
            if changed.record_type == RecordType::RRSIG {
                continue;
            }
            for octet in 0..changed.data.len() {
                let mut trial = INTERNET.trial().forged(|reply| {
                    reply.clone_from(&real);
                    reply.authorities[record].data[octet] ^= 1;
                });
                trial.cuts = known.cuts.clone();
                let verdict = trial.judge(text, RecordType::A);
                assert!(
                    verdict.overall() == Overall::Bogus,
                    "record {record}, octet {octet}: {}",
                    summary(&verdict)
                );
            }
        }
    }
}
