//! Redirects: on the same host, over HTTPS, and not many of them.

use mudguard_fetch::{FetchError, Refusal};
use mudguard_mud::MudUrlError;

use super::{Internet, PATH, SIGNATURE, verified};
use crate::server::Reply;

#[track_caller]
fn refused(error: &FetchError, expected: &Refusal) {
    assert!(
        matches!(error, FetchError::Refused { reason, .. } if reason == expected),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_on_the_same_host_are_followed() {
    let internet = Internet::new().await;
    let file = internet.publish();
    let location = |to: &str| format!("Location: {to}\r\n");
    let absolute = internet.server.url("/3");
    internet.server.reply(
        PATH,
        Reply::with_headers("301 Moved Permanently", &location("/2"), b""),
    );
    internet.server.reply(
        "/2",
        Reply::with_headers("307 Temporary Redirect", &location(absolute.as_str()), b"moved"),
    );
    internet.server.reply(
        "/3",
        Reply::with_headers("308 Permanent Redirect", &location("4"), b""),
    );
    internet.server.reply("/4", Reply::body(&file));
    // The signature is beside the MUD URL, not beside the place to which it led.
    assert_eq!(verified(internet.retrieve().await).file.url, internet.url());
    assert_eq!(internet.server.count(SIGNATURE), 1);
}

#[tokio::test]
async fn a_fourth_redirect_is_not_followed() {
    let internet = Internet::new().await;
    for (path, to) in [("/2", "/3"), ("/3", "/4"), ("/4", "/5")] {
        internet.server.reply(path, Reply::redirect(to));
    }
    refused(
        &internet.failure(Reply::redirect("/2")).await,
        &Refusal::TooManyRedirects(3),
    );
    assert_eq!(internet.server.count("/5"), 0);
}

#[tokio::test]
async fn a_redirect_in_a_circle_ends() {
    let internet = Internet::new().await;
    refused(
        &internet.failure(Reply::redirect(PATH)).await,
        &Refusal::TooManyRedirects(3),
    );
    assert_eq!(internet.server.count(PATH), 4);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_before_it_is_looked_up() {
    let internet = Internet::new().await;
    for to in [
        "https://other.example.com/lamp",
        "//other.example.com/lamp",
        "\\\\other.example.com/lamp",
    ] {
        let error = internet.failure(Reply::redirect(to)).await;
        refused(
            &error,
            &Refusal::RedirectToOtherHost("other.example.com".to_owned()),
        );
        assert!(
            error
                .to_string()
                .ends_with("redirect to another host, other.example.com"),
            "{error}"
        );
    }
    let asked = internet.names.asked.lock().unwrap().clone();
    assert!(asked.iter().all(|name| name == "files.example.com"), "{asked:?}");
}

#[tokio::test]
async fn a_redirect_to_what_would_be_no_mud_url_is_refused() {
    let internet = Internet::new().await;
    for (to, reason) in [
        ("http://files.example.com/lamp", MudUrlError::NotHttps),
        ("file:///etc/passwd", MudUrlError::NotHttps),
        ("https://127.0.0.1/lamp", MudUrlError::AddressLiteral),
        ("https://2130706433/lamp", MudUrlError::AddressLiteral),
        ("https://[::1]/lamp", MudUrlError::AddressLiteral),
        ("https://localhost/lamp", MudUrlError::NotQualified),
        (
            "https://me:secret@files.example.com/lamp",
            MudUrlError::UserInformation,
        ),
        ("/lamp#part", MudUrlError::Fragment),
    ] {
        refused(
            &internet.failure(Reply::redirect(to)).await,
            &Refusal::RedirectUrl(reason),
        );
    }
    assert!(
        internet
            .server
            .log()
            .requests
            .iter()
            .all(|request| request.starts_with("GET /lamp "))
    );
}

#[tokio::test]
async fn a_redirect_without_a_target_is_refused() {
    let internet = Internet::new().await;
    refused(
        &internet.failure(Reply::status("302 Found")).await,
        &Refusal::RedirectNowhere,
    );
    let not_text =
        Reply::Whole(b"HTTP/1.1 302 Found\r\nLocation: /l\xe4mp\r\nContent-Length: 0\r\n\r\n".to_vec());
    refused(&internet.failure(not_text).await, &Refusal::RedirectNowhere);
}
