//! A Thing is at one port. One that is heard at two within a few minutes is two Things, or one that somebody pretends to be.
//!
//! A single move is believed: a plug was moved, or a radio has taken over. Which frames are forged is not for the manager to say; it
//! keeps the Thing where it was and asks once.

use std::time::Duration;

use mudguard_policy::MacAddress;

use super::{Manager, push_once};
use crate::{Action, Moment, Waiting};

/// A port at which a Thing was heard within this time is a port at which it is.
const TOGETHER: Duration = Duration::from_secs(5 * 60);

/// When a Thing was last heard at its port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard(Duration);

impl Manager {
    /// Whether a Thing may be at this port, on which it was just heard.
    pub(super) fn heard_on(
        &mut self,
        mac: MacAddress,
        port: &str,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> bool {
        let known = self.things.get(&mac).and_then(|thing| thing.port.as_deref());
        let elsewhere = known.is_some_and(|known| known != port);
        let last = self
            .heard
            .get(&mac)
            .map(|Heard(last)| now.uptime.saturating_sub(*last));
        // Nothing is kept from a Thing that is not managed, so nothing is asked about it.
        if elsewhere && last.is_some_and(|last| last < TOGETHER) && self.is_kept(mac) {
            self.conflict(mac, port, now, actions);
            return false;
        }
        self.heard.insert(mac, Heard(now.uptime));
        true
    }

    /// A frame on this port named a Thing that did not send it.
    pub(super) fn forged(&mut self, mac: MacAddress, port: String, now: Moment, actions: &mut Vec<Action>) {
        if self.is_kept(mac) {
            self.conflict(mac, &port, now, actions);
        }
    }

    /// A Thing has moved, as the bridge itself tells: nothing is asked any more.
    pub(super) fn moved(&mut self, mac: MacAddress, port: String, now: Moment, actions: &mut Vec<Action>) {
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        if thing.port.as_ref() == Some(&port) {
            return;
        }
        self.heard.insert(mac, Heard(now.uptime));
        self.change(mac, |thing| {
            thing.port = Some(port);
            thing
                .question
                .take_if(|question| matches!(question.waiting, Waiting::Place(_)));
        });
        self.recompile(mac, actions);
        self.ask_to_admit(mac, now, actions);
        push_once(actions, Action::Apply);
        self.save_thing(mac, actions);
    }

    fn conflict(&mut self, mac: MacAddress, port: &str, now: Moment, actions: &mut Vec<Action>) {
        self.ask(mac, Waiting::Place(port.to_owned()), now, actions);
    }
}
