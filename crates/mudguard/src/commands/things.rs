//! The commands about the Things of the running gateway: `status`, `things`, `why`, `inbox`.
//!
//! The words come from the gateway, which has them from `explain`; here they are only put in order. `--json` prints what the gateway
//! sends.

pub(super) mod text;

use std::process::ExitCode;

use hyper::Method;
use serde_json::Value;

use super::{block_on, client::ask};
use crate::{
    cli::{ClientArgs, ThingArgs},
    print,
};

pub(super) fn status(args: &ClientArgs) -> anyhow::Result<ExitCode> {
    let answer = get(args, "/api/v1/status")?;
    show(args, &answer, text::status)
}

pub(super) fn list(args: &ClientArgs) -> anyhow::Result<ExitCode> {
    let answer = get(args, "/api/v1/things")?;
    show(args, &answer, text::things)
}

/// What waits, across the Things.
pub(super) fn inbox(args: &ClientArgs) -> anyhow::Result<ExitCode> {
    let mut answer = get(args, "/api/v1/things")?;
    keep_waiting(&mut answer);
    show(args, &answer, text::inbox)
}

fn keep_waiting(answer: &mut Value) {
    if let Some(things) = answer.get_mut("things").and_then(Value::as_array_mut) {
        things.retain(|thing| thing.get("question").is_some_and(Value::is_object));
    }
}

pub(super) fn why(args: &ThingArgs) -> anyhow::Result<ExitCode> {
    let answer = get(&args.client, &path(&args.thing, ""))?;
    show(&args.client, &answer, text::thing)
}

/// What is said of a decision that was taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Words {
    /// How the Thing stands now.
    Standing,
    /// That it is gone.
    Forgotten,
}

/// Sends a decision that says more than yes or no. `word` is the last segment of its path.
pub(super) fn send(
    args: &ClientArgs,
    thing: &str,
    word: &str,
    content: &Value,
    words: Words,
) -> anyhow::Result<ExitCode> {
    let path = path(thing, &format!("/{word}"));
    let answer = block_on(ask(&args.control, Method::POST, &path, Some(content)))?;
    match words {
        Words::Standing => show(args, &answer, text::decided),
        Words::Forgotten => show(args, &answer, text::forgotten),
    }
}

/// Shows how a Thing stands after something was told about it.
pub(super) fn decided(args: &ClientArgs, answer: &Value) -> anyhow::Result<ExitCode> {
    show(args, answer, text::decided)
}

fn get(args: &ClientArgs, path: &str) -> anyhow::Result<Value> {
    block_on(ask(&args.control, Method::GET, path, None))
}

fn show(args: &ClientArgs, answer: &Value, text: impl Fn(&Value) -> Vec<String>) -> anyhow::Result<ExitCode> {
    if args.json {
        print::json(answer)?;
    } else {
        for line in text(answer) {
            print::line(line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The path of a Thing. Its name is one segment, whatever stands in it (RFC 3986 section 2.1).
pub(super) fn path(thing: &str, end: &str) -> String {
    format!("/api/v1/things/{}{end}", segment(thing))
}

/// A text as a part of a path or a query.
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-_~:".contains(&octet) {
            segment.push(char::from(octet));
        } else {
            segment += &format!("%{octet:02X}");
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_is_in_the_inbox() {
        let waits = serde_json::json!({ "name": "camera", "question": { "kind": "file" } });
        let mut answer = serde_json::json!({ "things": [{ "name": "lamp", "question": null }, waits] });
        keep_waiting(&mut answer);
        assert_eq!(answer, serde_json::json!({ "things": [waits] }));
    }

    #[test]
    fn a_name_is_one_segment_of_the_path() {
        assert_eq!(path("02:00:00:00:00:01", ""), "/api/v1/things/02:00:00:00:00:01");
        assert_eq!(path("my lamp", "/approve"), "/api/v1/things/my%20lamp/approve");
        assert_eq!(path("../status?x", ""), "/api/v1/things/%2E%2E%2Fstatus%3Fx");
    }
}
