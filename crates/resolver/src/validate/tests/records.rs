//! Records that are there.

use super::{
    super::{Question, Record, RecordType},
    signer::{DATES, Key, SignatureFields},
    world::{INTERNET, Internet, cases, leaf, strip_signatures, summary},
    zone::{Denial, TTL, name},
};

cases! {
    an_address_signed_with_ecdsap256sha256_is_secure: A "www.good.nsec." => "secure";
    an_address_signed_with_ecdsap384sha384_is_secure: A "www.p384.nsec." => "secure";
    an_address_signed_with_ed25519_is_secure: A "www.good.nsec3." => "secure";
    other_types_are_as_secure: TXT "www.good.nsec." => "secure";
    the_records_of_an_apex_are_secure: SOA "good.nsec." => "secure";
    the_ns_records_of_an_apex_are_signed_by_the_child: NS "good.nsec." => "secure";
    the_keys_of_a_zone_are_secure: DNSKEY "good.nsec." => "secure";
    the_keys_of_the_root_are_secure: DNSKEY "." => "secure";
    the_ds_records_of_a_zone_are_signed_by_its_parent: DS "good.nsec." => "secure";
    a_zone_on_the_same_server_is_secure: A "www.sub.good.nsec." => "secure";
    an_empty_label_between_zones_does_not_matter: A "a.b.ent.good.nsec." => "secure";
    a_wildcard_answers_with_its_proof: A "q.wild.good.nsec." => "secure";
    a_wildcard_answers_deep_names: A "p.q.wild.good.nsec." => "secure";
    a_wildcard_answers_with_nsec3: A "q.wild.good.nsec3." => "secure";
    a_wildcard_answers_deep_names_with_nsec3: A "p.q.wild.good.nsec3." => "secure";
    a_wildcard_in_an_opt_out_span_is_insecure: A "q.wild.optout.nsec3." =>
        "insecure: q.wild.optout.nsec3.: it lies in an opt-out span of its parent";
    a_wildcard_itself_needs_no_proof: A "*.wild.good.nsec." => "secure";
    a_name_below_an_asterisk_is_a_name_like_others: A "x.*.odd.good.nsec." => "secure";
    signatures_cannot_be_asked_for: RRSIG "www.good.nsec." =>
        "bogus: www.good.nsec. RRSIG: records of this type are never signed";
}

fn forged(text: &str, forge: impl Fn(&mut Vec<Record>)) -> String {
    let mut trial = INTERNET.trial().forged(|reply| forge(&mut reply.answers));
    summary(&trial.judge(text, RecordType::A))
}

/// The answer section of another question.
fn real(text: &str, record_type: RecordType) -> Vec<Record> {
    INTERNET.resolve(&Question::new(name(text), record_type)).answers
}

#[test]
fn records_without_a_signature_are_bogus_in_a_signed_zone() {
    assert_eq!(
        forged("www.good.nsec.", |answers| strip_signatures(
            answers,
            RecordType::A
        )),
        "bogus: www.good.nsec. A: there is no signature"
    );
}

#[test]
fn changed_data_is_bogus() {
    assert_eq!(
        forged("www.good.nsec.", |answers| answers[0].data = [6, 6, 6, 6].into()),
        "bogus: www.good.nsec. A: the signature is wrong"
    );
}

#[test]
fn an_added_record_makes_the_set_bogus() {
    let verdict = forged("www.good.nsec.", |answers| {
        let mut other = answers[0].clone();
        other.data = [6, 6, 6, 6].into();
        answers.push(other);
    });
    assert_eq!(verdict, "bogus: www.good.nsec. A: the signature is wrong");
}

#[test]
fn a_repeated_record_changes_nothing_and_is_told_once() {
    let mut trial = INTERNET.trial().forged(|reply| {
        let again = reply.answers[0].clone();
        reply.answers.push(again);
    });
    let verdict = trial.judge("www.good.nsec.", RecordType::A);
    assert_eq!(
        (summary(&verdict).as_str(), verdict.links[0].records.len()),
        ("secure", 1)
    );
}

