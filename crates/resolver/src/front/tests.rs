//! Answers over the wire, validated.

mod connections;
mod house;

use std::{sync::Arc, time::Duration};

use hickory_proto::{
    op::{Message, ResponseCode},
    rr,
};

use self::house::{EVIL, HONEST, House, OK};
use crate::{
    ExtendedError, Security,
    validate::{
        Clock, Question, RecordType, Rollovers, Step, Validator, ZoneCuts,
        tests::{
            signer::NOW,
            world::{INTERNET, summary},
        },
    },
};

#[tokio::test]
async fn a_secure_answer_is_told_to_be_authentic() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    // From the cache, too.
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    assert_eq!(house.shown(), [Security::Secure, Security::Secure]);
    assert_eq!(house.resolver.counters().cache_hits, 1);
}

#[tokio::test]
async fn only_a_client_that_understands_is_told() {
    let house = House::new(&[HONEST]).await;
    let plain = house.ask_with("www.good.nsec.", rr::RecordType::A, |_| {}).await;
    assert!(!plain.metadata.authentic_data);
    let asks = |message: &mut Message| message.metadata.authentic_data = true;
    let told = house.ask_with("www.good.nsec.", rr::RecordType::A, asks).await;
    assert!(told.metadata.authentic_data);
}

#[tokio::test]
async fn an_insecure_answer_is_told_and_not_called_authentic() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.say("www.insecure.nsec.").await, (OK, false, 1, None));
    assert_eq!(house.say("to-insecure.good.nsec.").await, (OK, false, 1, None));
    assert_eq!(house.shown(), [Security::Insecure, Security::Insecure]);
}

#[tokio::test]
async fn a_zone_with_an_unsupported_algorithm_is_insecure_and_said_to_be() {
    let house = House::new(&[HONEST]).await;
    let unsupported = Some(ExtendedError::UNSUPPORTED_DNSKEY_ALGORITHM);
    assert_eq!(house.say("www.sha1.nsec.").await, (OK, false, 1, unsupported));
}

#[tokio::test]
async fn negative_answers_are_validated_and_carry_their_soa() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(
        house.say("nothing.good.nsec.").await,
        (ResponseCode::NXDomain, true, 0, None)
    );
    assert_eq!(
        house.say("nothing.insecure.nsec.").await,
        (ResponseCode::NXDomain, false, 0, None)
    );
    let reply = house
        .ask_with("www.good.nsec3.", rr::RecordType::AAAA, |_| {})
        .await;
    assert!(reply.answers.is_empty());
    let types: Vec<_> = reply.authorities.iter().map(rr::Record::record_type).collect();
    assert_eq!(types, [rr::RecordType::SOA]);
}

#[tokio::test]
async fn a_chain_is_told_in_order_without_what_leads_aside() {
    let house = House::new(&[HONEST]).await;
    for (name, owners) in [
        (
            "to-hashed.good.nsec.",
            ["to-hashed.good.nsec.", "www.good.nsec3."],
        ),
        (
            "www.moved.good.nsec.",
            ["www.moved.good.nsec.", "www.good.nsec3."],
        ),
    ] {
        let asks = |message: &mut Message| message.metadata.authentic_data = true;
        let reply = house.ask_with(name, rr::RecordType::A, asks).await;
        let told: Vec<_> = reply
            .answers
            .iter()
            .map(|record| record.name.to_string())
            .collect();
        assert_eq!(told, owners);
        assert!(reply.metadata.authentic_data);
    }
    let reply = house
        .ask_with("to-www.good.nsec.", rr::RecordType::CNAME, |_| {})
        .await;
    assert_eq!(reply.answers.len(), 1);
}

