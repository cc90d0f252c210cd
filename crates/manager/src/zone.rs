//! "Until tomorrow": until the next four o'clock in the morning where the router stands.
//!
//! Not midnight: whoever lifts limits at 23:50 does not mean ten minutes. What it is not: a reader of files; their contents are arguments.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, civil::Time, tz::TimeZone};

/// The hour at which a day of the household begins.
const MORNING: Time = Time::constant(4, 0, 0, 0);

/// The router's time zone: a POSIX TZ string as OpenWrt keeps it in `/etc/TZ`, else the octets of `/etc/localtime`, else UTC.
#[must_use]
pub fn zone(posix: Option<&str>, tzif: Option<&[u8]>) -> TimeZone {
    let posix = posix.and_then(|text| TimeZone::posix(text.trim()).ok());
    let tzif = || TimeZone::tzif("local", tzif?).ok();
    posix.or_else(tzif).unwrap_or(TimeZone::UTC)
}

/// How long it is until tomorrow: until the next 04:00 in this zone, which is later than now by 25 hours at most.
#[must_use]
pub fn until_tomorrow(now: Timestamp, zone: &TimeZone) -> Duration {
    let local = zone.to_datetime(now);
    let today = local.date().to_datetime(MORNING);
    let morning = if local < today {
        Some(today)
    } else {
        today.checked_add(1.day()).ok()
    };
    // A morning that a change of the clock leaves out is the moment after the gap.
    let morning = morning.and_then(|morning| zone.to_timestamp(morning).ok());
    let length = morning.and_then(|morning| Duration::try_from(morning.duration_since(now)).ok());
    length.unwrap_or(DAY)
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(now: &str, zone: &TimeZone) -> f64 {
        until_tomorrow(now.parse().unwrap(), zone).as_secs_f64() / 3600.0
    }

    #[test]
    fn tomorrow_is_the_next_four_in_the_morning_of_the_routers_zone() {
        let amsterdam = zone(Some("CET-1CEST,M3.5.0,M10.5.0/3\n"), None);
        for (now, expected) in [
            ("2026-01-10T22:50:00Z", 4.0 + 1.0 / 6.0),
            ("2026-01-11T00:00:00Z", 3.0),
            ("2026-01-11T03:00:00Z", 24.0),
            ("2026-07-10T12:00:00Z", 14.0),
            // The night in which the clocks go back, and the one in which they go forward.
            ("2026-10-24T12:00:00Z", 15.0),
            ("2026-03-28T12:00:00Z", 14.0),
        ] {
            assert!((hours(now, &amsterdam) - expected).abs() < 0.001, "{now}");
        }
    }

    #[test]
    fn a_zone_that_cannot_be_read_is_utc() {
        for zone in [
            zone(None, None),
            zone(Some("nonsense"), Some(b"TZif")),
            zone(Some(""), None),
        ] {
            assert_eq!(hours("2026-01-10T22:00:00Z", &zone), 6.0);
        }
    }
}
