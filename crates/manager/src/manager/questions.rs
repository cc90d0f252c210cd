//! Questions to the owner: one at a time for each Thing, and none that was answered with no before (RFC 8520 section 16).

use mudguard_policy::MacAddress;

use super::{Manager, files::journal};
use crate::{Action, JournalKind, Moment, Question, Waiting};

/// How many answers "no" are remembered for each Thing; the oldest is forgotten.
const MOST_REJECTED: usize = 32;

impl Manager {
    /// Raises a question, unless one is already open about the same or the owner has said no to this before.
    pub(super) fn ask(&mut self, mac: MacAddress, waiting: Waiting, now: Moment, actions: &mut Vec<Action>) {
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let subject = self.subject(mac, &waiting);
        if (self.decisions.get(&mac)).is_some_and(|decisions| decisions.rejected.contains(&subject)) {
            return;
        }
        let replaces = match (
            thing.question.as_ref().map(|question| &question.waiting),
            &waiting,
        ) {
            (None, _) | (Some(Waiting::NewThing), Waiting::File(_)) => true,
            (Some(Waiting::File(old)), Waiting::File(new)) => old.file.sha256 != new.file.sha256,
            (Some(_), _) => false,
        };
        if !replaces {
            return;
        }
        journal(actions, now, Some(mac), JournalKind::QuestionRaised, subject);
        self.change(mac, |thing| {
            thing.question = Some(Question {
                raised: now.wall,
                waiting,
            });
        });
    }

    /// The text by which a question is recognised when it comes again.
    pub(super) fn subject(&self, mac: MacAddress, waiting: &Waiting) -> String {
        let in_force = || {
            self.things
                .get(&mac)
                .and_then(|thing| Some(thing.file.as_ref()?.sha256))
        };
        match waiting {
            // Other addresses in another file are another question.
            Waiting::Addresses => match in_force() {
                Some(sha256) => format!("{} {}", waiting.subject(), crate::thing::hexadecimal(&sha256)),
                None => waiting.subject(),
            },
            Waiting::File(_) | Waiting::Url(..) | Waiting::NewThing => waiting.subject(),
        }
    }

    pub(super) fn remember_rejection(&mut self, mac: MacAddress, subject: String) {
        let rejected = &mut self.decisions.entry(mac).or_default().rejected;
        rejected.retain(|known| *known != subject);
        if rejected.len() >= MOST_REJECTED {
            rejected.remove(0);
        }
        rejected.push(subject);
    }
}
