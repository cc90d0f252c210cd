//! Rule first, answer second.

use hickory_proto::{op::ResponseCode, rr::RecordType};
use mudguard_tests::{
    home::{
        FORGED, Home,
        addresses::{RESOLVER_IPV4, ROUTER_IPV4},
        dns::Question,
        gateway::{Gateway, binary},
    },
    left_out_without_root,
    order::measure,
};

#[test]
fn no_first_syn_is_refused_to_an_address_that_was_just_told() {
    if left_out_without_root() {
        return;
    }
    let figures = measure(&binary().unwrap(), |_| {}).unwrap();
    assert!(
        figures.refused.is_empty(),
        "{} of {}: {:#?}",
        figures.refused.len(),
        figures.lookups,
        figures.refused
    );
    assert!(figures.lookups >= 1000, "{}", figures.lookups);
    assert_eq!(figures.blocked, 0);
}

#[test]
fn what_should_be_signed_and_is_not_is_told_to_nobody() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().build().unwrap();
    let configuration = Gateway::configuration(&home);
    let _gateway = Gateway::start(&home, &binary().unwrap(), &configuration).unwrap();
    let ask = |name| {
        home.router()
            .ask(&Question::new(ROUTER_IPV4, name, RecordType::A))
            .unwrap()
    };
    assert_eq!(ask("time.example").answers.len(), 1);
    let forged = ask(FORGED);
    assert_eq!(forged.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(forged.answers, []);
    // The provider's resolver passes it on.
    let provider = Question::new(RESOLVER_IPV4, FORGED, RecordType::A);
    assert_eq!(home.router().ask(&provider).unwrap().answers.len(), 1);
}
