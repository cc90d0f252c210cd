//! What the owner allows, blocks and lifts, names and forgets. It holds through every new file and every restart, and ends by itself.

use std::time::Duration;

use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;

use super::{
    Manager,
    ends::{End, date_after},
    push_once,
};
use crate::{
    Action, Channel, CommandError, Enforcement, JournalKind, Mode, Moment, Override, OverridePeer,
    Overriding, UndoStep,
};

/// How many decisions about flows stand beside the file of one Thing.
pub(super) const MOST_OVERRIDES: usize = 32;
const LONGEST_LIFT: Duration = Duration::from_secs(48 * 3600);
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
const LONGEST_NAME: usize = 60;

impl Manager {
    pub(super) fn add_override(
        &mut self,
        mac: MacAddress,
        what: Overriding,
        lasting: Option<Duration>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let is_lift = what == Overriding::Lift;
        let longest = if is_lift { LONGEST_LIFT } else { LONGEST };
        if lasting.is_some_and(|lasting| lasting > longest) || is_lift && lasting.is_none() {
            return Err(CommandError::TooLong);
        }
        if thing.enforcement == Enforcement::None {
            return Err(CommandError::NotLimited(mac));
        }
        // The same decision again only changes how long it lasts.
        let same: Vec<_> = (thing.overrides.iter())
            .filter(|decided| decided.what == what)
            .map(|decided| decided.id)
            .collect();
        if thing.overrides.len() - same.len() >= MOST_OVERRIDES {
            return Err(CommandError::TooManyOverrides(mac));
        }
        let id = thing.overrides.iter().map(|decided| decided.id).max();
        let id = id.unwrap_or_default().wrapping_add(1);
        let kind = match &what {
            Overriding::Allow(_) => JournalKind::Allowed,
            Overriding::Block(_) => JournalKind::Blocked,
            Overriding::Lift => JournalKind::Lifted,
        };
        let entry = self.journal(actions, now, Some(mac), kind, words(&what));
        for old in &same {
            self.override_gone(mac, *old, actions);
        }
        self.change(mac, |thing| {
            thing.overrides.retain(|decided| !same.contains(&decided.id));
            thing.overrides.push(Override {
                id,
                what,
                made: now.wall,
                until: lasting.map(|lasting| date_after(lasting, now)),
            });
        });
        if let Some(lasting) = lasting {
            self.ends.after(End::Override(mac, id), lasting, now);
        }
        self.add_step(entry, mac, UndoStep::EndOverride(id), actions);
        self.recompile(mac, actions);
        self.save_thing(mac, actions);
        Ok(())
    }

    /// Its number may come again, for another.
    fn override_gone(&mut self, mac: MacAddress, id: u32, actions: &mut Vec<Action>) {
        self.ends.remove(End::Override(mac, id));
        let made_it = UndoStep::EndOverride(id);
        self.forget_steps(|step| step.thing == mac && step.step == made_it, actions);
    }

    /// An override that was ended holds again, until the same date.
    pub(super) fn put_override(
        &mut self,
        mac: MacAddress,
        mut ended: Override,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let id = thing.overrides.iter().map(|decided| decided.id).max();
        ended.id = id.unwrap_or_default().wrapping_add(1);
        if let Some(until) = ended.until {
            let length = Duration::try_from(until.duration_since(ended.made)).unwrap_or_default();
            self.ends.on(End::Override(mac, ended.id), until, length, now);
        }
        self.change(mac, |thing| thing.overrides.push(ended));
        self.recompile(mac, actions);
        self.save_thing(mac, actions);
    }

    pub(super) fn stop_override(
        &mut self,
        mac: MacAddress,
        id: u32,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        if !self.things.contains_key(&mac) {
            return Err(CommandError::UnknownThing(mac));
        }
        let (ended, entry) = self
            .end_override(mac, id, now, actions)
            .ok_or(CommandError::NoSuchOverride(mac, id))?;
        self.add_step(entry, mac, UndoStep::Override(ended), actions);
        Ok(())
    }

