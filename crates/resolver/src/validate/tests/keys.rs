//! DS records and the keys that they tell of.

use std::cell::Cell;

use super::{
    super::RecordType,
    signer::Key,
    world::{INTERNET, Internet, leaf, summary},
    zone::{Denial, Zone, name},
};

/// The verdict on `www.zone.` whose zone has these keys and DS records.
fn with_ds(keys: Vec<Key>, ds: impl Fn(&Zone) -> Vec<Vec<u8>>) -> String {
    let mut internet = Internet::empty();
    let zone = leaf("zone.", keys, Denial::Nsec);
    let ds = ds(&zone);
    internet.add_with_ds(zone, &ds);
    summary(&internet.trial().judge("www.zone.", RecordType::A))
}

#[test]
fn a_ds_record_with_sha384_is_used() {
    assert_eq!(
        with_ds(vec![Key::new(13)], |zone| vec![zone.keys[0].ds(&zone.apex, 4)]),
        "secure"
    );
}

#[test]
fn a_ds_record_with_sha1_alone_makes_the_zone_insecure() {
    assert_eq!(
        with_ds(vec![Key::new(13)], |zone| vec![zone.keys[0].ds(&zone.apex, 1)]),
        "insecure: zone.: no DS record has a digest that is supported"
    );
}

#[test]
fn a_ds_record_that_is_not_supported_beside_one_that_is_does_not_matter() {
    let verdict = with_ds(vec![Key::new(13)], |zone| {
        let mut unknown = zone.keys[0].ds(&zone.apex, 2);
        unknown[2] = 253;
        vec![
            unknown,
            zone.keys[0].ds(&zone.apex, 1),
            zone.keys[0].ds(&zone.apex, 2),
        ]
    });
    assert_eq!(verdict, "secure");
}

#[test]
fn a_ds_record_that_is_supported_beside_one_that_is_not_must_hold() {
    let verdict = with_ds(vec![Key::new(13)], |zone| {
        let mut unknown = zone.keys[0].ds(&zone.apex, 2);
        unknown[2] = 253;
        let other = Key::new(13).ds(&zone.apex, 2);
        vec![unknown, other]
    });
    assert_eq!(
        verdict,
        "bogus: zone. DNSKEY: no DNSKEY record matches the DS records or the trust anchor"
    );
}

#[test]
fn one_matching_ds_record_of_several_suffices() {
    let verdict = with_ds(vec![Key::new(13)], |zone| {
        vec![Key::new(15).ds(&zone.apex, 2), zone.keys[0].ds(&zone.apex, 2)]
    });
    assert_eq!(verdict, "secure");
}

#[test]
fn a_key_that_no_ds_record_tells_of_may_sign_if_the_one_that_it_tells_of_signs_it() {
    let mut internet = Internet::empty();
    let (zone_key, entry_key) = (Key::new(15), Key::new(13));
    let zone = leaf("zone.", vec![zone_key, entry_key], Denial::Nsec);
    let ds = zone.keys[1].ds(&zone.apex, 2);
    internet.add_with_ds(zone, &[ds]);
    let zone = &internet.zones[&name("zone.")];
    let keys = &zone.sets[&(name("zone."), RecordType::DNSKEY)];
    let signed = zone.signed_by(&zone.keys[1..], keys);
    let mut trial = internet.trial().tampered(|question, reply| {
        if question.record_type == RecordType::DNSKEY && question.name == name("zone.") {
            reply.answers.clone_from(&signed);
        }
    });
    assert_eq!(summary(&trial.judge("www.zone.", RecordType::A)), "secure");
}

#[test]
fn a_zone_whose_keys_only_another_of_its_keys_signs_is_bogus() {
    let verdict = with_ds(vec![Key::new(15), Key::new(13)], |zone| {
        vec![zone.keys[1].ds(&zone.apex, 2)]
    });
    assert_eq!(
        verdict,
        "bogus: zone. DNSKEY: the key of the signature is not among those of the zone"
    );
}

#[test]
fn a_key_without_the_zone_bit_signs_nothing() {
    let mut key = Key::new(13);
    key.flags = 1;
    let verdict = with_ds(vec![key], |zone| vec![zone.keys[0].ds(&zone.apex, 2)]);
    assert_eq!(verdict, "bogus: zone. DNSKEY: the DNSKEY record is no zone key");
}

#[test]
fn a_revoked_key_signs_nothing() {
    let mut key = Key::new(13);
    key.flags |= 0x80;
    let verdict = with_ds(vec![key], |zone| vec![zone.keys[0].ds(&zone.apex, 2)]);
    assert_eq!(
        verdict,
        "bogus: zone. DNSKEY: no DNSKEY record matches the DS records or the trust anchor"
    );
}

#[test]
fn a_key_of_another_protocol_signs_nothing() {
    let mut key = Key::new(13);
    key.protocol = 2;
    let verdict = with_ds(vec![key], |zone| vec![zone.keys[0].ds(&zone.apex, 2)]);
    assert_eq!(
        verdict,
        "bogus: zone. DNSKEY: no DNSKEY record matches the DS records or the trust anchor"
    );
}

#[test]
fn the_absence_of_a_ds_record_is_proven_by_the_parent_alone() {
    // Only the reply to the client lacks the proof; those to the validator's own questions have it.
    for text in ["insecure.nsec.", "insecure.nsec3."] {
        let is_first = Cell::new(true);
        let mut trial = INTERNET.trial().tampered(move |_, reply| {
            if is_first.replace(false) {
                reply.authorities.clear();
            }
        });
        assert_eq!(
            summary(&trial.judge(text, RecordType::DS)),
            format!("bogus: {text} DS: nothing proves that it does not exist")
        );
    }
}
