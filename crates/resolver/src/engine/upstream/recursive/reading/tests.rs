//! Responses of every kind, by hand.

use super::*;
use crate::validate::CLASS_IN;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn record(owner: &str, record_type: RecordType, data: &[u8]) -> Record {
    Record {
        owner: name(owner),
        record_type,
        class: CLASS_IN,
        ttl: 60,
        data: data.into(),
    }
}

fn ns(owner: &str, server: &str) -> Record {
    record(owner, RecordType::NS, name(server).as_wire())
}

fn a(owner: &str) -> Record {
    record(owner, RecordType::A, &[192, 0, 2, 1])
}

fn signature(owner: &str, covered: RecordType) -> Record {
    record(owner, RecordType::RRSIG, &covered.0.to_be_bytes())
}

fn asked(text: &str, record_type: RecordType) -> Question {
    Question::new(name(text), record_type)
}

fn response(answers: Vec<Record>, authorities: Vec<Record>, additionals: Vec<Record>) -> Response {
    Response {
        is_authoritative: !answers.is_empty(),
        answers,
        authorities,
        additionals,
        ..Response::default()
    }
}

fn read_at(zone: &str, response: Response, question: &Question) -> Meaning {
    read(response, &name(zone), question)
}

#[test]
fn an_answer_holds_nothing_outside_the_zone_and_no_name_servers() {
    let question = asked("www.example.", RecordType::A);
    let found = read_at(
        "example.",
        response(
            vec![a("www.example."), a("www.bank.test.")],
            vec![
                ns("example.", "ns.example."),
                signature("example.", RecordType::NS),
                ns("test.", "evil.example."),
            ],
            vec![a("ns.example.")],
        ),
        &question,
    );
    let wanted = Reply {
        answers: vec![a("www.example.")],
        ..Reply::default()
    };
    assert_eq!(found, Meaning::Answer(wanted));
}

#[test]
fn an_alias_answers_for_its_name_and_below_it() {
    let alias = record("www.example.", RecordType::CNAME, name("other.test.").as_wire());
    let moved = record("old.example.", RecordType::DNAME, name("new.example.").as_wire());
    for (record, question) in [(alias, "www.example."), (moved, "a.old.example.")] {
        let response = response(vec![record], vec![], vec![]);
        let meaning = read_at("example.", response, &asked(question, RecordType::A));
        assert!(matches!(meaning, Meaning::Answer(_)), "{question}");
    }
}

#[test]
fn a_referral_leads_down_and_brings_addresses_of_its_servers_only() {
    let question = asked("www.a.example.", RecordType::A);
    let meaning = read_at(
        "example.",
        response(
            vec![],
            vec![
                ns("a.example.", "ns.a.example."),
                ns("a.example.", "ns.other.test."),
            ],
            vec![a("ns.a.example."), a("ns.other.test."), a("www.bank.example.")],
        ),
        &question,
    );
    let Meaning::Referral(delegation) = meaning else {
        panic!("{meaning:?}")
    };
    assert_eq!(delegation.zone, name("a.example."));
    assert_eq!(
        delegation.name_servers,
        [name("ns.a.example."), name("ns.other.test.")]
    );
    assert_eq!(delegation.glue, [(name("ns.a.example."), [192, 0, 2, 1].into())]);
    assert_eq!((delegation.ds, delegation.ttl), (None, 60));
}

#[test]
fn a_referral_that_does_not_lead_on_is_of_no_use() {
    let question = asked("www.a.example.", RecordType::A);
    for owner in [".", "example.", "b.example.", "test.", "x.www.a.example."] {
        let response = response(vec![], vec![ns(owner, "ns.test.")], vec![]);
        let meaning = read_at("example.", response, &question);
        assert_eq!(meaning, Meaning::Useless(Useless::Lame), "{owner}");
    }
}

#[test]
fn what_the_parent_says_of_ds_records_is_kept_with_its_signatures() {
    let question = asked("www.a.example.", RecordType::A);
    let ds = [
        record("a.example.", RecordType::DS, &[1]),
        signature("a.example.", RecordType::DS),
    ];
    let denial = [
        record("a.example.", RecordType::NSEC, &[0]),
        signature("a.example.", RecordType::NSEC),
    ];
    let of = |records: &[Record]| {
        let authorities = [&[ns("a.example.", "ns.a.example.")], records].concat();
        let meaning = read_at("example.", response(vec![], authorities, vec![]), &question);
        let Meaning::Referral(delegation) = meaning else {
            panic!("{meaning:?}")
        };
        delegation.ds
    };
    let secure = Reply {
        answers: ds.to_vec(),
        ..Reply::default()
    };
    let insecure = Reply {
        authorities: denial.to_vec(),
        ..Reply::default()
    };
    assert_eq!(of(&ds), Some(secure));
    assert_eq!(of(&denial), Some(insecure));
    assert_eq!(of(&[]), None);
}

#[test]
fn denials_keep_their_proof() {
    let question = asked("www.example.", RecordType::A);
    let proof = vec![
        record("example.", RecordType::SOA, &[0]),
        signature("example.", RecordType::SOA),
        record("a.example.", RecordType::NSEC, &[0]),
    ];
    let no_data = response(vec![], proof.clone(), vec![]);
    let no_name = Response {
        response_code: Reply::NO_SUCH_NAME,
        ..no_data.clone()
    };
    let reply = |response_code| Reply {
        response_code,
        answers: vec![],
        authorities: proof.clone(),
    };
    assert_eq!(read_at("example.", no_data, &question), Meaning::NoData(reply(0)));
    assert_eq!(
        read_at("example.", no_name, &question),
        Meaning::NoSuchName(reply(3))
    );
}

#[test]
fn errors_and_emptiness_are_of_no_use() {
    let question = asked("www.example.", RecordType::A);
    for code in [1, 2, 4, 5, 9, 16] {
        let refused = Response {
            response_code: code,
            answers: vec![a("www.example.")],
            ..Response::default()
        };
        let meaning = read_at("example.", refused, &question);
        assert_eq!(meaning, Meaning::Useless(Useless::ResponseCode(code)));
    }
    let meaning = read_at("example.", Response::default(), &question);
    assert_eq!(meaning, Meaning::Useless(Useless::Lame));
    let empty = Response {
        is_authoritative: true,
        ..Response::default()
    };
    assert!(matches!(
        read_at("example.", empty, &question),
        Meaning::NoData(_)
    ));
}

#[test]
fn a_claim_of_authority_with_name_servers_of_another_zone_is_of_no_use() {
    let claim = Response {
        is_authoritative: true,
        ..response(Vec::new(), vec![ns(".", "ns.root.")], Vec::new())
    };
    let meaning = read_at("example.", claim, &asked("www.example.", RecordType::AAAA));
    assert_eq!(meaning, Meaning::Useless(Useless::Elsewhere));
}
