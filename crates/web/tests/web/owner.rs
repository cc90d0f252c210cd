//! What the owner decides beside the questions: how each command reaches the manager, what is refused before, and how it is shown.

use std::{net::IpAddr, sync::Arc, time::Duration};

use expect_test::expect;
use mudguard_manager::{Channel, Command, CommandError, Flows, Mode, Override, OverridePeer, Overriding};
use mudguard_mud::{DomainName, MudUrl};
use mudguard_policy::Initiator;

use crate::{
    api::{check, control},
    client::{Gateway, noon},
    home,
};

const HOUR: Duration = Duration::from_secs(3600);

fn cloud(protocol: Option<u8>, port: Option<u16>) -> Flows {
    Flows {
        peer: OverridePeer::Name(DomainName::parse("cloud.example").unwrap()),
        initiator: Initiator::Thing,
        protocol,
        port,
    }
}

#[tokio::test]
async fn each_command_reaches_the_manager() {
    let thing = home::mac(1);
    let address = OverridePeer::Address(IpAddr::from([192, 0, 2, 1]));
    let commands = [
        (
            "rename",
            r#"{"name":"Desk lamp"}"#,
            Command::Rename {
                thing,
                name: Some("Desk lamp".to_owned()),
            },
        ),
        (
            "rename",
            r#"{"name":null}"#,
            Command::Rename { thing, name: None },
        ),
        (
            "allow",
            r#"{"peer":"Cloud.example","protocol":6,"port":443,"seconds":3600}"#,
            Command::Allow {
                thing,
                flows: cloud(Some(6), Some(443)),
                lasting: Some(HOUR),
            },
        ),
        (
            "block",
            r#"{"peer":"::ffff:192.0.2.1","initiator":"peer","seconds":null}"#,
            Command::Block {
                thing,
                flows: Flows {
                    peer: address,
                    initiator: Initiator::Peer,
                    protocol: None,
                    port: None,
                },
                lasting: None,
            },
        ),
        (
            "allow",
            r#"{"peer":"192.0.2.77/24","seconds":60}"#,
            Command::Allow {
                thing,
                flows: Flows {
                    peer: OverridePeer::Network("192.0.2.0/24".parse().unwrap()),
                    initiator: Initiator::Thing,
                    protocol: None,
                    port: None,
                },
                lasting: Some(Duration::from_secs(60)),
            },
        ),
        (
            "lift",
            r#"{"seconds":3600}"#,
            Command::Lift { thing, lasting: HOUR },
        ),
        ("end", r#"{"id":3}"#, Command::EndOverride { thing, id: 3 }),
        (
            "set-url",
            r#"{"url":"https://maker.example/lamp.json"}"#,
            Command::SetUrl {
                thing,
                url: MudUrl::parse("https://maker.example/lamp.json").unwrap(),
                channel: Channel::Owner,
            },
        ),
        (
            "mode",
            r#"{"mode":"watch"}"#,
            Command::SetMode {
                thing,
                mode: Some(Mode::Watch),
            },
        ),
        ("mode", r#"{"mode":null}"#, Command::SetMode { thing, mode: None }),
        ("undo", "", Command::Undo { thing }),
    ];
    let (mut gateway, control) = control();
    for (word, content, expected) in commands {
        let manager = async {
            let request = gateway.requests.recv().await.unwrap();
            assert_eq!(request.command, expected);
            request.reply.send(Ok(())).unwrap();
        };
        let path = format!("/api/v1/things/Hallway%20lamp/{word}");
        let (reply, ()) = tokio::join!(control.post(&path, content), manager);
        assert_eq!(reply.status, 200, "{word}: {}", reply.body);
        assert_eq!(reply.json()["mac"], "02:00:5e:10:00:01", "{word}");
    }
}

#[tokio::test]
async fn of_a_forgotten_thing_nothing_is_shown() {
    let (mut gateway, control) = control();
    let manager = async {
        let request = gateway.requests.recv().await.unwrap();
        assert_eq!(request.command, Command::Forget { thing: home::mac(1) });
        gateway.pictures.send_modify(|picture| {
            Arc::make_mut(picture).things.remove(&home::mac(1));
        });
        request.reply.send(Ok(())).unwrap();
    };
    let path = "/api/v1/things/02:00:5e:10:00:01/forget";
    let (reply, ()) = tokio::join!(control.post(path, "{}"), manager);
    check(
        &reply,
        200,
        &expect![[r#"
            {
              "forgotten": "02:00:5e:10:00:01"
            }"#]],
    );
}

#[tokio::test]
async fn the_url_of_a_thing_that_was_not_seen_yet_may_be_set() {
    let (mut gateway, control) = control();
    let manager = async {
        let request = gateway.requests.recv().await.unwrap();
        assert!(matches!(request.command, Command::SetUrl { .. }));
        gateway.pictures.send_modify(|picture| {
            let snapshot = Arc::make_mut(picture);
            let mut thing = (*snapshot.things[&home::mac(1)]).clone();
            thing.mac = home::mac(99);
            snapshot.things.insert(thing.mac, Arc::new(thing));
        });
        request.reply.send(Ok(())).unwrap();
    };
    let path = format!("/api/v1/things/{}/set-url", home::mac(99));
    let content = r#"{"url":"https://maker.example/lamp.json","channel":"code"}"#;
    let (reply, ()) = tokio::join!(control.post(&path, content), manager);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["mac"], home::mac(99).to_string());
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_before_the_manager_hears_of_it() {
    let (mut gateway, control) = control();
    let mut lines = Vec::new();
    for (word, content) in [
        ("rename", ""),
        ("lift", "{"),
        ("lift", r#"{"seconds":0}"#),
        ("lift", r#"{"seconds":-1}"#),
        ("undo", r#"{"all":true}"#),
        ("allow", r#"{"peer":"cloud.example"}"#),
        ("allow", r#"{"peer":"*.cloud.example","seconds":60}"#),
        ("allow", r#"{"peer":"192.0.2.0/33","seconds":60}"#),
        ("allow", r#"{"peer":"0.0.0.0/0","seconds":60}"#),
        (
            "allow",
            r#"{"peer":"cloud.example","protocol":1,"port":443,"seconds":60}"#,
        ),
        ("set-url", r#"{"url":"http://maker.example/lamp.json"}"#),
        (
            "set-url",
            r#"{"url":"https://maker.example/lamp.json","channel":"certificate"}"#,
        ),
        ("mode", r#"{"mode":"off"}"#),
    ] {
        let reply = control
            .post(&format!("/api/v1/things/Hallway%20lamp/{word}"), content)
            .await;
        assert_eq!(
            reply.field("content-type"),
            Some("application/problem+json"),
            "{word}"
        );
        lines.push(format!("{word}: {} {}", reply.status, reply.json()["detail"]));
    }
    expect![[r#"
        rename: 400 "the request cannot be used: missing field `name` at line 1 column 2"
        lift: 400 "the request cannot be used: EOF while parsing an object at line 1 column 1"
        lift: 400 "the request cannot be used: a decision lasts a second at least"
        lift: 400 "the request cannot be used: invalid value: integer `-1`, expected u64 at line 1 column 13"
        undo: 400 "the request cannot be used: unknown field `all`, there are no fields at line 1 column 6"
        allow: 400 "the request cannot be used: missing field `seconds` at line 1 column 24"
        allow: 400 "the request cannot be used: the other end is a domain name, an address or a prefix, and \"*.cloud.example\" is none of them: the name holds a wildcard"
        allow: 400 "the request cannot be used: \"192.0.2.0/33\" is no prefix; write 192.0.2.0/24 or 2001:db8::/32"
        allow: 400 "the request cannot be used: 0.0.0.0/0 is nearly everything; lift the limits for a while instead"
        allow: 400 "the request cannot be used: only TCP and UDP, protocols 6 and 17, have ports"
        set-url: 400 "the request cannot be used: the MUD URL does not use https"
        set-url: 400 "the request cannot be used: a MUD URL is set by the channel owner or code"
        mode: 400 "the request cannot be used: unknown variant `off`, expected one of `watch`, `ask`, `protect` at line 1 column 13""#]].assert_eq(&lines.join("\n"));
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(70_000));
    let reply = control.post("/api/v1/things/Hallway%20lamp/rename", &long).await;
    assert_eq!(reply.status, 413);
    assert!(gateway.requests.try_recv().is_err());
}

#[tokio::test]
async fn what_the_manager_refuses_is_a_conflict() {
    let (mut gateway, control) = control();
    let manager = async {
        let request = gateway.requests.recv().await.unwrap();
        let refused = CommandError::NothingToUndo(home::mac(1));
        request.reply.send(Err(refused)).unwrap();
    };
    let path = "/api/v1/things/02:00:5e:10:00:01/undo";
    let (reply, ()) = tokio::join!(control.post(path, ""), manager);
    check(
        &reply,
        409,
        &expect![[r#"
        {
          "detail": "nothing that was decided about 02:00:5e:10:00:01 can be taken back",
          "status": 409,
          "title": "Not possible",
          "type": "about:blank"
        }"#]],
    );
}

#[tokio::test]
async fn the_page_takes_none_of_them() {
    let mut gateway = Gateway::new(home::home(noon()));
    let page = gateway.page().await;
    for word in [
        "rename", "allow", "block", "lift", "end", "set-url", "mode", "forget", "undo",
    ] {
        let path = format!("/api/v1/things/02:00:5e:10:00:01/{word}");
        let reply = page.post(&path, "", "").await;
        assert!(
            matches!(reply.status, 403..=405),
            "{word}: {} {}",
            reply.status,
            reply.body
        );
    }
    assert!(gateway.requests.try_recv().is_err());
}

#[tokio::test]
async fn what_was_decided_is_shown_with_its_end() {
    let (gateway, control) = control();
    gateway.pictures.send_modify(|picture| {
        let thing = Arc::make_mut(picture).things.get_mut(&home::mac(1)).unwrap();
        let thing = Arc::make_mut(thing);
        thing.mode = Some(Mode::Watch);
        let decided = |id, what, until| Override {
            id,
            what,
            made: noon(),
            until,
        };
        thing.overrides = vec![
            decided(
                1,
                Overriding::Allow(cloud(Some(6), Some(443))),
                Some(noon() + HOUR),
            ),
            decided(2, Overriding::Block(cloud(None, None)), None),
            decided(3, Overriding::Lift, Some(noon() + HOUR)),
        ];
    });
    let thing = control.get("/api/v1/things/Hallway%20lamp").await.json();
    let shown = serde_json::json!({
        "mode": thing["mode"], "lifted-until": thing["lifted-until"], "overrides": thing["overrides"],
    });
    expect![[r#"
        {
          "lifted-until": "2026-11-25T13:00:00Z",
          "mode": "watch",
          "overrides": [
            {
              "id": 1,
              "initiator": "thing",
              "kind": "allow",
              "made": "2026-11-25T12:00:00Z",
              "peer": "cloud.example",
              "port": 443,
              "protocol": 6,
              "until": "2026-11-25T13:00:00Z"
            },
            {
              "id": 2,
              "initiator": "thing",
              "kind": "block",
              "made": "2026-11-25T12:00:00Z",
              "peer": "cloud.example",
              "port": null,
              "protocol": null,
              "until": null
            },
            {
              "id": 3,
              "initiator": null,
              "kind": "lift",
              "made": "2026-11-25T12:00:00Z",
              "peer": null,
              "port": null,
              "protocol": null,
              "until": "2026-11-25T13:00:00Z"
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&shown).unwrap());
}
