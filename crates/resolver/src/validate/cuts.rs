//! Zone cuts that are known, and what is known of each: the state in which the validator walks down from a trust anchor.
//!
//! It is kept from query to query. Only what is proven stands here; what is bogus is found anew each time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Insecurity, Name, signature::Zone};

/// The most names of which something is kept: about 4 MB if each had keys.
const MAX_NAMES: usize = 4096;

/// Nothing is kept longer than this, in seconds.
const MAX_TTL: u32 = 3600;

/// What a name is to the zone above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The apex of a zone with these keys.
    Zone(Arc<Zone>),
    /// A zone cut, or a place where one may be, below which nothing can be checked.
    Insecure(Insecurity),
    /// A name of the zone above it.
    None,
    /// A name of the zone above it, below which that zone has no names.
    NothingBelow,
}

/// The zone cuts that are known.
#[derive(Clone, Debug, Default)]
pub struct ZoneCuts {
    names: BTreeMap<Name, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    cut: Cut,
    until: Instant,
    is_provisional: bool,
}

impl ZoneCuts {
    /// Forgets everything: after the trust anchors have changed, say.
    pub fn clear(&mut self) {
        self.names.clear();
    }

    /// Of how many names something is known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What is known of a name, and whether dates were left unjudged; what was found without a valid clock does not count with one.
    pub(crate) fn get(&self, name: &Name, now: Instant, clock_is_valid: bool) -> Option<(&Cut, bool)> {
        self.names
            .get(name)
            .filter(|known| now < known.until && !(clock_is_valid && known.is_provisional))
            .map(|known| (&known.cut, known.is_provisional))
    }

    pub(crate) fn insert(&mut self, name: Name, cut: Cut, ttl: u32, is_provisional: bool, now: Instant) {
        if self.names.len() >= MAX_NAMES {
            self.names.retain(|_, known| now < known.until);
        }
        if self.names.len() >= MAX_NAMES {
            // Random names of an attacker are no cuts; cuts cost more to find.
            self.names
                .retain(|_, known| matches!(known.cut, Cut::Zone(_) | Cut::Insecure(_)));
        }
        if self.names.len() >= MAX_NAMES {
            self.names.clear();
        }
        let known = Known {
            cut,
            until: now + Duration::from_secs(ttl.min(MAX_TTL).into()),
            is_provisional,
        };
        self.names.insert(name, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_ends_with_its_time() {
        let (mut cuts, now) = (ZoneCuts::default(), Instant::now());
        cuts.insert(Name::root(), Cut::None, 10, false, now);
        let known = |seconds| {
            cuts.get(&Name::root(), now + Duration::from_secs(seconds), true)
                .is_some()
        };
        assert!(known(9) && !known(10));
    }

    #[test]
    fn what_was_found_without_a_clock_does_not_count_with_one() {
        let (mut cuts, now) = (ZoneCuts::default(), Instant::now());
        cuts.insert(Name::root(), Cut::None, 10, true, now);
        assert_eq!(cuts.get(&Name::root(), now, false), Some((&Cut::None, true)));
        assert_eq!(cuts.get(&Name::root(), now, true), None);
    }

    #[test]
    fn names_that_are_no_cuts_give_way_first() {
        let (mut cuts, now) = (ZoneCuts::default(), Instant::now());
        let zone = Zone {
            apex: Name::root(),
            keys: vec![],
        };
        cuts.insert(Name::root(), Cut::Zone(Arc::new(zone)), 10, false, now);
        for number in 0..MAX_NAMES * 2 {
            cuts.insert(format!("{number}.").parse().unwrap(), Cut::None, 10, false, now);
        }
        assert!(cuts.len() <= MAX_NAMES);
        assert!(cuts.get(&Name::root(), now, true).is_some());
    }
}
