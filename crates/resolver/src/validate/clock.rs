//! The time, as far as it is known (RFC 4034 section 3.1.5).

/// The time, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clock was never set. Dates are no reason to refuse anything.
    Unknown,
    /// It is this late or later. Dates are no reason to refuse anything either.
    Floor(u64),
    /// It is this time.
    Valid(u64),
}

/// Why a date is a reason to refuse a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrongDate {
    Expired,
    NotYetValid,
}

impl Clock {
    /// Whether dates can be judged.
    #[must_use]
    pub fn is_valid(self) -> bool {
        matches!(self, Self::Valid(_))
    }

    /// For how many seconds a signature holds; without bound as long as dates cannot be judged.
    pub(crate) fn time_left(self, inception: u32, expiration: u32) -> Result<u32, WrongDate> {
        let Self::Valid(now) = self else {
            return Ok(u32::MAX);
        };
        // Dates are 32 bits of a longer count: which of two is later is told by serial number arithmetic (RFC 1982).
        let now = u32::try_from(now & u64::from(u32::MAX)).unwrap_or_default();
        if seconds(inception, now).is_none() {
            return Err(WrongDate::NotYetValid);
        }
        seconds(now, expiration).ok_or(WrongDate::Expired)
    }

    /// Whether something that ends at this time has ended for sure.
    pub(crate) fn is_past(self, end: u64) -> bool {
        match self {
            Self::Unknown => false,
            Self::Floor(now) | Self::Valid(now) => now >= end,
        }
    }
}

/// The seconds from one date to another; `None` if it comes before.
fn seconds(from: u32, to: u32) -> Option<u32> {
    let seconds = to.wrapping_sub(from);
    (seconds <= i32::MAX.unsigned_abs()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_from_its_inception_to_its_expiration() {
        let left = |now| Clock::Valid(now).time_left(1000, 2000);
        assert_eq!(left(999), Err(WrongDate::NotYetValid));
        assert_eq!(left(1000), Ok(1000));
        assert_eq!(left(2000), Ok(0));
        assert_eq!(left(2001), Err(WrongDate::Expired));
    }

    #[test]
    fn dates_are_compared_beyond_2106() {
        let end_of_count = 1 << 32;
        let clock = Clock::Valid(end_of_count + 10);
        assert_eq!(clock.time_left(u32::MAX - 5, 20), Ok(10));
        assert_eq!(
            clock.time_left(u32::MAX - 5, u32::MAX - 1),
            Err(WrongDate::Expired)
        );
    }

    #[test]
    fn a_signature_that_ends_before_it_begins_never_holds() {
        for now in [500, 1000, 1500, 2000, 2500] {
            assert!(Clock::Valid(now).time_left(2000, 1000).is_err());
        }
    }

    #[test]
    fn without_a_valid_clock_no_date_is_wrong() {
        for clock in [Clock::Unknown, Clock::Floor(5000)] {
            assert_eq!(clock.time_left(1000, 2000), Ok(u32::MAX));
            assert_eq!(clock.time_left(9000, 9001), Ok(u32::MAX));
        }
    }
}
