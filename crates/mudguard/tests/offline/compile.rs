//! `mudguard compile`.

use expect_test::expect;
use serde_json::json;

use crate::{mudguard, with_input};

#[test]
fn each_ace_has_a_verdict_with_its_reason_and_the_rules_follow() {
    mudguard(&["compile", "camera.json"]).prints(0, &expect![[r#"
        https://maker.example/camera
          enforced: the ACE "not-to-the-nas" (list "camera-from", entry 1)
          narrowed: the ACE "hub" (list "camera-from", entry 2): no controller of the class https://maker.example/hub was chosen in this home yet
          narrowed: the ACE "same-maker" (list "camera-from", entry 3): there is no other Thing of maker.example in this home yet
          refused: the ACE "by-address" (list "camera-from", entry 4): waits for approval, as it names addresses outside of this home: 203.0.113.0/24
          refused: the ACE "fragments" (list "camera-from", entry 5): it tests flags of IPv4, which cannot be enforced
          enforced: the ACE "lan" (list "camera-from", entry 6)
          enforced: the ACE "ping" (list "camera-to", entry 1)
        7 ACEs: 3 enforced, 2 narrowed, 2 refused

        No flow is opened that these forbid, the first that matches:
          drop to-device any protocol from 192.168.1.20/32, IPv4 alone  # the ACE "not-to-the-nas" (list "camera-from", entry 1)

        Flows may be opened by the first of these that matches, and else are dropped:
          drop from-device any protocol to 192.168.1.20/32, IPv4 alone  # the ACE "not-to-the-nas" (list "camera-from", entry 1)
          accept from-device tcp any to 192.168.1.0/24, IPv4 alone  # the ACE "lan" (list "camera-from", entry 6)
          accept to-device icmp type 8 from 192.168.1.0/24, IPv4 alone  # the ACE "ping" (list "camera-to", entry 1)
          accept from-device udp 53 to this router  # the implicit rule for DNS at the router
          accept from-device tcp 53 to this router  # the implicit rule for DNS at the router
          accept from-device udp 123 to this router  # the implicit rule for NTP at the router
    "#]]);
}

#[test]
fn members_of_the_home_fill_classes_and_approval_lets_addresses_through() {
    mudguard(&["compile", "--site", "site.toml", "camera.json"]).prints(0, &expect![[r#"
        https://maker.example/camera
          enforced: the ACE "not-to-the-nas" (list "camera-from", entry 1)
          enforced: the ACE "hub" (list "camera-from", entry 2)
          enforced: the ACE "same-maker" (list "camera-from", entry 3)
          enforced: the ACE "by-address" (list "camera-from", entry 4)
          refused: the ACE "fragments" (list "camera-from", entry 5): it tests flags of IPv4, which cannot be enforced
          enforced: the ACE "lan" (list "camera-from", entry 6)
          enforced: the ACE "ping" (list "camera-to", entry 1)
        7 ACEs: 6 enforced, 0 narrowed, 1 refused

        No flow is opened that these forbid, the first that matches:
          drop to-device any protocol from 192.168.1.20/32, IPv4 alone  # the ACE "not-to-the-nas" (list "camera-from", entry 1)

        Flows may be opened by the first of these that matches, and else are dropped:
          drop from-device any protocol to 192.168.1.20/32, IPv4 alone  # the ACE "not-to-the-nas" (list "camera-from", entry 1)
          accept from-device tcp 443 to 02:00:00:00:00:02, IPv4 alone  # the ACE "hub" (list "camera-from", entry 2)
          accept from-device udp any to 02:00:00:00:00:03, IPv4 alone  # the ACE "same-maker" (list "camera-from", entry 3)
          accept from-device tcp 443 to 203.0.113.0/24, IPv4 alone  # the ACE "by-address" (list "camera-from", entry 4)
          accept from-device tcp any to 192.168.1.0/24, IPv4 alone  # the ACE "lan" (list "camera-from", entry 6)
          accept to-device icmp type 8 from 192.168.1.0/24, IPv4 alone  # the ACE "ping" (list "camera-to", entry 1)
          accept from-device udp 53 to this router  # the implicit rule for DNS at the router
          accept from-device tcp 53 to this router  # the implicit rule for DNS at the router
          accept from-device udp 123 to this router  # the implicit rule for NTP at the router
    "#]]);
}

#[test]
fn json_holds_the_sum_the_verdicts_and_the_rules() {
    let json = mudguard(&["compile", "--json", "camera.json"]).json();
    assert_eq!(json["sum"], json!({ "enforced": 3, "narrowed": 2, "refused": 2 }));
    assert_eq!(json["verdicts"].as_array().unwrap().len(), 7);
    assert_eq!(json["permits"][0]["action"], "drop");
    assert_eq!(json["permits"][0]["origin"]["ace"]["list"], "camera-from");
}

#[test]
fn the_ruleset_is_what_nft_reads_and_names_the_thing() {
    let ended = mudguard(&["compile", "--nft", "--thing", "02:00:00:00:00:07", "lamp.json"]);
    let json = ended.json();
    assert!(json["nftables"].as_array().unwrap().len() > 10);
    assert!(ended.out.contains("02:00:00:00:00:07"), "{}", ended.out);
}

#[test]
fn a_ruleset_without_a_thing_is_wrong_use() {
    let ended = mudguard(&["compile", "--nft", "lamp.json"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("--thing <MAC>"), "{}", ended.err);
}

#[test]
fn a_file_that_is_refused_is_told_with_place_and_reason() {
    mudguard(&["compile", "broken.json"]).fails(2, &expect![[r#"
        mudguard: broken.json: it is no MUD file that can be used
        broken.json:5:5: error MUD004 not-json: neither a comma nor the end of the object stands here (write `,` or `}`)
    "#]]);
}

#[test]
fn what_the_community_writes_is_refused_on_request() {
    assert_eq!(mudguard(&["compile", "draft.json"]).code, Some(0));
    mudguard(&["compile", "--dialect", "strict", "draft.json"]).fails(2, &expect![[r#"
        mudguard: draft.json: it is no MUD file that can be used
        draft.json:6:23: error MUD024 out-of-range: `200` is no whole number from 1 to 168 (write a number from 1 to 168)
        draft.json:30:44: error MUD032 pre-rfc-name: the member name `ietf-access-control-list:access-lists` is from a draft before the RFC (write `ietf-access-control-list:acls`)
    "#]]);
}

#[test]
fn a_file_that_is_not_there_and_a_wrong_site_are_named() {
    mudguard(&["compile", "nowhere.json"]).fails(
        2,
        &expect![[r#"
        mudguard: nowhere.json: No such file or directory (os error 2)
    "#]],
    );
    mudguard(&["compile", "--site", "lamp.json", "lamp.json"]).fails(
        2,
        &expect![[r#"
            mudguard: lamp.json: TOML parse error at line 1, column 1
              |
            1 | {
              | ^
            invalid key-value pair, expected key
        "#]],
    );
}

#[test]
fn standard_input_is_read() {
    let lamp = include_str!("../files/lamp.json");
    assert_eq!(
        with_input(&["compile", "-"], lamp).out,
        mudguard(&["compile", "lamp.json"]).out
    );
}
