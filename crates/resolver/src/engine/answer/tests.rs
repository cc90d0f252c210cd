//! Answers as they are kept and told.

use hickory_proto::{op::Message, rr};

use super::*;
use crate::wire::{Read, read};

fn question(name: &str, record_type: RecordType) -> Question {
    Question::new(name.parse().unwrap(), record_type)
}

fn a(owner: &str, last: u8) -> Record {
    record(&owner.parse().unwrap(), RecordType::A, &[9, 9, 9, last])
}

fn cname(owner: &str, target: &str) -> Record {
    let target: Name = target.parse().unwrap();
    record(&owner.parse().unwrap(), RecordType::CNAME, target.as_wire())
}

fn soa(owner: &str) -> Record {
    record(&owner.parse().unwrap(), RecordType::SOA, &[0; 22])
}

fn signature(owner: &str) -> Record {
    record(&owner.parse().unwrap(), RecordType::RRSIG, &[0; 40])
}

fn build(question: &Question, records: &[(Place, Record, u32)], grade: Grade) -> Answer {
    let mut builder = Builder::new(question);
    let is_home = |address: IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[3] == 200);
    for (place, record, ttl) in records {
        builder.push(*place, record, *ttl, &is_home).unwrap();
    }
    builder.finish(code::NO_ERROR, grade, 100, None)
}

fn query_octets(name: &str, record_type: rr::RecordType, dnssec_ok: bool) -> Vec<u8> {
    let mut message = Message::query();
    message.add_query(hickory_proto::op::Query::query(
        rr::Name::from_ascii(name).unwrap(),
        record_type,
    ));
    let mut edns = hickory_proto::op::Edns::new();
    edns.set_dnssec_ok(dnssec_ok).set_max_payload(1232);
    message.set_edns(edns);
    message.to_vec().unwrap()
}

fn told(answer: &Answer, name: &str, dnssec_ok: bool, told: &Told) -> Message {
    let octets = query_octets(name, rr::RecordType::A, dnssec_ok);
    let Read::Query(query) = read(&octets) else {
        panic!("no query");
    };
    Message::from_vec(&answer.write(&query, told, true)).unwrap()
}

fn texts(records: &[rr::Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.ttl, record.record_type()))
        .collect()
}

fn chain() -> Answer {
    build(
        &question("www.a.example.", RecordType::A),
        &[
            (Place::Answer, cname("www.a.example.", "cdn.b.example."), 50),
            (Place::SignedAnswer, signature("www.a.example."), 50),
            (Place::Answer, a("cdn.b.example.", 1), 100),
            (Place::Answer, a("cdn.b.example.", 2), 100),
            (Place::SignedAnswer, signature("cdn.b.example."), 100),
        ],
        Grade::Secure,
    )
}

#[test]
fn who_validates_is_told_signatures_and_others_are_not() {
    let plain = told(&chain(), "WWW.a.example.", false, &Told::fresh(0));
    assert_eq!(
        texts(&plain.answers),
        [
            "WWW.a.example. 50 CNAME",
            "cdn.b.example. 100 A",
            "cdn.b.example. 100 A"
        ]
    );
    assert!(!plain.metadata.authentic_data);
    let signed = told(&chain(), "www.a.example.", true, &Told::fresh(0));
    assert_eq!(
        texts(&signed.answers),
        [
            "www.a.example. 50 CNAME",
            "www.a.example. 50 RRSIG",
            "cdn.b.example. 100 A",
            "cdn.b.example. 100 A",
            "cdn.b.example. 100 RRSIG"
        ]
    );
    assert!(signed.metadata.authentic_data);
}

#[test]
fn ttls_are_told_counted_down_and_capped() {
    let mut how = Told::fresh(30);
    how.ttl_at_most = 60;
    let message = told(&chain(), "www.a.example.", false, &how);
    assert_eq!(
        message
            .answers
            .iter()
            .map(|record| record.ttl)
            .collect::<Vec<_>>(),
        [20, 60, 60]
    );
    let validated = chain().validated(&question("www.a.example.", RecordType::A), &how);
    assert_eq!((validated.minimum_ttl, validated.addresses[0].ttl), (70, 70));
    assert_eq!(*validated.aliases, ["cdn.b.example"]);
}

