//! Taking a row of the journal back, where nothing came after it that a step back would lose. What is needed for it is kept; after a
//! restart only those files are gone that neither hold nor wait.

use std::{collections::BTreeSet, sync::Arc};

use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;

use super::{
    Manager,
    files::{Retained, record},
    overriding::MOST_OVERRIDES,
    push_once,
};
use crate::{
    Action, CommandError, FileInForce, JournalKind, Moment, Question, UndoBefore, UndoFiles, UndoRecord,
    UndoStep, Waiting,
};

/// How many rows can be taken back; the oldest go first.
const MOST_STEPS: usize = 256;

/// How many files are kept in memory for it; the oldest go first.
const MOST_SHELVED: usize = 16;

/// How a Thing stands before a decision.
#[derive(Debug)]
pub(super) struct Before {
    record: UndoBefore,
    files: Vec<Arc<FileInForce>>,
}

impl Manager {
    /// How a Thing stands now.
    pub(super) fn before(&self, mac: MacAddress) -> Result<Before, CommandError> {
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let decisions = self.decisions.get(&mac).cloned().unwrap_or_default();
        let asks_for_file = matches!(
            thing.question.as_ref().map(|question| &question.waiting),
            Some(Waiting::File(_))
        );
        let state = thing.url.as_ref().filter(|_| asks_for_file);
        let state = state.and_then(|url| self.files.get(url));
        let waiting = state.and_then(|state| state.waiting.as_ref());
        let in_force = state.and_then(|state| state.in_force.as_ref());
        let files = state.map(|_| UndoFiles {
            in_force: in_force.map(|file| file.sha256),
            waiting: waiting.map(|retained| (retained.file.sha256, retained.doubt, retained.reason.clone())),
        });
        let record = UndoBefore {
            url: thing.url.clone().zip(thing.channel),
            question: question_record(thing.question.as_ref()),
            addresses_approved: decisions.addresses_approved,
            admitted: decisions.admitted,
            grouped: decisions.grouped,
            rejected: decisions.rejected,
            controllers: thing.controllers.clone(),
            port: thing.port.clone(),
            files,
            after: (None, None),
        };
        let files = waiting.map(|retained| &retained.file).into_iter().chain(in_force);
        Ok(Before {
            record,
            files: files.cloned().collect(),
        })
    }

    /// How a Thing stands now, as far as a step back must know it.
    fn standing(&self, mac: MacAddress) -> (Option<MudUrl>, Option<[u8; 32]>) {
        let url = self.things.get(&mac).and_then(|thing| thing.url.clone());
        let in_force = url
            .as_ref()
            .and_then(|url| Some(self.files.get(url)?.in_force.as_ref()?.sha256));
        (url, in_force)
    }

    /// Notes how the decision of this row is taken back.
    pub(super) fn remember(&mut self, id: u64, mac: MacAddress, before: Before, actions: &mut Vec<Action>) {
        let Before { mut record, files } = before;
        record.after = self.standing(mac);
        for file in files {
            if self.shelf.len() >= MOST_SHELVED {
                self.shelf.pop_front();
            }
            self.shelf.push_back(file);
        }
        self.add_step(id, mac, UndoStep::Decision(Box::new(record)), actions);
    }

    /// Notes what takes this row back.
    pub(super) fn add_step(&mut self, id: u64, thing: MacAddress, step: UndoStep, actions: &mut Vec<Action>) {
        if self.steps.len() >= MOST_STEPS
            && let Some((oldest, _)) = self.steps.pop_first()
        {
            actions.push(Action::ForgetUndo(oldest));
        }
        let record = UndoRecord { id, thing, step };
        actions.push(Action::SaveUndo(record.clone()));
        self.steps.insert(id, record);
        self.changed = true;
    }

    /// These rows cannot be taken back any more.
    pub(super) fn forget_steps(&mut self, is_past: impl Fn(&UndoRecord) -> bool, actions: &mut Vec<Action>) {
        let past: Vec<_> = self
            .steps
            .values()
            .filter(|step| is_past(step))
            .map(|step| step.id)
            .collect();
        for id in past {
            self.steps.remove(&id);
            actions.push(Action::ForgetUndo(id));
        }
    }

    /// The rows that can be taken back now.
    pub(super) fn undoable(&self) -> BTreeSet<u64> {
        self.steps
            .values()
            .filter(|step| self.can_undo(step))
            .map(|step| step.id)
            .collect()
    }

    pub(super) fn undo_last(
        &mut self,
        mac: MacAddress,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let mut steps = self.steps.values().rev().filter(|step| step.thing == mac);
        let id = steps.find(|step| self.can_undo(step)).map(|step| step.id);
        match id {
            Some(id) => self.undo(id, now, actions),
            None if self.things.contains_key(&mac) => Err(CommandError::NothingToUndo(mac)),
            None => Err(CommandError::UnknownThing(mac)),
        }
    }

