//! What is known of the wall clock. A router may start without one.
//!
//! The clock counts as set when it is not before anything that is known to be past: the making of this program, and the newest time
//! in the store. A clock that stands still later than that is taken for right; it can only make certificates look younger than they are.

use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use mudguard_manager::{ClockState, Event};
use mudguard_resolver::{Resolver, validate};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tracing::{info, warn};

/// No program of this version ran before: 2026-11-01.
const MADE: Timestamp = Timestamp::constant(1_793_491_200, 0);

/// How often a clock that is not set is looked at.
const SOON: Duration = Duration::from_secs(5);

/// How often a clock that is set is looked at: it may be set back.
const LATER: Duration = Duration::from_secs(60);

/// What is known to be past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    stored: Option<Timestamp>,
}

impl Past {
    pub(crate) fn new(stored: Option<Timestamp>) -> Self {
        Self { stored }
    }

    /// The newest time that is known to have passed.
    pub(crate) fn floor(self) -> Timestamp {
        self.stored.map_or(MADE, |stored| stored.max(MADE))
    }

    /// What a reading of the clock is worth.
    pub(crate) fn judge(self, now: Timestamp) -> ClockState {
        if now >= self.floor() {
            ClockState::Valid
        } else if self.stored.is_some() {
            ClockState::Floor
        } else {
            ClockState::Unknown
        }
    }
}

/// Watches the clock for as long as the gateway runs.
pub(crate) async fn run(
    past: Past,
    state: watch::Sender<ClockState>,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    loop {
        let known = *state.borrow();
        sleep(if known == ClockState::Valid { LATER } else { SOON }).await;
        let now = past.judge(Timestamp::now());
        if now == known {
            continue;
        }
        if now == ClockState::Valid {
            info!("the clock is set; what was believed without dates is checked again");
        } else {
            warn!(state = ?now, "the clock went back before a time that has passed; dates cannot be judged");
        }
        state.send_replace(now);
        events
            .send(Event::ClockChanged(now))
            .await
            .context("the manager has ended")?;
    }
}

/// Tells the resolver what time it is, for as long as the gateway runs.
pub(crate) async fn tell(
    past: Past,
    mut state: watch::Receiver<ClockState>,
    resolver: Resolver,
) -> anyhow::Result<()> {
    loop {
        let known = *state.borrow_and_update();
        resolver.set_clock(reading(past, known, Timestamp::now()));
        // A clock that stays valid may have been moved.
        tokio::select! {
            changed = state.changed() => changed.context("the clock is not watched any more")?,
            () = sleep(LATER) => {}
        }
    }
}

/// What the validator is told.
pub(crate) fn reading(past: Past, state: ClockState, now: Timestamp) -> validate::Clock {
    let seconds = |time: Timestamp| u64::try_from(time.as_second()).unwrap_or(0);
    match state {
        ClockState::Valid => validate::Clock::Valid(seconds(now)),
        ClockState::Floor => validate::Clock::Floor(seconds(past.floor())),
        ClockState::Unknown => validate::Clock::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_making_of_this_version_is_the_date_that_is_written_beside_it() {
        assert_eq!(MADE, time("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn a_clock_that_starts_in_1970_is_not_set() {
        assert_eq!(Past::new(None).judge(Timestamp::UNIX_EPOCH), ClockState::Unknown);
        assert_eq!(
            Past::new(Some(time("2027-01-01T00:00:00Z"))).judge(Timestamp::UNIX_EPOCH),
            ClockState::Floor
        );
    }

    #[test]
    fn a_clock_before_the_newest_stored_time_is_not_right() {
        let past = Past::new(Some(time("2027-03-01T00:00:00Z")));
        assert_eq!(past.judge(time("2027-02-28T23:59:59Z")), ClockState::Floor);
        assert_eq!(past.judge(time("2027-03-01T00:00:00Z")), ClockState::Valid);
        assert_eq!(past.floor(), time("2027-03-01T00:00:00Z"));
    }

    #[test]
    fn the_validator_judges_dates_by_a_clock_that_is_set_only() {
        let (past, now) = (Past::new(Some(MADE)), time("2027-03-01T00:00:00Z"));
        let told = |state| reading(past, state, now);
        assert_eq!(told(ClockState::Valid), validate::Clock::Valid(1_803_859_200));
        assert_eq!(told(ClockState::Floor), validate::Clock::Floor(1_793_491_200));
        assert_eq!(told(ClockState::Unknown), validate::Clock::Unknown);
    }

    #[test]
    fn a_stored_time_before_this_version_proves_nothing() {
        assert_eq!(Past::new(Some(Timestamp::UNIX_EPOCH)).floor(), MADE);
    }
}
