//! `mudguard explain`.

use expect_test::expect;

use crate::mudguard;

#[test]
fn a_file_is_told_in_plain_sentences() {
    mudguard(&["explain", "lamp.json"]).prints(
        0,
        &expect![[r#"
        May contact the maker’s cloud, maker.example: encrypted web.
        May be controlled by a device that you choose (if there is one): web (not encrypted).
        May search for devices in your home and announce itself to them.
        May ask this router for the time.
        May look up internet names, through this router.
    "#]],
    );
}

#[test]
fn classes_are_told_apart_from_any_home() {
    mudguard(&["explain", "camera.json"]).prints(
        0,
        &expect![[r#"
        May contact 203.0.113.0/24 on the internet, by address and not by name: encrypted web.
        May start talking to any device in your home: any TCP port.
        May be controlled by devices in your home: ping.
        May talk with your other devices by the same maker (if there is one): any UDP port.
        May be controlled by its controller, “https://maker.example/hub” (if there is one): encrypted web.
        May ask this router for the time.
        May look up internet names, through this router.
        One rule takes away part of the above; the technical rules show which.
    "#]],
    );
}

#[test]
fn json_joins_each_sentence_with_its_aces() {
    let json = mudguard(&["explain", "--json", "lamp.json"]).json();
    assert_eq!(json["mud-url"], "https://maker.example/lamp");
    let first = &json["sentences"][0];
    assert!(
        first["text"].as_str().unwrap().contains("maker.example"),
        "{first}"
    );
    assert_eq!(first["aces"][0]["ace"], "cloud");
    assert_eq!(first["details"][0], "api.maker.example");
}
