//! How many queries a second one client may ask: a bucket for each that fills at that rate. Pure; time is an argument.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// A client that was silent may ask so many seconds' worth at once.
const BURST_SECONDS: u32 = 2;

/// The most clients that are followed.
const MAX_CLIENTS: usize = 4096;

/// Bounds the rate of each client.
#[derive(Debug)]
pub(super) struct Rates {
    per_second: u32,
    clients: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In thousandths of a query.
    left: u64,
    since: Instant,
}

impl Rates {
    /// So many a second for each client; 0 is without bound.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            clients: Mutex::default(),
        }
    }

    /// Whether a client may ask once more now.
    pub(super) fn admit(&self, client: IpAddr, now: Instant) -> bool {
        if self.per_second == 0 {
            return true;
        }
        let full = u64::from(self.per_second) * u64::from(BURST_SECONDS) * 1000;
        let filled = |bucket: &Bucket| {
            let millis = now.saturating_duration_since(bucket.since).as_millis();
            let gained = u64::try_from(millis)
                .unwrap_or(u64::MAX)
                .saturating_mul(self.per_second.into());
            bucket.left.saturating_add(gained).min(full)
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            clients.retain(|_, bucket| filled(bucket) < full);
            if clients.len() >= MAX_CLIENTS {
                // So many at once are no home; those that are followed are not forgotten for them.
                return false;
            }
        }
        let bucket = clients.entry(client).or_insert(Bucket {
            left: full,
            since: now,
        });
        let left = filled(bucket);
        let Some(rest) = left.checked_sub(1000) else {
            return false;
        };
        *bucket = Bucket {
            left: rest,
            since: now,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn client(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_client_asks_no_more_than_its_rate_and_others_are_not_harmed() {
        let (rates, start) = (Rates::new(10), Instant::now());
        let admitted = |from: u8, now| (0..100).filter(|_| rates.admit(client(from), now)).count();
        assert_eq!(admitted(1, start), 20);
        assert_eq!(admitted(2, start), 20);
        assert_eq!(admitted(1, start + Duration::from_millis(500)), 5);
        assert_eq!(admitted(1, start + Duration::from_secs(60)), 20);
    }

    #[test]
    fn many_clients_take_no_more_memory_than_there_is() {
        let (rates, start) = (Rates::new(10), Instant::now());
        let each = |number: u32| IpAddr::from(number.to_be_bytes());
        let admitted = (0..10_000)
            .filter(|&number| rates.admit(each(number), start))
            .count();
        assert_eq!(admitted, MAX_CLIENTS);
        assert!(rates.admit(each(9999), start + Duration::from_secs(3)));
        assert!(rates.clients.lock().unwrap().len() <= MAX_CLIENTS);
    }

    #[test]
    fn without_a_rate_there_is_no_bound() {
        let (rates, now) = (Rates::new(0), Instant::now());
        assert!((0..1000).all(|_| rates.admit(client(1), now)));
    }
}
