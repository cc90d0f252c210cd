//! `mudguard approve` and `mudguard reject`: the question is shown, and the answer is to that question alone.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context;
use hyper::Method;
use serde_json::{Value, json};

use super::{
    block_on,
    client::ask,
    things::{self, text},
};
use crate::{cli::answers::AnswerArgs, print};

/// `decision` is `approve` or `reject`.
pub(super) fn run(args: &AnswerArgs, decision: &str) -> anyhow::Result<ExitCode> {
    let client = &args.client;
    let path = things::path(&args.thing, "");
    let thing = block_on(ask(&client.control, Method::GET, &path, None))?;
    let waits = thing.get("question").filter(|question| question.is_object());
    if let Some(question) = waits.filter(|_| !client.json) {
        for line in text::question(&thing, question) {
            print::line(line)?;
        }
        if !args.yes && io::stdin().is_terminal() && !is_confirmed(decision)? {
            print::line("nothing is decided")?;
            return Ok(ExitCode::FAILURE);
        }
    }
    // Another question that comes up meanwhile is not answered with this one.
    let read = waits.and_then(|question| question["key"].as_str());
    let content = match args.question.as_deref().or(read) {
        Some(key) => json!({ "question": key }),
        None => json!({}),
    };
    let mac = thing["mac"].as_str().unwrap_or(&args.thing);
    let path = things::path(mac, &format!("/{decision}"));
    let answer: Value = block_on(ask(&client.control, Method::POST, &path, Some(&content)))?;
    things::decided(client, &answer)
}

fn is_confirmed(decision: &str) -> anyhow::Result<bool> {
    let mut out = io::stderr();
    write!(out, "{decision}? [y/N] ")
        .and_then(|()| out.flush())
        .context("the terminal")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("the terminal")?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
