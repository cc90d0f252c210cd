//! The zones whose name servers are known, the addresses of name servers, and the names that are no zone cuts. Bounded.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use super::reading::Delegation;
use crate::validate::{Name, Reply};

/// The most zones, and the most names of each other kind.
const MAX_NAMES: usize = 4096;

/// Nothing is kept longer than this, in seconds.
const MAX_TTL: u32 = 86_400;

/// A delegation that should not be kept is kept as long as a query takes, in seconds.
const MIN_TTL: u32 = 5;

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Delegations {
    zones: Kept<Arc<Delegation>>,
    addresses: Kept<Vec<IpAddr>>,
    plain: Kept<()>,
}

impl Delegations {
    /// Keeps the name servers of a zone.
    pub(super) fn insert(&mut self, delegation: Delegation, now: Instant) -> Arc<Delegation> {
        let (zone, ttl) = (delegation.zone.clone(), delegation.ttl);
        let delegation = Arc::new(delegation);
        self.plain.0.remove(&zone);
        self.zones.insert(zone, Arc::clone(&delegation), ttl, now);
        delegation
    }

    /// The zone nearest to a name whose name servers are known: at the name or above it, or above it only.
    pub(super) fn nearest(&self, name: &Name, only_above: bool, now: Instant) -> Option<Arc<Delegation>> {
        let labels = name.label_count();
        let first = if only_above {
            labels.checked_sub(1)?
        } else {
            labels
        };
        (0..=first)
            .rev()
            .find_map(|count| self.zones.get(&name.last_labels(count), now).cloned())
    }

    /// What the parent of a zone said of its DS records when it referred to it.
    pub(super) fn ds(&self, zone: &Name, now: Instant) -> Option<Reply> {
        self.zones.get(zone, now)?.ds.clone()
    }

    /// Keeps the addresses of a name server, or that it has none.
    pub(super) fn insert_addresses(&mut self, name: Name, addresses: Vec<IpAddr>, ttl: u32, now: Instant) {
        self.addresses.insert(name, addresses, ttl, now);
    }

    /// The addresses of a name server, if anything is known.
    pub(super) fn addresses(&self, name: &Name, now: Instant) -> Option<&[IpAddr]> {
        self.addresses.get(name, now).map(Vec::as_slice)
    }

    /// Keeps that a name is no zone cut.
    pub(super) fn insert_plain(&mut self, name: Name, now: Instant) {
        self.plain.insert(name, (), 300, now);
    }

    /// Whether a name is known to be no zone cut.
    pub(super) fn is_plain(&self, name: &Name, now: Instant) -> bool {
        self.plain.get(name, now).is_some()
    }

    /// Forgets the zones on the way to a name.
    pub(super) fn forget(&mut self, name: &Name) {
        for count in 0..=name.label_count() {
            self.zones.0.remove(&name.last_labels(count));
        }
    }
}

/// Values with their time.
#[derive(Debug)]
struct Kept<T>(BTreeMap<Name, (T, Instant)>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Kept<T> {
    fn get(&self, name: &Name, now: Instant) -> Option<&T> {
        let (value, until) = self.0.get(name)?;
        (now < *until).then_some(value)
    }

    fn insert(&mut self, name: Name, value: T, ttl: u32, now: Instant) {
        if self.0.len() >= MAX_NAMES {
            self.0.retain(|_, (_, until)| now < *until);
        }
        if self.0.len() >= MAX_NAMES {
            // What ends first is worth least; each time there is room for many.
            let mut ends: Vec<Instant> = self.0.values().map(|(_, until)| *until).collect();
            ends.sort_unstable();
            let middle = ends.get(ends.len() / 2).copied();
            self.0
                .retain(|_, (_, until)| middle.is_none_or(|middle| *until > middle));
        }
        let until = now + Duration::from_secs(ttl.clamp(MIN_TTL, MAX_TTL).into());
        self.0.insert(name, (value, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delegation(zone: &str, ttl: u32) -> Delegation {
        Delegation {
            zone: zone.parse().unwrap(),
            name_servers: Vec::new(),
            glue: Vec::new(),
            ds: Some(Reply::default()),
            ttl,
        }
    }

    fn nearest(delegations: &Delegations, name: &str, only_above: bool, now: Instant) -> String {
        let found = delegations.nearest(&name.parse().unwrap(), only_above, now);
        found.map_or_else(String::new, |found| found.zone.to_string())
    }

    #[test]
    fn the_nearest_zone_is_at_the_name_or_above_it() {
        let (mut delegations, now) = (Delegations::default(), Instant::now());
        for zone in [".", "example.", "a.example."] {
            delegations.insert(delegation(zone, 60), now);
        }
        assert_eq!(nearest(&delegations, "x.a.example.", false, now), "a.example.");
        assert_eq!(nearest(&delegations, "a.example.", false, now), "a.example.");
        assert_eq!(nearest(&delegations, "a.example.", true, now), "example.");
        assert_eq!(nearest(&delegations, "b.test.", false, now), ".");
        assert_eq!(nearest(&delegations, ".", true, now), "");
    }

    #[test]
    fn a_delegation_ends_with_its_time_and_can_be_forgotten() {
        let (mut delegations, now) = (Delegations::default(), Instant::now());
        delegations.insert(delegation("example.", 60), now);
        delegations.insert(delegation("other.", 60), now);
        let later = now + Duration::from_secs(60);
        assert_eq!(nearest(&delegations, "www.example.", false, later), "");
        delegations.forget(&"www.example.".parse().unwrap());
        assert_eq!(nearest(&delegations, "www.example.", false, now), "");
        assert_eq!(nearest(&delegations, "www.other.", false, now), "other.");
        assert!(delegations.ds(&"other.".parse().unwrap(), now).is_some());
    }

    #[test]
    fn a_name_that_became_a_zone_is_no_plain_name() {
        let (mut delegations, now) = (Delegations::default(), Instant::now());
        let name: Name = "a.example.".parse().unwrap();
        delegations.insert_plain(name.clone(), now);
        assert!(delegations.is_plain(&name, now));
        delegations.insert(delegation("a.example.", 60), now);
        assert!(!delegations.is_plain(&name, now));
    }

    #[test]
    fn memory_is_bounded_and_what_ends_last_stays() {
        let (mut delegations, now) = (Delegations::default(), Instant::now());
        delegations.insert(delegation("example.", MAX_TTL), now);
        for number in 0..20_000 {
            delegations.insert(delegation(&format!("{number}."), 60), now);
            assert!(delegations.zones.0.len() <= MAX_NAMES);
        }
        assert_eq!(nearest(&delegations, "example.", false, now), "example.");
    }
}
