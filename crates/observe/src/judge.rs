//! The verdict over one frame, for diagnosis and tests: what it says, or why it is refused.
//!
//! What it is not: the observer's own decision, which also knows the port, the direction and what was asked before.

use mudguard_mud::MudUrlError;
use mudguard_policy::MacAddress;
use serde::Serialize;

use crate::{
    Refusal, SightedBy, SightedUrl,
    wire::{self, Content, Frame, ethernet, mud_string::MudString},
};

/// The verdict over one frame. As JSON, it has the fields `verdict`, `mac`, `url`, `via` and `reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameVerdict {
    /// What became of the frame.
    pub verdict: Verdict,
    /// Who sent it, or for whom a relay sent it, if that can be read.
    pub mac: Option<MacAddress>,
    /// The MUD URL, or the text that is none; foreign text.
    pub url: Option<String>,
    /// How it was said.
    pub via: Option<SightedBy>,
    /// Why there is no MUD URL.
    pub reason: Option<Reason>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It announces a MUD URL.
    Url,
    /// It announces what is not a MUD URL that Mudguard uses.
    BadUrl,
    /// It announces nothing.
    None,
    /// It is malformed.
    Drop,
}

/// Why a frame announces no MUD URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reason {
    /// The frame is refused.
    Refused(Refusal),
    /// The MUD URL is refused.
    Url(MudUrlError),
}

/// Judges one Ethernet frame, which may hold anything.
#[must_use]
pub fn judge_frame(frame: &[u8]) -> FrameVerdict {
    match wire::read(frame) {
        Err(refusal) => FrameVerdict {
            verdict: Verdict::Drop,
            mac: ethernet::Frame::parse(frame)
                .ok()
                .map(|frame| frame.source)
                .filter(|source| source.is_station()),
            url: None,
            via: None,
            reason: Some(Reason::Refused(refusal)),
        },
        Ok(Frame { source, content }) => {
            let (mac, via, announced) = match content {
                Content::Dhcpv4 { message, .. } => (
                    source,
                    Some(SightedBy::Dhcpv4),
                    message.kind.announces().then_some(message.mud_string),
                ),
                Content::Dhcpv6 { message, .. } => (
                    message.relayed_for.unwrap_or(source),
                    Some(SightedBy::Dhcpv6),
                    message.kind.announces().then_some(message.mud_string),
                ),
                Content::Lldp(announcement) => (
                    source,
                    Some(SightedBy::Lldp),
                    (!announcement.time_to_live.is_zero()).then_some(announcement.mud_string),
                ),
                Content::Other => (source, None, None),
            };
            judged(mac, via, announced.unwrap_or_default())
        }
    }
}

fn judged(mac: MacAddress, via: Option<SightedBy>, announced: MudString) -> FrameVerdict {
    let (verdict, url, reason) = match announced {
        MudString::Twice => (Verdict::BadUrl, None, Some(Reason::Refused(Refusal::MudUrlTwice))),
        MudString::Absent | MudString::Once(_) => match announced.url() {
            SightedUrl::Url(url) => (Verdict::Url, Some(url.into()), None),
            SightedUrl::Refused(text, reason) => (Verdict::BadUrl, Some(text), Some(Reason::Url(reason))),
            SightedUrl::Nothing => (Verdict::None, None, None),
        },
    };
    FrameVerdict {
        verdict,
        mac: Some(mac),
        url,
        via,
        reason,
    }
}
