//! The JSON API: its shapes, and how a Thing is named.

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::{
    client::{Control, Gateway, Reply, noon},
    home,
};

pub(crate) fn check(reply: &Reply, status: u16, expect: &Expect) {
    assert_eq!(reply.status, status, "{}", reply.body);
    expect.assert_eq(&serde_json::to_string_pretty(&reply.json()).unwrap());
}

pub(crate) fn control() -> (Gateway, Control) {
    let gateway = Gateway::new(home::home(noon()));
    let control = gateway.control();
    (gateway, control)
}

#[tokio::test]
async fn the_status_counts() {
    let (_gateway, control) = control();
    check(
        &control.get("/api/v1/status").await,
        200,
        &expect![[r#"
            {
              "blocked": 90,
              "clock": "valid",
              "lifted": 0,
              "managed": 7,
              "mode": "ask",
              "notices": [],
              "observed": null,
              "program": "0.1.0",
              "things": 10,
              "version": 7,
              "waiting": 2
            }"#]],
    );
}

#[tokio::test]
async fn the_status_tells_what_is_wrong_the_gravest_first() {
    let gateway = Gateway::new(home::many(noon()));
    let reply = gateway.control().get("/api/v1/status").await;
    let notices = reply.json()["notices"].clone();
    expect![[r#"
        [
          {
            "kind": "firewall-refused",
            "text": "The newest rules could not be loaded: Could not process rule: No space left on device. The last good rules stay."
          },
          {
            "kind": "database-set-aside",
            "text": "What was stored could not be read, and was set aside as /var/lib/mudguard/mudguard.db.unreadable-2026-11-25. Known devices stay limited until they are learned anew."
          },
          {
            "kind": "laboratory",
            "text": "Laboratory setting: 192.0.2.0/24 and 2001:db8::/32 count as addresses of the internet. This is for tests; turn it off in a real home."
          },
          {
            "kind": "limitation",
            "text": "Not everything can be enforced here: frames between two ports of the switch chip do not pass this router."
          }
        ]"#]].assert_eq(&serde_json::to_string_pretty(&notices).unwrap());
}

#[tokio::test]
async fn things_come_the_most_urgent_first() {
    let (_gateway, control) = control();
    let reply = control.get("/api/v1/things").await;
    let lines: Vec<String> = reply.json()["things"]
        .as_array()
        .unwrap()
        .iter()
        .map(|thing| format!("{} {} {}", thing["mac"], thing["state"], thing["name"]))
        .collect();
    expect![[r#"
        "02:00:5e:10:00:03" "waiting" "Thermostat"
        "02:00:5e:10:00:02" "waiting" "doorcam"
        "02:00:5e:10:00:01" "limited" "Hallway lamp"
        "02:00:5e:10:00:05" "watched" "Kitchen TV"
        "02:00:5e:10:00:06" "restricted" "Bathroom scale that Grandmother gave us for Christmas, upsta…"
        "02:00:5e:10:00:08" "limited" "plug"
        "02:00:5e:10:00:09" "limited" "plug"
        "02:00:5e:10:00:04" "not-limited" "robovac"
        "02:00:5e:10:00:0b" "not-limited" "Unknown device (000b)"
        "02:00:5e:10:00:0a" "not-limited" "טלפון (Anna)""#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_thing_tells_what_it_may_do_and_what_was_blocked() {
    let (_gateway, control) = control();
    check(
        &control.get("/api/v1/things/02:00:5e:10:00:01").await,
        200,
        &expect![[r#"
            {
              "addresses": [
                "192.168.1.1"
              ],
              "applied": true,
              "blocked": [
                {
                  "count": 12,
                  "initiator": "thing",
                  "last": "2026-11-25T11:35:00Z",
                  "name": "stats.tracker.example",
                  "peer": "198.51.100.20",
                  "port": 443,
                  "protocol": 6,
                  "reason": "Its rules do not name this.",
                  "text": "Tried to contact stats.tracker.example (198.51.100.20): encrypted web"
                },
                {
                  "count": 2,
                  "initiator": "thing",
                  "last": "2026-11-25T09:30:00Z",
                  "name": null,
                  "peer": "203.0.113.9",
                  "port": 23,
                  "protocol": 6,
                  "reason": "It used an address without looking up a name, so no rule can permit it by name.",
                  "text": "Tried to contact 203.0.113.9: remote control (not encrypted)"
                }
              ],
              "blocked-count": 14,
              "channel": "dhcpv4",
              "controllers": [],
              "enforcement": "enforce",
              "file": {
                "is-supported": true,
                "last-update": "2026-03-02T10:00:00Z",
                "mfg-name": "Acme Lighting GmbH",
                "model-name": null,
                "retrieved": "2026-11-24T06:30:00Z",
                "sha256": "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
                "systeminfo": "Acme Lamp 2, warm white",
                "trust": {
                  "ca": "",
                  "key": "abababababababababababababababababababababababababababababababab",
                  "kind": "signed",
                  "provisional": false,
                  "signer": "CN=Acme MUD signing, O=Acme Lighting GmbH"
                }
              },
              "first-seen": "2026-10-16T12:00:00Z",
              "host-name": "acme-lamp-2f",
              "last-seen": "2026-11-25T11:59:00Z",
              "lifted-until": null,
              "mac": "02:00:5e:10:00:01",
              "mode": null,
              "mode-in-force": "ask",
              "mud-url": "https://mud.acme.example/lamp2.json",
              "name": "Hallway lamp",
              "overrides": [],
              "port": "lan1",
              "problem": null,
              "question": null,
              "random-address": true,
              "refused-url": null,
              "sentences": [
                "May contact the maker’s cloud, acme.example (3 names): encrypted web and encrypted messages.",
                "May contact example.net: web (not encrypted).",
                "May search for devices in your home and announce itself to them.",
                "May ask this router for the time.",
                "May look up internet names, through this router."
              ],
              "state": "limited",
              "state-words": "Limited",
              "sum": {
                "enforced": 7,
                "narrowed": 0,
                "refused": 0
              },
              "trust-words": "Rules signed by CN=Acme MUD signing, O=Acme Lighting GmbH, and the signature was verified",
              "verdicts": [
                {
                  "ace": "cloud-api",
                  "index": 0,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "cloud-mqtt",
                  "index": 1,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "updates",
                  "index": 2,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "weather",
                  "index": 3,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "discovery",
                  "index": 4,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "dns",
                  "index": 5,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                },
                {
                  "ace": "ntp",
                  "index": 6,
                  "list": "from-lamp",
                  "reason": null,
                  "verdict": "enforced"
                }
              ]
            }"#]],
    );
}

#[tokio::test]
async fn a_question_tells_what_a_yes_would_permit() {
    let (_gateway, control) = control();
    let reply = control.get("/api/v1/things/doorcam").await;
    expect![[r#"
        {
          "key": "2026-11-25T11:56:00Z 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
          "kind": "file",
          "meanwhile": "Until you decide, it reaches only this router.",
          "raised": "2026-11-25T11:56:00Z",
          "sentences": [
            "May contact the maker’s cloud, watchful.example (2 names): encrypted web and encrypted messages.",
            "May contact a rented server at amazonaws.com: encrypted web.",
            "May contact 203.0.113.64/28 on the internet, by address and not by name: calls and video.",
            "May ask this router for the time.",
            "May look up internet names, through this router."
          ],
          "text": "There are rules for this device, but they need your decision: the file is not signed."
        }"#]].assert_eq(&serde_json::to_string_pretty(&reply.json()["question"]).unwrap());
    let reply = control.get("/api/v1/things/Thermostat").await;
    expect![[r#"
        {
          "key": "2026-11-24T11:00:00Z addresses",
          "kind": "addresses",
          "meanwhile": "Until you decide, this part of its rules is left out.",
          "raised": "2026-11-24T11:00:00Z",
          "sentences": [
            "May contact 203.0.113.20 on the internet, by address and not by name: messages (not encrypted)."
          ],
          "text": "Part of its rules names addresses instead of names. Who is behind an address can change."
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&reply.json()["question"]).unwrap());
}

#[tokio::test]
async fn a_refused_url_is_told_with_its_reason() {
    let (_gateway, control) = control();
    let thing = control.get("/api/v1/things/robovac").await.json();
    assert_eq!(thing["refused-url"]["url"], "http://mud.vac.example/robo");
    assert_eq!(thing["refused-url"]["reason"], "the MUD URL does not use https");
    assert_eq!(
        (&thing["state"], &thing["file"]),
        (&Value::from("not-limited"), &Value::Null)
    );
}

#[tokio::test]
async fn a_thing_is_found_by_each_of_its_names() {
    let (_gateway, control) = control();
    for name in [
        "02:00:5e:10:00:01",
        "02-00-5E-10-00-01",
        "Hallway%20lamp",
        "hallway%20LAMP",
        "acme-lamp-2f",
    ] {
        let reply = control.get(&format!("/api/v1/things/{name}")).await;
        assert_eq!(reply.json()["mac"], "02:00:5e:10:00:01", "{name}");
    }
    let reply = control.get("/api/v1/things/Unknown%20device%20(000b)").await;
    assert_eq!(reply.json()["mac"], "02:00:5e:10:00:0b");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_refused() {
    let (_gateway, control) = control();
    let reply = control.get("/api/v1/things/toaster").await;
    assert_eq!(reply.field("content-type"), Some("application/problem+json"));
    check(
        &reply,
        404,
        &expect![[r#"
        {
          "detail": "no Thing is called \"toaster\"; give its MAC address or its whole name, as `mudguard things` lists them",
          "status": 404,
          "title": "No such Thing",
          "type": "about:blank"
        }"#]],
    );
}

#[tokio::test]
async fn a_name_that_two_have_is_refused_with_their_addresses() {
    let (_gateway, control) = control();
    check(
        &control.send("POST", "/api/v1/things/plug/approve").await,
        409,
        &expect![[r#"
            {
              "candidates": [
                "02:00:5e:10:00:08",
                "02:00:5e:10:00:09"
              ],
              "detail": "several Things are called \"plug\"; give the MAC address of one: 02:00:5e:10:00:08, 02:00:5e:10:00:09",
              "status": 409,
              "title": "Several Things have this name",
              "type": "about:blank"
            }"#]],
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_too() {
    let (_gateway, control) = control();
    check(
        &control.get("/").await,
        404,
        &expect![[r#"
        {
          "detail": "there is nothing at this path",
          "status": 404,
          "title": "Not found",
          "type": "about:blank"
        }"#]],
    );
    check(
        &control.send("DELETE", "/api/v1/things/doorcam").await,
        405,
        &expect![[r#"
            {
              "detail": "this path does not take this method",
              "status": 405,
              "title": "Method not allowed",
              "type": "about:blank"
            }"#]],
    );
    assert_eq!(control.get("/api/v1/things/%FF").await.status, 400);
}

#[tokio::test]
async fn each_blocked_flow_is_told_with_its_reason() {
    let (_gateway, control) = control();
    let mut lines = Vec::new();
    for thing in ["Hallway lamp", "doorcam", "Thermostat", "Kitchen TV"] {
        let path = format!("/api/v1/things/{}", thing.replace(' ', "%20"));
        let detail = control.get(&path).await.json();
        for blocked in detail["blocked"].as_array().unwrap() {
            lines.push(format!("{thing}: {}. {}", blocked["text"], blocked["reason"]));
        }
    }
    expect![[r#"
        Hallway lamp: "Tried to contact stats.tracker.example (198.51.100.20): encrypted web". "Its rules do not name this."
        Hallway lamp: "Tried to contact 203.0.113.9: remote control (not encrypted)". "It used an address without looking up a name, so no rule can permit it by name."
        doorcam: "Tried to contact relay.watchful.example (198.51.100.7): encrypted web". "It has no rules yet: they wait for your decision."
        Thermostat: "Tried to contact 203.0.113.20: messages (not encrypted)". "Its rules name addresses, and those wait for your approval."
        Kitchen TV: "Tried to contact 8.8.8.8: name look-ups". "It asked another name service instead of this router."
        Kitchen TV: "Tried to contact 192.168.1.20: file sharing". "Its rules do not name this.""#]].assert_eq(&lines.join("\n"));
}
