//! What a household reads on the page.

use std::sync::Arc;

use expect_test::expect;
use jiff::Timestamp;
use mudguard_manager::Mode;

use crate::{
    client::{Gateway, Reply},
    home,
};

/// The text of the part of a page that differs from page to page, one element a line.
fn text(reply: &Reply) -> String {
    let (_, rest) = reply.body.split_once("<main").unwrap();
    let (main, _) = rest.split_once("</main>").unwrap();
    let mut text = String::new();
    for piece in main.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap();
        let is_inline = [
            "b", "/b", "bdi", "/bdi", "span", "/span", "strong", "/strong", "time", "/time",
        ]
        .contains(&tag.split(' ').next().unwrap());
        text.push(if is_inline { ' ' } else { '\n' });
        // The marks around names cannot be seen.
        text.extend(words.chars().filter(|c| !matches!(c, '\u{2068}' | '\u{2069}')));
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

async fn shown(path: &str) -> Reply {
    let gateway = Gateway::new(home::home(Timestamp::now()));
    gateway.page().await.get(path).await
}

#[tokio::test]
async fn the_first_page_tells_what_waits_then_what_was_blocked_then_the_rest() {
    expect![[r#"
        Devices
        2 devices wait for you 6 limited 1 watched 3 not limited
        Devices with rules are limited to them. You are asked about what is uncertain.
        Waits for you
        Thermostat
        Part of its rules names addresses instead of names. Who is behind an address can change.
        Limited 4 attempts blocked 3 minutes ago
        Look at it and decide
        doorcam
        There are rules for this device, but they need your decision: the file is not signed.
        Reaches only this router 31 attempts blocked 2 minutes ago
        Look at it and decide
        Something was blocked
        Hallway lamp
        Limited 14 attempts blocked 1 minute ago
        Kitchen TV
        Watched, not limited 41 attempts would have been blocked 5 minutes ago
        Other devices
        Bathroom scale that Grandmother gave us for Christmas, upsta…
        Reaches only this router Rules not retrieved 6 minutes ago
        plug
        02:00:5e:10:00:08
        Limited 8 minutes ago
        plug
        02:00:5e:10:00:09
        Limited 9 minutes ago
        robovac
        Not limited Address of its rules refused 4 minutes ago
        Unknown device (000b)
        Not limited 5 days ago
        טלפון (Anna)
        Not limited 10 minutes ago"#]]
    .assert_eq(&text(&shown("/").await));
}

#[tokio::test]
async fn a_lamp_is_told_as_a_household_speaks() {
    expect![[r#"
        All devices
        Hallway lamp
        Limited last seen 1 minute ago
        Rules signed by CN=Acme MUD signing, O=Acme Lighting GmbH, and the signature was verified
        What it may do
        May contact the maker’s cloud, acme.example (3 names): encrypted web and encrypted messages.
        api.acme.example
        mqtt.acme.example
        ota.acme.example
        May contact example.net: web (not encrypted).
        weather.example.net
        May search for devices in your home and announce itself to them.
        May ask this router for the time.
        May look up internet names, through this router.
        Everything else is blocked.
        What was blocked
        14 attempts blocked
        Tried to contact stats.tracker.example (198.51.100.20): encrypted web
        Its rules do not name this.
        12 times 25 minutes ago
        Tried to contact 203.0.113.9: remote control (not encrypted)
        It used an address without looking up a name, so no rule can permit it by name.
        2 times 2 hours ago
        This list is kept in memory only, on this router.
        About this device
        It calls itself
        acme-lamp-2f
        Addresses
        192.168.1.1
        Hardware address
        02:00:5e:10:00:01
        Connected at
        lan1
        First seen
        2026-10-16
        Its rules come from
        https://mud.acme.example/lamp2.json
        told by the device itself, which can be faked
        The maker calls it
        Acme Lamp 2, warm white
        Maker, as the rules say
        Acme Lighting GmbH
        Rules written
        2026-03-02
        Rules checked
        2026-11-24
        Fingerprint of the rules
        5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a
        Technical rules
        7 hold as written
        Rule
        What became of it
        cloud-api
        from-lamp
        Holds as written
        cloud-mqtt
        from-lamp
        Holds as written
        updates
        from-lamp
        Holds as written
        weather
        from-lamp
        Holds as written
        discovery
        from-lamp
        Holds as written
        dns
        from-lamp
        Holds as written
        ntp
        from-lamp
        Holds as written"#]]
    .assert_eq(&text(&shown("/devices/02:00:5e:10:00:01").await));
}

#[tokio::test]
async fn a_question_is_asked_with_what_a_yes_would_permit() {
    expect![[r#"
        All devices
        doorcam
        Reaches only this router last seen 2 minutes ago
        Waits for you
        There are rules for this device, but they need your decision: the file is not signed.
        What it may do if you agree
        May contact the maker’s cloud, watchful.example (2 names): encrypted web and encrypted messages.
        push.watchful.example
        relay.watchful.example
        May contact a rented server at amazonaws.com: encrypted web.
        doorcam-eu.s3.amazonaws.com
        May contact 203.0.113.64/28 on the internet, by address and not by name: calls and video.
        May ask this router for the time.
        May look up internet names, through this router.
        Until you decide, it reaches only this router.
        Use these rules
        Do not use them
        What it may do until you decide
        May ask this router for the time.
        May look up internet names, through this router.
        Everything else is blocked.
        What was blocked
        Tried to contact relay.watchful.example (198.51.100.7): encrypted web
        It has no rules yet: they wait for your decision.
        31 times just now
        This list is kept in memory only, on this router.
        About this device
        It calls itself
        doorcam
        Addresses
        192.168.1.2
        Hardware address
        02:00:5e:10:00:02
        Connected at
        lan2
        First seen
        2026-10-16
        Its rules come from
        https://things.watchful.example/mud/doorcam-v3.json
        told by the device itself, which can be faked"#]]
    .assert_eq(&text(&shown("/devices/02:00:5e:10:00:02").await));
}

#[tokio::test]
async fn a_refused_url_is_shown_with_its_reason() {
    expect![[r#"
        All devices
        robovac
        Not limited last seen 4 minutes ago
        No rules from its maker are in use
        It says where its rules are, but that address is not used: the MUD URL does not use https. http://mud.vac.example/robo
        What it may do
        It may use the whole network: nothing of it is blocked or recorded.
        About this device
        It calls itself
        robovac
        Addresses
        192.168.1.4
        Hardware address
        02:00:5e:10:00:04
        Connected at
        wlan0
        First seen
        2026-10-16"#]]
    .assert_eq(&text(&shown("/devices/02:00:5e:10:00:04").await));
}

#[tokio::test]
async fn an_empty_home_says_how_devices_come() {
    let reply = Gateway::new(home::empty()).page().await.get("/").await;
    expect![[r#"
        Devices
        No device yet
        A device shows up here as soon as it asks this router for an address."#]]
    .assert_eq(&text(&reply));
}

#[tokio::test]
async fn the_laboratory_setting_is_told_on_every_page() {
    let gateway = Gateway::new(home::many(Timestamp::now()));
    let page = gateway.page().await;
    for path in ["/", "/devices/02:00:5e:10:00:01", "/nothing"] {
        let reply = page.get(path).await;
        assert!(reply.body.contains("Laboratory setting: 192.0.2.0/24"), "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_the_newest_picture() {
    let gateway = Gateway::new(home::empty());
    let page = gateway.page().await;
    gateway
        .pictures
        .send_modify(|picture| Arc::make_mut(picture).mode = Mode::Watch);
    assert!(page.get("/").await.body.contains("Mode: watch"));
}

#[tokio::test]
async fn two_hundred_devices_fit_on_a_page() {
    let gateway = Gateway::new(home::many(Timestamp::now()));
    let reply = gateway.page().await.get("/").await;
    assert_eq!(reply.body.matches("<li>").count(), 201);
    assert!(reply.body.len() < 120_000, "{} octets", reply.body.len());
}

#[tokio::test]
async fn a_page_names_nothing_outside_itself() {
    for path in ["/", "/devices/02:00:5e:10:00:01", "/nothing"] {
        let body = shown(path).await.body;
        for name in ["href=\"", "src=\"", "action=\""] {
            for rest in body.split(name).skip(1) {
                assert!(
                    rest.starts_with(['/', '#']) && !rest.starts_with("//"),
                    "{rest:.40}"
                );
            }
        }
        assert!(!body.contains("style=") && !body.contains("<script"));
    }
}
