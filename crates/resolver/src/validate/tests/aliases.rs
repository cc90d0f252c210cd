//! Answers that lead through CNAME and DNAME records.

use super::{
    super::{LinkKind, Overall, Question, Record, RecordType, Reply, Status},
    world::{INTERNET, cases, strip, strip_signatures, summary},
    zone::name,
};

const INSECURE: &str = "insecure: insecure.nsec.: its delegation is proven to have no DS record";

cases! {
    an_alias_within_a_zone_is_secure: A "to-www.good.nsec." => "secure";
    an_alias_to_another_zone_is_secure: A "to-hashed.good.nsec." => "secure";
    an_alias_to_a_missing_type_is_secure: AAAA "to-hashed.good.nsec." => "secure";
    an_alias_to_a_missing_name_is_secure: A "to-hashed-nothing.good.nsec." => "secure no such name";
    an_alias_to_a_missing_name_of_the_same_zone_is_secure: A "to-nothing.good.nsec3." => "secure no such name";
    an_alias_to_a_wildcard_is_secure: A "to-hashed-wild.good.nsec." => "secure";
    an_alias_from_a_wildcard_is_secure: A "q.wild-alias.good.nsec." => "secure";
    an_alias_to_an_insecure_zone_is_insecure: A "to-insecure.good.nsec." => INSECURE;
    an_alias_to_nothing_in_an_insecure_zone_is_insecure: A "to-insecure-nothing.good.nsec." =>
        "insecure no such name: insecure.nsec.: its delegation is proven to have no DS record";
    an_alias_from_an_insecure_zone_is_insecure: A "to-good.insecure.nsec." => INSECURE;
    an_alias_can_be_asked_for: CNAME "to-insecure.good.nsec." => "secure";
    an_alias_that_is_not_there_is_securely_missing: CNAME "www.good.nsec." => "secure";
    a_dname_leads_to_another_zone: A "www.moved.good.nsec." => "secure";
    a_dname_leads_to_a_missing_name: A "nothing.moved.good.nsec." => "secure no such name";
    a_dname_leads_to_a_wildcard: A "q.wild.moved.good.nsec." => "secure";
    a_dname_to_an_insecure_zone_is_insecure: A "www.moved-away.good.nsec." => INSECURE;
    a_dname_from_an_insecure_zone_is_insecure: A "www.moved.insecure.nsec." => INSECURE;
    a_dname_itself_can_be_asked_for: DNAME "moved.good.nsec." => "secure";
    the_alias_that_a_dname_makes_can_be_asked_for: CNAME "www.moved.good.nsec." => "secure";
    a_chain_of_eight_is_secure: A "step12.good.nsec." => "secure";
    a_chain_longer_than_twelve_is_bogus: A "step7.good.nsec." =>
        "bogus: step19.good.nsec. A: the aliases lead nowhere";
    a_circle_is_bogus: A "circle1.good.nsec." => "bogus: circle2.good.nsec. A: the aliases lead nowhere";
    a_circle_in_an_insecure_zone_is_bogus: A "circle1.insecure.nsec." =>
        "bogus: circle2.insecure.nsec. A: the aliases lead nowhere";
}

fn forged(text: &str, forge: impl Fn(&mut Reply)) -> String {
    summary(&INTERNET.trial().forged(forge).judge(text, RecordType::A))
}

fn resolve(text: &str, record_type: RecordType) -> Reply {
    INTERNET.resolve(&Question::new(name(text), record_type))
}

fn cname(owner: &str, target: &str) -> Record {
    Record {
        owner: name(owner),
        record_type: RecordType::CNAME,
        class: 1,
        ttl: 60,
        data: name(target).as_wire().into(),
    }
}

#[test]
fn the_links_stand_in_order_each_with_its_status() {
    let verdict = INTERNET.trial().judge("to-insecure.good.nsec.", RecordType::A);
    let [alias, answer] = &verdict.links[..] else {
        panic!("{verdict:?}")
    };
    assert_eq!((alias.kind, &alias.status), (LinkKind::Alias, &Status::Secure));
    assert_eq!(answer.kind, LinkKind::Answer);
    assert!(matches!(answer.status, Status::Insecure(_)));
    assert_eq!(verdict.end, name("www.insecure.nsec."));
    assert_eq!(verdict.overall(), Overall::Insecure);
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    assert_eq!(
        forged("step12.good.nsec.", |reply| reply.answers.reverse()),
        "secure"
    );
}

