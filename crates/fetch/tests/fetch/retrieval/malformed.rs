//! Answers that are no HTTP, contradict themselves, or hide how long they are (RFC 9112). None of them is taken for a file, and none makes
//! the retrieval wait beyond its limits.

use std::time::{Duration, Instant};

use mudguard_fetch::{FetchError, Refusal, TransientCause};

use super::{Internet, PATH, SIGNATURE, TRANSFER, verified};
use crate::server::Reply;

const NO_PAUSE: Duration = Duration::ZERO;
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// An internet where nobody waits for long, and what the server there answers with: a good, signed file.
async fn published() -> (Internet, String) {
    let internet = Internet::impatient().await;
    let file = String::from_utf8(internet.publish()).unwrap();
    (internet, file)
}

async fn failure(internet: &Internet, reply: Reply) -> FetchError {
    let begin = Instant::now();
    let error = internet.failure(reply).await;
    assert!(begin.elapsed() < 2 * TRANSFER, "{error} came too late");
    error
}

async fn is_broken(internet: &Internet, what: &str, reply: Reply) {
    let error = failure(internet, reply).await;
    let is_broken = matches!(&error, FetchError::Transient { cause, .. } if *cause == TransientCause::Broken);
    assert!(is_broken, "{what}: {error}");
    assert_eq!(internet.server.count(SIGNATURE), 0, "{what}: the file was read");
}

fn status(line: &str, headers: &str, body: &str) -> String {
    format!("{line}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn heads_that_are_no_http() {
    let (internet, file) = published().await;
    let ok = |headers: &str| status("HTTP/1.1 200 OK", headers, &file);
    for (what, answer) in [
        ("HTTP/0.9", file.clone()),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("HTTP/3.0", status("HTTP/3.0 200 OK", "", &file)),
        ("a status of two digits", status("HTTP/1.1 99 No", "", &file)),
        ("a status of four digits", status("HTTP/1.1 2000 OK", "", &file)),
        ("a negative status", status("HTTP/1.1 -200 OK", "", &file)),
        ("a mark of the octet order", format!("\u{feff}{}", ok(""))),
        ("a folded header", ok("X: a\r\n b\r\n")),
        ("a space before the colon", ok("X : a\r\n")),
        ("a NUL", ok("X: a\0b\r\n")),
        ("a header without a colon", ok("X\r\n")),
        ("200 headers", ok(&"X: y\r\n".repeat(200))),
    ] {
        is_broken(&internet, what, Reply::Last(answer.into_bytes())).await;
    }
}

#[tokio::test]
async fn lengths_that_lie() {
    let (internet, file) = published().await;
    let length = file.len();
    let with = |headers: String| format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{file}");
    for (what, answer) in [
        ("one octet more", with(format!("Content-Length: {}", length + 1))),
        (
            "two lengths",
            with(format!("Content-Length: {length}\r\nContent-Length: 5")),
        ),
        ("a sign", with(format!("Content-Length: +{length}"))),
        ("two in a list", with(format!("Content-Length: {length}, 5"))),
    ] {
        is_broken(&internet, what, Reply::Last(answer.into_bytes())).await;
    }
    let shorter = Reply::Last(with("Content-Length: 10".to_owned()).into_bytes());
    let error = failure(&internet, shorter).await;
    let refused = matches!(
        &error,
        FetchError::Refused {
            reason: Refusal::NotAMudFile(_),
            ..
        }
    );
    assert!(refused, "{error}");
}

#[tokio::test]
async fn chunks_that_are_none() {
    let (internet, file) = published().await;
    let size = format!("{:x}", file.len());
    for (what, body) in [
        ("a negative size", format!("-1\r\n{file}\r\n0\r\n\r\n")),
        (
            "a size beyond 64 bits",
            format!("10000000000000005\r\n{file}\r\n0\r\n\r\n"),
        ),
        ("a size that is no number", format!("size\r\n{file}\r\n0\r\n\r\n")),
        ("no last chunk", format!("{size}\r\n{file}\r\n")),
        ("a chunk without its end", format!("{size}\r\n{file}xx0\r\n\r\n")),
    ] {
        let answer = format!("{CHUNKED}{body}");
        is_broken(&internet, what, Reply::Last(answer.into_bytes())).await;
    }
}

/// Whoever sits between can end the TCP connection, but not the TLS one: what has no length of its own may be a part only.
#[tokio::test]
async fn connections_that_are_cut() {
    let (internet, file) = published().await;
    for (what, head) in [
        ("a body without a length", "HTTP/1.1 200 OK\r\n\r\n"),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n"),
        ("a chunk", &format!("{CHUNKED}ffff\r\n")),
    ] {
        let answer = Reply::Cut(format!("{head}{file}").into_bytes());
        is_broken(&internet, what, answer).await;
    }
    is_broken(&internet, "the head", Reply::Cut(b"HTTP/1.1 200 OK\r\n".to_vec())).await;
    let whole = status("HTTP/1.1 200 OK", "", &file);
    internet.server.reply(PATH, Reply::Cut(whole.into_bytes()));
    verified(internet.retrieve().await);
}

#[tokio::test]
async fn the_body_of_what_is_no_file_is_not_read() {
    let (internet, _file) = published().await;
    let spaces = vec![b' '; 10_000];
    let endless = |head: &str| Reply::Endless(head.as_bytes().to_vec(), spaces.clone(), NO_PAUSE);
    for (head, expected) in [
        ("HTTP/1.1 404 No\r\n\r\n", 404),
        (
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/99\r\n\r\n",
            206,
        ),
        ("HTTP/1.1 301 Moved\r\nLocation: /nowhere\r\n\r\n", 404),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            101,
        ),
    ] {
        let error = failure(&internet, endless(head)).await;
        let absent = matches!(&error, FetchError::Absent { status, .. } if *status == expected);
        assert!(absent, "{head}: {error}");
    }
    let location = "x".repeat(20_000);
    let error = failure(
        &internet,
        Reply::Last(format!("HTTP/1.1 301 Moved\r\nLocation: /{location}\r\n\r\n").into_bytes()),
    )
    .await;
    let refused = matches!(
        &error,
        FetchError::Refused {
            reason: Refusal::RedirectUrl(_),
            ..
        }
    );
    assert!(refused, "{error}");
}

#[tokio::test]
async fn what_is_unusual_but_clear_is_read() {
    let (internet, file) = published().await;
    let size = format!("{:x}", file.len());
    let ok = status("HTTP/1.1 200 OK", "", &file);
    for (what, answer) in [
        ("until the end", format!("HTTP/1.0 200 OK\r\n\r\n{file}")),
        ("no reason", status("HTTP/1.1 200", "", &file)),
        (
            "an interim answer",
            format!("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{ok}"),
        ),
        (
            "a second answer",
            format!("{ok}{}", status("HTTP/1.1 200 OK", "", "{}")),
        ),
        (
            "an extension",
            format!("{CHUNKED}{size};a=b\r\n{file}\r\n0\r\n\r\n"),
        ),
        (
            "a trailer",
            format!("{CHUNKED}{size}\r\n{file}\r\n0\r\nContent-Encoding: gzip\r\n\r\n"),
        ),
    ] {
        internet.server.reply(PATH, Reply::Last(answer.into_bytes()));
        let read = verified(internet.retrieve().await);
        assert_eq!(&*read.file.bytes, file.as_bytes(), "{what}");
    }
}
