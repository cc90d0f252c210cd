//! The way down from the trust anchor.

use std::sync::Arc;

use super::{
    super::{Clock, Name, Question, RecordType, Reply, Step, TrustAnchors, Validator, ZoneCuts},
    signer::{Key, NOW},
    world::{INTERNET, Internet, cases, leaf, strip, strip_signatures, summary},
    zone::{Denial, Zone, name},
};

const NO_DS: &str = "its delegation is proven to have no DS record";

cases! {
    an_unsigned_zone_below_nsec_is_insecure: A "www.insecure.nsec." =>
        "insecure: insecure.nsec.: its delegation is proven to have no DS record";
    a_missing_name_of_an_unsigned_zone_is_insecure: A "nothing.insecure.nsec." =>
        "insecure no such name: insecure.nsec.: its delegation is proven to have no DS record";
    a_missing_type_of_an_unsigned_zone_is_insecure: AAAA "www.insecure.nsec." =>
        "insecure: insecure.nsec.: its delegation is proven to have no DS record";
    a_wildcard_of_an_unsigned_zone_is_insecure: A "q.wild.insecure.nsec." =>
        "insecure: insecure.nsec.: its delegation is proven to have no DS record";
    an_unsigned_zone_in_an_opt_out_span_is_insecure: A "www.insecure.nsec3." =>
        "insecure: insecure.nsec3.: it lies in an opt-out span of its parent";
    an_unsigned_zone_below_a_zone_with_opt_out_is_insecure: A "www.unsub.optout.nsec3." =>
        "insecure: unsub.optout.nsec3.: it lies in an opt-out span of its parent";
    an_unsigned_child_on_the_same_server_is_insecure: A "www.unsub.good.nsec." =>
        "insecure: unsub.good.nsec.: its delegation is proven to have no DS record";
    an_unsigned_top_level_domain_is_insecure: A "www.www.plain." =>
        "insecure: plain.: its delegation is proven to have no DS record";
    a_missing_name_of_an_unsigned_top_level_domain_is_insecure: A "nothing.plain." =>
        "insecure no such name: plain.: its delegation is proven to have no DS record";
    a_zone_signed_with_sha1_is_insecure: A "www.sha1.nsec." =>
        "insecure: sha1.nsec.: no DS record has an algorithm that is supported";
    a_zone_signed_with_ed448_is_insecure: A "www.ed448.nsec." =>
        "insecure: ed448.nsec.: no DS record has an algorithm that is supported";
    a_zone_signed_with_a_private_algorithm_is_insecure: A "www.private.nsec." =>
        "insecure: private.nsec.: no DS record has an algorithm that is supported";
}

/// The verdict on `www.good.nsec.` if replies of a type about a name are changed.
fn changed(at: &str, record_type: RecordType, change: impl Fn(&mut Reply)) -> String {
    let mut trial = INTERNET.trial().tampered(|question, reply| {
        if question.name == name(at) && question.record_type == record_type {
            change(reply);
        }
    });
    summary(&trial.judge("www.good.nsec.", RecordType::A))
}

#[test]
fn stripped_ds_records_are_bogus_at_each_cut() {
    for cut in ["nsec.", "good.nsec."] {
        let verdict = changed(cut, RecordType::DS, |reply| reply.answers.clear());
        assert_eq!(
            verdict,
            format!("bogus: {cut} DS: nothing proves that it does not exist")
        );
    }
}

#[test]
fn a_ds_reply_of_an_unsigned_zone_is_bogus_at_each_cut() {
    for cut in ["nsec.", "good.nsec."] {
        let real = INTERNET.resolve(&Question::new(name("insecure.nsec."), RecordType::DS));
        let verdict = changed(cut, RecordType::DS, |reply| reply.clone_from(&real));
        assert!(verdict.starts_with(&format!("bogus: {cut} DS")), "{verdict}");
    }
}

#[test]
fn changed_ds_records_are_bogus_at_each_cut() {
    for cut in ["nsec.", "good.nsec."] {
        let verdict = changed(cut, RecordType::DS, |reply| reply.answers[0].data[5] ^= 1);
        assert_eq!(verdict, format!("bogus: {cut} DS: the signature is wrong"));
    }
}

