//! Records and names that are not there.

use super::{
    super::{Question, Record, RecordType, Reply, TrustAnchors},
    signer::Key,
    world::{INTERNET, Internet, NSEC3, OPT_OUT, cases, leaf, strip, strip_signatures, summary},
    zone::{Denial, NEGATIVE_TTL, Zone, name},
};

cases! {
    a_missing_type_is_secure_with_nsec: AAAA "www.good.nsec." => "secure";
    a_missing_name_is_secure_with_nsec: A "nothing.good.nsec." => "secure no such name";
    a_missing_deep_name_is_secure_with_nsec: A "a.b.c.nothing.good.nsec." => "secure no such name";
    a_missing_type_is_secure_with_nsec3: AAAA "www.good.nsec3." => "secure";
    a_missing_name_is_secure_with_nsec3: A "nothing.good.nsec3." => "secure no such name";
    a_missing_deep_name_is_secure_with_nsec3: A "a.b.c.nothing.good.nsec3." => "secure no such name";
    a_missing_type_at_an_apex_is_secure: AAAA "good.nsec." => "secure";
    an_empty_non_terminal_has_no_records_with_nsec: A "b.ent.good.nsec." => "secure";
    an_empty_non_terminal_has_no_records_with_nsec3: A "b.ent.good.nsec3." => "secure";
    a_missing_type_of_a_wildcard_is_secure_with_nsec: TXT "q.wild.good.nsec." => "secure";
    a_missing_type_of_a_wildcard_is_secure_with_nsec3: TXT "q.wild.good.nsec3." => "secure";
    an_asterisk_without_records_is_an_empty_non_terminal: A "q.odd.good.nsec." => "secure";
    an_asterisk_without_records_is_an_empty_non_terminal_with_nsec3: A "q.odd.good.nsec3." => "secure";
    a_missing_top_level_domain_is_secure: A "www.nothing." => "secure no such name";
    a_missing_name_below_a_delegated_one_is_secure: A "nothing.nsec." => "secure no such name";
    a_missing_name_in_an_opt_out_span_is_insecure: A "nothing.nsec3." =>
        "insecure no such name: nothing.nsec3.: it lies in an opt-out span of its parent";
    a_missing_type_of_a_name_with_an_nsec3_record_is_secure_in_spite_of_opt_out: AAAA "www.optout.nsec3." => "secure";
    the_ds_of_a_name_that_is_no_cut_is_securely_missing: DS "www.good.nsec." => "secure";
    the_ds_of_an_unsigned_child_is_securely_missing: DS "unsub.good.nsec." => "secure";
    the_ds_of_an_opted_out_child_is_insecurely_missing: DS "insecure.nsec3." =>
        "insecure: insecure.nsec3.: it lies in an opt-out span of its parent";
    the_ds_of_the_root_is_securely_missing: DS "." => "secure";
    nsec3_with_the_most_iterations_is_believed: A "nothing.most.nsec3." => "secure no such name";
    nsec3_with_more_iterations_is_bogus: A "nothing.toomany.nsec3." =>
        "bogus: nothing.toomany.nsec3. A: NSEC3 records have more than 150 iterations";
    records_of_a_zone_with_more_iterations_are_secure: A "www.toomany.nsec3." => "secure";
}

fn forged(text: &str, record_type: RecordType, forge: impl Fn(&mut Reply)) -> String {
    summary(&INTERNET.trial().forged(forge).judge(text, record_type))
}

fn resolve(text: &str, record_type: RecordType) -> Reply {
    INTERNET.resolve(&Question::new(name(text), record_type))
}

/// The proof of `for_name` in place of the reply to a question for `text`.
fn replayed(text: &str, record_type: RecordType, for_name: &str, for_type: RecordType) -> String {
    forged(text, record_type, |reply| *reply = resolve(for_name, for_type))
}

const MISSING: &str = "nothing proves that it does not exist";

