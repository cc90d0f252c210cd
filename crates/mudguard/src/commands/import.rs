//! `mudguard import`: a MUD file and its signature for a gateway that cannot retrieve them itself.
//!
//! What it is not: a judge. The running gateway verifies the file by its own anchors, and takes it as if it had retrieved it.

use std::process::ExitCode;

use mudguard_fetch::{Limits, MAX_SIGNATURE_LENGTH};
use serde_json::Value;

use super::{
    block_on,
    client::bring,
    source::{Unreadable, octets_up_to},
};
use crate::{cli::brought::ImportArgs, print};

/// It waits for the owner.
const WAITS: u8 = 3;

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let unreadable = |name: &str, reason: String| Unreadable {
        name: name.to_owned(),
        reason,
    };
    let bounded = |name: &str, limit: usize| {
        let octets = octets_up_to(name, limit)?;
        match octets.len() {
            0 => Err(unreadable(name, "it is empty".to_owned())),
            length if length > limit => Err(unreadable(name, format!("it is longer than {limit} octets"))),
            _ => Ok(octets),
        }
    };
    if args.file == "-" && args.signature.as_deref() == Some("-") {
        let reason = "file and signature cannot both be standard input".to_owned();
        return Err(unreadable("-", reason).into());
    }
    let mut octets = bounded(&args.file, Limits::default().file_octets)?;
    let path = format!("/api/v1/import?file-octets={}", octets.len());
    if let Some(signature) = &args.signature {
        octets.extend(bounded(signature, MAX_SIGNATURE_LENGTH)?);
    }
    let answer = block_on(bring(&args.client.control, &path, octets))?;
    if args.client.json {
        print::json(&answer)?;
    } else {
        for line in text(&answer) {
            print::line(line)?;
        }
    }
    Ok(match answer["outcome"].as_str() {
        Some("in-force" | "unchanged" | "kept") => ExitCode::SUCCESS,
        Some("waits" | "waits-for-thing") => ExitCode::from(WAITS),
        _ => ExitCode::FAILURE,
    })
}

fn text(answer: &Value) -> Vec<String> {
    let word = |key: &str| answer[key].as_str().map(print::plain).unwrap_or_default();
    let things: Vec<_> = answer["things"].as_array().into_iter().flatten().collect();
    let names: Vec<_> = things
        .iter()
        .map(|thing| {
            let word = |key: &str| thing[key].as_str().map(print::plain).unwrap_or_default();
            format!("{} ({})", word("name"), word("mac"))
        })
        .collect();
    let names = names.join(", ");
    let trust = match answer["signer"].as_str() {
        Some(signer) => format!("signed by {}", print::plain(signer)),
        None => format!("not verified: {}", word("reason")),
    };
    let became = match answer["outcome"].as_str() {
        Some("in-force") => format!("its rules hold from now on for {names}"),
        Some("unchanged") => format!("its rules held before and hold on for {names}"),
        Some("kept") => "no device has this MUD URL yet; its rules are kept for the first that has".to_owned(),
        Some("waits") => "it waits for your answer (mudguard inbox)".to_owned(),
        Some("waits-for-thing") => {
            "no device has this MUD URL yet; you will be asked about the file when one has, unless the gateway is \
             started anew before"
                .to_owned()
        }
        Some("rejected-before") => format!("you have said no to this file before; nothing changes for {names}"),
        Some("refused") => format!("refused: {}; what held before holds on", word("reason")),
        _ => "the gateway does not say what became of it".to_owned(),
    };
    let mut lines = vec![format!("the file of {}", word("mud-url"))];
    lines.extend((answer["outcome"] != "refused").then(|| format!("  {trust}")));
    lines.push(format!("  {became}"));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(outcome: &str, signer: Option<&str>, reason: Option<&str>) -> String {
        let things = json!([{ "mac": "02:00:00:00:00:01", "name": "lamp" }]);
        text(
            &json!({ "mud-url": "https://maker.example/lamp", "signer": signer, "reason": reason,
                      "outcome": outcome, "things": things }),
        )
        .join("\n")
    }

    #[test]
    fn each_outcome_says_what_holds_now() {
        let maker = Some("CN=Maker");
        assert_eq!(
            told("in-force", maker, None),
            "the file of https://maker.example/lamp\n  signed by CN=Maker\n  its rules hold from now on for lamp \
             (02:00:00:00:00:01)"
        );
        assert_eq!(
            told("waits", None, Some("the file is not signed")),
            "the file of https://maker.example/lamp\n  not verified: the file is not signed\n  it waits for your answer \
             (mudguard inbox)"
        );
        assert_eq!(
            told("refused", maker, Some("it is older")),
            "the file of https://maker.example/lamp\n  refused: it is older; what held before holds on"
        );
        for outcome in ["unchanged", "kept", "waits-for-thing", "rejected-before"] {
            assert!(!told(outcome, maker, None).contains("does not say"), "{outcome}");
        }
    }
}