#[test]
fn the_signature_of_another_name_is_bogus() {
    let verdict = forged("www.good.nsec.", |answers| {
        let mut other = real("good.nsec.", RecordType::A);
        other.retain(|record| record.record_type == RecordType::RRSIG);
        other[0].owner = name("www.good.nsec.");
        strip_signatures(answers, RecordType::A);
        answers.extend(other);
    });
    // Its Labels field has two labels, as if it were a wildcard's.
    assert_eq!(verdict, "bogus: www.good.nsec. A: the signature is wrong");
}

#[test]
fn a_signature_with_more_labels_than_the_name_is_bogus() {
    let verdict = forged("www.good.nsec.", |answers| {
        let signature = answers.last_mut().unwrap();
        signature.data[3] = 4;
    });
    assert_eq!(
        verdict,
        "bogus: www.good.nsec. A: the signature is not for this name"
    );
}

#[test]
fn a_signature_of_a_wildcard_above_the_zone_is_bogus() {
    let verdict = forged("www.good.nsec.", |answers| {
        answers.last_mut().unwrap().data[3] = 1
    });
    assert_eq!(
        verdict,
        "bogus: www.good.nsec. A: the signature is not for this name"
    );
}

/// Forges addresses with a signature that a zone of the internet really made.
fn signed_by(owner: &str, apex: &str, signer: &str) -> String {
    forged(owner, |answers| {
        answers.retain(|record| record.record_type == RecordType::A);
        answers[0].data = [6, 6, 6, 6].into();
        let fields = SignatureFields {
            signer: name(signer),
            dates: DATES,
            original_ttl: TTL,
            labels: None,
        };
        let signature = INTERNET.zones[&name(apex)].keys[0].sign(answers, &fields);
        answers.push(signature);
    })
}

#[test]
fn a_signature_by_another_secure_zone_is_bogus() {
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "p384.nsec."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
}

#[test]
fn a_signature_by_a_child_of_the_zone_is_bogus() {
    assert_eq!(
        signed_by("www.good.nsec.", "sub.good.nsec.", "sub.good.nsec."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
}

#[test]
fn a_signature_that_claims_another_signer_than_its_key_is_bogus() {
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "good.nsec."),
        "bogus: www.good.nsec. A: the key of the signature is not among those of the zone"
    );
}

#[test]
fn a_signature_by_an_insecure_zone_beside_makes_nothing_insecure() {
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "insecure.nsec."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "unsub.good.nsec."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "plain."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
}

#[test]
fn a_signature_by_the_name_itself_makes_nothing_insecure() {
    assert_eq!(
        signed_by("www.good.nsec.", "p384.nsec.", "www.good.nsec."),
        "bogus: www.good.nsec. A: no signature is by the zone that the name belongs to"
    );
}

#[test]
fn a_signature_by_the_parent_is_bogus_below_a_known_cut() {
    let mut trial = INTERNET.trial();
    trial.judge("www.good.nsec.", RecordType::A);
    let mut forged = INTERNET.trial().forged(|reply| {
        reply.answers.retain(|record| record.record_type == RecordType::A);
        let fields = SignatureFields {
            signer: name("nsec."),
            dates: DATES,
            original_ttl: TTL,
            labels: None,
        };
        let signature = INTERNET.zones[&name("nsec.")].keys[0].sign(&reply.answers, &fields);
        reply.answers.push(signature);
    });
    forged.cuts = trial.cuts;
    assert_eq!(
        summary(&forged.judge("www.good.nsec.", RecordType::A)),
        "bogus: www.good.nsec. A: the signature is by a zone above the one that the name belongs to"
    );
}

#[test]
fn one_good_signature_beside_bad_ones_suffices() {
    let verdict = forged("www.good.nsec.", |answers| {
        let good = answers.pop().unwrap();
        let mut bad = good.clone();
        *bad.data.last_mut().unwrap() ^= 1;
        answers.extend([bad.clone(), bad, good]);
    });
    assert_eq!(verdict, "secure");
}