#[test]
fn an_empty_reply_is_bogus() {
    for code in [Reply::NO_ERROR, Reply::NO_SUCH_NAME] {
        let verdict = forged("www.good.nsec.", RecordType::A, |reply| {
            *reply = Reply::default();
            reply.response_code = code;
        });
        assert_eq!(verdict, format!("bogus: www.good.nsec. A: {MISSING}"));
    }
}

#[test]
fn the_soa_of_another_zone_makes_nothing_insecure() {
    for apex in ["insecure.nsec.", "unsub.good.nsec.", "plain.", ".", "good.nsec."] {
        let soa = || {
            let mut soa = resolve(apex, RecordType::SOA).answers;
            strip_signatures(&mut soa, RecordType::SOA);
            soa
        };
        for code in [Reply::NO_ERROR, Reply::NO_SUCH_NAME] {
            let verdict = forged("www.good.nsec.", RecordType::A, |reply| {
                *reply = Reply {
                    response_code: code,
                    answers: vec![],
                    authorities: soa(),
                };
            });
            assert_eq!(verdict, format!("bogus: www.good.nsec. A: {MISSING}"), "{apex}");
        }
    }
}

#[test]
fn a_stripped_proof_is_bogus() {
    for (zone, denial) in [
        ("good.nsec.", RecordType::NSEC),
        ("good.nsec3.", RecordType::NSEC3),
    ] {
        for (owner, record_type) in [("nothing", RecordType::A), ("www", RecordType::AAAA)] {
            let text = format!("{owner}.{zone}");
            let verdict = forged(&text, record_type, |reply| strip(&mut reply.authorities, denial));
            assert_eq!(verdict, format!("bogus: {text} {record_type}: {MISSING}"));
        }
    }
}

#[test]
fn an_unsigned_proof_is_bogus() {
    for (zone, denial) in [
        ("good.nsec.", RecordType::NSEC),
        ("good.nsec3.", RecordType::NSEC3),
    ] {
        let text = format!("nothing.{zone}");
        let verdict = forged(&text, RecordType::A, |reply| {
            strip_signatures(&mut reply.authorities, denial)
        });
        assert_eq!(verdict, format!("bogus: {text} A: there is no signature"));
    }
}

#[test]
fn the_proof_of_another_name_is_bogus() {
    for zone in ["good.nsec.", "good.nsec3."] {
        let verdict = replayed(
            &format!("www.{zone}"),
            RecordType::A,
            &format!("zzz.{zone}"),
            RecordType::A,
        );
        assert_eq!(verdict, format!("bogus: www.{zone} A: {MISSING}"));
    }
}

#[test]
fn a_proof_of_the_name_does_not_deny_a_type_that_is_there() {
    for zone in ["good.nsec.", "good.nsec3."] {
        let www = format!("www.{zone}");
        assert_eq!(
            replayed(&www, RecordType::A, &www, RecordType::AAAA),
            format!("bogus: {www} A: {MISSING}")
        );
    }
}

#[test]
fn a_name_with_an_alias_lacks_no_type() {
    for zone in ["good.nsec.", "good.nsec3."] {
        let alias = format!("to-www.{zone}");
        let zone = &INTERNET.zones[&name(zone)];
        let proof = match zone.denial {
            Denial::Nsec => zone.nsec_for(&name(&alias)),
            Denial::Nsec3 { iterations, opt_out } => zone.nsec3_for(&name(&alias), iterations, opt_out),
        };
        let verdict = forged(&alias, RecordType::A, |reply| {
            reply.answers.clear();
            reply.authorities.clone_from(&proof);
        });
        assert_eq!(verdict, format!("bogus: {alias} A: {MISSING}"));
    }
}

#[test]
fn the_record_of_a_delegation_denies_nothing_of_the_child() {
    let cut = name("sub.good.nsec.");
    let ancestor = INTERNET.zones[&name("good.nsec.")].nsec_for(&cut);
    for text in ["sub.good.nsec.", "www.sub.good.nsec.", "nothing.sub.good.nsec."] {
        let verdict = forged(text, RecordType::TXT, |reply| {
            reply.answers.clear();
            reply.authorities.clone_from(&ancestor);
        });
        assert_eq!(verdict, format!("bogus: {text} TXT: {MISSING}"));
    }
}

