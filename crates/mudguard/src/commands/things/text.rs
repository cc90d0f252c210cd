//! The gateway's answers as lines for a terminal. Every text in them is foreign until it went through [`plain`].

mod status;

use serde_json::Value;

pub(super) use status::status;

use crate::print::plain;

/// `mudguard things`.
pub(super) fn things(answer: &Value) -> Vec<String> {
    let things = list(answer, "things");
    if things.is_empty() {
        return vec!["no device was seen yet".to_owned()];
    }
    let mut rows = vec![["DEVICE", "ADDRESS", "STATE", "BLOCKED", "RULES"].map(str::to_owned)];
    let mut below = vec![Vec::new()];
    for thing in things {
        rows.push([
            text(thing, "name"),
            text(thing, "mac"),
            text(thing, "state-words"),
            thing["blocked-count"].as_u64().unwrap_or(0).to_string(),
            text(thing, "trust-words"),
        ]);
        below.push(asides(thing));
    }
    table(&rows, &below)
}

/// `mudguard inbox`.
pub(super) fn inbox(answer: &Value) -> Vec<String> {
    if list(answer, "things").is_empty() {
        return vec!["nothing waits for you".to_owned()];
    }
    things(answer)
}

/// What is asked about a Thing, before it is answered.
pub(crate) fn question(thing: &Value, question: &Value) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({})", text(thing, "name"), text(thing, "mac")),
        format!("? {}", text(question, "text")),
        format!("  {}", text(question, "meanwhile")),
    ];
    section(&mut lines, "If you approve, it may:", list(question, "sentences"));
    lines
}

/// `mudguard forget`.
pub(super) fn forgotten(answer: &Value) -> Vec<String> {
    vec![format!("{} is forgotten", text(answer, "forgotten"))]
}

/// `mudguard why THING`.
pub(super) fn thing(thing: &Value) -> Vec<String> {
    let mut lines = head(thing);
    section(&mut lines, "It may:", list(thing, "sentences"));
    if let Some(question) = thing.get("question").filter(|question| question.is_object()) {
        section(&mut lines, "If you approve, it may:", list(question, "sentences"));
    }
    let blocked = list(thing, "blocked");
    if !blocked.is_empty() {
        lines.push("Blocked, the latest first:".to_owned());
    }
    for attempt in blocked {
        lines.push(format!("  {}", text(attempt, "text")));
        let times = match attempt["count"].as_u64().unwrap_or(1) {
            1 => "once".to_owned(),
            count => format!("at least {count} times"),
        };
        lines.push(format!(
            "    {} ({times}, last {})",
            text(attempt, "reason"),
            text(attempt, "last")
        ));
    }
    let refused: Vec<_> = list(thing, "verdicts")
        .iter()
        .filter(|verdict| verdict["verdict"] != "enforced")
        .collect();
    if !refused.is_empty() {
        lines.push("Of its file this gateway does not enforce as written:".to_owned());
    }
    for verdict in refused {
        lines.push(format!(
            "  {}, ACE {}: {}: {}",
            text(verdict, "list"),
            text(verdict, "ace"),
            text(verdict, "verdict"),
            text(verdict, "reason")
        ));
    }
    lines
}

/// `mudguard approve`, `reject` and whatever else is decided: how the Thing stands now.
pub(super) fn decided(thing: &Value) -> Vec<String> {
    head(thing)
}

