//! Servers that waste time, memory or patience, beside those of the matrix. Each of them ends in a stated reason.

use std::time::{Duration, Instant};

use mudguard_fetch::{Clock, Doubt, FetchError, Limits, Outcome, Refusal, TransientCause};

use super::{IDLE, Internet, PATH, SIGNATURE, TRANSFER, request};
use crate::{openssl::now, server::Reply};

const NO_PAUSE: Duration = Duration::ZERO;

#[track_caller]
fn transient(error: &FetchError, expected: &TransientCause) {
    assert!(
        matches!(error, FetchError::Transient { cause, .. } if cause == expected),
        "{error}"
    );
}

#[track_caller]
fn too_large(error: &FetchError) {
    assert!(
        matches!(error, FetchError::TooLarge { limit: 262_144, .. }),
        "{error}"
    );
}

fn head(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes()
}

/// How a retrieval from a server that answers so fails, in an internet where nobody waits for long.
async fn impatient_failure(reply: Reply) -> FetchError {
    let internet = Internet::impatient().await;
    let begin = Instant::now();
    let error = internet.failure(reply).await;
    assert!(begin.elapsed() < 2 * TRANSFER, "{error} came too late");
    error
}

#[tokio::test]
async fn silence_before_the_answer() {
    let error = impatient_failure(Reply::Stall(Vec::new())).await;
    transient(&error, &TransientCause::Stalled(IDLE));
    assert!(
        error.to_string().ends_with("the server said nothing for 1 s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_and_a_signature_that_are_both_just_quick_enough_are_too_slow_together() {
    let second = Duration::from_secs(1);
    let limits = Limits {
        idle: 2 * second,
        transfer: 2 * second,
        whole: second,
        ..Limits::default()
    };
    let internet = Internet::with_limits(limits).await;
    let file = internet.publish();
    internet
        .server
        .reply(PATH, Reply::After(second * 3 / 5, Box::new(Reply::body(&file))));
    internet.server.reply(
        SIGNATURE,
        Reply::After(second * 3 / 5, Box::new(Reply::body(b""))),
    );
    transient(
        &internet.retrieve().await.unwrap_err(),
        &TransientCause::TooSlow(second),
    );
}

#[tokio::test]
async fn the_longest_file_that_is_read_and_one_octet_more() {
    let internet = Internet::new().await;
    let not_json = internet.failure(Reply::body(&vec![b' '; 262_144])).await;
    assert!(
        matches!(
            not_json,
            FetchError::Refused {
                reason: Refusal::NotAMudFile(_),
                ..
            }
        ),
        "{not_json}"
    );
    too_large(&internet.failure(Reply::body(&vec![b' '; 262_145])).await);
}

#[tokio::test]
async fn nobody_listens() {
    let internet = Internet::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("https://files.example.com:{port}/").parse().unwrap();
    let anchors = internet.authority.as_anchor();
    let error = internet
        .retriever
        .retrieve(&request(&url), &anchors, Clock::Valid(now()))
        .await
        .unwrap_err();
    transient(
        &error,
        &TransientCause::NoConnection(std::io::ErrorKind::ConnectionRefused),
    );
}

#[tokio::test]
async fn a_compressed_body() {
    let internet = Internet::new().await;
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let headers = format!("Content-Encoding: {encoding}\r\n");
        let error = internet
            .failure(Reply::with_headers("200 OK", &headers, b"\x1f\x8b"))
            .await;
        let refused =
            matches!(&error, FetchError::Refused { reason: Refusal::Encoded(name), .. } if name == encoding);
        assert!(refused, "{error}");
    }
}

#[tokio::test]
async fn a_signature_without_an_end() {
    let internet = Internet::new().await;
    internet.publish();
    internet
        .server
        .reply(SIGNATURE, Reply::Endless(head(""), vec![0x30; 10_000], NO_PAUSE));
    let outcome = internet.retrieve().await.unwrap();
    let Outcome::Unverified(file) = outcome else {
        panic!("{outcome:?}")
    };
    let too_large = matches!(
        file.doubt,
        Doubt::SignatureUnavailable(FetchError::TooLarge { limit: 65_536, .. })
    );
    assert!(too_large, "{}", file.doubt);
}

/// File and signature are asked for twice when they do not fit, but no more is read than one file and one signature have at most.
#[tokio::test]
async fn the_second_time_reads_no_more_than_is_left() {
    let internet = Internet::new().await;
    let mut file = internet.publish();
    file.resize(200_000, b' ');
    internet.server.reply(PATH, Reply::body(&file));
    let error = internet.retrieve().await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Refused {
                reason: Refusal::Forged(_),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        (internet.server.count(PATH), internet.server.count(SIGNATURE)),
        (2, 1)
    );
}

#[tokio::test]
async fn statuses() {
    let internet = Internet::new().await;
    for status in [204, 206, 300, 305, 400, 401, 403, 404, 410, 451] {
        let error = internet.failure(Reply::status(&format!("{status} No"))).await;
        assert!(
            matches!(error, FetchError::Absent { status: is, .. } if is == status),
            "{error}"
        );
    }
    for status in [408, 425, 429, 500, 502, 503, 599] {
        let error = internet.failure(Reply::status(&format!("{status} Later"))).await;
        transient(&error, &TransientCause::Status(status));
    }
}