#[tokio::test]
async fn a_client_that_validates_finds_what_the_resolver_found() {
    let house = House::new(&[HONEST]).await;
    for (name, found) in [
        ("www.good.nsec.", "secure"),
        ("q.wild.good.nsec.", "secure"),
        ("q.wild.good.nsec3.", "secure"),
        ("to-hashed-wild.good.nsec.", "secure"),
        ("www.moved.good.nsec.", "secure"),
        ("nothing.good.nsec.", "secure no such name"),
        ("nothing.moved.good.nsec.", "secure no such name"),
        ("b.ent.good.nsec3.", "secure"),
        (
            "www.insecure.nsec.",
            "insecure: insecure.nsec.: its delegation is proven to have no DS record",
        ),
        (
            "www.insecure.nsec3.",
            "insecure: insecure.nsec3.: it lies in an opt-out span of its parent",
        ),
    ] {
        let question = Question::new(name.parse().unwrap(), RecordType::A);
        let first = house.signed_reply(&question).await;
        let anchors = Arc::new(INTERNET.anchors());
        let mut validator = Validator::new(question, first, anchors, Clock::Valid(NOW));
        let mut cuts = ZoneCuts::default();
        let verdict = loop {
            match validator.step(&mut cuts, std::time::Instant::now()) {
                Step::Done(verdict) => break verdict,
                Step::Need(question) => {
                    let reply = house.signed_reply(&question).await;
                    validator.supply(question, Some(reply));
                }
            }
        };
        assert_eq!(summary(&verdict), found, "{name}");
    }
}

#[tokio::test]
async fn a_bogus_answer_is_never_told_nor_shown() {
    let house = House::new(&[EVIL]).await;
    let failure = (
        ResponseCode::ServFail,
        false,
        0,
        Some(ExtendedError::DNSSEC_BOGUS),
    );
    assert_eq!(house.say("www.good.nsec.").await, failure);
    assert_eq!(house.shown(), []);
    let count = house.asked[0].lock().unwrap().len();
    // Nor is it asked for again at once (RFC 9520).
    assert_eq!(house.say("www.good.nsec.").await, failure);
    assert_eq!(house.asked[0].lock().unwrap().len(), count);
    assert_eq!(house.resolver.counters().bogus, 2);
    // Other answers are not harmed.
    assert_eq!(house.say("www.insecure.nsec.").await.0, OK);
}

#[tokio::test]
async fn one_bad_reply_is_no_verdict() {
    let house = House::new(&[|question, before, reply| {
        if before == 0 {
            EVIL(question, before, reply);
        }
    }])
    .await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
}

#[tokio::test]
async fn an_answer_that_is_bogus_at_one_upstream_is_asked_of_another() {
    let house = House::new(&[EVIL, HONEST]).await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
}

#[tokio::test]
async fn upstream_is_asked_for_signatures_and_for_no_opinion() {
    let house = House::new(&[HONEST]).await;
    house.say("www.good.nsec.").await;
    let asked = house.asked[0].lock().unwrap().clone();
    assert_eq!(asked.len(), 6);
    assert!(
        asked
            .iter()
            .all(|asked| asked.dnssec_ok && asked.checking_disabled)
    );
}

#[tokio::test]
async fn what_was_answered_without_a_clock_is_judged_again_with_one() {
    let house = House::new(&[HONEST]).await;
    house.resolver.set_clock(Clock::Unknown);
    let provisional = (OK, false, 1, Some(ExtendedError::OTHER));
    assert_eq!(house.say("www.good.nsec.").await, provisional);
    // Years later than its signatures.
    house.resolver.set_clock(Clock::Valid(NOW + 100_000_000));
    let expired = (
        ResponseCode::ServFail,
        false,
        0,
        Some(ExtendedError::SIGNATURE_EXPIRED),
    );
    assert_eq!(house.say("www.good.nsec.").await, expired);
    house.resolver.set_clock(Clock::Valid(NOW));
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    assert_eq!(house.shown(), [Security::Unchecked, Security::Secure]);
}

#[tokio::test]
async fn who_checks_for_himself_is_told_what_is_bogus_and_it_opens_nothing() {
    let house = House::new(&[EVIL]).await;
    let reply = house
        .ask_with("www.good.nsec.", rr::RecordType::A, |message| {
            message.metadata.checking_disabled = true;
        })
        .await;
    assert_eq!((reply.metadata.response_code, reply.answers.len()), (OK, 1));
    assert!(reply.metadata.checking_disabled && !reply.metadata.authentic_data);
    assert_eq!(house.shown(), [Security::Bogus]);
}

