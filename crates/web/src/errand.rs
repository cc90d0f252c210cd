//! What the control socket asks of others than the task that owns the manager's decisions: to judge a file that was brought, and what a
//! certificate says.
//!
//! What it is not: it carries nothing out. The daemon does, and tells the manager.

use jiff::Timestamp;
use mudguard_manager::JournalEntry;
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use tokio::sync::oneshot;

/// Something to be done, with the place of its answer.
#[derive(Debug)]
pub enum Errand {
    /// A MUD file that the owner brings is judged as a retrieved one is, and then taken as if it had been retrieved.
    Import {
        /// The octets of the file.
        file: Vec<u8>,
        /// The octets of its detached signature.
        signature: Option<Vec<u8>>,
        /// What became of it, or why it is not taken.
        reply: oneshot::Sender<Result<Imported, String>>,
    },
    /// The journal is read.
    Journal {
        /// Which rows.
        page: JournalPage,
        /// They, the newest first, or why they cannot be read.
        reply: oneshot::Sender<Result<Vec<JournalEntry>, String>>,
    },
    /// A name is looked up, and it is said why its answer is what it is.
    LookUp {
        /// The name.
        name: String,
        /// The type of the records.
        record_type: String,
        /// What was found, as JSON, or why nothing was looked up.
        reply: oneshot::Sender<Result<serde_json::Value, String>>,
    },
    /// A Thing has proved that it holds the key of this certificate (RFC 8520 section 11).
    Certificate {
        /// The Thing.
        thing: MacAddress,
        /// The bridge port at which it proved it, if that is known.
        port: Option<String>,
        /// The certificate, in PEM or DER form.
        certificate: Vec<u8>,
        /// Whether something is taken from it, or why not.
        reply: oneshot::Sender<Result<(), String>>,
    },
}

/// Which rows of the journal are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalPage {
    /// Only rows with lesser numbers.
    pub before: Option<u64>,
    /// Only rows about this Thing.
    pub thing: Option<MacAddress>,
    /// Only rows that are not older.
    pub since: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

/// A file that was brought, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The MUD URL that the file names as its own.
    pub url: MudUrl,
    /// SHA-256 of the octets.
    pub sha256: [u8; 32],
    /// Who signed it, if the signature is good.
    pub signer: Option<String>,
    /// Why it is not verified, if it is not.
    pub doubt: Option<String>,
    /// The Things that have this MUD URL.
    pub things: Vec<MacAddress>,
    /// What became of it.
    pub became: Became,
}

/// What became of a file that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Its rules hold from now on.
    InForce,
    /// They held before.
    Unchanged,
    /// It is kept for the Things that will name its URL; none does yet.
    Kept,
    /// The owner is asked.
    Waits,
    /// The owner will be asked once a Thing names its URL.
    WaitsForThing,
    /// The owner has said no to these very octets before.
    RejectedBefore,
    /// The manager refused it; why.
    Refused(String),
}
