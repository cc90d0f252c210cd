//! When MUD files are retrieved: once, then no sooner than their cache-validity after the last retrieval, and after a failure later and
//! later (RFC 8520 sections 1.6, 3.5).

use std::time::Duration;

use mudguard_mud::{MudFile, MudUrl};

use super::{Manager, files::Way};
use crate::{Action, ClockState, FileInForce, Moment, Trust};

const HOUR: Duration = Duration::from_secs(3600);
const FIRST_RETRY: Duration = Duration::from_secs(60);
/// How long is waited at most after a failure.
pub(super) const LAST_RETRY: Duration = Duration::from_secs(6 * 3600);
/// A tenth of it is the longest that an overdue file waits after a start, so that not all of them are retrieved at once.
const OVERDUE: Duration = Duration::from_secs(30 * 60);

/// When a file is retrieved.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    pub(super) in_flight: bool,
    /// The owner brought a file meanwhile, so what fails of the retrieval is no news.
    is_overtaken: bool,
    failures: u32,
    pub(super) due: Option<Duration>,
    /// It follows from the clock at the start, which may not have been set yet.
    by_first_clock: bool,
}

impl Schedule {
    /// Of a file that was kept through a restart.
    pub(super) fn of_kept(url: &MudUrl, file: &FileInForce, jitter: u32, now: Moment) -> Self {
        Self {
            due: Some(due(url, file, jitter, now)),
            by_first_clock: true,
            ..Self::default()
        }
    }
}

impl Manager {
    /// Sees to it that the file of a URL is there or on its way. Announcing a URL again asks nobody again (section 3.5).
    pub(super) fn want_file(&mut self, url: &MudUrl, now: Moment, actions: &mut Vec<Action>) {
        let state = self.files.entry(url.clone()).or_default();
        if !state.fetch.in_flight && state.fetch.due.is_none_or(|due| due <= now.uptime) {
            state.fetch.in_flight = true;
            state.fetch.due = None;
            let etag = state.in_force.as_ref().and_then(|file| file.etag.clone());
            actions.push(Action::Fetch {
                url: url.clone(),
                etag,
            });
        }
    }

    /// Dates can be judged from now on: files that were believed without it are retrieved and judged again, and how old the kept ones are
    /// is known.
    pub(super) fn clock_changed(&mut self, clock: ClockState, now: Moment, actions: &mut Vec<Action>) {
        self.changed |= self.clock != clock;
        self.clock = clock;
        if clock != ClockState::Valid {
            return;
        }
        self.set_dates(now, actions);
        let jitter = self.settings.jitter;
        for (url, state) in &mut self.files {
            let Some(file) = state.in_force.as_ref().filter(|_| !state.fetch.in_flight) else {
                continue;
            };
            if is_provisional(&file.trust) {
                state.fetch.in_flight = true;
                state.fetch.due = None;
                // Without the entity tag: "unchanged" would judge nothing.
                actions.push(Action::Fetch {
                    url: url.clone(),
                    etag: None,
                });
            } else if state.fetch.by_first_clock {
                state.fetch.by_first_clock = false;
                let due = due(url, file, jitter, now);
                state.fetch.due = state.fetch.due.map(|first| first.min(due));
            }
        }
    }

    pub(super) fn tick(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.end_what_is_due(now, actions);
        let due: Vec<_> = self
            .files
            .iter()
            .filter(|(_, state)| state.fetch.due.is_some_and(|due| due <= now.uptime))
            .map(|(url, _)| url.clone())
            .collect();
        for url in due {
            if self.things_with(&url).is_empty() {
                self.files.entry(url).or_default().fetch.due = None;
            } else {
                self.want_file(&url, now, actions);
            }
        }
    }

    /// The retrieval under way has ended; returns whether the owner brought a file meanwhile.
    pub(super) fn landed(&mut self, url: &MudUrl) -> bool {
        let fetch = &mut self.files.entry(url.clone()).or_default().fetch;
        fetch.in_flight = false;
        std::mem::take(&mut fetch.is_overtaken)
    }

    /// There is a file again.
    pub(super) fn succeeded(&mut self, url: &MudUrl, validity: Duration, by: Way, now: Moment) {
        let due = now.uptime + validity + jitter(url, self.settings.jitter, validity);
        let fetch = &mut self.files.entry(url.clone()).or_default().fetch;
        fetch.failures = 0;
        fetch.due = Some(due);
        fetch.by_first_clock = false;
        fetch.is_overtaken = by == Way::Brought && fetch.in_flight;
        for mac in self.things_with(url) {
            self.change(mac, |thing| thing.problem = None);
        }
    }

    /// It could not be had.
    pub(super) fn failed_again(&mut self, url: &MudUrl, reason: &str, now: Moment) {
        let failures = self.files.get(url).map_or(0, |state| state.fetch.failures);
        let wait = FIRST_RETRY.saturating_mul(1 << failures.min(9)).min(LAST_RETRY);
        self.failed(url, reason, wait, now);
    }

    /// The last good file stays (RFC 8520 section 1.6); the failure is shown and the file asked for again.
    pub(super) fn failed(&mut self, url: &MudUrl, reason: &str, wait: Duration, now: Moment) {
        let due = now.uptime + wait + jitter(url, self.settings.jitter, wait);
        let fetch = &mut self.files.entry(url.clone()).or_default().fetch;
        fetch.failures = fetch.failures.saturating_add(1);
        fetch.due = Some(due);
        fetch.by_first_clock = false;
        for mac in self.things_with(url) {
            self.change(mac, |thing| thing.problem = Some(reason.to_owned()));
        }
    }
}

/// How long a file is fresh.
pub(super) fn validity(file: &MudFile) -> Duration {
    HOUR * u32::from(file.cache_validity)
}

/// When a kept file is retrieved. A clock that stands before its last retrieval does not say how fresh it is yet, so all of its
/// cache-validity is waited for: no file is retrieved too soon.
fn due(url: &MudUrl, file: &FileInForce, seed: u32, now: Moment) -> Duration {
    let age = Duration::try_from(now.wall.duration_since(file.retrieved)).unwrap_or_default();
    let wait = validity(&file.file).saturating_sub(age);
    let spread = if wait.is_zero() { OVERDUE } else { wait };
    now.uptime + wait + jitter(url, seed, spread)
}

fn is_provisional(trust: &Trust) -> bool {
    matches!(
        trust,
        Trust::Signed {
            provisional: true,
            ..
        }
    )
}

/// Up to a tenth of `span`, the same for the same home and URL.
fn jitter(url: &MudUrl, seed: u32, span: Duration) -> Duration {
    let hash = url.as_str().bytes().fold(0x811c_9dc5_u32 ^ seed, |hash, octet| {
        (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    });
    span.mul_f64(f64::from(hash) / f64::from(u32::MAX) / 10.0)
}