    /// Ends a decision, if there is one; returns it with the number of its row.
    pub(super) fn end_override(
        &mut self,
        mac: MacAddress,
        id: u32,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Option<(Override, u64)> {
        let ended = self.things.get(&mac).and_then(|thing| {
            let mut overrides = thing.overrides.iter();
            overrides.find(|decided| decided.id == id).cloned()
        })?;
        self.override_gone(mac, id, actions);
        let entry = self.journal(
            actions,
            now,
            Some(mac),
            JournalKind::OverrideEnded,
            words(&ended.what),
        );
        self.change(mac, |thing| thing.overrides.retain(|decided| decided.id != id));
        self.recompile(mac, actions);
        // The record must lose it even if nothing else is kept of the Thing.
        self.save_thing_always(mac, actions);
        Some((ended, entry))
    }

    pub(super) fn rename(
        &mut self,
        mac: MacAddress,
        name: Option<String>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let name = name.map(|name| name.trim().to_owned());
        let is_good = |name: &String| {
            !name.is_empty()
                && name.chars().count() <= LONGEST_NAME
                && !name.chars().any(|character| character.is_control())
        };
        if !name.as_ref().is_none_or(is_good) {
            return Err(CommandError::BadName);
        }
        let before = thing.name.clone();
        let detail = name.clone().unwrap_or_default();
        let entry = self.journal(actions, now, Some(mac), JournalKind::Renamed, detail);
        self.add_step(entry, mac, UndoStep::Name(before), actions);
        self.set_name(mac, name, actions);
        Ok(())
    }

    pub(super) fn set_name(&mut self, mac: MacAddress, name: Option<String>, actions: &mut Vec<Action>) {
        self.change(mac, |thing| thing.name = name);
        self.save_thing_always(mac, actions);
    }

    pub(super) fn choose_mode(
        &mut self,
        mac: MacAddress,
        mode: Option<Mode>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let thing = self.things.get(&mac).ok_or(CommandError::UnknownThing(mac))?;
        let before = thing.mode;
        let word = match mode {
            Some(Mode::Watch) => "watch",
            Some(Mode::Ask) => "ask",
            Some(Mode::Protect) => "protect",
            None => "",
        };
        let entry = self.journal(actions, now, Some(mac), JournalKind::ModeSet, word.to_owned());
        self.add_step(entry, mac, UndoStep::Mode(before), actions);
        self.set_mode(mac, mode, now, actions);
        Ok(())
    }

    pub(super) fn set_mode(
        &mut self,
        mac: MacAddress,
        mode: Option<Mode>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        self.change(mac, |thing| thing.mode = mode);
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
        self.save_thing_always(mac, actions);
    }

    pub(super) fn set_url(
        &mut self,
        mac: MacAddress,
        url: MudUrl,
        channel: Channel,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        if !self.meet(mac, now, actions) {
            return Err(CommandError::UnknownThing(mac));
        }
        let before = self.before(mac)?;
        let channel = match channel {
            Channel::Code => Channel::Code,
            Channel::Dhcpv4 | Channel::Dhcpv6 | Channel::Lldp | Channel::Certificate | Channel::Owner => {
                Channel::Owner
            }
        };
        let id = self.adopt_url(mac, url.clone(), channel, now, actions);
        self.want_file(&url, now, actions);
        self.remember(id, mac, before, actions);
        Ok(())
    }

    pub(super) fn forget(
        &mut self,
        mac: MacAddress,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> Result<(), CommandError> {
        let record = self.thing_record(mac).ok_or(CommandError::UnknownThing(mac))?;
        let was_kept = self.is_kept(mac);
        self.set_aside(mac, now);
        self.drop_thing(mac);
        self.changed = true;
        self.forget_steps(|step| step.thing == mac, actions);
        let detail = record.name.clone().unwrap_or_default();
        let entry = self.journal(actions, now, Some(mac), JournalKind::Forgotten, detail);
        if was_kept {
            self.add_step(entry, mac, UndoStep::Thing(Box::new(record)), actions);
        }
        self.members_changed(now, actions);
        actions.push(Action::ForgetThing(mac));
        push_once(actions, Action::Apply);
        Ok(())
    }
}

/// What the journal keeps of a decision about flows.
fn words(what: &Overriding) -> String {
    let (Overriding::Allow(flows) | Overriding::Block(flows)) = what else {
        return String::new();
    };
    let peer = match &flows.peer {
        OverridePeer::Name(name) => name.to_string(),
        OverridePeer::Address(address) => address.to_string(),
        OverridePeer::Network(network) => network.to_string(),
    };
    let protocol = flows.protocol.map(|number| format!(" protocol {number}"));
    let port = flows.port.map(|port| format!(" port {port}"));
    peer + &protocol.unwrap_or_default() + &port.unwrap_or_default()
}
