//! Which retrievals are under way: one for a URL, and not too many in all.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mudguard_mud::MudUrl;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::FetchError;

/// The retrievals under way.
pub(super) struct Flights {
    slots: Semaphore,
    urls: Mutex<BTreeSet<MudUrl>>,
}

/// One retrieval; it is over when this is dropped.
pub(super) struct Flight<'a> {
    _url: Entry<'a>,
    _slot: Option<SemaphorePermit<'a>>,
}

struct Entry<'a> {
    flights: &'a Flights,
    url: MudUrl,
}

impl Flights {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            slots: Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)),
            urls: Mutex::default(),
        }
    }

    /// Begins a retrieval, when there is room for it.
    pub(super) async fn begin(&self, url: &MudUrl) -> Result<Flight<'_>, FetchError> {
        if !self.urls().insert(url.clone()) {
            return Err(FetchError::InFlight(url.clone()));
        }
        let entry = Entry {
            flights: self,
            url: url.clone(),
        };
        // There is always a slot in the end: nobody closes the semaphore.
        Ok(Flight {
            _url: entry,
            _slot: self.slots.acquire().await.ok(),
        })
    }

    fn urls(&self) -> MutexGuard<'_, BTreeSet<MudUrl>> {
        self.urls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.flights.urls().remove(&self.url);
    }
}