    pub(super) fn undo(
        &mut self,
        id: u64,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let can_undo = |record: &&UndoRecord| self.can_undo(record);
        let Some(record) = self.steps.get(&id).filter(can_undo).cloned() else {
            return Err(CommandError::CannotUndo(id));
        };
        self.forget_steps(|step| step.id == id, actions);
        let mac = record.thing;
        match record.step {
            UndoStep::EndOverride(number) => {
                self.end_override(mac, number, now, actions);
            }
            UndoStep::Override(decided) => self.put_override(mac, decided, now, actions),
            UndoStep::Name(name) => self.set_name(mac, name, actions),
            UndoStep::Mode(mode) => self.set_mode(mac, mode, now, actions),
            UndoStep::Thing(mut record) => {
                let asked = record.question.take();
                // Others may have its addresses by now.
                record.bindings = match self.things.get(&mac) {
                    Some(thing) => thing.bindings.clone(),
                    None => (self.take_up(mac, now).into_iter())
                        .map(|(binding, _)| binding)
                        .collect(),
                };
                self.restore_thing(*record, now, actions);
                if let Some(asked) = asked {
                    self.ask_again(mac, asked, now, actions);
                }
                self.members_changed(now, actions);
                self.ask_what_stands(mac, now, actions);
                self.save_thing_always(mac, actions);
                push_once(actions, Action::Apply);
            }
            UndoStep::Decision(before) => self.restore_before(mac, *before, now, actions),
        }
        self.journal(actions, now, Some(mac), JournalKind::Undone, id.to_string());
        Ok(())
    }

    /// Whether nothing came after it that would be lost.
    fn can_undo(&self, record: &UndoRecord) -> bool {
        let Some(thing) = self.things.get(&record.thing) else {
            return matches!(record.step, UndoStep::Thing(_)) && self.things.len() < self.settings.max_things;
        };
        let later = || self.steps.range(record.id + 1..).map(|(_, step)| step);
        let later = || later().filter(|step| step.thing == record.thing);
        match &record.step {
            UndoStep::EndOverride(number) => thing.overrides.iter().any(|decided| decided.id == *number),
            UndoStep::Override(ended) => {
                thing.overrides.len() < MOST_OVERRIDES
                    && thing.overrides.iter().all(|decided| decided.what != ended.what)
            }
            UndoStep::Name(_) => !later().any(|step| matches!(step.step, UndoStep::Name(_))),
            UndoStep::Mode(_) => !later().any(|step| matches!(step.step, UndoStep::Mode(_))),
            UndoStep::Thing(_) => !self.is_kept(record.thing),
            UndoStep::Decision(before) => {
                !later().any(|step| matches!(step.step, UndoStep::Decision(_)))
                    && before.after == self.standing(record.thing)
                    && before
                        .files
                        .as_ref()
                        .is_none_or(|files| self.has_files(before, files))
            }
        }
    }

    fn has_files(&self, before: &UndoBefore, files: &UndoFiles) -> bool {
        let Some((url, _)) = &before.url else { return false };
        let waiting = files.waiting.as_ref().map(|(sha256, ..)| *sha256);
        let mut needed = files.in_force.into_iter().chain(waiting);
        needed.all(|sha256| self.shelved(url, sha256).is_some())
    }

    fn shelved(&self, url: &MudUrl, sha256: [u8; 32]) -> Option<Arc<FileInForce>> {
        let state = self.files.get(url);
        let waiting = state.and_then(|state| Some(&state.waiting.as_ref()?.file));
        let in_force = state.and_then(|state| state.in_force.as_ref());
        let mut files = self.shelf.iter().rev().chain(waiting).chain(in_force);
        files.find(|file| file.sha256 == sha256).cloned()
    }

    fn restore_before(
        &mut self,
        mac: MacAddress,
        before: UndoBefore,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let (url, channel) = before.url.unzip();
        if let (Some(url), Some(files)) = (&url, before.files) {
            self.restore_files(url, files, actions);
        }
        self.change(mac, |thing| {
            (thing.url, thing.channel) = (url.clone(), channel);
            (thing.controllers, thing.port) = (before.controllers, before.port);
        });
        let decisions = self.decisions.entry(mac).or_default();
        decisions.addresses_approved = before.addresses_approved;
        (decisions.admitted, decisions.grouped) = (before.admitted, before.grouped);
        decisions.rejected = before.rejected;
        let question = before.question.and_then(|(raised, asked)| {
            let waiting = self.waiting(mac, asked)?;
            Some(Question { raised, waiting })
        });
        self.change(mac, |thing| thing.question = question);
        self.expect_answer(mac, now);
        if let Some(url) = &url {
            self.recompile_url(url, actions);
            for other in self.things_with(url) {
                self.ask_what_stands(other, now, actions);
            }
        }
        self.recompile(mac, actions);
        self.members_changed(now, actions);
        self.save_thing_always(mac, actions);
        push_once(actions, Action::Apply);
    }

    fn restore_files(&mut self, url: &MudUrl, files: UndoFiles, actions: &mut Vec<Action>) {
        let in_force = files.in_force.and_then(|sha256| self.shelved(url, sha256));
        let waiting = files.waiting.and_then(|(sha256, doubt, reason)| {
            let file = self.shelved(url, sha256)?;
            Some(Retained { file, doubt, reason })
        });
        actions.push(match &in_force {
            Some(file) => Action::SaveFile(record(url, file)),
            None => Action::ForgetFile(url.clone()),
        });
        actions.push(match &waiting {
            Some(retained) => Action::SaveWaiting(retained.record(url)),
            None => Action::ForgetWaiting(url.clone()),
        });
        let state = self.files.entry(url.clone()).or_default();
        (state.in_force, state.waiting) = (in_force, waiting);
    }
}

pub(super) fn question_record(question: Option<&Question>) -> Option<(jiff::Timestamp, crate::Asked)> {
    question.map(|question| (question.raised, question.waiting.asked()))
}
