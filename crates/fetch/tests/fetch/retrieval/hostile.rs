//! Servers that waste time, memory or patience. Each of them ends in a stated reason, in time.

use std::time::{Duration, Instant};

use mudguard_fetch::{Clock, Doubt, FetchError, Limits, Outcome, Refusal, TransientCause};

use super::{IDLE, Internet, PATH, SIGNATURE, TRANSFER, request};
use crate::{
    openssl::now,
    server::{Reply, Server},
};

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

/// How a retrieval from a server that answers so fails, when that takes no waiting.
async fn failure(reply: Reply) -> FetchError {
    Internet::new().await.failure(reply).await
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
async fn silence_before_tls() {
    let internet = Internet::impatient().await;
    let mute = Server::mute().await;
    let anchors = internet.authority.as_anchor();
    let result = internet
        .retriever
        .retrieve(&request(&mute.url(PATH)), &anchors, Clock::Valid(now()))
        .await;
    let error = result.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Transient {
                cause: TransientCause::Stalled(_),
                ..
            }
        ),
        "{error}"
    );
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
async fn silence_in_the_middle_of_the_headers() {
    let error = impatient_failure(Reply::Stall(b"HTTP/1.1 200 OK\r\nServer: x".to_vec())).await;
    transient(&error, &TransientCause::Stalled(IDLE));
}

#[tokio::test]
async fn silence_in_the_middle_of_the_body() {
    let reply = Reply::Stall([head("Content-Length: 100\r\n"), b"{".to_vec()].concat());
    transient(&impatient_failure(reply).await, &TransientCause::Stalled(IDLE));
}

#[tokio::test]
async fn an_octet_now_and_then() {
    let dribble = Reply::Endless(
        head("Content-Length: 100000\r\n"),
        b" ".to_vec(),
        Duration::from_millis(50),
    );
    transient(
        &impatient_failure(dribble).await,
        &TransientCause::TooSlow(TRANSFER),
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
async fn headers_without_an_end() {
    let many = Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(100), NO_PAUSE);
    transient(&failure(many).await, &TransientCause::Broken);
    let one = Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), b"y".repeat(10_000), NO_PAUSE);
    transient(&failure(one).await, &TransientCause::Broken);
}

#[tokio::test]
async fn interim_answers_without_an_end() {
    let endless = Reply::Endless(
        Vec::new(),
        b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(),
        Duration::from_millis(5),
    );
    transient(&impatient_failure(endless).await, &TransientCause::Stalled(IDLE));
}

#[tokio::test]
async fn a_body_without_an_end() {
    too_large(&failure(Reply::Endless(head(""), vec![b' '; 10_000], NO_PAUSE)).await);
    let chunk = [b"1000\r\n".to_vec(), vec![b' '; 0x1000], b"\r\n".to_vec()].concat();
    let chunked = Reply::Endless(head("Transfer-Encoding: chunked\r\n"), chunk, NO_PAUSE);
    too_large(&failure(chunked).await);
}

#[tokio::test]
async fn a_body_that_claims_ten_gigabytes() {
    for length in ["10000000000", "262145", "18446744073709551613"] {
        let reply = Reply::Stall(head(&format!("Content-Length: {length}\r\n")));
        too_large(&failure(reply).await);
    }
}

#[tokio::test]
async fn a_length_that_is_no_number() {
    let reply = Reply::Last(head("Content-Length: -1\r\n"));
    transient(&failure(reply).await, &TransientCause::Broken);
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
async fn a_body_that_is_cut_off() {
    let reply = Reply::Last([head("Content-Length: 100\r\n"), b"{}".to_vec()].concat());
    transient(&failure(reply).await, &TransientCause::Broken);
}

#[tokio::test]
async fn what_is_no_http() {
    transient(
        &failure(Reply::Last(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec())).await,
        &TransientCause::Broken,
    );
}

#[tokio::test]
async fn a_connection_that_is_closed_at_once() {
    transient(&failure(Reply::Last(Vec::new())).await, &TransientCause::Broken);
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
