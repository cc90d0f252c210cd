//! What is said to servers, and what they are understood to say.

use std::{sync::Arc, time::Duration};

use mudguard_fetch::{Clock, FetchError, Limits, Outcome, Request};
use tokio::sync::Barrier;

use super::{Internet, PATH, SIGNATURE, request, verified};
use crate::{openssl::now, server::Reply};

#[tokio::test]
async fn requests_say_what_is_wanted_and_nothing_of_the_home() {
    let internet = Internet::new().await;
    internet.publish();
    verified(internet.retrieve().await);
    let authority = internet.url().as_str().split('/').nth(2).unwrap().to_owned();
    let expected = |path: &str, accept: &str| {
        format!(
            "GET {path} HTTP/1.1\r\naccept: {accept}\r\naccept-language: en\r\naccept-encoding: identity\r\n\
             user-agent: Mudguard\r\nhost: {authority}\r\n\r\n"
        )
    };
    let requests = internet.server.log().requests;
    assert_eq!(
        requests,
        [
            expected(PATH, "application/mud+json"),
            expected(SIGNATURE, "application/pkcs7-signature")
        ]
    );
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let internet = Internet::new().await;
    let file = internet.publish();
    let validators = "ETag: \"v1\"\r\nLast-Modified: Fri, 01 May 2026 00:00:00 GMT\r\n";
    internet
        .server
        .reply(PATH, Reply::with_headers("200 OK", validators, &file));
    let first = verified(internet.retrieve().await).file;
    assert_eq!(first.etag.as_deref(), Some("\"v1\""));
    assert_eq!(
        first.last_modified.as_deref(),
        Some("Fri, 01 May 2026 00:00:00 GMT")
    );

    internet.server.reply(PATH, Reply::status("304 Not Modified"));
    let again = Request {
        etag: first.etag,
        last_modified: first.last_modified,
        ..request(&internet.url())
    };
    let outcome = internet
        .retriever
        .retrieve(&again, &internet.authority.as_anchor(), Clock::Valid(now()))
        .await;
    assert!(matches!(outcome, Ok(Outcome::Unchanged)), "{outcome:?}");
    let asked = internet.server.log().requests.pop().unwrap();
    assert!(asked.contains("\r\nif-none-match: \"v1\"\r\n"), "{asked}");
    assert!(
        asked.contains("\r\nif-modified-since: Fri, 01 May 2026 00:00:00 GMT\r\n"),
        "{asked}"
    );
}

#[tokio::test]
async fn not_modified_is_no_answer_to_who_did_not_ask() {
    let internet = Internet::new().await;
    let error = internet.failure(Reply::status("304 Not Modified")).await;
    assert!(matches!(error, FetchError::Absent { status: 304, .. }), "{error}");
}

#[tokio::test]
async fn a_url_is_retrieved_once_at_a_time() {
    let internet = Internet::new().await;
    internet.publish();
    let (first, second) = tokio::join!(internet.retrieve(), internet.retrieve());
    verified(first);
    let error = second.unwrap_err();
    assert!(
        matches!(&error, FetchError::InFlight(url) if *url == internet.url()),
        "{error}"
    );
    verified(internet.retrieve().await);
}

#[tokio::test]
async fn no_more_retrievals_than_allowed_run_at_once_and_the_others_wait() {
    let internet = Internet::with_limits(Limits {
        at_once: 2,
        ..Limits::default()
    })
    .await;
    let pair = Arc::new(Barrier::new(2));
    let mut waiting = Vec::new();
    for number in 0..6 {
        let path = format!("/{number}");
        let gone = Reply::After(Duration::from_millis(50), Box::new(Reply::status("410 Gone")));
        let gone = Reply::Together(Arc::clone(&pair), Box::new(gone));
        internet.server.reply(&path, gone);
        let (retriever, request) = (internet.retriever.clone(), request(&internet.server.url(&path)));
        let anchors = internet.authority.as_anchor();
        waiting.push(tokio::spawn(async move {
            retriever.retrieve(&request, &anchors, Clock::Valid(now())).await
        }));
    }
    for retrieval in waiting {
        let error = retrieval.await.unwrap().unwrap_err();
        assert!(matches!(error, FetchError::Absent { status: 410, .. }), "{error}");
    }
    let log = internet.server.log();
    assert_eq!((log.requests.len(), log.most_at_once), (6, 2));
}

#[tokio::test]
async fn who_waits_for_a_busy_host_leaves_the_other_slots_to_other_hosts() {
    let internet = Internet::with_limits(Limits {
        at_once: 2,
        at_once_from_host: 1,
        ..Limits::default()
    })
    .await;
    // Both hosts must be under way at once, although a second file of the first host was asked for before.
    let pair = Arc::new(Barrier::new(2));
    let gone = || Box::new(Reply::status("410 Gone"));
    let first = internet.server.url("/first");
    let second = internet.server.url("/second");
    let other = internet.server.url_of("other.example.com", "/other");
    internet
        .server
        .reply("/first", Reply::Together(Arc::clone(&pair), gone()));
    internet.server.reply("/other", Reply::Together(pair, gone()));
    internet.server.reply("/second", *gone());
    let retrieve = async |url| {
        let (request, anchors) = (request(&url), internet.authority.as_anchor());
        let retrieval = internet
            .retriever
            .retrieve(&request, &anchors, Clock::Valid(now()));
        retrieval.await.unwrap_err().to_string()
    };
    let (first, second, other) = tokio::join!(retrieve(first), retrieve(second), retrieve(other));
    for error in [first, second, other] {
        assert!(error.ends_with("(HTTP status 410)"), "{error}");
    }
    let order = internet.server.log().requests;
    assert!(order[2].starts_with("GET /second "), "{order:?}");
}
