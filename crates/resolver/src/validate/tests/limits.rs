//! The work that one query may cause, whatever the replies hold.

use super::{
    super::{
        Question, Record, RecordType, Verdict,
        budget::{MAX_FAILURES, MAX_HASH_BLOCKS, MAX_QUESTIONS, MAX_SIGNATURES, Spent},
    },
    signer::{DATES, Key, SignatureFields},
    world::{INTERNET, Internet, Trial, leaf, strip_signatures, summary},
    zone::{Denial, TTL, name},
};

fn spent(trial: &mut Trial<'_>, text: &str, record_type: RecordType) -> (Verdict, Spent) {
    let (verdict, validator) = trial.judge_counting(text, record_type);
    let spent = validator.spent();
    assert!(
        spent.signatures <= MAX_SIGNATURES && spent.failures <= MAX_FAILURES,
        "{spent:?}"
    );
    assert!(
        spent.hash_blocks <= MAX_HASH_BLOCKS && spent.questions <= MAX_QUESTIONS,
        "{spent:?}"
    );
    (verdict, spent)
}

#[test]
fn an_answer_two_zones_deep_takes_six_signatures() {
    let (verdict, spent) = spent(&mut INTERNET.trial(), "www.good.nsec.", RecordType::A);
    assert_eq!(summary(&verdict), "secure");
    assert_eq!((spent.signatures, spent.failures, spent.questions), (6, 0, 5));
}

#[test]
fn nothing_is_checked_twice_while_records_are_awaited() {
    // Two links, two top-level domains, four zones and the root.
    let (verdict, spent) = spent(&mut INTERNET.trial(), "to-hashed.good.nsec.", RecordType::A);
    assert_eq!(summary(&verdict), "secure");
    assert_eq!((spent.signatures, spent.questions), (1 + 4 * 2 + 2, 9));
}

#[test]
fn records_that_do_not_hold_for_a_second_are_not_checked_again_for_one_query() {
    let mut trial = INTERNET.trial().tampered(|_, reply| {
        for record in &mut reply.answers {
            record.ttl = 0;
        }
    });
    let (verdict, first) = spent(&mut trial, "www.good.nsec.", RecordType::A);
    assert_eq!(
        (summary(&verdict).as_str(), verdict.ttl(), first.signatures),
        ("secure", 0, 6)
    );
    // For the next one they are.
    assert_eq!(spent(&mut trial, "www.good.nsec.", RecordType::A).1, first);
}

/// An internet with a zone of many keys that have the same key tag, and as many wrong signatures with it.
fn key_trap(keys: usize) -> (Internet, Vec<Record>) {
    let mut internet = Internet::empty();
    let mut zone = leaf("trap.", vec![Key::new(13)], Denial::Nsec);
    let real = zone.keys[0].data();
    for number in 0..keys {
        // Two octets of the key raised and lowered alike leave the sum.
        let mut data = real.clone();
        let place = 4 + 2 * (number % 15);
        let amount = u8::try_from(number / 15 + 1).unwrap();
        data[place] = data[place].wrapping_add(amount);
        data[place + 2] = data[place + 2].wrapping_sub(amount);
        zone.add("@", RecordType::DNSKEY, &data);
    }
    internet.add_signed(zone);
    let zone = &internet.zones[&name("trap.")];
    let records = &zone.sets[&(name("www.trap."), RecordType::A)];
    let signed = zone.signed(records);
    let mut trapped = records.clone();
    for number in 0..keys {
        let mut signature = signed[1].clone();
        let last = signature.data.len() - 1 - number % 32;
        signature.data[last] ^= u8::try_from(number / 32 + 1).unwrap();
        trapped.push(signature);
    }
    (internet, trapped)
}

#[test]
fn many_keys_with_one_tag_cost_little() {
    let (internet, trapped) = key_trap(500);
    let mut trial = internet
        .trial()
        .forged(|reply| reply.answers.clone_from(&trapped));
    let (verdict, spent) = spent(&mut trial, "www.trap.", RecordType::A);
    assert!(summary(&verdict).starts_with("bogus"), "{}", summary(&verdict));
    assert!(spent.signatures < 30, "{spent:?}");
}

#[test]
fn one_wrong_signature_is_tried_with_few_of_the_keys_with_its_tag() {
    let (internet, trapped) = key_trap(100);
    let mut trial = internet
        .trial()
        .forged(|reply| reply.answers = trapped[..2].to_vec());
    let (verdict, spent) = spent(&mut trial, "www.trap.", RecordType::A);
    assert_eq!(summary(&verdict), "bogus: www.trap. A: the signature is wrong");
    assert_eq!(spent.failures, 4);
}

#[test]
fn many_wrong_signatures_cost_little() {
    let mut trial = INTERNET.trial().forged(|reply| {
        let good = reply.answers.pop().unwrap();
        for octet in 0..60 {
            let mut bad = good.clone();
            bad.data[30 + octet] ^= 1;
            reply.answers.push(bad);
        }
    });
    let (verdict, spent) = spent(&mut trial, "www.good.nsec.", RecordType::A);
    assert!(summary(&verdict).starts_with("bogus"), "{}", summary(&verdict));
    assert!(spent.failures <= 8, "{spent:?}");
}

#[test]
fn many_wrong_proofs_cost_little() {
    let mut trial = INTERNET.trial().forged(|reply| {
        let mut proofs = Vec::new();
        for number in 0..200 {
            let owner = name(&format!("x{number}.good.nsec."));
            let of_soa = &reply.authorities[0].owner;
            for record in reply
                .authorities
                .iter()
                .filter(|record| record.owner != *of_soa)
                .take(2)
            {
                proofs.push(Record {
                    owner: owner.clone(),
                    ..record.clone()
                });
            }
        }
        reply.authorities = proofs;
    });
    let (verdict, spent) = spent(&mut trial, "nothing.good.nsec.", RecordType::A);
    assert_eq!(
        summary(&verdict),
        "bogus: nothing.good.nsec. A: it would take more work than one query may cause"
    );
    assert_eq!(spent.failures, MAX_FAILURES);
}

