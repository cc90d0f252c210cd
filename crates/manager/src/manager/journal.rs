//! The journal's next row: its number, and who is acting.

use mudguard_policy::MacAddress;

use super::Manager;
use crate::{Action, Author, Event, JournalEntry, JournalKind, Moment};

impl Manager {
    /// Adds a row, and returns its number.
    pub(super) fn journal(
        &mut self,
        actions: &mut Vec<Action>,
        now: Moment,
        thing: Option<MacAddress>,
        kind: JournalKind,
        detail: String,
    ) -> u64 {
        self.last_entry = self.last_entry.saturating_add(1);
        actions.push(Action::Journal(JournalEntry {
            id: self.last_entry,
            by: self.author.clone(),
            at: now.wall,
            thing,
            kind,
            detail,
        }));
        self.last_entry
    }
}

/// Who is behind an event.
pub(super) fn author(event: &Event) -> Author {
    match event {
        Event::Announced(_)
        | Event::Leased { .. }
        | Event::Released { .. }
        | Event::Departed { .. }
        | Event::Forged { .. }
        | Event::Moved { .. }
        | Event::Neighbour { .. }
        | Event::Answered(_)
        | Event::Denied(_) => Author::Thing,
        Event::Fetched(_) | Event::Brought(_) => Author::Maker,
        Event::HomeChanged(_)
        | Event::ClockChanged(_)
        | Event::Noticed(_)
        | Event::Stored(_)
        | Event::Applied { .. }
        | Event::Tick => Author::Mudguard,
    }
}
