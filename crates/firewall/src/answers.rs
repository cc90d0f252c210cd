//! What Things were told: addresses for names, with the time left. Pure; time is an argument.
//!
//! It is kept for every client, managed or not, so that a policy that comes later opens what a Thing was told before. All is bounded:
//! a flood of names costs the Thing that makes it its own oldest entries.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use mudguard_policy::MacAddress;

use crate::{
    key::Key,
    lower::{Index, ThingIndex},
};

/// An element lives at least so long, whatever the TTL says.
const FLOOR: Duration = Duration::from_secs(60);
/// And so much longer than the Thing may keep the answer.
const GRACE: Duration = Duration::from_secs(60);
/// No Thing keeps an answer longer than this.
pub(crate) const TTL_AT_MOST: u32 = 24 * 60 * 60;
/// An ended pair is still known for so long: an established flow outlives its element.
const KNOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// At most so many addresses of a name.
pub(crate) const ADDRESSES_PER_NAME: usize = 32;
/// At most so many pairs of name and address of a Thing.
const PAIRS_PER_THING: usize = 512;
/// And of a client that is not managed.
const PAIRS_PER_STRANGER: usize = 128;
/// At most so many clients that are not managed.
const STRANGERS: usize = 256;

/// Keys of elements, with their ends and comments.
pub(crate) type Keys = BTreeMap<Key, (Instant, Arc<str>)>;

/// What all Things were told.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    clients: HashMap<MacAddress, Told>,
}

/// What one Thing was told, by name.
#[derive(Debug, Default)]
struct Told {
    names: HashMap<Arc<str>, Vec<Pair>>,
    pairs: usize,
    last: Option<Instant>,
    is_managed: bool,
}

/// An address of a name.
#[derive(Clone, Copy, Debug)]
struct Pair {
    address: IpAddr,
    told: Instant,
    ends: Instant,
}

/// The name as it is compared: small letters, no dot at the end.
pub(crate) fn canonical(name: &str) -> Arc<str> {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase().into()
}

impl Answers {
    /// Remembers an answer, and gives the pairs that left for it. `index` is the Thing's, if it is managed.
    pub(crate) fn remember(
        &mut self,
        thing: MacAddress,
        names: &[Arc<str>],
        addresses: &[(IpAddr, u32)],
        index: Option<&ThingIndex>,
        now: Instant,
    ) -> Vec<(Arc<str>, IpAddr)> {
        if index.is_none() {
            self.make_room(thing);
        }
        let told = self.clients.entry(thing).or_default();
        told.last = Some(now);
        told.is_managed = index.is_some();
        let mut left = Vec::new();
        for name in names {
            for (address, ttl) in addresses {
                let ttl = Duration::from_secs((*ttl).min(TTL_AT_MOST).into());
                let pair = Pair {
                    address: *address,
                    told: now,
                    ends: now + ttl.max(FLOOR) + GRACE,
                };
                left.extend(
                    told.remember(name, pair)
                        .map(|address| (Arc::clone(name), address)),
                );
            }
        }
        // Names of which no policy speaks leave first.
        let (at_most, rules) = match index {
            Some(index) => (PAIRS_PER_THING, Some(&index.openings)),
            None => (PAIRS_PER_STRANGER, None),
        };
        while told.pairs > at_most
            && let Some(gone) = told.remove_oldest(|name| rules.is_some_and(|rules| rules.contains_key(name)))
        {
            left.push(gone);
        }
        left
    }

    /// Whether a Thing was told an address, for whatever name, and the memory of it has not left.
    pub(crate) fn knows(&self, thing: MacAddress, address: IpAddr) -> bool {
        let names = self.clients.get(&thing).map(|told| &told.names);
        let mut pairs = names.into_iter().flat_map(|names| names.values().flatten());
        pairs.any(|pair| pair.address == address)
    }

    /// Remembers what an earlier daemon told a Thing.
    pub(crate) fn restore(
        &mut self,
        thing: MacAddress,
        name: &Arc<str>,
        address: IpAddr,
        told: Instant,
        ends: Instant,
    ) {
        let client = self.clients.entry(thing).or_default();
        client.is_managed = true;
        if client.pairs < PAIRS_PER_THING {
            client.remember(name, Pair { address, told, ends });
        }
    }

