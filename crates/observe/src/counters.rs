//! What the observer counts.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::Refusal;

/// How often what happened since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that the kernel's filter let through.
    pub frames: u64,
    /// Frames that were lost because there were too many at once.
    pub frames_lost: u64,
    /// Sightings that were lost because the receiver was too slow.
    pub sightings_lost: u64,
    /// Frames refused, by reason; a reason that never came up is missing.
    pub refused: BTreeMap<Refusal, u64>,
}

impl Counters {
    /// How many frames were refused for this reason.
    #[must_use]
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused.get(&refusal).copied().unwrap_or(0)
    }
}

/// The counters while they count. A lock, because 32-bit MIPS has no 64-bit atomic.
#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<Counters>);

impl Counting {
    /// Counts a frame.
    pub(crate) fn frame(&self) {
        self.change(|counters| counters.frames += 1);
    }

    /// Counts frames that were lost.
    pub(crate) fn frames_lost(&self, count: u32) {
        self.change(|counters| counters.frames_lost += u64::from(count));
    }

    /// Counts a refused frame.
    pub(crate) fn refused(&self, refusal: Refusal) {
        self.change(|counters| *counters.refused.entry(refusal).or_default() += 1);
    }

    /// Counts a sighting that was lost.
    pub(crate) fn lost(&self) {
        self.change(|counters| counters.sightings_lost += 1);
    }

    /// A copy as of now.
    pub(crate) fn snapshot(&self) -> Counters {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
