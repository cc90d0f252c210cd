//! Who may ask the page for what: hosts, forms of other sites, methods, header fields.

use crate::{
    client::{Gateway, Page, Reply, noon},
    home,
};

const DOORCAM: &str = "/devices/02:00:5e:10:00:02";
const OURS: &str = "Sec-Fetch-Site: same-origin\r\n";

async fn page() -> (Gateway, Page) {
    let gateway = Gateway::new(home::home(noon()));
    let page = gateway.page().await;
    (gateway, page)
}

/// The fields of the form on the page of the camera.
async fn form(page: Page) -> String {
    let shown = page.get(DOORCAM).await;
    format!(
        "token={}&question={}",
        shown.hidden("token"),
        shown.hidden("question").replace(' ', "+")
    )
}

/// Whether nothing was decided.
fn is_calm(gateway: &mut Gateway) -> bool {
    gateway.requests.try_recv().is_err()
}

#[tokio::test]
async fn the_page_answers_to_its_own_names_alone() {
    let (_gateway, page) = page().await;
    let port = page.address.port();
    let ours = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("mudguard.example:{port}"),
        format!("mudguard.example.:{port}"),
    ];
    let others = [
        format!("rebound.example:{port}"),
        format!("127.0.0.1.rebound.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("[::1]:{port}"),
        format!("0.0.0.0:{port}"),
        format!("x@127.0.0.1:{port}"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:1".to_owned(),
        "127.0.0.1:99999".to_owned(),
        String::new(),
    ];
    for path in ["/", "/api/v1/things", "/style.css", "/nothing"] {
        let ask = |host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for host in &ours {
            assert_ne!(page.send(&ask(host)).await.status, 421, "{path} {host}");
        }
        for host in &others {
            assert_eq!(page.send(&ask(host)).await.status, 421, "{path} {host:?}");
        }
    }
}

#[tokio::test]
async fn two_hosts_or_none_are_refused() {
    let (_gateway, page) = page().await;
    let host = page.address;
    for request in [
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: rebound.example\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: rebound.example\r\nHost: {host}\r\n\r\n"),
        format!("GET http://rebound.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ] {
        let reply = page.send(&request).await;
        assert!(matches!(reply.status, 400 | 421), "{request:?}: {}", reply.status);
    }
}

#[tokio::test]
async fn a_form_of_our_own_page_decides() {
    let (mut gateway, page) = page().await;
    let form = form(page).await;
    let origin = format!("Origin: http://{}\r\n", page.address);
    for fields in [
        OURS.to_owned(),
        format!("{OURS}Origin: null\r\n"),
        format!("{OURS}{origin}"),
        origin,
    ] {
        let manager = async {
            let request = gateway.requests.recv().await.unwrap();
            request.reply.send(Ok(())).unwrap();
        };
        let path = format!("{DOORCAM}/approve");
        let (reply, ()) = tokio::join!(page.post(&path, &fields, &form), manager);
        assert_eq!(
            (reply.status, reply.field("location")),
            (303, Some(DOORCAM)),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn forms_of_other_sites_decide_nothing() {
    let (mut gateway, page) = page().await;
    let form = form(page).await;
    for fields in [
        "",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: none\r\n",
        "Origin: null\r\n",
        "Origin: http://rebound.example\r\n",
        "Origin: https://127.0.0.1\r\n",
        "Sec-Fetch-Site: same-origin\r\nOrigin: http://rebound.example\r\n",
        "Referer: http://127.0.0.1/\r\n",
    ] {
        for decision in ["approve", "reject"] {
            let reply = page.post(&format!("{DOORCAM}/{decision}"), fields, &form).await;
            assert_eq!(reply.status, 403, "{fields:?}");
        }
    }
    assert!(is_calm(&mut gateway));
}

#[tokio::test]
async fn a_form_without_the_token_or_about_another_question_decides_nothing() {
    let (mut gateway, page) = page().await;
    let form = form(page).await;
    let (token, question) = form.split_once('&').unwrap();
    let shorter = &token[..token.len() - 1];
    for (body, status) in [
        (String::new(), 400),
        (question.to_owned(), 400),
        (format!("token=&{question}"), 403),
        (format!("{shorter}&{question}"), 403),
        (format!("{shorter}!&{question}"), 403),
        (format!("{token}&question=older"), 409),
    ] {
        let reply = page.post(&format!("{DOORCAM}/approve"), OURS, &body).await;
        assert_eq!(reply.status, status, "{body:?}");
    }
    for (path, status) in [
        ("/devices/02:00:5e:10:00:01/approve", 409),
        ("/devices/02:00:5e:10:00:77/approve", 404),
        ("/devices/doorcam/approve", 404),
        ("/devices/02:00:5e:10:00:02/forget", 404),
    ] {
        let reply = page.post(path, OURS, &form).await;
        assert_eq!(reply.status, status, "{path}");
    }
    assert!(is_calm(&mut gateway));
}

#[tokio::test]
async fn two_gateways_have_two_tokens() {
    let (_one, first) = page().await;
    let (_two, second) = page().await;
    assert_ne!(
        first.get(DOORCAM).await.hidden("token"),
        second.get(DOORCAM).await.hidden("token")
    );
}

#[tokio::test]
async fn reading_changes_nothing_and_the_api_of_the_page_only_reads() {
    let (mut gateway, page) = page().await;
    let get = page.get(&format!("{DOORCAM}/approve")).await;
    assert_eq!(get.status, 405);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/", DOORCAM, "/api/v1/things/doorcam", "/api/v1/status"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\n{OURS}Content-Length: 0\r\n\r\n",
                page.address
            );
            assert_eq!(page.send(&request).await.status, 405, "{method} {path}");
        }
    }
    let decided = page.post("/api/v1/things/doorcam/approve", OURS, "").await;
    assert_eq!(
        (decided.status, decided.field("content-type")),
        (404, Some("application/problem+json"))
    );
    assert!(is_calm(&mut gateway));
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_be_careful() {
    let (_gateway, page) = page().await;
    let other_host = "GET / HTTP/1.1\r\nHost: rebound.example\r\n\r\n";
    let replies = [
        page.get("/").await,
        page.get(DOORCAM).await,
        page.get("/style.css").await,
        page.get("/favicon.svg").await,
        page.get("/api/v1/status").await,
        page.get("/nothing").await,
        page.send(other_host).await,
        page.post(DOORCAM, "", "").await,
    ];
    for reply in &replies {
        is_careful(reply);
    }
}

fn is_careful(reply: &Reply) {
    let policy = reply.field("content-security-policy").unwrap();
    for directive in [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|part| part == directive), "{directive}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(reply.field(name), Some(value), "{}", reply.head);
    }
    assert_eq!(reply.field("access-control-allow-origin"), None);
    assert_eq!(reply.field("server"), None);
}
