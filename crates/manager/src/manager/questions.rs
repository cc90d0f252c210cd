//! Questions to the owner: one at a time for each Thing, and none that was answered with no before (RFC 8520 section 16).
//!
//! Most questions follow from how a Thing stands, and stay as long as that does: a file that waits, addresses, controllers, classes,
//! a Thing that was not admitted. Two come from what was seen once, another MUD URL and another port; those end after a week without
//! an answer, because the Thing will say so again if it is still so. The end of a question is no answer: the narrower policy stays.

use std::{sync::Arc, time::Duration};

use mudguard_policy::{MacAddress, compile};

use super::{Manager, addresses_approved, ends::End};
use crate::{Action, Asked, JournalKind, Moment, Question, Waiting};

/// How many answers "no" are remembered for each Thing; the oldest is forgotten.
const MOST_REJECTED: usize = 32;

/// How long a question waits that comes from what was seen once.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

impl Manager {
    /// Raises a question, unless one is already open about the same or the owner has said no to this before.
    pub(super) fn ask(&mut self, mac: MacAddress, waiting: Waiting, now: Moment, actions: &mut Vec<Action>) {
        if self.is_rejected(mac, &waiting) {
            return;
        }
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
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
        let subject = self.subject(mac, &waiting);
        self.journal(actions, now, Some(mac), JournalKind::QuestionRaised, subject);
        let raised = now.wall;
        self.change(mac, |thing| thing.question = Some(Question { raised, waiting }));
        self.expect_answer(mac, now);
        self.save_thing(mac, actions);
    }

    /// Raises what follows from how a Thing stands, one question after the other.
    pub(super) fn ask_what_stands(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) {
        let stands = self.stands(mac);
        let settled = |waiting: &Waiting| match waiting {
            Waiting::Addresses | Waiting::Controllers(_) | Waiting::Group => {
                stands.iter().all(|other| other.subject() != waiting.subject())
            }
            Waiting::File(_) | Waiting::Url(..) | Waiting::NewThing | Waiting::Place(_) => false,
        };
        self.change(mac, |thing| {
            thing.question.take_if(|question| settled(&question.waiting));
        });
        let url = self.things.get(&mac).and_then(|thing| thing.url.clone());
        if let Some(url) = &url {
            self.ask_about_file(mac, url, now, actions);
        }
        self.ask_to_admit(mac, now, actions);
        for waiting in stands {
            self.ask(mac, waiting, now, actions);
        }
    }

    /// What the rules in force leave for the owner to say.
    fn stands(&self, mac: MacAddress) -> Vec<Waiting> {
        let Some(file) = self.things.get(&mac).and_then(|thing| thing.file.as_ref()) else {
            return Vec::new();
        };
        let decisions = self.decisions.get(&mac).cloned().unwrap_or_default();
        // RFC 8520 section 2: ACEs with addresses are held until the owner has looked at them.
        let are_held = !addresses_approved(file, &decisions)
            && compile(&file.file, &self.site(mac, false)) != self.approved_policy(mac, file);
        let addresses = are_held.then_some(Waiting::Addresses);
        addresses
            .into_iter()
            .chain(self.class_questions(mac, file))
            .collect()
    }

    /// Asks about a Thing that must wait; whoever need not wait is not asked about.
    pub(super) fn ask_to_admit(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) {
        let decisions = self.decisions.get(&mac);
        let (admitted, restricted) = decisions.map_or((false, false), |decisions| {
            (decisions.admitted, decisions.restricted)
        });
        let has_url = self.things.get(&mac).is_some_and(|thing| thing.url.is_some());
        if !admitted && (self.must_wait(mac) || restricted && !has_url) {
            self.ask(mac, Waiting::NewThing, now, actions);
        } else {
            self.change(mac, |thing| {
                thing
                    .question
                    .take_if(|question| matches!(question.waiting, Waiting::NewThing));
            });
        }
    }

    /// What was asked, from what is known of it now; nothing if that is gone.
    pub(super) fn waiting(&self, mac: MacAddress, asked: Asked) -> Option<Waiting> {
        Some(match asked {
            Asked::File => {
                let url = self.things.get(&mac)?.url.as_ref()?;
                Waiting::File(Arc::new(self.waiting_file(mac, url)?))
            }
            Asked::Addresses => Waiting::Addresses,
            Asked::Url { url, channel } => Waiting::Url(url, channel),
            Asked::NewThing => Waiting::NewThing,
            Asked::Controllers { class } => Waiting::Controllers(class),
            Asked::Group => Waiting::Group,
            Asked::Place { port } => Waiting::Place(port),
        })
    }

    /// Sees to it that a question from what was seen once ends by itself.
    pub(super) fn expect_answer(&mut self, mac: MacAddress, now: Moment) {
        self.ends.remove(End::Question(mac));
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let Some(question) = &thing.question else { return };
        let ends = match question.waiting {
            // Without a MUD URL of its own it is this question that limits it.
            Waiting::Url(..) => thing.url.is_some(),
            Waiting::Place(_) => true,
            Waiting::File(_)
            | Waiting::Addresses
            | Waiting::NewThing
            | Waiting::Controllers(_)
            | Waiting::Group => false,
        };
        if ends {
            let end = question
                .raised
                .checked_add(jiff::SignedDuration::from_hours(7 * 24));
            self.ends
                .on(End::Question(mac), end.unwrap_or(now.wall), WEEK, now);
        }
    }

    /// A question was not answered for a week: the narrower policy stays.
    pub(super) fn end_question(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) {
        let Some(question) = self.things.get(&mac).and_then(|thing| thing.question.clone()) else {
            return;
        };
        let subject = self.subject(mac, &question.waiting);
        self.change(mac, |thing| thing.question = None);
        self.journal(actions, now, Some(mac), JournalKind::QuestionEnded, subject);
        self.ask_what_stands(mac, now, actions);
        self.save_thing_always(mac, actions);
    }

    /// Whether the owner has said no to this before.
    pub(super) fn is_rejected(&self, mac: MacAddress, waiting: &Waiting) -> bool {
        let subject = self.subject(mac, waiting);
        let decisions = self.decisions.get(&mac);
        decisions.is_some_and(|decisions| decisions.rejected.contains(&subject))
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
                Some(sha256) => format!("{} {}", waiting.subject(), crate::question::hexadecimal(&sha256)),
                None => waiting.subject(),
            },
            Waiting::File(_)
            | Waiting::Url(..)
            | Waiting::NewThing
            | Waiting::Controllers(_)
            | Waiting::Group
            | Waiting::Place(_) => waiting.subject(),
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