#[test]
fn the_hash_of_a_delegation_denies_nothing_of_the_child() {
    let zone = &INTERNET.zones[&name("nsec3.")];
    let records = |text: &str| zone.nsec3_for(&name(text), 0, true);
    let ancestor = [
        records("good.nsec3."),
        records("www.good.nsec3."),
        records("*.good.nsec3."),
    ]
    .concat();
    for text in ["good.nsec3.", "www.good.nsec3."] {
        let verdict = forged(text, RecordType::TXT, |reply| {
            reply.answers.clear();
            reply.authorities.clone_from(&ancestor);
        });
        assert_eq!(verdict, format!("bogus: {text} TXT: {MISSING}"));
    }
}

#[test]
fn the_record_of_a_dname_denies_nothing_below_it() {
    for (zone, record) in [
        (
            "good.nsec.",
            INTERNET.zones[&name("good.nsec.")].nsec_for(&name("moved.good.nsec.")),
        ),
        ("good.nsec3.", {
            let zone = &INTERNET.zones[&name("good.nsec3.")];
            let records = |text: &str| zone.nsec3_for(&name(text), 0, false);
            [
                records("moved.good.nsec3."),
                records("www.moved.good.nsec3."),
                records("*.moved.good.nsec3."),
            ]
            .concat()
        }),
    ] {
        let text = format!("www.moved.{zone}");
        let verdict = forged(&text, RecordType::A, |reply| {
            reply.answers.clear();
            reply.authorities.clone_from(&record);
        });
        assert_eq!(verdict, format!("bogus: {text} A: {MISSING}"));
    }
}

#[test]
fn the_child_denies_no_ds_of_its_own() {
    for zone in ["good.nsec.", "good.nsec3."] {
        // The proof for the apex of the child, which has no DS record, nor may it.
        let child = resolve(zone, RecordType::AAAA);
        let mut trial = INTERNET.trial().tampered(|question, reply| {
            if question.name == name(zone) && question.record_type == RecordType::DS {
                *reply = child.clone();
            }
        });
        let verdict = summary(&trial.judge(zone, RecordType::DS));
        assert!(verdict.starts_with("bogus"), "{verdict}");
        let verdict = summary(&trial.judge(&format!("www.{zone}"), RecordType::A));
        assert!(verdict.starts_with("bogus"), "{verdict}");
    }
}

#[test]
fn a_name_does_not_vanish_without_a_proof_about_the_wildcard() {
    for (zone, denial) in [("good.nsec.", Denial::Nsec), ("good.nsec3.", NSEC3)] {
        let text = format!("q.wild.{zone}");
        let verdict = forged(&text, RecordType::A, |reply| {
            // The wildcard has the address; only that q.wild does not exist is proven.
            reply.answers.clear();
            reply.response_code = Reply::NO_SUCH_NAME;
            if matches!(denial, Denial::Nsec3 { .. }) {
                let zone = &INTERNET.zones[&name(zone)];
                reply
                    .authorities
                    .extend(zone.nsec3_for(&name(&format!("wild.{}", zone.apex)), 0, false));
            }
        });
        assert_eq!(verdict, format!("bogus: {text} A: {MISSING}"));
    }
}

#[test]
fn a_record_that_a_wildcard_made_denies_nothing() {
    // An NSEC record owned by a wildcard, under the name that is to be denied.
    let zone = &INTERNET.zones[&name("good.nsec.")];
    let mut records = zone.nsec_for(&name("*.wild.good.nsec."));
    for record in &mut records {
        record.owner = name("victim.wild.good.nsec.");
    }
    let verdict = forged("victim.wild.good.nsec.", RecordType::TXT, |reply| {
        reply.authorities.clone_from(&records);
    });
    assert_eq!(
        verdict,
        "bogus: victim.wild.good.nsec. TXT: the signature is not for this name"
    );
}

