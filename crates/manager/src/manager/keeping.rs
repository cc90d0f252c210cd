//! What is kept of Things, and of which of them.

use mudguard_policy::MacAddress;

use super::{Manager, sightings::Decisions, undo::question_record, urls::Others};
use crate::{Action, ThingRecord, Waiting};

impl Manager {
    /// Whether anything of a Thing is kept. A stranger is forgotten with the daemon: anyone can make up MAC addresses, and flash is small.
    pub(super) fn is_kept(&self, mac: MacAddress) -> bool {
        let Some(thing) = self.things.get(&mac) else {
            return false;
        };
        let mut decisions = self.decisions.get(&mac).cloned().unwrap_or_default();
        decisions.restricted = false;
        let asks_for_url = matches!(
            thing.question.as_ref().map(|question| &question.waiting),
            Some(Waiting::Url(..))
        );
        thing.url.is_some()
            || asks_for_url
            || thing.name.is_some()
            || !thing.overrides.is_empty()
            || !thing.controllers.is_empty()
            || thing.mode.is_some()
            || decisions != Decisions::default()
    }

    pub(super) fn save_thing(&self, mac: MacAddress, actions: &mut Vec<Action>) {
        if self.is_kept(mac) {
            self.save_thing_always(mac, actions);
        }
    }

    /// Saves even what is as good as nothing, because more was saved before.
    pub(super) fn save_thing_always(&self, mac: MacAddress, actions: &mut Vec<Action>) {
        let Some(record) = self.thing_record(mac) else {
            return;
        };
        actions.retain(|action| {
            !matches!(action, Action::SaveThing(old) | Action::SaveThingLater(old) if old.mac == mac)
        });
        actions.push(Action::SaveThing(record));
    }

    /// What is kept of a Thing.
    pub(super) fn thing_record(&self, mac: MacAddress) -> Option<ThingRecord> {
        let thing = self.things.get(&mac)?;
        let decisions = self.decisions.get(&mac).cloned().unwrap_or_default();
        Some(ThingRecord {
            mac,
            name: thing.name.clone(),
            host_name: thing.host_name.clone(),
            port: thing.port.clone(),
            lan: thing.lan.clone(),
            first_seen: thing.first_seen,
            last_seen: thing.last_seen,
            url: thing.url.clone().zip(thing.channel),
            bindings: thing.bindings.clone(),
            addresses_approved: decisions.addresses_approved,
            admitted: decisions.admitted,
            rejected: decisions.rejected,
            overrides: thing.overrides.clone(),
            mode: thing.mode,
            controllers: thing.controllers.clone(),
            question: question_record(thing.question.as_ref()),
            others: self.others.get(&mac).map(Others::record),
            grouped: decisions.grouped,
        })
    }
}