    fn make_room(&mut self, thing: MacAddress) {
        let strangers = || self.clients.iter().filter(|(_, told)| !told.is_managed);
        if self.clients.contains_key(&thing) || strangers().count() < STRANGERS {
            return;
        }
        let oldest = strangers()
            .min_by_key(|(_, told)| told.last)
            .map(|(oldest, _)| *oldest);
        oldest.and_then(|oldest| self.clients.remove(&oldest));
    }

    /// The keys that a policy gives a Thing for one address, with their ends and comments.
    pub(crate) fn keys_of(
        &self,
        thing: MacAddress,
        index: &ThingIndex,
        address: IpAddr,
        now: Instant,
    ) -> Keys {
        let mut keys = Keys::new();
        let names = self.clients.get(&thing).map(|told| &told.names);
        let mut pairs: Vec<_> = (names.into_iter().flatten())
            .flat_map(|(name, pairs)| pairs.iter().map(move |pair| (name, pair)))
            .filter(|(_, pair)| pair.address == address && pair.ends > now)
            .collect();
        // Of several names the first says where the element comes from.
        pairs.sort_unstable_by_key(|(name, _)| *name);
        for (name, pair) in pairs {
            add_keys(&mut keys, thing, index, name, pair);
        }
        keys
    }

    /// All keys that a policy gives a Thing.
    pub(crate) fn all_keys(&self, thing: MacAddress, index: &ThingIndex, now: Instant) -> Keys {
        let mut keys = Keys::new();
        let Some(told) = self.clients.get(&thing) else {
            return keys;
        };
        for name in index.openings.keys() {
            let pairs = told.names.get(&**name).into_iter().flatten();
            for pair in pairs.filter(|pair| pair.ends > now) {
                add_keys(&mut keys, thing, index, name, pair);
            }
        }
        keys
    }

    /// All that a Thing was told, also what ended: an established flow outlives its element.
    pub(crate) fn told(&self, thing: MacAddress) -> impl Iterator<Item = (&str, IpAddr)> {
        let names = self.clients.get(&thing).into_iter().flat_map(|told| &told.names);
        names.flat_map(|(name, pairs)| pairs.iter().map(|pair| (&**name, pair.address)))
    }

    /// Forgets what ended long ago; `index` says who is managed now.
    pub(crate) fn forget(&mut self, index: &Index, now: Instant) {
        for (thing, told) in &mut self.clients {
            told.is_managed = index.contains_key(thing);
            told.names.retain(|_, pairs| {
                pairs.retain(|pair| pair.ends + KNOWN > now);
                !pairs.is_empty()
            });
            told.pairs = told.names.values().map(Vec::len).sum();
        }
        self.clients.retain(|_, told| told.pairs > 0);
    }
}

fn add_keys(keys: &mut Keys, thing: MacAddress, index: &ThingIndex, name: &str, pair: &Pair) {
    for opening in index.openings.get(name).into_iter().flatten() {
        for key in opening.keys(thing, &index.addresses, pair.address) {
            let latest = keys
                .entry(key)
                .or_insert_with(|| (pair.ends, Arc::clone(&opening.comment)));
            latest.0 = latest.0.max(pair.ends);
        }
    }
}

impl Told {
    /// Adds a pair, and gives the address that left the name for it.
    fn remember(&mut self, name: &Arc<str>, pair: Pair) -> Option<IpAddr> {
        let pairs = match self.names.get_mut(name) {
            Some(pairs) => pairs,
            None => self.names.entry(Arc::clone(name)).or_default(),
        };
        if let Some(known) = pairs.iter_mut().find(|known| known.address == pair.address) {
            known.told = pair.told;
            known.ends = known.ends.max(pair.ends);
            return None;
        }
        if pairs.len() < ADDRESSES_PER_NAME {
            pairs.push(pair);
            self.pairs += 1;
            return None;
        }
        let oldest = pairs.iter_mut().min_by_key(|known| known.told)?;
        Some(std::mem::replace(oldest, pair).address)
    }