#[test]
fn a_flag_of_opt_out_that_was_added_is_bogus() {
    let verdict = forged("nothing.good.nsec3.", RecordType::A, |reply| {
        for record in reply
            .authorities
            .iter_mut()
            .filter(|record| record.record_type == RecordType::NSEC3)
        {
            record.data[1] = 1;
        }
    });
    assert_eq!(verdict, "bogus: nothing.good.nsec3. A: the signature is wrong");
}

#[test]
fn a_denial_from_a_zone_above_a_known_cut_is_bogus() {
    let mut trial = INTERNET.trial();
    trial.judge("www.good.nsec.", RecordType::A);
    let cuts = trial.cuts;
    let old = {
        // As it was before good.nsec. was delegated.
        let mut zone = Zone::new("nsec.", vec![], Denial::Nsec);
        zone.a("a").a("z");
        let signer = &INTERNET.zones[&name("nsec.")];
        let mut records: Vec<Record> = Vec::new();
        for wanted in ["www.good.nsec.", "*.nsec."] {
            records.extend(signer.signed(&zone.nsec_for(&name(wanted))));
        }
        records
    };
    let mut forged = INTERNET.trial().forged(|reply| {
        *reply = Reply {
            response_code: Reply::NO_SUCH_NAME,
            answers: vec![],
            authorities: old.clone(),
        };
    });
    forged.cuts = cuts;
    assert_eq!(
        summary(&forged.judge("www.good.nsec.", RecordType::A)),
        "bogus: www.good.nsec. A: the signature is by a zone above the one that the name belongs to"
    );
}

#[test]
fn a_wrong_soa_beside_a_right_proof_is_bogus() {
    let verdict = forged("nothing.good.nsec.", RecordType::A, |reply| {
        let soa = reply
            .authorities
            .iter_mut()
            .find(|record| record.record_type == RecordType::SOA);
        *soa.unwrap().data.last_mut().unwrap() ^= 1;
    });
    assert_eq!(verdict, "bogus: good.nsec. SOA: the signature is wrong");
}

#[test]
fn the_response_code_is_the_one_that_is_proven() {
    let lie = |code| move |reply: &mut Reply| reply.response_code = code;
    assert_eq!(forged("www.good.nsec.", RecordType::AAAA, lie(3)), "secure");
    assert_eq!(
        forged("nothing.good.nsec.", RecordType::A, lie(0)),
        "secure no such name"
    );
    assert_eq!(forged("www.good.nsec.", RecordType::A, lie(3)), "secure");
    assert!(forged("www.good.nsec.", RecordType::A, lie(2)).starts_with("bogus"));
}

#[test]
fn a_negative_answer_holds_as_long_as_its_soa_and_its_proof() {
    let verdict = INTERNET.trial().judge("nothing.good.nsec.", RecordType::A);
    assert_eq!(verdict.ttl(), NEGATIVE_TTL);
    let kinds: Vec<_> = verdict.links[0]
        .records
        .iter()
        .map(|record| record.record_type)
        .collect();
    assert_eq!(kinds[0], RecordType::SOA);
    assert!(kinds[1..].iter().all(|kind| *kind == RecordType::NSEC));
}

#[test]
fn names_above_unsigned_delegations_only_may_lie_in_an_opt_out_span() {
    let mut internet = Internet::empty();
    internet.add_signed(Zone::new("zone.", vec![Key::new(13)], OPT_OUT));
    internet.add_unsigned(leaf("deep.name.zone.", vec![], Denial::Nsec));
    let verdict = internet.trial().judge("name.zone.", RecordType::A);
    assert!(summary(&verdict).starts_with("insecure"), "{}", summary(&verdict));
    let verdict = internet.trial().judge("www.deep.name.zone.", RecordType::A);
    assert!(summary(&verdict).starts_with("insecure"), "{}", summary(&verdict));
}

#[test]
fn without_an_anchor_nothing_is_secure_or_bogus() {
    let mut trial = INTERNET.trial();
    trial.anchors = TrustAnchors::default();
    assert_eq!(
        summary(&trial.judge("nothing.good.nsec.", RecordType::A)),
        "insecure no such name: good.nsec.: no trust anchor is above it"
    );
}
