//! How much a caller may send, how slowly, and how many may call at once. Time is the runtime's: it passes when nothing else happens.

use std::time::Duration;

use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};

use crate::{
    client::{Gateway, Page, noon, read},
    home,
};

/// How long a connection may last.
const LIMIT: Duration = Duration::from_secs(10);

async fn page() -> (Gateway, Page) {
    let gateway = Gateway::new(home::home(noon()));
    let page = gateway.page().await;
    (gateway, page)
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_says_nothing_is_cut_off() {
    let (_gateway, page) = page().await;
    let start = Instant::now();
    let reply = read(&mut page.connect().await).await;
    assert_eq!(reply.status, 0);
    assert!((LIMIT..2 * LIMIT).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_dawdles_is_cut_off() {
    let (_gateway, page) = page().await;
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n", page.address);
    let body = format!(
        "POST /devices/02:00:5e:10:00:02/approve HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n",
        page.address
    );
    for request in [head, body] {
        let mut stream = page.connect().await;
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        while stream.write_all(b"a").await.is_ok() && start.elapsed() < 3 * LIMIT {
            sleep(Duration::from_secs(1)).await;
        }
        assert!((LIMIT..2 * LIMIT).contains(&start.elapsed()), "{request}");
    }
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let (mut gateway, page) = page().await;
    let start = format!(
        "POST /devices/02:00:5e:10:00:02/approve HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n",
        page.address
    );
    for length in ["65537", "99999999999999999999", "-1", "x"] {
        let reply = page
            .send(&format!("{start}Content-Length: {length}\r\n\r\n"))
            .await;
        assert!(matches!(reply.status, 400 | 413), "{length}: {}", reply.status);
    }
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000)).repeat(17);
    let reply = page
        .send(&format!(
            "{start}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
        ))
        .await;
    assert_eq!(reply.status, 413);
    assert!(gateway.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let (_gateway, page) = page().await;
    let host = page.address;
    let long = "x".repeat(9 * 1024);
    let many = "A: b\r\n".repeat(65);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nA: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n{many}\r\n"),
    ] {
        let reply = page.send(&request).await;
        assert!(matches!(reply.status, 414 | 431), "{}", reply.status);
    }
}

#[tokio::test(start_paused = true)]
async fn the_65th_caller_waits_until_another_has_gone() {
    let (_gateway, page) = page().await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(page.connect().await);
    }
    let start = Instant::now();
    assert_eq!(page.get("/").await.status, 200);
    assert!(start.elapsed() >= LIMIT);
}

#[tokio::test]
async fn an_answer_ends_the_connection() {
    let (_gateway, page) = page().await;
    let request = format!("GET /style.css HTTP/1.1\r\nHost: {}\r\n\r\n", page.address);
    let reply = page.send(&request.repeat(2)).await;
    assert_eq!(reply.field("connection"), Some("close"));
    assert_eq!(reply.body.matches("HTTP/1.1 ").count(), 0);
}
