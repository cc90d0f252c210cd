//! Zone cuts that are known, and what is known of each: the state in which the validator walks down from a trust anchor.
//!
//! It is kept from query to query. Only what is proven stands here; what is bogus is found anew each time.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Insecurity, InsecurityProof, Name, signature::Zone};

/// The memory that it may take, in octets: some thousand names.
const MAX_OCTETS: usize = 1024 * 1024;

/// About what a name takes beside its own octets and those of keys.
const OCTETS_PER_NAME: usize = 160;

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
    octets: usize,
}

#[derive(Clone, Debug)]
struct Known {
    cut: Cut,
    until: Instant,
    is_provisional: bool,
}

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zone(zone) => {
                let keys: Vec<_> = zone
                    .keys
                    .iter()
                    .map(|key| format!("{} (algorithm {})", key.key_tag, key.algorithm))
                    .collect();
                write!(formatter, "a signed zone with the keys {}", keys.join(", "))
            }
            Self::Insecure(insecurity) => write!(formatter, "not signed: {}", insecurity.proof),
            Self::None => formatter.write_str("a name of the zone above"),
            Self::NothingBelow => formatter.write_str("a name of the zone above, with nothing below"),
        }
    }
}

impl ZoneCuts {
    /// Forgets everything: after the trust anchors have changed, say.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets what is known on the way down to a name, so that it is found anew: before an answer is given up as bogus, say, because
    /// its zone may have changed its keys.
    pub fn forget(&mut self, name: &Name) {
        for count in 0..=name.label_count() {
            self.names.remove(&name.last_labels(count));
        }
        self.count_octets();
    }

    /// What is known of the names on the way down to this one, in words.
    #[must_use]
    pub fn way_to(&self, name: &Name, now: Instant) -> Vec<(Name, String)> {
        let known = (0..=name.label_count()).filter_map(|count| {
            let name = name.last_labels(count);
            let known = self.names.get(&name).filter(|known| now < known.until)?;
            Some((name, known.cut.to_string()))
        });
        known.collect()
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
        let octets = octets_of(&name, &cut);
        if self.octets + octets > MAX_OCTETS {
            self.keep(|known| now < known.until);
            // Each time there is room for more than one name, so that this is rare.
            if self.octets > MAX_OCTETS / 4 * 3 {
                // Names that an attacker makes up are no delegations; those take more work to find again.
                self.keep(|known| is_delegation(&known.cut));
            }
            if self.octets > MAX_OCTETS / 4 * 3 {
                self.clear();
            }
        }
        let known = Known {
            cut,
            until: now + Duration::from_secs(ttl.min(MAX_TTL).into()),
            is_provisional,
        };
        self.octets += octets;
        if let Some(before) = self.names.insert(name.clone(), known) {
            self.octets = self.octets.saturating_sub(octets_of(&name, &before.cut));
        }
    }

    fn keep(&mut self, wanted: impl Fn(&Known) -> bool) {
        self.names.retain(|_, known| wanted(known));
        self.count_octets();
    }

    fn count_octets(&mut self) {
        self.octets = self
            .names
            .iter()
            .map(|(name, known)| octets_of(name, &known.cut))
            .sum();
    }
}

fn octets_of(name: &Name, cut: &Cut) -> usize {
    let keys = match cut {
        Cut::Zone(zone) => zone.keys.iter().map(|key| key.public_key.len() + 32).sum(),
        Cut::Insecure(_) | Cut::None | Cut::NothingBelow => 0,
    };
    OCTETS_PER_NAME + name.as_wire().len() + keys
}

fn is_delegation(cut: &Cut) -> bool {
    match cut {
        Cut::Zone(_) => true,
        Cut::Insecure(insecurity) => insecurity.proof == InsecurityProof::NoDs,
        Cut::None | Cut::NothingBelow => false,
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
        for number in 0..20_000 {
            let name = format!("{number}.").parse().unwrap();
            cuts.insert(name, Cut::None, 10, false, now);
            assert!(cuts.octets <= MAX_OCTETS);
        }
        assert!(cuts.len() < 20_000);
        assert!(cuts.get(&Name::root(), now, true).is_some());
    }

    #[test]
    fn large_keys_do_not_take_more_memory_than_there_is() {
        let (mut cuts, now) = (ZoneCuts::default(), Instant::now());
        let key = super::super::rdata::Dnskey::parse(&[7; 60_000]).unwrap();
        for number in 0..100 {
            let apex: Name = format!("{number}.").parse().unwrap();
            let zone = Zone {
                apex: apex.clone(),
                keys: vec![key.clone()],
            };
            cuts.insert(apex, Cut::Zone(Arc::new(zone)), 10, false, now);
            assert!(cuts.octets <= MAX_OCTETS);
        }
        assert!(!cuts.is_empty());
    }

    #[test]
    fn the_way_to_a_name_can_be_forgotten() {
        let (mut cuts, now) = (ZoneCuts::default(), Instant::now());
        for text in [".", "a.", "b.", "x.a."] {
            cuts.insert(text.parse().unwrap(), Cut::None, 10, false, now);
        }
        cuts.forget(&"x.a.".parse().unwrap());
        assert_eq!(cuts.len(), 1);
        cuts.clear();
        assert_eq!((cuts.len(), cuts.octets), (0, 0));
    }
}
