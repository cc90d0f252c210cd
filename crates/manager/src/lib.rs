//! The MUD manager (RFC 8520 section 1.6): events in, actions out. It owns the Things, the files in force and the decisions.
//!
//! What it is not: it does no IO and reads no clock; time comes with each event, and what must be done leaves as [`Action`]s.

mod action;
mod event;
mod manager;
mod overrides;
mod question;
mod snapshot;
mod thing;
mod undo_step;
mod zone;

pub use action::{Action, Author, FileRecord, JournalEntry, JournalKind, ThingRecord, WaitingRecord};
pub use event::{
    Announced, Announcement, Answer, Command, CommandError, Denial, Event, Fetched, Moment, Retrieved,
};
pub use manager::{Manager, Restored, Settings};
pub use overrides::{Flows, Override, OverridePeer, Overriding};
pub use question::{Asked, Doubt, Question, Waiting, WaitingFile};
pub use snapshot::{ClockState, Home, Lan, Mode, Notice, Snapshot};
pub use thing::{
    Binding, BlockedFlow, Channel, ControllerChoice, Enforcement, FileInForce, MY_CONTROLLER, Thing, Trust,
};
pub use undo_step::{UndoBefore, UndoFiles, UndoRecord, UndoStep};
pub use zone::{until_tomorrow, zone};
