//! The start: what the store kept becomes rules again before anything is fetched (invariant "last good stays").

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Manager, Settings,
    ends::End,
    files::{FileState, Schedule, jitter},
    judge::read,
    sightings::Decisions,
};
use mudguard_policy::MacAddress;

use crate::{Action, FileInForce, FileRecord, Home, Moment, Thing, ThingRecord, Waiting};

/// What the store kept.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The Things.
    pub things: Vec<ThingRecord>,
    /// The last good files.
    pub files: Vec<FileRecord>,
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
        let mut actions = vec![Action::Apply];
        for record in restored.things {
            manager.restore_thing(record, now, &mut actions);
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
        let Ok((file, findings, _)) = read(&record.bytes) else {
            return;
        };
        let validity = Duration::from_secs(3600) * u32::from(file.cache_validity);
        let age = now
            .wall
            .duration_since(record.retrieved)
            .unsigned_abs()
            .min(validity);
        let wait = validity - age + jitter(&record.url, self.settings.jitter, validity);
        let in_force = FileInForce {
            file,
            findings,
            bytes: record.bytes,
            sha256: record.sha256,
            trust: record.trust,
            retrieved: record.retrieved,
            etag: record.etag,
        };
        self.files.insert(
            record.url,
            FileState {
                in_force: Some(Arc::new(in_force)),
                waiting: None,
                fetch: Schedule {
                    in_flight: false,
                    failures: 0,
                    due: Some(now.uptime + wait),
                },
            },
        );
    }

    fn restore_thing(&mut self, record: ThingRecord, now: Moment, actions: &mut Vec<Action>) {
        let mac = record.mac;
        let (url, channel) = record.url.unzip();
        let unreadable = url.as_ref().is_some_and(|url| !self.files.contains_key(url));
        self.decisions.insert(
            mac,
            Decisions {
                addresses_approved: record.addresses_approved,
                admitted: record.admitted,
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
                first_seen: record.first_seen,
                last_seen: record.last_seen,
                bindings,
                url,
                channel,
                overrides,
                mode: record.mode,
                problem: unreadable
                    .then(|| "no file of this MUD URL is kept; it is being retrieved".to_owned()),
                ..Thing::stranger(mac, now.wall)
            }),
        );
        self.changed = true;
        self.recompile(mac, actions);
        let admitted = self
            .decisions
            .get(&mac)
            .is_some_and(|decisions| decisions.admitted);
        if self.must_wait(mac) && !admitted {
            self.ask(mac, Waiting::NewThing, now, actions);
        }
    }
}
