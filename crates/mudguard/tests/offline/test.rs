//! `mudguard test`.

use expect_test::expect;
use serde_json::json;

use crate::mudguard;

#[test]
fn what_is_allowed_names_the_ace_and_ends_with_0() {
    mudguard(&["test", "lamp.json", "from-device tcp 443 api.maker.example"]).prints(
        0,
        &expect![[r#"
        IPv4: allowed by the ACE "cloud" (list "lamp-from", entry 1)
        IPv6: blocked: nothing permits it
    "#]],
    );
    mudguard(&["test", "lamp.json", "from-device udp 123 gateway"]).prints(
        0,
        &expect![[r#"
        allowed by the implicit rule for NTP at the router
    "#]],
    );
}

#[test]
fn what_is_blocked_says_why_and_ends_with_1() {
    mudguard(&["test", "lamp.json", "from-device tcp 80 api.maker.example"]).prints(
        1,
        &expect![[r#"
        blocked: nothing permits it
    "#]],
    );
    mudguard(&["test", "camera.json", "from-device tcp 443 192.168.1.20"]).prints(
        1,
        &expect![[r#"
        blocked by the ACE "not-to-the-nas" (list "camera-from", entry 1)
    "#]],
    );
}

#[test]
fn an_ace_that_is_not_in_force_is_named_with_the_reason() {
    let waiting = [
        "test",
        "--site",
        "empty-site.toml",
        "camera.json",
        "from-device tcp 443 203.0.113.7",
    ];
    mudguard(&waiting).prints(1, &expect![[r#"
        blocked: the ACE "by-address" (list "camera-from", entry 4) is not in force as written: waits for approval, as it names addresses outside of this home: 203.0.113.0/24
    "#]]);
}

#[test]
fn the_home_decides_who_the_members_of_a_class_are() {
    let packet = "from-device tcp 443 02:00:00:00:00:02";
    mudguard(&["test", "--site", "site.toml", "camera.json", packet]).prints(
        0,
        &expect![[r#"
        IPv4: allowed by the ACE "hub" (list "camera-from", entry 2)
        IPv6: blocked: nothing permits it
    "#]],
    );
}

#[test]
fn json_holds_the_answer_for_each_family_that_differs() {
    let json = mudguard(&[
        "test",
        "--json",
        "lamp.json",
        "from-device tcp 443 api.maker.example",
    ])
    .json();
    assert_eq!(
        json,
        json!([
            { "family": "ipv4", "allowed": true, "by": { "ace": { "list": "lamp-from", "ace": "cloud", "index": 0 } } },
            { "family": "ipv6", "allowed": false, "by": null }
        ])
    );
}

#[test]
fn a_packet_that_makes_no_sense_is_wrong_use() {
    mudguard(&["test", "lamp.json", "tcp 443"]).fails(2, &expect![[r#"
        mudguard: the packet: a packet has three or four words, not 2: write for example 'from-device tcp 443 api.example.com', 'to-device udp 5353 192.168.1.20' or 'from-device icmp gateway'
    "#]]);
    mudguard(&["test", "lamp.json", "from-device tcp https api.maker.example"]).fails(2, &expect![[r#"
        mudguard: the packet: "https" is no port, the numbers from 0 to 65535 are: write for example 'from-device tcp 443 api.example.com', 'to-device udp 5353 192.168.1.20' or 'from-device icmp gateway'
    "#]]);
}