#[test]
fn a_wildcard_without_its_proof_is_bogus() {
    let mut trial = INTERNET.trial().forged(|reply| reply.authorities.clear());
    let verdict = trial.judge("q.wild.good.nsec.", RecordType::A);
    assert_eq!(
        summary(&verdict),
        "bogus: q.wild.good.nsec. A: nothing proves that it does not exist"
    );
}

/// Lets a wildcard of a zone answer for a name, with the proof for another name.
fn replayed(apex: &str, victim: &str, proof_of: &str) -> String {
    let mut trial = INTERNET.trial().forged(|reply| {
        *reply = INTERNET.resolve(&Question::new(
            name(&format!("{proof_of}.wild.{apex}")),
            RecordType::A,
        ));
        for record in &mut reply.answers {
            record.owner = name(&format!("{victim}.{apex}"));
        }
    });
    summary(&trial.judge(&format!("{victim}.{apex}"), RecordType::A))
}

#[test]
fn a_wildcard_does_not_answer_for_names_outside() {
    assert_eq!(
        replayed("good.nsec.", "victim", "q"),
        "bogus: victim.good.nsec. A: the signature is wrong"
    );
    assert_eq!(
        replayed("good.nsec.", "a.victim", "q"),
        "bogus: a.victim.good.nsec. A: the signature is wrong"
    );
}

#[test]
fn a_wildcard_does_not_answer_for_a_name_that_exists() {
    let mut internet = Internet::empty();
    let mut zone = leaf("zone.", vec![Key::new(13)], Denial::Nsec);
    zone.a("there.wild");
    internet.add_signed(zone);
    let proof = internet.resolve(&Question::new(name("q.wild.zone."), RecordType::A));
    let mut trial = internet.trial().forged(|reply| {
        *reply = proof.clone();
        for record in &mut reply.answers {
            record.owner = name("there.wild.zone.");
        }
    });
    assert_eq!(
        summary(&trial.judge("there.wild.zone.", RecordType::A)),
        "bogus: there.wild.zone. A: nothing proves that it does not exist"
    );
    // Names below it are its own, too: *.wild stands no more for them.
    let mut trial = internet.trial().forged(|reply| {
        *reply = proof.clone();
        reply.authorities = internet.zones[&name("zone.")].nsec_for(&name("x.there.wild.zone."));
        for record in &mut reply.answers {
            record.owner = name("x.there.wild.zone.");
        }
    });
    assert_eq!(
        summary(&trial.judge("x.there.wild.zone.", RecordType::A)),
        "bogus: x.there.wild.zone. A: nothing proves that it does not exist"
    );
}

#[test]
fn records_beside_the_chain_are_not_among_its_links() {
    let mut trial = INTERNET.trial().forged(|reply| {
        reply.answers.extend(real("www.insecure.nsec.", RecordType::A));
        reply.authorities.extend(real("p384.nsec.", RecordType::NS));
    });
    let verdict = trial.judge("www.good.nsec.", RecordType::A);
    assert_eq!(summary(&verdict), "secure");
    assert_eq!(verdict.links.len(), 1);
    assert!(
        verdict.links[0]
            .records
            .iter()
            .all(|record| record.owner == name("www.good.nsec."))
    );
}

#[test]
fn every_set_of_a_reply_for_all_types_counts() {
    let everything = |reply: &mut super::super::Reply| {
        let of = |record_type| real("www.good.nsec.", record_type);
        reply.authorities.clear();
        reply.answers = [of(RecordType::A), of(RecordType::TXT)].concat();
    };
    let verdict = INTERNET
        .trial()
        .forged(everything)
        .judge("www.good.nsec.", RecordType::ANY);
    assert_eq!((summary(&verdict).as_str(), verdict.links.len()), ("secure", 2));
    let one_is_unsigned = |reply: &mut super::super::Reply| {
        everything(reply);
        strip_signatures(&mut reply.answers, RecordType::TXT);
    };
    let verdict = INTERNET
        .trial()
        .forged(one_is_unsigned)
        .judge("www.good.nsec.", RecordType::ANY);
    assert_eq!(
        summary(&verdict),
        "bogus: www.good.nsec. TXT: there is no signature"
    );
}
