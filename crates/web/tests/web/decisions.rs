//! Decisions over the control socket: how they reach the manager, and what the answer tells.

use std::sync::Arc;

use expect_test::expect;
use mudguard_manager::{Command, CommandError};
use serde_json::Value;

use crate::{
    api::{check, control},
    client::{Gateway, noon},
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

#[tokio::test]
async fn an_answer_carries_the_question_that_was_read() {
    let (mut gateway, control) = control();
    let shown = control.get("/api/v1/things/doorcam").await.json();
    let key = shown["question"]["key"].as_str().unwrap().to_owned();
    let manager = async {
        let request = gateway.requests.recv().await.unwrap();
        let expected = Command::Approve {
            thing: home::mac(2),
            question: Some(key.clone()),
        };
        assert_eq!(request.command, expected);
        request
            .reply
            .send(Err(CommandError::OtherQuestion(home::mac(2))))
            .unwrap();
    };
    let content = serde_json::json!({ "question": key }).to_string();
    let (reply, ()) = tokio::join!(control.post("/api/v1/things/doorcam/approve", &content), manager);
    assert_eq!(reply.status, 409, "{}", reply.body);
    let wrong = control
        .post("/api/v1/things/doorcam/approve", r#"{"key":"x"}"#)
        .await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
}

#[tokio::test]
async fn rules_that_the_kernel_has_not_taken_are_not_shown_as_applied() {
    let (taken, applied) = tokio::sync::watch::channel(Arc::default());
    let gateway = Gateway::new(home::home(noon())).with_applied(applied);
    let control = gateway.control();
    let shown =
        async |name: &str| control.get(&format!("/api/v1/things/{name}")).await.json()["applied"].clone();
    assert_eq!(shown("doorcam").await, false);
    let page = gateway.page().await;
    let soon = "soon: the rules are being loaded";
    assert!(page.get("/").await.body.contains(soon));
    taken.send_replace(Arc::new(home::home(noon())));
    assert_eq!(shown("doorcam").await, true);
    assert!(!page.get("/").await.body.contains(soon));
}
