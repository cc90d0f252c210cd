//! Reading a MUD file: octets in, a [`MudFile`] and the findings out (RFC 8520, RFC 8519, RFC 7951).
//!
//! It is pure and total: no input makes it panic, and time and memory grow with the input, which [`Limits`] bounds.

use jiff::Timestamp;
use serde::Serialize;

use crate::{Finding, MudFile, MudUrl};

/// What is accepted as a MUD file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// What the YANG modules of RFC 8520, RFC 8519 and the registered extensions say, and the rules that YANG cannot see.
    #[default]
    Strict,
    /// Also what exists in the wild: drafts, generators, slips of the pen. Each deviation is a finding.
    Community,
}

/// How much of a file is read. The defaults hold twice the largest profile learnt from a real device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the file.
    pub octets: usize,
    /// Nested objects and arrays; more than 128 counts as 128.
    pub depth: usize,
    /// ACEs of all access lists together.
    pub aces: usize,
    /// Different domain names.
    pub names: usize,
    /// Findings; a file about which there is more to say is refused.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            octets: 256 * 1024,
            depth: 32,
            aces: 1_000,
            names: 400,
            findings: 500,
        }
    }
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The file; `None` exactly if a finding is an error.
    pub file: Option<MudFile>,
    /// What is to be said, in the order of the file.
    pub findings: Vec<Finding>,
    /// Whether the file is written as its maker should have written it: `false` if anything deviates from RFC 8520.
    pub as_made: bool,
}

/// The little that is read from a file before its signature is verified (RFC 8520 section 13.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// `mud-url`.
    pub mud_url: MudUrl,
    /// `mud-signature`, a URI reference: see [`MudUrl::join`].
    pub mud_signature: Option<String>,
    /// `last-update`.
    pub last_update: Timestamp,
    /// `cache-validity` in hours, 1 to 168; 48 if the file says nothing.
    pub cache_validity: u8,
}
