//! Which retrievals are under way: one for a URL, and not too many in all or from one host.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mudguard_mud::MudUrl;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::FetchError;

/// The retrievals under way.
pub(super) struct Flights {
    slots: Semaphore,
    from_host: usize,
    /// The URLs, each with the slots of its host.
    urls: Mutex<BTreeMap<MudUrl, Arc<Semaphore>>>,
}

/// One retrieval; it is over when this is dropped.
pub(super) struct Flight<'a> {
    // The slots are free before the URL is, so that the last one of a host forgets its slots.
    _slot: Option<SemaphorePermit<'a>>,
    _slot_of_host: Option<OwnedSemaphorePermit>,
    _url: Entry<'a>,
}

struct Entry<'a> {
    flights: &'a Flights,
    url: MudUrl,
}

impl Flights {
    pub(super) fn new(at_once: usize, from_host: usize) -> Self {
        let limit = |count: usize| count.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            slots: Semaphore::new(limit(at_once)),
            from_host: limit(from_host),
            urls: Mutex::default(),
        }
    }

    /// Begins a retrieval, when there is room for it.
    pub(super) async fn begin(&self, url: &MudUrl) -> Result<Flight<'_>, FetchError> {
        let of_host = self.enter(url)?;
        let entry = Entry {
            flights: self,
            url: url.clone(),
        };
        // There is always a slot in the end: nobody closes the semaphores. Who waits for a host takes no slot from the others.
        Ok(Flight {
            _slot_of_host: of_host.acquire_owned().await.ok(),
            _slot: self.slots.acquire().await.ok(),
            _url: entry,
        })
    }

    /// Enters a URL, and returns the slots of its host.
    fn enter(&self, url: &MudUrl) -> Result<Arc<Semaphore>, FetchError> {
        let mut urls = self.urls();
        if urls.contains_key(url) {
            return Err(FetchError::InFlight(url.clone()));
        }
        let known = urls.iter().find(|(other, _)| other.host() == url.host());
        let slots = known.map_or_else(
            || Arc::new(Semaphore::new(self.from_host)),
            |(_, slots)| Arc::clone(slots),
        );
        urls.insert(url.clone(), Arc::clone(&slots));
        Ok(slots)
    }

    fn urls(&self) -> MutexGuard<'_, BTreeMap<MudUrl, Arc<Semaphore>>> {
        self.urls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.flights.urls().remove(&self.url);
    }
}
