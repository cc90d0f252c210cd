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

/// What all Things were told.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    clients: HashMap<MacAddress, Told>,
}

/// What one Thing was told, in no order.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pairs: Vec<Pair>,
    last: Option<Instant>,
    is_managed: bool,
}

/// An address for a name.
#[derive(Debug)]
struct Pair {
    name: Arc<str>,
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
                told.remember(name, *address, now, now + ttl.max(FLOOR) + GRACE);
            }
            left.extend(told.shrink(ADDRESSES_PER_NAME, |pair| pair.name == *name));
        }
        let is_idle = |pair: &Pair| index.is_none_or(|index| !index.openings.contains_key(&*pair.name));
        let at_most = if index.is_some() {
            PAIRS_PER_THING
        } else {
            PAIRS_PER_STRANGER
        };
        // Names of which no policy speaks leave first.
        let idle = told.pairs.iter().filter(|pair| is_idle(pair)).count();
        let surplus = told.pairs.len().saturating_sub(at_most);
        told.shrink(idle.saturating_sub(surplus), is_idle);
        left.extend(told.shrink(at_most, |_| true));
        left
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
    ) -> BTreeMap<Key, (Instant, Arc<str>)> {
        self.keys(thing, index, now, |pair| pair.address == address)
    }

    /// All keys that a policy gives a Thing.
    pub(crate) fn all_keys(
        &self,
        thing: MacAddress,
        index: &ThingIndex,
        now: Instant,
    ) -> BTreeMap<Key, (Instant, Arc<str>)> {
        self.keys(thing, index, now, |_| true)
    }

    fn keys(
        &self,
        thing: MacAddress,
        index: &ThingIndex,
        now: Instant,
        wanted: impl Fn(&Pair) -> bool,
    ) -> BTreeMap<Key, (Instant, Arc<str>)> {
        let mut keys = BTreeMap::<Key, (Instant, Arc<str>)>::new();
        let pairs = self.clients.get(&thing).into_iter().flat_map(|told| &told.pairs);
        for pair in pairs.filter(|pair| pair.ends > now && wanted(pair)) {
            for opening in index.openings.get(&*pair.name).into_iter().flatten() {
                for key in opening.keys(thing, &index.addresses, pair.address) {
                    let latest = keys
                        .entry(key)
                        .or_insert_with(|| (pair.ends, Arc::clone(&opening.comment)));
                    latest.0 = latest.0.max(pair.ends);
                }
            }
        }
        keys
    }

    /// All that a Thing was told, also what ended: an established flow outlives its element.
    pub(crate) fn told(&self, thing: MacAddress) -> impl Iterator<Item = (&str, IpAddr)> {
        let pairs = self.clients.get(&thing).into_iter().flat_map(|told| &told.pairs);
        pairs.map(|pair| (&*pair.name, pair.address))
    }

    /// Forgets what ended long ago; `index` says who is managed now.
    pub(crate) fn forget(&mut self, index: &Index, now: Instant) {
        for told in self.clients.values_mut() {
            told.pairs.retain(|pair| pair.ends + KNOWN > now);
        }
        for (thing, told) in &mut self.clients {
            told.is_managed = index.contains_key(thing);
        }
        self.clients.retain(|_, told| !told.pairs.is_empty());
    }
}

impl Told {
    fn remember(&mut self, name: &Arc<str>, address: IpAddr, told: Instant, ends: Instant) {
        let known = self
            .pairs
            .iter_mut()
            .find(|pair| pair.address == address && pair.name == *name);
        if let Some(pair) = known {
            pair.told = told;
            pair.ends = pair.ends.max(ends);
            return;
        }
        self.pairs.push(Pair {
            name: Arc::clone(name),
            address,
            told,
            ends,
        });
    }

    /// Removes the oldest of these until so many are left, and gives the addresses of what was removed.
    fn shrink(&mut self, at_most: usize, of: impl Fn(&Pair) -> bool) -> Vec<(Arc<str>, IpAddr)> {
        let mut times: Vec<_> = self
            .pairs
            .iter()
            .enumerate()
            .filter(|(_, pair)| of(pair))
            .map(|(at, pair)| (pair.told, at))
            .collect();
        let surplus = times.len().saturating_sub(at_most);
        if surplus == 0 {
            return Vec::new();
        }
        times.sort_unstable();
        let mut places: Vec<_> = times.into_iter().take(surplus).map(|(_, at)| at).collect();
        places.sort_unstable();
        let removed = places.into_iter().rev().map(|at| self.pairs.swap_remove(at));
        removed.map(|pair| (pair.name, pair.address)).collect()
    }
}
