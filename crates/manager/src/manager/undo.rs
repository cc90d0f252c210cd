//! Taking the last decision about a Thing back, where nothing came after it that a step back would lose.

use std::sync::Arc;

use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;

use super::{
    Manager,
    files::{Retained, journal, record},
    push_once,
    sightings::Decisions,
};
use crate::{Action, Channel, CommandError, FileInForce, JournalKind, Mode, Moment, Question, Waiting};

/// What was decided last about a Thing since the start.
#[derive(Debug)]
pub(super) enum Done {
    /// This override was made.
    Override(u32),
    /// It was renamed, and had this name.
    Name(Option<String>),
    /// A mode was chosen for it, and it had this one.
    Mode(Option<Mode>),
    /// A question was answered, or its URL was set, and all was as this says.
    Decision(Box<Before>),
}

/// How a Thing stood before a decision.
#[derive(Debug)]
pub(super) struct Before {
    url: Option<(MudUrl, Channel)>,
    question: Option<Question>,
    decisions: Decisions,
    /// The file of its URL, if the decision was about that.
    file: Option<FileBefore>,
    /// What the decision made of it: if that is no longer so, it is too late.
    after: Option<(Option<MudUrl>, Option<[u8; 32]>)>,
}

#[derive(Debug)]
struct FileBefore {
    url: MudUrl,
    in_force: Option<Arc<FileInForce>>,
    waiting: Option<Retained>,
}

impl Manager {
    pub(super) fn before(&self, mac: MacAddress) -> Option<Before> {
        let thing = self.things.get(&mac)?;
        let asks_for_file = matches!(
            &thing.question,
            Some(Question {
                waiting: Waiting::File(_),
                ..
            })
        );
        let file = thing.url.as_ref().filter(|_| asks_for_file).and_then(|url| {
            let state = self.files.get(url)?;
            Some(FileBefore {
                url: url.clone(),
                in_force: state.in_force.clone(),
                waiting: state.waiting.clone(),
            })
        });
        Some(Before {
            url: thing.url.clone().zip(thing.channel),
            question: thing.question.clone(),
            decisions: self.decisions.get(&mac).cloned().unwrap_or_default(),
            file,
            after: None,
        })
    }

    /// How a Thing stands now, as far as a step back must know it.
    fn standing(&self, mac: MacAddress) -> Option<(Option<MudUrl>, Option<[u8; 32]>)> {
        let thing = self.things.get(&mac)?;
        let in_force = |url| Some(self.files.get(url)?.in_force.as_ref()?.sha256);
        Some((thing.url.clone(), thing.url.as_ref().and_then(in_force)))
    }

    /// Notes a decision that was just taken.
    pub(super) fn remember(&mut self, mac: MacAddress, before: Option<Before>) {
        if let Some(before) = before {
            let after = self.standing(mac);
            self.done
                .insert(mac, Done::Decision(Box::new(Before { after, ..before })));
        }
    }

    pub(super) fn undo(
        &mut self,
        mac: MacAddress,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        if !self.things.contains_key(&mac) {
            return Err(CommandError::UnknownThing(mac));
        }
        let done = self.done.remove(&mac).ok_or(CommandError::NothingToUndo(mac))?;
        match done {
            Done::Override(id) => {
                if !self.end_override(mac, id, now, actions) {
                    return Err(CommandError::NothingToUndo(mac));
                }
            }
            Done::Name(name) => self.set_name(mac, name, now, actions),
            Done::Mode(mode) => self.set_mode(mac, mode, now, actions),
            Done::Decision(before) => {
                if before.after != self.standing(mac) {
                    return Err(CommandError::NothingToUndo(mac));
                }
                self.restore_before(mac, *before, now, actions);
            }
        }
        journal(actions, now, Some(mac), JournalKind::Undone, String::new());
        Ok(())
    }

    fn restore_before(&mut self, mac: MacAddress, before: Before, now: Moment, actions: &mut Vec<Action>) {
        let (url, channel) = before.url.unzip();
        self.change(mac, |thing| {
            (thing.url, thing.channel) = (url, channel);
            thing.question = before.question;
        });
        self.decisions.insert(mac, before.decisions);
        if let Some(file) = before.file {
            match &file.in_force {
                Some(in_force) => actions.push(Action::SaveFile(record(&file.url, in_force))),
                None => actions.push(Action::ForgetFile(file.url.clone())),
            }
            let state = self.files.entry(file.url.clone()).or_default();
            (state.in_force, state.waiting) = (file.in_force, file.waiting);
            self.recompile_url(&file.url, actions);
            for other in self.things_with(&file.url) {
                self.ask_about_file(other, &file.url, now, actions);
            }
        }
        self.recompile(mac, actions);
        self.save_thing_always(mac, actions);
        push_once(actions, Action::Apply);
    }
}