#[test]
fn missing_keys_are_bogus_at_each_cut() {
    for cut in [".", "nsec.", "good.nsec."] {
        let verdict = changed(cut, RecordType::DNSKEY, |reply| reply.answers.clear());
        assert_eq!(
            verdict,
            format!("bogus: {cut} DNSKEY: there are no DNSKEY records")
        );
    }
}

#[test]
fn unsigned_keys_are_bogus_at_each_cut() {
    for cut in [".", "nsec.", "good.nsec."] {
        let verdict = changed(cut, RecordType::DNSKEY, |reply| {
            strip_signatures(&mut reply.answers, RecordType::DNSKEY);
        });
        assert_eq!(verdict, format!("bogus: {cut} DNSKEY: there is no signature"));
    }
}

#[test]
fn keys_of_an_attacker_are_bogus_at_each_cut() {
    for cut in [".", "nsec.", "good.nsec."] {
        let zone = Zone::new(cut, vec![Key::new(13)], Denial::Nsec);
        let keys = zone.answer(&Question::new(name(cut), RecordType::DNSKEY));
        let verdict = changed(cut, RecordType::DNSKEY, |reply| reply.clone_from(&keys));
        assert_eq!(
            verdict,
            format!("bogus: {cut} DNSKEY: no DNSKEY record matches the DS records or the trust anchor")
        );
    }
}

#[test]
fn a_key_added_by_an_attacker_is_bogus() {
    let key = Key::new(13);
    let verdict = changed("good.nsec.", RecordType::DNSKEY, |reply| {
        let mut added = reply.answers[0].clone();
        added.data = key.data().into();
        reply.answers.push(added);
    });
    assert_eq!(verdict, "bogus: good.nsec. DNSKEY: the signature is wrong");
}

#[test]
fn what_cannot_be_obtained_is_bogus() {
    let verdict = changed("nsec.", RecordType::DS, |reply| reply.response_code = 2);
    assert_eq!(verdict, "bogus: nsec. DS: it could not be obtained");
}

#[test]
fn a_denial_of_ds_without_the_ns_bit_makes_nothing_insecure() {
    // A signed zone without DS and a name that is no cut differ in the NS bit alone.
    let mut internet = Internet::empty();
    let mut zone = leaf("zone.", vec![Key::new(13)], Denial::Nsec);
    zone.a("name");
    internet.add_signed(zone);
    let mut trial = internet
        .trial()
        .forged(|reply| strip_signatures(&mut reply.answers, RecordType::A));
    assert_eq!(
        summary(&trial.judge("name.zone.", RecordType::A)),
        "bogus: name.zone. A: there is no signature"
    );
}

#[test]
fn an_unsigned_answer_in_a_signed_zone_is_bogus_however_deep() {
    for text in [
        "a.b.ent.good.nsec.",
        "x.*.odd.good.nsec3.",
        "q.wild.good.nsec3.",
        "q.wild.good.nsec.",
    ] {
        let mut trial = INTERNET
            .trial()
            .forged(|reply| strip_signatures(&mut reply.answers, RecordType::A));
        assert_eq!(
            summary(&trial.judge(text, RecordType::A)),
            format!("bogus: {text} A: there is no signature")
        );
    }
}

#[test]
fn a_zone_that_its_parent_says_is_signed_and_is_not_is_bogus() {
    let mut internet = Internet::empty();
    let zone = leaf("zone.", vec![], Denial::Nsec);
    let ds = Key::new(13).ds(&zone.apex, 2);
    internet.add_with_ds(zone, &[ds]);
    for text in ["www.zone.", "nothing.zone."] {
        assert_eq!(
            summary(&internet.trial().judge(text, RecordType::A)),
            "bogus: zone. DNSKEY: there are no DNSKEY records"
        );
    }
}

