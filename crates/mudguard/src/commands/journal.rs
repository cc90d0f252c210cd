//! `mudguard journal` and `mudguard undo`: what happened, who did it, and what is taken back.

use std::process::ExitCode;

use hyper::Method;
use serde_json::{Value, json};

use super::{
    block_on,
    client::ask,
    things::{self, Words},
};
use crate::{
    cli::answers::{JournalArgs, UndoArgs},
    print,
};

pub(super) fn show(args: &JournalArgs) -> anyhow::Result<ExitCode> {
    let mut path = format!("/api/v1/journal?limit={}", args.limit);
    if let Some(thing) = &args.thing {
        path += &format!("&thing={}", things::segment(thing));
    }
    if let Some(since) = args.since {
        path += &format!("&since={}", things::segment(&since.to_string()));
    }
    if let Some(before) = args.before {
        path += &format!("&before={before}");
    }
    let answer = block_on(ask(&args.client.control, Method::GET, &path, None))?;
    if args.client.json {
        print::json(&answer)?;
    } else {
        for line in lines(&answer) {
            if !print::line_is_read(line)? {
                break;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn undo(args: &UndoArgs) -> anyhow::Result<ExitCode> {
    if args.what.parse::<u64>().is_err() {
        return things::send(&args.client, &args.what, "undo", &json!({}), Words::Standing);
    }
    let path = format!("/api/v1/journal/{}/undo", args.what);
    let answer = block_on(ask(&args.client.control, Method::POST, &path, Some(&json!({}))))?;
    if args.client.json {
        print::json(&answer)?;
    } else {
        print::line(format_args!("row {} of the journal is taken back", args.what))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest row first.
fn lines(answer: &Value) -> Vec<String> {
    let rows: Vec<_> = answer["rows"].as_array().into_iter().flatten().collect();
    if rows.is_empty() {
        return vec!["nothing of this is in the journal".to_owned()];
    }
    rows.into_iter().map(line).collect()
}

fn line(row: &Value) -> String {
    let word = |key: &str| row[key].as_str().map(print::plain).unwrap_or_default();
    let about = match row["name"].as_str() {
        Some(name) => format!(" {} ({}):", print::plain(name), word("thing")),
        None => String::new(),
    };
    let detail = match word("detail") {
        detail if detail.is_empty() => detail,
        detail => format!(": {detail}"),
    };
    let id = row["id"].as_u64().unwrap_or_default();
    let undo = if row["undoable"] == true {
        format!(" (mudguard undo {id})")
    } else {
        String::new()
    };
    format!(
        "{id} {}{about} {}{detail}, by {}{undo}",
        word("at"),
        word("words"),
        word("by-words")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_when_about_whom_what_by_whom_and_how_it_is_taken_back() {
        let row = json!({ "id": 7, "at": "2026-01-01T00:00:00Z", "by-words": "the command line", "thing": "02:00:00:00:00:01",
                          "name": "lamp", "words": "allowed", "detail": "cloud.example port 443", "undoable": true });
        assert_eq!(
            lines(&json!({ "rows": [row] })),
            [
                "7 2026-01-01T00:00:00Z lamp (02:00:00:00:00:01): allowed: cloud.example port 443, by the command line \
              (mudguard undo 7)"
            ]
        );
        assert_eq!(lines(&Value::Null), ["nothing of this is in the journal"]);
    }
}
