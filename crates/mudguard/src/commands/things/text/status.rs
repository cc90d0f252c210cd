//! How the gateway is, in lines for a terminal.

use serde_json::Value;

use super::{count, list, text};
use crate::print::plain;

/// `mudguard status`.
pub(in crate::commands::things) fn status(status: &Value) -> Vec<String> {
    let number = |key: &str| status[key].as_u64().unwrap_or(0);
    let mut lines = vec![
        format!(
            "Mudguard {} is running, mode {}",
            text(status, "program"),
            text(status, "mode")
        ),
        format!(
            "{}, {} limited, {}",
            count(number("things"), "device"),
            number("managed"),
            match number("waiting") {
                0 => "nothing waits for you".to_owned(),
                1 => "1 question waits for you (mudguard things)".to_owned(),
                waiting => format!("{waiting} questions wait for you (mudguard things)"),
            }
        ),
        match number("blocked") {
            0 => "nothing was blocked".to_owned(),
            blocked => format!("at least {} blocked", count(blocked, "attempt")),
        },
    ];
    if number("lifted") > 0 {
        lines.push(format!(
            "! the limits of {} are lifted (mudguard things)",
            count(number("lifted"), "device")
        ));
    }
    let observed = &status["observed"];
    let lost = ["frames-lost", "sightings-lost"]
        .into_iter()
        .filter_map(|key| observed[key].as_u64())
        .fold(0, u64::saturating_add);
    if let Some(frames) = observed["frames"].as_u64() {
        let refused = observed["refused"].as_object().into_iter().flatten();
        let refused: Vec<_> = refused
            .filter_map(|(reason, count)| Some(format!("{} {}", count.as_u64()?, plain(reason))))
            .collect();
        let refused = match refused.is_empty() {
            true => "none refused".to_owned(),
            false => format!("refused {}", refused.join(", ")),
        };
        lines.push(format!(
            "{} of DHCP and LLDP seen, {refused}",
            count(frames, "frame")
        ));
    }
    if lost > 0 {
        lines.push(format!("! {} lost: too many came at once", count(lost, "frame")));
    }
    for notice in list(status, "notices") {
        lines.push(format!("! {}", text(notice, "text")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_of_another_shape_is_no_failure() {
        status(&json!("x"));
    }

    #[test]
    fn notices_and_lifted_limits_are_part_of_the_status() {
        let answer = json!({ "program": "0.1.0", "mode": "ask", "things": 1, "managed": 1, "waiting": 0, "blocked": 0,
                             "lifted": 1,
                             "notices": [ { "kind": "laboratory", "text": "A laboratory setting is on" } ] });
        assert_eq!(
            status(&answer),
            [
                "Mudguard 0.1.0 is running, mode ask",
                "1 device, 1 limited, nothing waits for you",
                "nothing was blocked",
                "! the limits of 1 device are lifted (mudguard things)",
                "! A laboratory setting is on",
            ]
        );
    }
}