#[tokio::test]
async fn identical_questions_share_one() {
    let house = House::new(&[HONEST]).await;
    let asking = (0..20).map(|_| house.say("www.good.nsec."));
    for said in futures_util::future::join_all(asking).await {
        assert_eq!(said, (OK, true, 1, None));
    }
    assert_eq!(house.asked[0].lock().unwrap().len(), 6);
}

#[tokio::test]
async fn a_name_that_a_proof_covers_is_not_asked_for() {
    let house = House::new(&[HONEST]).await;
    let nothing = (ResponseCode::NXDomain, true, 0, None);
    assert_eq!(house.say("a.nothing.good.nsec.").await, nothing);
    let count = house.asked[0].lock().unwrap().len();
    assert_eq!(house.say("b.nothing.good.nsec.").await, nothing);
    assert_eq!(house.asked[0].lock().unwrap().len(), count);
    assert_eq!(house.resolver.counters().denied, 1);
}

#[tokio::test]
async fn a_stale_answer_is_told_and_shown_to_the_firewall_when_nobody_answers() {
    // It falls silent after its first answers.
    let house = House::new(&[|question, before, _| {
        if question.record_type == RecordType::A && before > 0 {
            std::thread::park();
        }
    }])
    .await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    *house.passed.lock().unwrap() += Duration::from_secs(7200);
    let reply = house.ask("www.good.nsec.", rr::RecordType::A).await;
    assert_eq!(reply.metadata.response_code, OK);
    assert!(reply.answers.iter().all(|record| record.ttl == 30) && !reply.metadata.authentic_data);
    assert_eq!(house.shown(), [Security::Secure, Security::Unchecked]);
    // The next one does not wait.
    let stale = (OK, false, 1, Some(ExtendedError::STALE_ANSWER));
    assert_eq!(house.say("www.good.nsec.").await, stale);
    assert_eq!(house.resolver.counters().stale, 2);
}

#[tokio::test]
async fn the_keys_of_the_root_are_learned_and_kept() {
    let house = House::new(&[HONEST]).await;
    let (tell, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let resolver = house.resolver.clone();
    let keep = move |text: &str| tell.send(text.to_owned()).unwrap();
    let following =
        tokio::spawn(async move { resolver.follow_trust_anchors(Rollovers::default(), keep).await });
    let kept = hear.recv().await.unwrap();
    assert!(kept.starts_with(&format!(". valid {NOW} 0101030d")), "{kept}");
    following.abort();
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
}

#[tokio::test]
async fn the_hosts_of_the_home_are_answered_here() {
    let house = House::new(&[HONEST]).await;
    house
        .resolver
        .set_hosts([("lamp.home.arpa.", vec!["192.168.1.7".parse().unwrap()])]);
    assert_eq!(house.say("LAMP.home.arpa.").await, (OK, false, 1, None));
    assert!(house.asked[0].lock().unwrap().is_empty() && house.shown().is_empty());
}

#[tokio::test]
async fn a_forwarder_names_its_client_and_others_do_not() {
    fn with_mac(message: &mut Message) {
        let mut edns = hickory_proto::op::Edns::new();
        edns.options_mut()
            .insert(rr::rdata::opt::EdnsOption::Unknown(65001, vec![2, 0, 0, 0, 0, 7]));
        message.set_edns(edns);
    }
    let house = House::new(&[HONEST]).await;
    house
        .ask_with("www.good.nsec.", rr::RecordType::A, with_mac)
        .await;
    assert_eq!(house.sink.clients(), [Some([2, 0, 0, 0, 0, 7])]);
    let house = House::with(&[HONEST], |config| config.forwarders.clear()).await;
    house
        .ask_with("www.good.nsec.", rr::RecordType::A, with_mac)
        .await;
    assert_eq!(house.sink.clients(), [None]);
}

#[tokio::test]
async fn the_product_itself_connects_to_no_bogus_address() {
    let house = House::new(&[EVIL]).await;
    assert!(house.resolver.addresses("www.good.nsec").await.is_err());
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.resolver.addresses("www.good.nsec").await.unwrap().len(), 1);
}