fn head(thing: &Value) -> Vec<String> {
    let mut lines = vec![format!("{} ({})", text(thing, "name"), text(thing, "mac"))];
    lines.push(format!(
        "  {}; {}",
        text(thing, "state-words"),
        text(thing, "trust-words")
    ));
    if let Some(url) = thing["mud-url"].as_str() {
        lines.push(format!("  MUD URL {} ({})", plain(url), text(thing, "channel")));
    }
    let addresses: Vec<_> = list(thing, "addresses")
        .iter()
        .filter_map(Value::as_str)
        .map(plain)
        .collect();
    if !addresses.is_empty() {
        lines.push(format!("  {} on {}", addresses.join(", "), text(thing, "port")));
    }
    if let Some(mode) = thing["mode"].as_str() {
        lines.push(format!("  mode {}, chosen for it alone", plain(mode)));
    }
    for choice in list(thing, "controllers") {
        let members: Vec<_> = list(choice, "members")
            .iter()
            .filter_map(Value::as_str)
            .map(plain)
            .collect();
        let members = match members.is_empty() {
            true => "none".to_owned(),
            false => members.join(", "),
        };
        lines.push(format!("  controllers ({}): {members}", text(choice, "class")));
    }
    let flows = list(thing, "overrides")
        .iter()
        .filter(|decided| decided["kind"] != "lift");
    lines.extend(flows.map(|decided| format!("  {}", overriding(thing, decided))));
    lines.extend(asides(thing).into_iter().map(|aside| format!("  {aside}")));
    lines
}

/// What the owner decided beside the file, until when, and how it is ended.
fn overriding(thing: &Value, decided: &Value) -> String {
    let what = match decided["kind"].as_str() {
        Some("allow") => "allowed",
        Some("block") => "blocked",
        _ => "! its limits are lifted",
    };
    let until = match decided["until"].as_str() {
        Some(until) => format!("until {}", plain(until)),
        None => "for good".to_owned(),
    };
    let protocol = match decided["protocol"].as_u64() {
        Some(1) => " icmp".to_owned(),
        Some(6) => " tcp".to_owned(),
        Some(17) => " udp".to_owned(),
        Some(58) => " icmpv6".to_owned(),
        Some(number) => format!(" protocol {number}"),
        None => String::new(),
    };
    let port = decided["port"].as_u64().map(|port| format!(" port {port}"));
    let peer = match decided["peer"].as_str() {
        Some(peer) => {
            let opens = if decided["initiator"] == "peer" && decided["kind"] == "allow" {
                ", if that end opens it"
            } else {
                ""
            };
            format!(": {}{protocol}{}{opens}", plain(peer), port.unwrap_or_default())
        }
        None => String::new(),
    };
    let id = decided["id"].as_u64().unwrap_or(0);
    format!("{what} {until}{peer} (mudguard end {} {id})", text(thing, "mac"))
}

/// What a household must know of a Thing beside its state.
fn asides(thing: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(question) = thing.get("question").filter(|question| question.is_object()) {
        lines.push(format!("? {}", text(question, "text")));
        lines.push(format!("  {}", text(question, "meanwhile")));
        let mac = text(thing, "mac");
        lines.push(match question["kind"].as_str() {
            Some("controllers") => format!("  mudguard controllers {mac} MAC..., or mudguard reject {mac}"),
            _ => format!("  mudguard approve {mac}, or mudguard reject {mac}"),
        });
    }
    let lifts = list(thing, "overrides")
        .iter()
        .filter(|decided| decided["kind"] == "lift");
    lines.extend(lifts.map(|decided| overriding(thing, decided)));
    if let Some(problem) = thing["problem"].as_str() {
        lines.push(format!("! {}", plain(problem)));
    }
    if let Some(refused) = thing.get("refused-url").filter(|refused| refused.is_object()) {
        lines.push(format!(
            "! it announces {}, which is refused: {}",
            text(refused, "url"),
            text(refused, "reason")
        ));
    }
    lines
}

fn section(lines: &mut Vec<String>, title: &str, sentences: &[Value]) {
    if !sentences.is_empty() {
        lines.push(title.to_owned());
        lines.extend(
            sentences
                .iter()
                .filter_map(Value::as_str)
                .map(|sentence| format!("  {}", plain(sentence))),
        );
    }
}

/// Columns as wide as their widest cell, and below a row what belongs to it.
fn table<const N: usize>(rows: &[[String; N]], below: &[Vec<String>]) -> Vec<String> {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    });
    let mut lines = Vec::new();
    for (row, below) in rows.iter().zip(below) {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        lines.push(cells.collect::<Vec<_>>().join("  ").trim_end().to_owned());
        lines.extend(below.iter().map(|line| format!("    {line}")));
    }
    lines
}

