//! `mudguard diff`.

use expect_test::expect;

use crate::mudguard;

#[test]
fn rights_that_are_added_end_with_3() {
    mudguard(&["diff", "lamp.json", "lamp-more.json"]).prints(3, &expect![[r#"
        Added:
          May contact example.net: encrypted web.
            accept from-device tcp 443 to tracker.example.net, IPv4 alone  # the ACE "telemetry" (list "lamp-from", entry 2)
        Removed:
          May search for devices in your home and announce itself to them.
            accept from-device udp 5353 to 192.168.1.0/24, IPv4 alone  # the ACE "discovery" (list "lamp-from", entry 2)
            accept from-device udp 5353 to 224.0.0.0/24 239.0.0.0/8 255.255.255.255/32, IPv4 alone  # the ACE "discovery" (list "lamp-from", entry 2)
    "#]]);
}

#[test]
fn rights_that_are_only_removed_end_with_0() {
    let ended = mudguard(&["diff", "camera.json", "camera.json"]);
    ended.prints(
        0,
        &expect![[r#"
        Added: nothing
        Removed: nothing
    "#]],
    );
    let json = mudguard(&["diff", "--json", "lamp-more.json", "lamp-fewer.json"]);
    assert_eq!(json.code, Some(0));
    let json = json.json();
    assert_eq!(json["added"]["rules"].as_array().unwrap().len(), 0);
    assert_eq!(json["removed"]["rules"][0]["certain"], true);
}

#[test]
fn another_writing_of_the_same_rights_is_no_difference() {
    mudguard(&["diff", "lamp.json", "lamp-written-otherwise.json"]).prints(
        0,
        &expect![[r#"
        Added: nothing
        Removed: nothing
    "#]],
    );
    mudguard(&["diff", "lamp-written-otherwise.json", "lamp.json"]).prints(
        0,
        &expect![[r#"
        Added: nothing
        Removed: nothing
    "#]],
    );
}

#[test]
fn a_drop_that_went_away_adds_what_it_forbade() {
    mudguard(&["diff", "camera.json", "camera-without-drop.json"]).prints(3, &expect![[r#"
        Added:
          May start talking to any device in your home: any TCP port.
          May be controlled by devices in your home: ping.
          May talk with your other devices by the same maker (if there is one): any UDP port.
          May be controlled by its controller, “https://maker.example/hub” (if there is one): encrypted web.
            accept from-device tcp 443 to members of its class, IPv4 alone  # the ACE "hub" (list "camera-from", entry 1)
            accept from-device udp any to members of its class, IPv4 alone  # the ACE "same-maker" (list "camera-from", entry 2)
            accept from-device tcp any to 192.168.1.0/24, IPv4 alone  # the ACE "lan" (list "camera-from", entry 5)
            accept to-device icmp type 8 from 192.168.1.0/24, IPv4 alone  # the ACE "ping" (list "camera-to", entry 1)
        Removed: nothing
    "#]]);
}

#[test]
fn json_tells_the_rules_and_where_they_come_from() {
    let json = mudguard(&["diff", "--json", "lamp.json", "lamp-more.json"]).json();
    let rule = &json["added"]["rules"][0];
    assert_eq!(
        rule["rule"],
        "accept from-device tcp 443 to tracker.example.net, IPv4 alone"
    );
    assert_eq!(rule["origin"]["ace"]["ace"], "telemetry");
    assert!(
        json["added"]["sentences"][0]["text"]
            .as_str()
            .unwrap()
            .contains("example.net")
    );
}
