//! The start: what the store kept becomes rules again before anything is fetched (invariant "last good stays").

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Manager, Settings,
    ends::End,
    files::{FileState, Retained},
    judge::read,
    schedule::Schedule,
    sightings::Decisions,
    urls::Others,
};
use mudguard_policy::MacAddress;

use crate::{
    Action, Asked, FileInForce, FileRecord, Home, Moment, Question, Thing, ThingRecord, UndoRecord, Waiting,
    WaitingRecord,
};

/// What the store kept.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The Things.
    pub things: Vec<ThingRecord>,
    /// The last good files.
    pub files: Vec<FileRecord>,
    /// The files that wait for the owner.
    pub waiting: Vec<WaitingRecord>,
    /// How rows of the journal are taken back.
    pub undo: Vec<UndoRecord>,
    /// The number of the newest row of the journal.
    pub last_entry: u64,
    /// Things that were limited before. Those of them of which `things` knows no MUD URL were lost, and are limited until they are
    /// learnt anew or admitted by the owner.
    pub restricted: Vec<MacAddress>,
}

impl Manager {
    /// A manager of a home that is already known, and what must be done first.
    ///
    /// A kept file that can no longer be read is reported as the problem of its Things, which get the narrow policy.
    #[must_use]
    pub fn restore(settings: Settings, home: Home, restored: Restored, now: Moment) -> (Self, Vec<Action>) {
        let mut manager = Self::new(settings, home);
        for record in restored.files {
            manager.restore_file(record, now);
        }
        for record in restored.waiting {
            manager.restore_waiting(record);
        }
        manager.last_entry = restored.last_entry;
        let mut actions = vec![Action::Apply];
        let mut things = restored.things;
        let questions: Vec<_> = things
            .iter_mut()
            .filter_map(|record| Some((record.mac, record.question.take()?)))
            .collect();
        let macs: Vec<_> = things.iter().map(|record| record.mac).collect();
        for record in things {
            manager.restore_thing(record, now, &mut actions);
        }
        manager.steps = restored.undo.into_iter().map(|step| (step.id, step)).collect();
        for (mac, asked) in questions {
            manager.ask_again(mac, asked, now, &mut actions);
        }
        // Who is in a class is known when all Things are there.
        manager.members_changed(now, &mut actions);
        for mac in macs {
            manager.ask_what_stands(mac, now, &mut actions);
        }
        for mac in restored.restricted {
            manager.restrict(mac, now, &mut actions);
        }
        let urls: Vec<_> = manager
            .things
            .values()
            .filter_map(|thing| thing.url.clone())
            .collect();
        for url in urls {
            manager.want_file(&url, now, &mut actions);
        }
        (manager, actions)
    }

    /// Limits a Thing that was limited before, if what is kept of it does not say why.
    fn restrict(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) {
        let admitted = self
            .decisions
            .get(&mac)
            .is_some_and(|decisions| decisions.admitted);
        match self.things.get(&mac) {
            Some(thing) if thing.url.is_some() || admitted => return,
            Some(_) => {}
            None if self.things.len() >= self.settings.max_things || !mac.is_station() => return,
            None => {
                self.things.insert(mac, Arc::new(Thing::stranger(mac, now.wall)));
            }
        }
        self.decisions.entry(mac).or_default().restricted = true;
        self.changed = true;
        self.recompile(mac, actions);
        self.ask(mac, Waiting::NewThing, now, actions);
    }

    fn restore_file(&mut self, record: FileRecord, now: Moment) {
        let url = record.url.clone();
        let Some(file) = in_force(record) else { return };
        let state = FileState {
            fetch: Schedule::of_kept(&url, &file, self.settings.jitter, now),
            in_force: Some(Arc::new(file)),
            waiting: None,
        };
        self.files.insert(url, state);
    }

    /// What was asked before is asked still, since then.
    pub(super) fn ask_again(
        &mut self,
        mac: MacAddress,
        (raised, asked): (Timestamp, Asked),
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        if let Some(waiting) = self.waiting(mac, asked) {
            self.change(mac, |thing| thing.question = Some(Question { raised, waiting }));
            self.expect_answer(mac, now);
            self.recompile(mac, actions);
        }
    }

    fn restore_waiting(&mut self, record: WaitingRecord) {
        let WaitingRecord { file, doubt, reason } = record;
        let url = file.url.clone();
        if let Some(file) = in_force(file) {
            let file = Arc::new(file);
            self.files.entry(url).or_default().waiting = Some(Retained { file, doubt, reason });
        }
    }

    pub(super) fn restore_thing(&mut self, record: ThingRecord, now: Moment, actions: &mut Vec<Action>) {
        let mac = record.mac;
        let (url, channel) = record.url.unzip();
        let unreadable = url.as_ref().is_some_and(|url| !self.files.contains_key(url));
        self.decisions.insert(
            mac,
            Decisions {
                addresses_approved: record.addresses_approved,
                admitted: record.admitted,
                grouped: record.grouped,
                rejected: record.rejected,
                restricted: false,
            },
        );
        let mut bindings = record.bindings;
        bindings.retain(|binding| binding.expires.unwrap_or(Timestamp::MAX) > now.wall);
        for binding in &bindings {
            if let Some(expires) = binding.expires {
                self.ends
                    .on(End::Lease(mac, binding.address), expires, Duration::MAX, now);
            }
        }
        let mut overrides = record.overrides;
        overrides.retain(|decided| decided.until.unwrap_or(Timestamp::MAX) > now.wall);
        for decided in &overrides {
            if let Some(until) = decided.until {
                let length = Duration::try_from(until.duration_since(decided.made)).unwrap_or_default();
                self.ends.on(End::Override(mac, decided.id), until, length, now);
            }
        }
        self.things.insert(
            mac,
            Arc::new(Thing {
                mac,
                name: record.name,
                host_name: record.host_name,
                port: record.port,
                lan: record.lan,
                first_seen: record.first_seen,
                last_seen: record.last_seen,
                bindings,
                url,
                channel,
                overrides,
                mode: record.mode,
                controllers: record.controllers,
                problem: unreadable
                    .then(|| "no file of this MUD URL is kept; it is being retrieved".to_owned()),
                ..Thing::stranger(mac, now.wall)
            }),
        );
        if let Some(others) = record.others {
            self.others.insert(mac, Others::restore(others, now));
        }
        self.changed = true;
        self.recompile(mac, actions);
    }
}

fn in_force(record: FileRecord) -> Option<FileInForce> {
    let (file, findings, _) = read(&record.bytes).ok()?;
    Some(FileInForce {
        file,
        findings,
        bytes: record.bytes,
        sha256: record.sha256,
        trust: record.trust,
        retrieved: record.retrieved,
        etag: record.etag,
    })
}