fn count(number: u64, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().map(plain).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lamp() -> Value {
        json!({
            "mac": "02:00:00:00:00:01", "name": "lamp", "state-words": "Waits for you", "trust-words": "Not signed",
            "mud-url": "https://maker.example/lamp", "channel": "dhcpv4", "port": "lan1", "addresses": ["192.168.1.20"],
            "question": { "text": "Shall these rules hold?", "meanwhile": "It reaches only the router.",
                          "sentences": ["Reach maker.example"] },
            "problem": null, "refused-url": null, "blocked-count": 2,
            "sentences": ["Ask the router for names"],
            "verdicts": [ { "list": "from", "ace": "a", "verdict": "enforced" },
                          { "list": "from", "ace": "b", "verdict": "refused", "reason": "flags" } ],
            "blocked": [ { "text": "web.example, port 80", "reason": "not in its file", "count": 2, "last": "2026-01-01T00:00:00Z" } ],
        })
    }

    #[test]
    fn columns_are_aligned_and_what_waits_stands_below_its_device() {
        let other = json!({ "mac": "02:00:00:00:00:0a", "name": "television", "state-words": "Limited",
                            "trust-words": "Signed", "blocked-count": 0 });
        let lines = things(&json!({ "things": [lamp(), other] }));
        assert_eq!(
            lines,
            [
                "DEVICE      ADDRESS            STATE          BLOCKED  RULES",
                "lamp        02:00:00:00:00:01  Waits for you  2        Not signed",
                "    ? Shall these rules hold?",
                "      It reaches only the router.",
                "      mudguard approve 02:00:00:00:00:01, or mudguard reject 02:00:00:00:00:01",
                "television  02:00:00:00:00:0a  Limited        0        Signed",
            ]
        );
    }

    #[test]
    fn why_says_what_it_may_what_was_blocked_and_what_is_not_enforced() {
        let lines = thing(&lamp()).join("\n");
        for part in [
            "lamp (02:00:00:00:00:01)",
            "It may:\n  Ask the router for names",
            "If you approve, it may:\n  Reach maker.example",
            "  web.example, port 80\n    not in its file (at least 2 times, last 2026-01-01T00:00:00Z)",
            "  from, ACE b: refused: flags",
        ] {
            assert!(lines.contains(part), "{part} is not in:\n{lines}");
        }
        assert!(!lines.contains("ACE a"), "{lines}");
    }

    #[test]
    fn what_the_owner_decided_is_shown_with_its_end() {
        let mut lamp = lamp();
        lamp["question"] = Value::Null;
        lamp["mode"] = json!("watch");
        let end = "2026-01-01T01:00:00Z";
        lamp["overrides"] = json!([
            { "id": 1, "kind": "allow", "peer": "cloud.example", "protocol": 6, "port": 443, "until": end },
            { "id": 2, "kind": "block", "peer": "192.0.2.1", "protocol": null, "port": null, "until": null },
            { "id": 3, "kind": "lift", "peer": null, "until": end },
        ]);
        assert_eq!(
            decided(&lamp)[4..],
            [
                "  mode watch, chosen for it alone",
                "  allowed until 2026-01-01T01:00:00Z: cloud.example tcp port 443 (mudguard end 02:00:00:00:00:01 1)",
                "  blocked for good: 192.0.2.1 (mudguard end 02:00:00:00:00:01 2)",
                "  ! its limits are lifted until 2026-01-01T01:00:00Z (mudguard end 02:00:00:00:00:01 3)",
            ]
        );
    }

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        let evil = json!({ "things": [ { "name": "\u{1b}[2Jlamp", "mac": "02:00:00:00:00:01" } ] });
        assert!(!things(&evil).join("\n").contains('\u{1b}'));
    }

    #[test]
    fn an_answer_of_another_shape_is_no_failure() {
        assert_eq!(things(&Value::Null), ["no device was seen yet"]);
        thing(&json!([1]));
    }
}
