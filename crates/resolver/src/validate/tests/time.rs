//! Dates and times to live.

use super::{
    super::{Clock, RecordType},
    signer::{DATES, Key, NOW},
    world::{INTERNET, Internet, leaf, summary},
    zone::{Denial, NEGATIVE_TTL, TTL, Zone, name},
};

/// An internet with `www.zone.`, whose zone is changed before.
fn with_zone(change: impl FnOnce(&mut Zone)) -> Internet {
    let mut internet = Internet::empty();
    let mut zone = leaf("zone.", vec![Key::new(13)], Denial::Nsec);
    change(&mut zone);
    internet.add_signed(zone);
    internet
}

fn at(internet: &Internet, text: &str, clock: Clock) -> (String, bool) {
    let verdict = internet.trial().at(clock).judge(text, RecordType::A);
    (summary(&verdict), verdict.is_provisional)
}

#[test]
fn an_expired_signature_is_bogus() {
    let internet = with_zone(|zone| zone.dates = (1_700_000_000, 1_700_000_001));
    let (verdict, _) = at(&internet, "www.zone.", Clock::Valid(NOW));
    assert_eq!(verdict, "bogus: zone. DNSKEY: the signature has expired");
}

#[test]
fn a_signature_that_is_not_valid_yet_is_bogus() {
    let internet = with_zone(|zone| zone.dates = (1_900_000_000, 1_900_000_001));
    let (verdict, _) = at(&internet, "www.zone.", Clock::Valid(NOW));
    assert_eq!(verdict, "bogus: zone. DNSKEY: the signature is not valid yet");
}

#[test]
fn an_expired_signature_of_the_answer_alone_is_bogus() {
    let internet = with_zone(|_| {});
    let zone = &internet.zones[&name("zone.")];
    let old = Zone {
        apex: zone.apex.clone(),
        keys: vec![],
        denial: zone.denial,
        dates: (1_700_000_000, 1_700_000_001),
        sets: Default::default(),
    };
    let mut trial = internet.trial().forged(|reply| {
        reply.answers.pop();
        reply.answers = old.signed_by(&zone.keys, &reply.answers);
    });
    let verdict = trial.judge("www.zone.", RecordType::A);
    assert_eq!(summary(&verdict), "bogus: www.zone. A: the signature has expired");
    assert_eq!(verdict.extended_error().unwrap().code, 7);
}

#[test]
fn dates_are_judged_to_the_second() {
    let (begin, end) = DATES;
    for (now, is_secure) in [(begin - 1, false), (begin, true), (end, true), (end + 1, false)] {
        let (verdict, _) = at(&INTERNET, "www.good.nsec.", Clock::Valid(now.into()));
        assert_eq!(verdict == "secure", is_secure, "{now}: {verdict}");
    }
}

#[test]
fn without_a_valid_clock_dates_are_no_reason_to_refuse() {
    for dates in [(1_700_000_000, 1_700_000_001), (1_900_000_000, 1_900_000_001)] {
        let internet = with_zone(|zone| zone.dates = dates);
        for clock in [Clock::Unknown, Clock::Floor(NOW)] {
            for text in ["www.zone.", "nothing.zone."] {
                let (verdict, is_provisional) = at(&internet, text, clock);
                assert!(verdict.starts_with("secure") && is_provisional, "{verdict}");
            }
        }
    }
}

#[test]
fn without_a_valid_clock_everything_else_is_a_reason_to_refuse() {
    let mut trial = INTERNET
        .trial()
        .forged(|reply| reply.answers[0].data = [6, 6, 6, 6].into());
    let verdict = trial.at(Clock::Unknown);
    trial = verdict;
    assert_eq!(
        summary(&trial.judge("www.good.nsec.", RecordType::A)),
        "bogus: www.good.nsec. A: the signature is wrong"
    );
}

#[test]
fn with_a_valid_clock_nothing_is_provisional() {
    for text in ["www.good.nsec.", "www.insecure.nsec.", "nothing.good.nsec3."] {
        assert!(!at(&INTERNET, text, Clock::Valid(NOW)).1, "{text}");
    }
}

#[test]
fn an_insecure_verdict_without_a_valid_clock_is_provisional() {
    assert!(at(&INTERNET, "www.insecure.nsec.", Clock::Unknown).1);
}

#[test]
fn cuts_found_without_a_valid_clock_are_found_again_with_one() {
    let internet = with_zone(|zone| zone.dates = (1_700_000_000, 1_700_000_001));
    let mut trial = internet.trial().at(Clock::Unknown);
    assert_eq!(summary(&trial.judge("www.zone.", RecordType::A)), "secure");
    // Still without a clock, the cuts are known and the verdict stays provisional.
    let verdict = trial.judge("a.b.ent.zone.", RecordType::A);
    assert!(trial.asked.is_empty() && verdict.is_provisional);
    let mut later = trial.at(Clock::Valid(NOW));
    assert_eq!(
        summary(&later.judge("www.zone.", RecordType::A)),
        "bogus: zone. DNSKEY: the signature has expired"
    );
}

fn ttl(text: &str, now: u32) -> u32 {
    INTERNET
        .trial()
        .at(Clock::Valid(now.into()))
        .judge(text, RecordType::A)
        .ttl()
}

#[test]
fn an_answer_holds_no_longer_than_its_signature() {
    assert_eq!(ttl("www.good.nsec.", DATES.1 - 5000), TTL);
    assert_eq!(ttl("www.good.nsec.", DATES.1 - 50), 50);
    assert_eq!(ttl("nothing.good.nsec.", DATES.1 - 50), 50);
}

#[test]
fn an_answer_from_a_wildcard_holds_no_longer_than_its_proof() {
    assert_eq!(ttl("q.wild.good.nsec.", DATES.1 - 5000), NEGATIVE_TTL);
}

#[test]
fn a_raised_ttl_is_brought_down_to_the_one_that_is_signed() {
    let mut trial = INTERNET.trial().forged(|reply| {
        for record in &mut reply.answers {
            record.ttl = 1_000_000;
        }
    });
    let verdict = trial.judge("www.good.nsec.", RecordType::A);
    assert_eq!((summary(&verdict).as_str(), verdict.ttl()), ("secure", TTL));
}

#[test]
fn a_lowered_ttl_counts() {
    let mut trial = INTERNET.trial().forged(|reply| reply.answers[0].ttl = 7);
    assert_eq!(trial.judge("www.good.nsec.", RecordType::A).ttl(), 7);
    let mut trial = INTERNET.trial().forged(|reply| reply.answers[1].ttl = 8);
    assert_eq!(trial.judge("www.good.nsec.", RecordType::A).ttl(), 8);
}

#[test]
fn a_ttl_with_the_highest_bit_counts_as_zero() {
    let mut trial = INTERNET.trial().forged(|reply| reply.answers[0].ttl = 1 << 31);
    assert_eq!(trial.judge("www.good.nsec.", RecordType::A).ttl(), 0);
}
