//! Decisions over the control socket: how they reach the manager, and what the answer tells.

use std::sync::Arc;

use expect_test::expect;
use mudguard_manager::{Command, CommandError};
use serde_json::Value;

use crate::{
    api::{check, control},
    home,
};

#[tokio::test]
async fn a_decision_reaches_the_manager_and_the_answer_shows_what_came_of_it() {
    for (word, expected) in [
        (
            "approve",
            Command::Approve {
                thing: home::mac(2),
                question: None,
            },
        ),
        (
            "reject",
            Command::Reject {
                thing: home::mac(2),
                question: None,
            },
        ),
    ] {
        let (mut gateway, control) = control();
        let path = format!("/api/v1/things/doorcam/{word}");
        let manager = async {
            let request = gateway.requests.recv().await.unwrap();
            assert_eq!(request.command, expected);
            gateway.pictures.send_modify(|picture| {
                let thing = Arc::make_mut(picture).things.get_mut(&home::mac(2)).unwrap();
                Arc::make_mut(thing).question = None;
            });
            request.reply.send(Ok(())).unwrap();
        };
        let (reply, ()) = tokio::join!(control.send("POST", &path), manager);
        assert_eq!(
            (reply.status, reply.json()["state"].clone()),
            (200, Value::from("restricted"))
        );
    }
}

#[tokio::test]
async fn a_decision_that_the_manager_refuses_is_a_conflict() {
    let (mut gateway, control) = control();
    let manager = async {
        let request = gateway.requests.recv().await.unwrap();
        request
            .reply
            .send(Err(CommandError::NothingWaits(home::mac(1))))
            .unwrap();
    };
    let path = "/api/v1/things/02:00:5e:10:00:01/approve";
    let (reply, ()) = tokio::join!(control.send("POST", path), manager);
    check(
        &reply,
        409,
        &expect![[r#"
        {
          "detail": "nothing of 02:00:5e:10:00:01 waits for a decision; `mudguard things` shows what does",
          "status": 409,
          "title": "Nothing waits",
          "type": "about:blank"
        }"#]],
    );
}

#[tokio::test]
async fn a_decision_without_an_answer_is_told_as_such() {
    let (gateway, control) = control();
    drop(gateway.requests);
    let reply = control.send("POST", "/api/v1/things/doorcam/approve").await;
    assert_eq!(
        (reply.status, reply.json()["title"].clone()),
        (503, Value::from("No answer in time"))
    );
}
