//! Hostile frames, each with the verdict that is expected.

mod dhcpv4;
mod dhcpv6;
mod headers;
mod lldp;
mod mud_strings;

use std::collections::BTreeSet;

use mudguard_observe::{FrameVerdict, Reason, Refusal, Verdict, judge_frame};
use serde_json::{Value, json};

use super::frames::{Dhcpv4, Dhcpv6, LAMP, URL};

/// What a frame comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// This MUD URL.
    Url(&'static str),
    /// No usable MUD URL, with the name of the reason.
    BadUrl(&'static str),
    /// Nothing.
    Nothing,
    /// The frame is refused.
    Drop(Refusal),
}

/// A frame, what is special about it, and what it comes to.
pub(crate) type Row = (&'static str, Vec<u8>, Expected);

/// All of them.
pub(crate) fn rows() -> Vec<Row> {
    [
        headers::rows(),
        dhcpv4::rows(),
        mud_strings::rows(),
        dhcpv6::rows(),
        lldp::rows(),
    ]
    .concat()
}

#[test]
fn each_hostile_frame_gets_its_verdict() {
    let rows = rows();
    let names: BTreeSet<_> = rows.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    assert!(rows.len() >= 200, "the table has shrunk to {} rows", rows.len());
    let wrong: Vec<_> = rows
        .iter()
        .filter_map(|(name, frame, expected)| {
            let judged = serde_json::to_value(judge_frame(frame)).unwrap();
            let verdict = match expected {
                Expected::Url(url) => json!({"verdict": "url", "url": url, "reason": null}),
                Expected::BadUrl(reason) => json!({"verdict": "bad-url", "reason": reason}),
                Expected::Nothing => json!({"verdict": "none", "url": null, "reason": null}),
                Expected::Drop(refusal) => {
                    json!({"verdict": "drop", "url": null, "reason": refusal.name()})
                }
            };
            let right = verdict
                .as_object()
                .unwrap()
                .iter()
                .all(|(field, value)| judged.get(field) == Some(value));
            (!right).then(|| format!("{name}: expected {expected:?}, got {judged}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_verdict_has_the_fields_of_the_diagnosis() {
    let verdict = |frame: &[u8]| serde_json::to_value(judge_frame(frame)).unwrap();
    let announced = Dhcpv4::discover().option(161, URL).end().frame();
    assert_eq!(
        verdict(&announced),
        json!({"verdict": "url", "mac": "02:00:00:00:00:01", "url": URL, "via": "dhcpv4", "reason": null})
    );
    let refused = Dhcpv4::discover().option(161, "http://a.example/").end().frame();
    assert_eq!(
        verdict(&refused),
        json!({
            "verdict": "bad-url",
            "mac": "02:00:00:00:00:01",
            "url": "http://a.example/",
            "via": "dhcpv4",
            "reason": "not-https"
        })
    );
    assert_eq!(
        verdict(&announced[..13]),
        json!({"verdict": "drop", "mac": null, "url": null, "via": null, "reason": "frame-truncated"})
    );
    assert_eq!(verdict(&announced[..14])["mac"], Value::from("02:00:00:00:00:01"));
}

#[test]
fn a_frame_that_is_cut_anywhere_is_refused() {
    for frame in [
        Dhcpv4::discover().option(161, URL).end().frame(),
        Dhcpv4::discover()
            .option(161, URL)
            .with(|message| message.tags = vec![(0x88a8, 1), (0x8100, 2)])
            .frame(),
        Dhcpv6::client(1).option(112, URL).frame(),
        Dhcpv6::client(1).option(112, URL).relayed(3).frame(),
    ] {
        for length in 0..frame.len() {
            let verdict = judge_frame(&frame[..length]);
            assert_eq!(
                verdict.verdict,
                Verdict::Drop,
                "cut to {length} octets: {verdict:?}"
            );
        }
    }
}

#[test]
fn a_message_that_is_cut_anywhere_announces_nothing() {
    let whole = Dhcpv4::discover().option(161, URL);
    for length in 0..whole.options.len() {
        let cut = whole.clone().with(|message| message.options.truncate(length));
        let expected = match length {
            // No type.
            0 => Some(Refusal::DhcpMessageType),
            // The end of the first option.
            3 => None,
            _ => Some(Refusal::DhcpOptionTruncated),
        };
        assert_eq!(
            judge_frame(&cut.frame()),
            FrameVerdict {
                verdict: expected.map_or(Verdict::None, |_| Verdict::Drop),
                mac: Some(mudguard_policy::MacAddress(LAMP)),
                url: None,
                via: expected.map_or(Some(mudguard_observe::SightedBy::Dhcpv4), |_| None),
                reason: expected.map(Reason::Refused),
            },
            "cut to {length} octets"
        );
    }
}
