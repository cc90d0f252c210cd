//! Things, last good files, the owner's decisions and the journal, in one SQLite database: the only SQL.
//!
//! What it is not: it judges nothing. What it restores is what the manager gave it, and the manager reads every file anew.
//!
//! # Data
//! One file, with its log (`-wal`) beside it; the schema is in `migrations/`. The log is synchronised with each transaction, so
//! what [`Store::flush`] has acknowledged outlives `kill -9` and a power cut. The database is locked for this process alone: that
//! needs no shared memory (JFFS2 has none), and keeps a second daemon away.
//!
//! # Errors
//! A database that cannot be read is set aside under another name, never deleted, and an empty one takes its place. A row that
//! cannot be understood is reported and stays where it is until its Thing or its URL is saved again. A write that fails (a full
//! disk) is kept in memory, bounded, and tried again; [`Store::trouble`] says so meanwhile.

mod aside;
mod open;
mod restore;
mod rows;
mod sqlite;
mod store;
mod writer;

pub use aside::SetAside;
pub use open::{OpenError, Opened};
pub use restore::{JournalPage, Restored};
pub use store::{Store, StoreError};
pub use writer::Writer;

/// The most Things that are kept. Those go first that the owner has decided nothing about and that name no MUD URL, then those
/// that were heard of longest ago.
pub const MAX_THINGS: usize = 2_000;

/// The most files that are kept. Those go first that no Thing names, then those that were retrieved longest ago.
pub const MAX_FILES: usize = 256;

/// The most octets of files that are kept.
pub const MAX_FILE_OCTETS: usize = 12 << 20;

/// The most rows of the journal that are kept; the oldest go first.
pub const MAX_JOURNAL: usize = 10_000;

/// The most rows of the journal that one page has.
pub const MAX_PAGE: usize = 500;

/// The longest detail of a journal row, in octets; more is cut off.
pub const MAX_DETAIL: usize = 1_024;