#[test]
fn an_anchor_below_the_root_makes_an_island_secure() {
    let mut internet = Internet::empty();
    internet.add_unsigned(leaf("plain.", vec![], Denial::Nsec));
    internet.add_unsigned(leaf("island.plain.", vec![Key::new(15)], Denial::Nsec));
    let insecure = internet.trial().judge("www.island.plain.", RecordType::A);
    assert_eq!(summary(&insecure), format!("insecure: plain.: {NO_DS}"));
    let mut trial = internet.trial();
    let key = internet.zones[&name("island.plain.")].keys[0].ds(&name("island.plain."), 2);
    let digest: String = key[4..].iter().map(|octet| format!("{octet:02X}")).collect();
    let tag = u16::from_be_bytes([key[0], key[1]]);
    trial.anchors = format!("island.plain. DS {tag} 15 2 {digest}").parse().unwrap();
    assert_eq!(
        summary(&trial.judge("www.island.plain.", RecordType::A)),
        "secure"
    );
    assert_eq!(
        summary(&trial.judge("www.plain.", RecordType::A)),
        "insecure: www.plain.: no trust anchor is above it"
    );
}

#[test]
fn a_wrong_anchor_makes_everything_bogus() {
    let mut trial = INTERNET.trial();
    trial.anchors = TrustAnchors::root();
    for text in ["www.good.nsec.", "www.insecure.nsec.", "www.plain."] {
        assert_eq!(
            summary(&trial.judge(text, RecordType::A)),
            "bogus: . DNSKEY: no DNSKEY record matches the DS records or the trust anchor"
        );
    }
}

#[test]
fn below_a_negative_anchor_nothing_is_checked_until_it_ends() {
    let mut trial = INTERNET
        .trial()
        .forged(|reply| reply.answers[0].data = [6, 6, 6, 6].into());
    trial.anchors.set_negative(name("good.nsec."), NOW + 10);
    assert_eq!(
        summary(&trial.judge("www.good.nsec.", RecordType::A)),
        "insecure: good.nsec.: a negative trust anchor stands there"
    );
    assert!(summary(&trial.judge("www.p384.nsec.", RecordType::A)).starts_with("bogus"));
    let mut later = trial.at(Clock::Valid(NOW + 10));
    assert!(summary(&later.judge("www.good.nsec.", RecordType::A)).starts_with("bogus"));
}

#[test]
fn what_is_known_of_cuts_is_not_asked_for_again() {
    let mut trial = INTERNET.trial();
    trial.judge("www.good.nsec.", RecordType::A);
    let questions: Vec<_> = trial.asked.iter().map(ToString::to_string).collect();
    assert_eq!(
        questions,
        [
            ". DNSKEY",
            "nsec. DS",
            "nsec. DNSKEY",
            "good.nsec. DS",
            "good.nsec. DNSKEY"
        ]
    );
    trial.judge("nothing.good.nsec.", RecordType::A);
    assert!(trial.asked.is_empty(), "{:?}", trial.asked);
    trial.judge("www.p384.nsec.", RecordType::A);
    assert_eq!(trial.asked.len(), 2, "{:?}", trial.asked);
}

#[test]
fn a_bogus_cut_is_asked_for_again() {
    let mut broken = INTERNET.trial().tampered(|question, reply| {
        if question.record_type == RecordType::DNSKEY && question.name == name("good.nsec.") {
            strip(&mut reply.answers, RecordType::DNSKEY);
        }
    });
    assert!(summary(&broken.judge("www.good.nsec.", RecordType::A)).starts_with("bogus"));
    let mut repaired = INTERNET.trial();
    repaired.cuts = broken.cuts;
    assert_eq!(
        summary(&repaired.judge("www.good.nsec.", RecordType::A)),
        "secure"
    );
}

#[test]
fn a_verdict_stays_what_it_is() {
    let question = Question::new(Name::root(), RecordType::A);
    let anchors = Arc::new(TrustAnchors::default());
    let mut validator = Validator::new(question, Reply::default(), anchors, Clock::Unknown);
    let mut cuts = ZoneCuts::default();
    let now = std::time::Instant::now();
    let first = validator.step(&mut cuts, now);
    assert!(matches!(first, Step::Done(_)));
    assert_eq!(validator.step(&mut cuts, now), first);
}
