//! What the manager wants done.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};

use crate::{Binding, Channel, Mode, Override, Trust};

/// Something that must be done by the owner of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Retrieve the file of this URL.
    Fetch {
        /// The URL.
        url: MudUrl,
        /// The entity tag of the file in force.
        etag: Option<String>,
    },
    /// Bring the kernel to the newest snapshot.
    Apply,
    /// Keep a Thing.
    SaveThing(ThingRecord),
    /// Keep a last good file; it replaces the one of the same URL.
    SaveFile(FileRecord),
    /// Keep a Thing no longer.
    ForgetThing(MacAddress),
    /// Keep the file of this URL no longer.
    ForgetFile(MudUrl),
    /// Keep a row of the journal.
    Journal(JournalEntry),
}

/// What is kept of a Thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingRecord {
    /// Its MAC address.
    pub mac: MacAddress,
    /// The owner's name for it.
    pub name: Option<String>,
    /// Its own name for itself.
    pub host_name: Option<String>,
    /// The bridge port on which it was last seen.
    pub port: Option<String>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// The MUD URL by which it is known, and how it was learnt.
    pub url: Option<(MudUrl, Channel)>,
    /// The addresses bound to it.
    pub bindings: Vec<Binding>,
    /// SHA-256 of the file whose addresses the owner approved for it.
    pub addresses_approved: Option<[u8; 32]>,
    /// Whether the owner admitted it in the mode `protect`.
    pub admitted: bool,
    /// What the owner rejected for it, the latest last: SHA-256 of a file, the text of a URL, or what else was asked.
    pub rejected: Vec<String>,
    /// What the owner decided beside its file.
    pub overrides: Vec<Override>,
    /// The mode that the owner chose for it instead of the home's.
    pub mode: Option<Mode>,
}

/// What is kept of a file in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// The URL by which it was retrieved.
    pub url: MudUrl,
    /// The octets.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the octets.
    pub sha256: [u8; 32],
    /// Why it is believed.
    pub trust: Trust,
    /// When it was last retrieved or confirmed unchanged.
    pub retrieved: Timestamp,
    /// The entity tag.
    pub etag: Option<String>,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When.
    pub at: Timestamp,
    /// About whom.
    pub thing: Option<MacAddress>,
    /// What happened.
    pub kind: JournalKind,
    /// Details, such as a URL or a reason; foreign text may stand in it.
    pub detail: String,
}

/// What a row of the journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalKind {
    /// A Thing named its MUD URL.
    UrlLearnt,
    /// The rules of a file took hold.
    FileInForce,
    /// A file was refused.
    FileRefused,
    /// Something waits for the owner.
    QuestionRaised,
    /// The owner said yes.
    Approved,
    /// The owner said no.
    Rejected,
    /// A Thing announced so many MUD URLs that no more of them are looked at for a day.
    UrlsIgnored,
    /// The owner allowed flows.
    Allowed,
    /// The owner blocked flows.
    Blocked,
    /// The owner lifted the limits of a Thing.
    Lifted,
    /// A decision of the owner about flows ended.
    OverrideEnded,
    /// The owner chose a mode for a Thing.
    ModeSet,
    /// The owner named a Thing.
    Renamed,
    /// The owner had a Thing forgotten.
    Forgotten,
    /// The owner took the last decision back.
    Undone,
}
