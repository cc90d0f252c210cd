//! The verdict over one frame, for diagnosis and tests: what it says, or why it is refused.
//!
//! What it is not: the observer's own decision, which also knows the port, the direction and what was asked before.

use mudguard_mud::MudUrlError;
use mudguard_policy::MacAddress;
use serde::Serialize;

use crate::{Refusal, SightedBy};

/// The verdict over one frame. As JSON, it has the fields `verdict`, `mac`, `url`, `via` and `reason`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameVerdict {
    /// What became of the frame.
    pub verdict: Verdict,
    /// Who sent it, if that can be read.
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
pub fn judge_frame(_frame: &[u8]) -> FrameVerdict {
    FrameVerdict {
        verdict: Verdict::None,
        mac: None,
        url: None,
        via: None,
        reason: None,
    }
}
