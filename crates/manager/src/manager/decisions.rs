//! What the owner decides. Only here do rights grow beyond what a verified file grants (RFC 8520 sections 13.2 and 16).

use mudguard_policy::MacAddress;

use super::{Manager, ends::End};
use crate::{Action, CommandError, JournalKind, Moment, Waiting};

impl Manager {
    pub(super) fn approve(
        &mut self,
        mac: MacAddress,
        question: Option<&str>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let before = self.before(mac)?;
        let waiting = self.question_read(mac, question)?;
        if matches!(waiting, Waiting::Controllers(_)) {
            return Err(CommandError::ChooseFirst(mac));
        }
        let subject = self.take_question(mac, &waiting);
        let decisions = self.decisions.entry(mac).or_default();
        decisions.rejected.retain(|rejected| *rejected != subject);
        let id = self.journal(actions, now, Some(mac), JournalKind::Approved, subject);
        match waiting {
            Waiting::File(_) => {
                let url = self.things.get(&mac).and_then(|thing| thing.url.clone());
                if let Some(url) = url
                    && let Some(retained) = self.files.get_mut(&url).and_then(|state| state.waiting.take())
                {
                    self.decisions.entry(mac).or_default().admitted = true;
                    actions.push(Action::ForgetWaiting(url.clone()));
                    self.put_in_force(&url, retained.into_approved(now.wall), now, actions);
                }
            }
            Waiting::Addresses => {
                let sha256 = self
                    .things
                    .get(&mac)
                    .and_then(|thing| Some(thing.file.as_ref()?.sha256));
                self.decisions.entry(mac).or_default().addresses_approved = sha256;
            }
            Waiting::Url(url, channel) => {
                self.adopt_url(mac, url.clone(), channel, now, actions);
                self.want_file(&url, now, actions);
            }
            Waiting::NewThing => self.decisions.entry(mac).or_default().admitted = true,
            Waiting::Group => {
                self.decisions.entry(mac).or_default().grouped = true;
                self.members_changed(now, actions);
            }
            Waiting::Place(port) => self.change(mac, |thing| thing.port = Some(port)),
            // Yes alone does not say which: see above.
            Waiting::Controllers(_) => {}
        }
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
        self.save_thing(mac, actions);
        self.remember(id, mac, before, actions);
        Ok(())
    }

    pub(super) fn reject(
        &mut self,
        mac: MacAddress,
        question: Option<&str>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let before = self.before(mac)?;
        let waiting = self.question_read(mac, question)?;
        let subject = self.take_question(mac, &waiting);
        let id = self.journal(actions, now, Some(mac), JournalKind::Rejected, subject.clone());
        self.remember_rejection(mac, subject);
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
        self.save_thing(mac, actions);
        self.remember(id, mac, before, actions);
        Ok(())
    }

    /// The question that waits, if it is the one that was read.
    fn question_read(&self, mac: MacAddress, read: Option<&str>) -> Result<Waiting, CommandError> {
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let question = thing.question.as_ref().ok_or(CommandError::NothingWaits(mac))?;
        if read.is_some_and(|read| read != question.key()) {
            return Err(CommandError::OtherQuestion(mac));
        }
        Ok(question.waiting.clone())
    }

    /// The question is answered; says what it was about.
    fn take_question(&mut self, mac: MacAddress, waiting: &Waiting) -> String {
        let subject = self.subject(mac, waiting);
        self.change(mac, |thing| thing.question = None);
        self.ends.remove(End::Question(mac));
        subject
    }
}