#[test]
fn the_deepest_name_costs_no_more_hashes_than_are_allowed() {
    let deep = format!("{}good.nsec3.", "a.".repeat(110));
    let (verdict, few) = spent(&mut INTERNET.trial(), &deep, RecordType::A);
    assert_eq!(summary(&verdict), "secure no such name");
    assert!(few.hash_blocks < 500, "{few:?}");
    let deep = format!("{}most.nsec3.", "a.".repeat(110));
    let (verdict, many) = spent(&mut INTERNET.trial(), &deep, RecordType::A);
    assert_eq!(
        summary(&verdict),
        format!("bogus: {deep} A: it would take more work than one query may cause")
    );
    assert!(many.hash_blocks > few.hash_blocks, "{many:?}");
}

#[test]
fn a_deep_name_with_an_unsigned_answer_does_not_ask_without_end() {
    let mut zone = leaf("zone.", vec![Key::new(13)], Denial::Nsec);
    let deep = format!("{}deep", "a.".repeat(100));
    zone.a(&deep);
    let mut internet = Internet::empty();
    internet.add_signed(zone);
    let mut trial = internet
        .trial()
        .forged(|reply| strip_signatures(&mut reply.answers, RecordType::A));
    let (verdict, spent) = spent(&mut trial, &format!("{deep}.zone."), RecordType::A);
    assert!(summary(&verdict).ends_with("it would take more work than one query may cause"));
    assert_eq!(spent.questions, MAX_QUESTIONS);
}

#[test]
fn a_long_chain_through_many_zones_costs_what_it_may() {
    let mut internet = Internet::empty();
    for number in 0..13 {
        let mut zone = leaf(&format!("zone{number}."), vec![Key::new(15)], Denial::Nsec);
        zone.pointer("next", RecordType::CNAME, &format!("next.zone{}.", number + 1));
        if number == 12 {
            zone.sets.remove(&(name("next.zone12."), RecordType::CNAME));
            zone.a("next");
        }
        internet.add_signed(zone);
    }
    let (verdict, _) = spent(&mut internet.trial(), "next.zone0.", RecordType::A);
    assert_eq!(summary(&verdict), "secure");
}

#[test]
fn a_record_set_of_thousands_is_checked_once() {
    let mut trial = INTERNET.trial().forged(|reply| {
        let first = reply.answers[0].clone();
        let mut many: Vec<_> = (0..4000_u32)
            .map(|number| Record {
                data: number.to_be_bytes().into(),
                ..first.clone()
            })
            .collect();
        let fields = SignatureFields {
            signer: name("good.nsec."),
            dates: DATES,
            original_ttl: TTL,
            labels: None,
        };
        let signature = INTERNET.zones[&name("good.nsec.")].keys[0].sign(&many, &fields);
        many.push(signature);
        reply.answers = many;
    });
    let (verdict, spent) = spent(&mut trial, "www.good.nsec.", RecordType::A);
    assert_eq!((summary(&verdict).as_str(), spent.signatures), ("secure", 6));
    assert_eq!(verdict.links[0].records.len(), 4000);
}

#[test]
fn many_ds_records_for_many_keys_cost_few_digests() {
    let (mut internet, _) = key_trap(300);
    let root = internet.zone_mut(&name("."));
    let real = root.sets[&(name("trap."), RecordType::DS)][0].data.clone();
    for number in 1..200_u8 {
        let mut other = real.clone();
        other[5] ^= number;
        root.add("trap.", RecordType::DS, &other);
    }
    root.sets
        .get_mut(&(name("trap."), RecordType::DS))
        .unwrap()
        .remove(0);
    let (verdict, _) = spent(&mut internet.trial(), "www.trap.", RecordType::A);
    assert_eq!(
        summary(&verdict),
        "bogus: trap. DNSKEY: it would take more work than one query may cause"
    );
}

#[test]
fn garbage_in_every_section_is_no_reason_to_panic() {
    let types = [1, 2, 5, 6, 16, 39, 43, 46, 47, 48, 50, 51, 65];
    for length in 0..40 {
        let mut trial = INTERNET.trial().tampered(|_, reply| {
            for record_type in types {
                for section in [&mut reply.answers, &mut reply.authorities] {
                    section.push(Record {
                        owner: name("www.good.nsec."),
                        record_type: RecordType(record_type),
                        class: 1,
                        ttl: TTL,
                        data: vec![u8::try_from(length).unwrap(); length].into(),
                    });
                }
            }
        });
        for question in [
            ("www.good.nsec.", RecordType::A),
            ("nothing.good.nsec3.", RecordType::A),
        ] {
            trial.judge(question.0, question.1);
        }
    }
}

#[test]
fn records_of_other_classes_are_not_looked_at() {
    let question = Question::new(name("www.good.nsec."), RecordType::A);
    let mut trial = INTERNET.trial().forged(|reply| {
        let mut chaos = reply.answers[0].clone();
        chaos.class = 3;
        chaos.data = [6, 6, 6, 6].into();
        reply.answers.push(chaos);
    });
    let verdict = trial.judge("www.good.nsec.", question.record_type);
    assert_eq!(
        (summary(&verdict).as_str(), verdict.links[0].records.len()),
        ("secure", 1)
    );
}
