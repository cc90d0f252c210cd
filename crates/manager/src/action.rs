//! What the manager wants done.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};

use crate::{Asked, Binding, Channel, ControllerChoice, Doubt, Mode, Override, Trust, undo_step::UndoRecord};

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
    /// Keep a Thing within the next hours: nothing is lost with it that is not soon learnt anew.
    SaveThingLater(ThingRecord),
    /// Keep a last good file; it replaces the one of the same URL.
    SaveFile(FileRecord),
    /// Keep a Thing no longer.
    ForgetThing(MacAddress),
    /// Keep the file of this URL no longer.
    ForgetFile(MudUrl),
    /// Keep a file that waits for the owner; it replaces the one of the same URL.
    SaveWaiting(WaitingRecord),
    /// Keep the file of this URL that waited no longer.
    ForgetWaiting(MudUrl),
    /// Keep a row of the journal.
    Journal(JournalEntry),
    /// Keep how a row of the journal is taken back.
    SaveUndo(UndoRecord),
    /// Keep it no longer: the row cannot be taken back any more.
    ForgetUndo(u64),
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
    /// The interface of the LAN on which it was last known to be.
    pub lan: Option<String>,
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
    /// The mode that the owner chose for it instead of its network's.
    pub mode: Option<Mode>,
    /// The controllers that the owner chose for it.
    pub controllers: Vec<ControllerChoice>,
    /// The question that waits, with the time at which it was raised.
    pub question: Option<(Timestamp, Asked)>,
    /// The other MUD URLs that it announced on the day that began then; so many are looked at in a day.
    pub others: Option<(Timestamp, Vec<MudUrl>)>,
    /// Whether the owner lets it be a member of the classes of its maker (RFC 8520 section 16).
    pub grouped: bool,
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

/// What is kept of a file that waits for the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRecord {
    /// The file as it would hold.
    pub file: FileRecord,
    /// What stands in the way.
    pub doubt: Doubt,
    /// Why it waits, in words.
    pub reason: String,
}

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// Somebody of the household, on the local page.
    Page,
    /// The operator, on the command line.
    CommandLine,
    /// Whoever holds the API token of this name.
    Token(String),
    /// The maker of a Thing, by a new MUD file.
    Maker,
    /// A Thing, by what it says.
    Thing,
    /// Mudguard itself: time has passed.
    #[default]
    Mudguard,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its number. Later rows have greater ones, also after a restart.
    pub id: u64,
    /// Who did it.
    pub by: Author,
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
    /// The owner chose controllers.
    ControllersSet,
    /// A question went away without an answer, and the narrower policy stays.
    QuestionEnded,
    /// The owner named a Thing.
    Renamed,
    /// The owner had a Thing forgotten.
    Forgotten,
    /// The owner took a row of the journal back; the detail is its number.
    Undone,
}
