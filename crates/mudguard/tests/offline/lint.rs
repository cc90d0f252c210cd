//! `mudguard lint`.

use expect_test::expect;

use crate::{mudguard, with_input};

#[test]
fn a_clean_file_is_silent_and_ends_with_0() {
    mudguard(&["lint", "lamp.json"]).prints(0, &expect![[""]]);
}

#[test]
fn findings_stand_at_their_place_and_errors_end_with_1() {
    mudguard(&["lint", "lamp.json", "draft.json", "broken.json"]).prints(1, &expect![[r#"
        draft.json:2:19: MUD046: warning: the file names no signature (without one the owner must approve it (RFC 8520 section 13.2))
        draft.json:6:23: MUD024: error: `200` is no whole number from 1 to 168 (write a number from 1 to 168)
        draft.json:30:44: MUD032: error: the member name `ietf-access-control-list:access-lists` is from a draft before the RFC (write `ietf-access-control-list:acls`)
        broken.json:5:5: MUD004: error: neither a comma nor the end of the object stands here (write `,` or `}`)
    "#]]);
}

#[test]
fn the_community_dialect_warns_of_what_it_reads() {
    let ended = mudguard(&["lint", "--dialect", "community", "draft.json"]);
    assert!(
        ended
            .out
            .contains("warning: the member name `ietf-access-control-list:access-lists`"),
        "{}",
        ended.out
    );
}

#[test]
fn what_cannot_be_read_ends_with_2_and_the_rest_is_told() {
    let ended = mudguard(&["lint", "nowhere.json", "draft.json"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.starts_with("mudguard: nowhere.json: "), "{}", ended.err);
    assert!(ended.out.contains("draft.json:"), "{}", ended.out);
}

#[test]
fn json_holds_code_place_and_hint() {
    let json = mudguard(&["lint", "--json", "draft.json"]).json();
    assert_eq!(
        (&json[0]["as-made"], &json[0]["usable"]),
        (&false.into(), &false.into())
    );
    let finding = &json[0]["findings"][1];
    assert_eq!(
        (finding["line"].as_u64(), finding["severity"].as_str()),
        (Some(6), Some("error"))
    );
    assert_eq!(finding["pointer"], "/ietf-mud:mud/cache-validity");
    assert!(finding["hint"].as_str().unwrap().contains("1 to 168"));
}

#[test]
fn sarif_places_each_finding_and_describes_its_rule() {
    let json = mudguard(&["lint", "--sarif", "draft.json"]).json();
    assert_eq!(json["version"], "2.1.0");
    let run = &json["runs"][0];
    let result = &run["results"][1];
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "draft.json");
    assert_eq!(place["region"]["startLine"], 6);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(
        rules.iter().any(|rule| rule["id"] == result["ruleId"]),
        "{rules:#?}"
    );
}

#[test]
fn only_https_urls_that_may_be_mud_urls_are_retrieved() {
    mudguard(&["lint", "http://maker.example/lamp"]).fails(
        2,
        &expect![[r#"
        mudguard: http://maker.example/lamp: the MUD URL does not use https
    "#]],
    );
    mudguard(&["lint", "https://192.0.2.1/lamp"]).fails(
        2,
        &expect![[r#"
        mudguard: https://192.0.2.1/lamp: the host of the MUD URL is an IP address, not a name
    "#]],
    );
}

#[test]
fn a_url_cannot_be_retrieved_without_roots() {
    let ended = mudguard(&["lint", "--tls-roots", "lamp.json", "https://maker.example/lamp"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("lamp.json (--tls-roots)"), "{}", ended.err);
}

#[test]
fn standard_input_is_read() {
    with_input(&["lint", "-"], "[]").prints(
        1,
        &expect![[r#"
        -:1:1: MUD023: error: an array stands where an object should stand (write an object)
        -:1:1: MUD020: error: `ietf-mud:mud` is missing (a MUD file has it at its top)
    "#]],
    );
}
