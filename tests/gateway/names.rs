//! Names as Things and the owner meet them: what a file does not name, names of the home, and why an answer is what it is.

use hickory_proto::{
    op::ResponseCode,
    rr::{RData, RecordType},
};
use mudguard_tests::{
    home::{addresses::ROUTER_IPV4, dns::Question, until},
    left_out_without_root,
};

use super::{LAMP_CLOUD, Lab, SOON};

#[test]
fn a_strict_gateway_tells_a_limited_thing_only_names_of_its_file() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.gateway.stop().unwrap();
    let strict = lab
        .configuration()
        .replace("[resolver]\n", "[resolver]\nunknown-names = \"refuse\"\n");
    lab.gateway.restart(&strict).unwrap();
    let lamp = lab.join("lamp", "limited");
    let ask = |name| {
        lamp.ask(&Question::new(ROUTER_IPV4, name, RecordType::A))
            .unwrap()
    };
    assert_eq!(ask(LAMP_CLOUD).answers.len(), 1);
    let refused = ask("elsewhere.example");
    assert_eq!(refused.metadata.response_code, ResponseCode::Refused);
    assert_eq!(refused.answers, []);
    // Others are not limited.
    let router = lab.home.router();
    let asked = Question::new(ROUTER_IPV4, "elsewhere.example", RecordType::A);
    assert_eq!(router.ask(&asked).unwrap().answers.len(), 1);
}

#[test]
fn a_thing_is_found_by_its_name_and_by_its_address_and_the_owner_is_told_why_a_name_is_secure() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    let (address, _) = lamp.ip_addresses().unwrap();
    lab.gateway.ask(&["rename", lamp.mac(), "Hallway lamp"]).unwrap();
    let name = "hallway-lamp.home.arpa";
    let router = lab.home.router();
    let find = || {
        let answer = router.ask(&Question::new(ROUTER_IPV4, name, RecordType::A))?;
        Ok(answer.answers.first().map(|record| record.data.clone()))
    };
    let found = until(SOON, find).unwrap();
    assert_eq!(found.ip_addr(), Some(address));
    let octets = address.to_string();
    let reverse: Vec<_> = octets.rsplit('.').collect();
    let reverse = format!("{}.in-addr.arpa", reverse.join("."));
    let back = router
        .ask(&Question::new(ROUTER_IPV4, &reverse, RecordType::PTR))
        .unwrap();
    let RData::PTR(back) = &back.answers[0].data else {
        panic!("{back:?}");
    };
    assert_eq!(back.0.to_string(), format!("{name}."));

    let query = lab.gateway.ask(&["query", LAMP_CLOUD]).unwrap();
    assert_eq!(query.code, 0, "{query:?}");
    assert_eq!(query.json["security"], "secure", "{query:?}");
    let cuts = query.json["cuts"].as_array().unwrap();
    let names: Vec<_> = cuts.iter().map(|cut| cut["name"].as_str().unwrap()).collect();
    assert_eq!(names, [".", "example."]);
    assert_eq!(query.json["things"][0]["reaches"], "name", "{query:?}");
    let elsewhere = lab.gateway.ask(&["query", "elsewhere.example"]).unwrap();
    assert_eq!(elsewhere.json["things"][0]["reaches"], "nothing", "{elsewhere:?}");
}