    /// Removes the pair that was told longest ago; one of a name with rules only if there is no other.
    fn remove_oldest(&mut self, has_rules: impl Fn(&str) -> bool) -> Option<(Arc<str>, IpAddr)> {
        let oldest = self.names.iter().filter_map(|(name, pairs)| {
            let (place, pair) = pairs.iter().enumerate().min_by_key(|(_, pair)| pair.told)?;
            Some((has_rules(name), pair.told, name, place))
        });
        let (_, _, name, place) = oldest.min()?;
        let name = Arc::clone(name);
        let pairs = self.names.get_mut(&name)?;
        let gone = pairs.swap_remove(place);
        if pairs.is_empty() {
            self.names.remove(&name);
        }
        self.pairs -= 1;
        Some((name, gone.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        expression::TCP,
        key::{Opening, Place},
        sets::Tail,
        testing::thing_mac,
    };

    fn index(names: &[&str]) -> ThingIndex {
        let opening = Opening {
            place: Place::Shared {
                initiator: mudguard_policy::Initiator::Thing,
                family: mudguard_policy::Family::Ipv4,
                tail: Tail::Destination(TCP, 443),
                set: "out4_learned_port".into(),
            },
            comment: "x".into(),
        };
        ThingIndex {
            addresses: Vec::new(),
            openings: names
                .iter()
                .map(|name| ((*name).into(), vec![opening.clone()]))
                .collect(),
        }
    }

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn what_a_thing_asks_for_in_vain_does_not_push_out_what_it_may_reach() {
        let (thing, start) = (thing_mac(1), Instant::now());
        let index = index(&["cloud"]);
        let mut answers = Answers::default();
        answers.remember(thing, &["cloud".into()], &[(address(0), 9)], Some(&index), start);
        for number in 1..10_000 {
            let name = canonical(&format!("{number}.Example."));
            let now = start + Duration::from_millis(number.into());
            let left = answers.remember(thing, &[name], &[(address(number), 9)], Some(&index), now);
            assert!(left.iter().all(|(name, _)| &**name != "cloud"));
        }
        assert_eq!(answers.told(thing).count(), PAIRS_PER_THING);
        assert_eq!(
            answers
                .all_keys(thing, &index, start + Duration::from_secs(20))
                .len(),
            1
        );
    }

    #[test]
    fn strangers_push_out_strangers_only() {
        let start = Instant::now();
        let index = index(&["cloud"]);
        let mut answers = Answers::default();
        answers.remember(
            thing_mac(1),
            &["cloud".into()],
            &[(address(0), 9)],
            Some(&index),
            start,
        );
        for number in 0..300u32 {
            let [_, _, high, low] = number.to_be_bytes();
            let stranger = MacAddress([6, 0, 0, 0, high, low]);
            let now = start + Duration::from_millis(number.into());
            for many in 0..if number == 0 { 300 } else { 3 } {
                answers.remember(
                    stranger,
                    &["x".into(), canonical(&many.to_string())],
                    &[(address(many), 9)],
                    None,
                    now,
                );
            }
        }
        assert_eq!(answers.told(thing_mac(1)).count(), 1);
        assert!(answers.clients.len() <= STRANGERS + 1);
        assert!(
            answers
                .clients
                .values()
                .all(|told| told.pairs <= PAIRS_PER_STRANGER)
        );
    }

    #[test]
    fn a_pair_ends_a_minute_after_its_ttl_and_not_before_two() {
        let (thing, start) = (thing_mac(1), Instant::now());
        let index = index(&["cloud"]);
        let mut answers = Answers::default();
        let mut end_of = |ttl, after: u64| {
            let now = start + Duration::from_secs(after);
            answers.remember(thing, &["cloud".into()], &[(address(0), ttl)], Some(&index), now);
            let keys = answers.keys_of(thing, &index, address(0), now);
            keys.values().next().unwrap().0 - start
        };
        assert_eq!(end_of(0, 0), Duration::from_secs(120));
        assert_eq!(end_of(100, 0), Duration::from_secs(160));
        assert_eq!(
            end_of(1, 1),
            Duration::from_secs(160),
            "a shorter answer takes nothing away"
        );
        assert_eq!(end_of(u32::MAX, 0), Duration::from_secs(86_460));
        assert!(
            answers
                .all_keys(thing, &index, start + Duration::from_secs(86_461))
                .is_empty()
        );
        assert_eq!(answers.told(thing).count(), 1, "still known");
        answers.forget(&Index::new(), start + Duration::from_secs(3 * 86_400));
        assert_eq!(answers.told(thing).count(), 0);
    }
}
