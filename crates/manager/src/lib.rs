//! The MUD manager (RFC 8520 section 1.6): events in, actions out. It owns the Things, the files in force and the decisions.
//!
//! What it is not: it does no IO and reads no clock; time comes with each event, and what must be done leaves as [`Action`]s.

mod action;
mod event;
mod manager;
mod overrides;
mod snapshot;
mod thing;

pub use action::{Action, FileRecord, JournalEntry, JournalKind, ThingRecord};
pub use event::{
    Announced, Announcement, Answer, Command, CommandError, Denial, Event, Fetched, Moment, Retrieved,
};
pub use manager::{Manager, Restored, Settings};
pub use overrides::{Flows, Override, OverridePeer, Overriding};
pub use snapshot::{ClockState, Home, Lan, Mode, Notice, Snapshot};
pub use thing::{
    Binding, BlockedFlow, Channel, Enforcement, FileInForce, Question, Thing, Trust, Waiting, WaitingFile,
};
