//! Foreign text stays text: what a Thing, its file and its signer say never becomes markup, and never steers the text around it.

use std::collections::BTreeSet;

use crate::{
    client::{Gateway, noon},
    home,
};

/// The tags of a page, each with the names of its attributes, as a browser would read them.
fn tags(page: &str) -> BTreeSet<String> {
    page.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .map(|(tag, _)| {
            // Between quotation marks stand values.
            let outside: Vec<&str> = tag.split('"').step_by(2).collect();
            outside.join("\"\"")
        })
        .collect()
}

async fn pages(gateway: &Gateway, paths: &[&str]) -> Vec<String> {
    let page = gateway.page().await;
    let mut pages = Vec::new();
    for path in paths {
        let reply = page.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        pages.push(reply.body);
    }
    pages
}

/// Characters that show nothing or turn text around, beside the isolation marks that we put around names.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}')
}

#[tokio::test]
async fn what_things_say_never_becomes_markup() {
    let harmless = Gateway::new(home::many(noon()));
    let numbers: Vec<String> = (1..=11)
        .filter(|number| *number != 7)
        .map(|n| format!("/devices/{}", home::mac(n)))
        .collect();
    let mut paths: Vec<&str> = numbers.iter().map(String::as_str).collect();
    paths.push("/");
    let known: BTreeSet<String> = pages(&harmless, &paths)
        .await
        .iter()
        .flat_map(|page| tags(page))
        .collect();
    assert!(known.contains("bdi") && !known.contains("script"));

    let hostile = Gateway::new(home::hostile(noon()));
    for page in pages(&hostile, &["/", "/devices/02:00:5e:10:00:01"]).await {
        let unknown: Vec<String> = tags(&page).difference(&known).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new());
        assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown");
        assert!(!page.contains("<script") && !page.contains("<img src=x"));
        assert!(!page.contains(steers), "{:?}", page.find(steers));
        let opened = page.matches('\u{2068}').count();
        assert_eq!(opened, page.matches('\u{2069}').count());
    }
}

#[tokio::test]
async fn what_things_say_is_clean_in_json_too() {
    let gateway = Gateway::new(home::hostile(noon()));
    let control = gateway.control();
    for path in [
        "/api/v1/things",
        "/api/v1/things/02:00:5e:10:00:01",
        "/api/v1/status",
    ] {
        let reply = control.get(path).await;
        let text = reply.json().to_string();
        assert_eq!(reply.status, 200);
        assert!(!text.contains(steers) && !text.contains("\\u00"), "{text}");
    }
}

#[tokio::test]
async fn what_callers_say_is_text_in_refusals() {
    let gateway = Gateway::new(home::home(noon()));
    let page = gateway.page().await;
    for path in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/devices/%3Cscript%3Ealert(1)",
    ] {
        let reply = page.get(path).await;
        assert_eq!(reply.status, 404);
        assert!(!reply.body.contains("script"), "{}", reply.body);
    }
    let reply = gateway
        .control()
        .get("/api/v1/things/%E2%80%AE%3Cscript%3E")
        .await;
    assert_eq!(
        (reply.status, reply.field("content-type")),
        (404, Some("application/problem+json"))
    );
    assert!(!reply.body.contains(steers));
}