#[test]
fn a_stale_answer_holds_for_a_short_time_and_is_not_authentic() {
    let how = Told {
        ttl: Some(30),
        ..Told::fresh(5000)
    };
    let message = told(&chain(), "www.a.example.", true, &how);
    assert!(message.answers.iter().all(|record| record.ttl == 30) && !message.metadata.authentic_data);
    let validated = chain().validated(&question("www.a.example.", RecordType::A), &how);
    assert_eq!(
        (validated.addresses[0].ttl, validated.security),
        (30, Security::Unchecked)
    );
}

#[test]
fn what_is_filtered_is_neither_told_nor_shown_and_nothing_is_authentic_without_it() {
    let asked = question("a.example.", RecordType::A);
    let records = [
        (Place::Answer, a("a.example.", 200), 100),
        (Place::Answer, a("a.example.", 1), 100),
        (Place::SignedAnswer, signature("a.example."), 100),
    ];
    let answer = build(&asked, &records, Grade::Secure);
    assert!(answer.is_filtered && !answer.is_negative);
    let message = told(&answer, "a.example.", true, &Told::fresh(0));
    assert_eq!(texts(&message.answers), ["a.example. 100 A"]);
    assert!(!message.metadata.authentic_data);
    let validated = answer.validated(&asked, &Told::fresh(0));
    assert_eq!(
        (validated.addresses.len(), validated.security),
        (1, Security::Unchecked)
    );
    let only = build(&asked, &records[..1], Grade::Secure);
    assert!(only.is_negative && only.is_filtered);
}

#[test]
fn a_negative_answer_says_so_with_the_soa_and_is_kept_for_an_hour_at_most() {
    let asked = question("a.example.", RecordType::A);
    let mut builder = Builder::new(&asked);
    builder
        .push(Place::Authority, &soa("example."), 60, &keep_all)
        .unwrap();
    let answer = builder.finish(code::NO_SUCH_NAME, Grade::Insecure, 100_000, None);
    assert!(answer.is_negative);
    assert_eq!(answer.lifetime, MAX_NEGATIVE_TTL);
    let message = told(&answer, "a.example.", false, &Told::fresh(10));
    assert_eq!(texts(&message.authorities), ["example. 50 SOA"]);
}

#[test]
fn asked_for_itself_an_alias_is_what_was_asked_for() {
    let asked = question("a.example.", RecordType::CNAME);
    let answer = build(
        &asked,
        &[(Place::Answer, cname("a.example.", "b.example."), 60)],
        Grade::Insecure,
    );
    assert!(!answer.is_negative);
    assert!(answer.validated(&asked, &Told::fresh(0)).aliases.is_empty());
    let asked = question("a.example.", RecordType::A);
    assert!(
        build(
            &asked,
            &[(Place::Answer, cname("a.example.", "b.example."), 60)],
            Grade::Insecure
        )
        .is_negative
    );
}

#[test]
fn an_answer_with_too_many_records_is_none() {
    let asked = question("a.example.", RecordType::A);
    let mut builder = Builder::new(&asked);
    for _ in 0..MAX_RECORDS {
        assert!(
            builder
                .push(Place::Answer, &a("a.example.", 1), 60, &keep_all)
                .is_some()
        );
    }
    assert!(
        builder
            .push(Place::Answer, &a("a.example.", 1), 60, &keep_all)
            .is_none()
    );
}

#[test]
fn names_end_with_a_pointer_to_what_the_question_ends_with_too() {
    let wire = |text: &str| text.parse::<Name>().unwrap().as_wire().to_vec();
    let question = wire("www.a.example.");
    assert_eq!(compressed(&question, &question), [0xc0, 12]);
    assert_eq!(
        compressed(&wire("cdn.a.example."), &question),
        [&b"\x03cdn"[..], &[0xc0, 16]].concat()
    );
    assert_eq!(compressed(&wire("b."), &question), wire("b."));
    assert_eq!(compressed(&[0], &question), [0]);
    // The octets end alike, the labels do not.
    let odd = b"\x0ax\x01a\x07example\x00";
    assert_eq!(compressed(&wire("a.example."), odd), wire("a.example."));
}