#[test]
fn a_forged_alias_into_an_insecure_zone_is_bogus() {
    let verdict = forged("www.good.nsec.", |reply| {
        *reply = resolve("www.insecure.nsec.", RecordType::A);
        reply
            .answers
            .insert(0, cname("www.good.nsec.", "www.insecure.nsec."));
    });
    assert_eq!(verdict, "bogus: www.good.nsec. CNAME: there is no signature");
}

#[test]
fn a_forged_dname_into_an_insecure_zone_is_bogus() {
    let verdict = forged("www.good.nsec.", |reply| {
        *reply = resolve("www.insecure.nsec.", RecordType::A);
        let mut dname = cname("good.nsec.", "insecure.nsec.");
        dname.record_type = RecordType::DNAME;
        reply.answers.push(dname);
        reply.answers.push(cname("www.good.nsec.", "www.insecure.nsec."));
    });
    assert_eq!(verdict, "bogus: good.nsec. DNAME: there is no signature");
}

#[test]
fn an_alias_with_another_target_is_bogus() {
    let verdict = forged("to-www.good.nsec.", |reply| {
        reply.answers[0].data = name("www.insecure.nsec.").as_wire().into();
        reply
            .answers
            .extend(resolve("www.insecure.nsec.", RecordType::A).answers);
    });
    assert_eq!(verdict, "bogus: to-www.good.nsec. CNAME: the signature is wrong");
}

#[test]
fn an_alias_of_two_names_is_bogus() {
    let verdict = forged("to-www.good.nsec.", |reply| {
        reply
            .answers
            .push(cname("to-www.good.nsec.", "www.insecure.nsec."));
    });
    assert_eq!(verdict, "bogus: to-www.good.nsec. A: the aliases lead nowhere");
}

#[test]
fn what_a_dname_makes_is_not_what_the_reply_says() {
    let mut trial = INTERNET.trial().forged(|reply| {
        for record in &mut reply.answers {
            if record.record_type == RecordType::CNAME {
                record.data = name("www.insecure.nsec.").as_wire().into();
            }
        }
        reply
            .answers
            .extend(resolve("www.insecure.nsec.", RecordType::A).answers);
    });
    let verdict = trial.judge("www.moved.good.nsec.", RecordType::A);
    assert_eq!(
        (summary(&verdict).as_str(), verdict.end),
        ("secure", name("www.good.nsec3."))
    );
}

#[test]
fn a_dname_needs_no_cname_beside_it() {
    let verdict = forged("www.moved.good.nsec.", |reply| {
        strip(&mut reply.answers, RecordType::CNAME)
    });
    assert_eq!(verdict, "secure");
}

#[test]
fn a_dname_whose_target_gets_too_long_is_bogus() {
    let long = format!("{}moved.good.nsec.", "a123456789.".repeat(21));
    let mut trial = INTERNET.trial().forged(|reply| {
        let mut dname = resolve("moved.good.nsec.", RecordType::DNAME).answers;
        dname[0].data = name(&"b123456789.".repeat(5)).as_wire().into();
        *reply = Reply {
            answers: vec![dname.remove(0)],
            ..Reply::default()
        };
    });
    assert!(summary(&trial.judge(&long, RecordType::A)).starts_with("bogus"));
}

#[test]
fn the_denial_at_the_end_of_a_chain_is_not_that_of_its_beginning() {
    let verdict = forged("to-hashed.good.nsec.", |reply| {
        reply.answers.truncate(2);
        reply.response_code = Reply::NO_SUCH_NAME;
        reply.authorities = resolve("nothing.good.nsec.", RecordType::A).authorities;
    });
    assert_eq!(
        verdict,
        "bogus: www.good.nsec3. A: nothing proves that it does not exist"
    );
}

#[test]
fn a_secure_alias_does_not_excuse_an_unsigned_answer() {
    let verdict = forged("to-hashed.good.nsec.", |reply| {
        strip_signatures(&mut reply.answers, RecordType::A)
    });
    assert_eq!(verdict, "bogus: www.good.nsec3. A: there is no signature");
}

#[test]
fn the_end_of_a_chain_that_a_reply_left_open_is_asked_for() {
    let mut trial = INTERNET.trial().tampered(|question, reply| {
        if question.name == name("to-hashed-nothing.good.nsec.") {
            reply.answers.truncate(2);
            reply.authorities.clear();
            reply.response_code = Reply::NO_ERROR;
        }
    });
    let verdict = trial.judge("to-hashed-nothing.good.nsec.", RecordType::A);
    assert_eq!(summary(&verdict), "secure no such name");
    let rest = Question::new(name("nothing.good.nsec3."), RecordType::A);
    assert!(trial.asked.contains(&rest));
}
