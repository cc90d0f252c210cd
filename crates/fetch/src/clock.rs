//! What is known of the time when dates in certificates are judged. It reads no clock: the caller does.

use jiff::Timestamp;

/// The time at which certificates are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The wall clock is right.
    Valid(Timestamp),
    /// The wall clock is not known to be right. Dates are no reason to refuse, and what is found is provisional: it must be judged
    /// again when the clock is right.
    Provisional {
        /// The newest time that is known to have passed.
        floor: Timestamp,
    },
}

impl Clock {
    /// The best guess at the time.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::Valid(now) => now,
            Self::Provisional { floor } => floor,
        }
    }

    /// Whether dates could not be judged.
    #[must_use]
    pub fn is_provisional(self) -> bool {
        matches!(self, Self::Provisional { .. })
    }
}
