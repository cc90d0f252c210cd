//! How a row of the journal is taken back, as it is kept.
//!
//! What it is not: a copy of files. A step names them by their digest; those that are gone after a restart make the row stay.

use jiff::Timestamp;
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};

use crate::{Asked, Channel, ControllerChoice, Doubt, Mode, Override, ThingRecord};

/// How a row of the journal is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRecord {
    /// The [`id`](crate::JournalEntry::id) of the row.
    pub id: u64,
    /// The Thing that it is about.
    pub thing: MacAddress,
    /// What must be done.
    pub step: UndoStep,
}

/// What must be done to take a row back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step", content = "before")]
pub enum UndoStep {
    /// End the override of this number.
    EndOverride(u32),
    /// Let this override hold again.
    Override(Override),
    /// Give back the name.
    Name(Option<String>),
    /// Give back the mode.
    Mode(Option<Mode>),
    /// Bring a forgotten Thing back.
    Thing(Box<ThingRecord>),
    /// Give back all that a question, its answer or a MUD URL may have changed.
    Decision(Box<UndoBefore>),
}

/// How a Thing stood before a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoBefore {
    /// Its MUD URL.
    pub url: Option<(MudUrl, Channel)>,
    /// What was asked about it, and since when.
    pub question: Option<(Timestamp, Asked)>,
    /// The file whose addresses the owner had approved.
    pub addresses_approved: Option<[u8; 32]>,
    /// Whether it was admitted.
    pub admitted: bool,
    /// Whether it was a member of its maker's classes.
    pub grouped: bool,
    /// What the owner had said no to.
    pub rejected: Vec<String>,
    /// Its controllers.
    pub controllers: Vec<ControllerChoice>,
    /// The port on which it was.
    pub port: Option<String>,
    /// The files of its URL, if the decision was about them.
    pub files: Option<UndoFiles>,
    /// What the decision made of it, its MUD URL and the file of that: if that is no longer so, it is too late.
    pub after: (Option<MudUrl>, Option<[u8; 32]>),
}

/// The files of a URL before a decision, by their SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoFiles {
    /// The one that held.
    pub in_force: Option<[u8; 32]>,
    /// The one that waited, what stood in the way, and why in words.
    pub waiting: Option<([u8; 32], Doubt, String)>,
}
