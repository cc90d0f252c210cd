//! What the resolver counts.

use std::sync::{Mutex, PoisonError};

/// How often what happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Queries of LAN clients that were taken up.
    pub queries: u64,
    /// Of these, answered from the cache.
    pub cache_hits: u64,
    /// Of these, answered from what is proven not to exist (RFC 8198).
    pub denied: u64,
    /// Of these, answered with something whose time is over, because nobody gives anything newer.
    pub stale: u64,
    /// Of these, answered with what was asked for, be it that there is nothing.
    pub answered: u64,
    /// Of these, refused: by the sink, or because this resolver does not serve such queries.
    pub refused: u64,
    /// Of these, answered SERVFAIL because the sink failed or took too long.
    pub sink_failures: u64,
    /// Of these, answered SERVFAIL because no upstream resolver gave a usable answer in time.
    pub upstream_failures: u64,
    /// Of these, answered SERVFAIL because what upstream resolvers say is bogus.
    pub bogus: u64,
    /// Of these, answered SERVFAIL because too many others waited for upstream resolvers.
    pub overloaded: u64,
    /// Answers of upstream resolvers from which special-purpose addresses were taken.
    pub filtered: u64,
    /// Messages that are no query: answered FORMERR or NOTIMP, or dropped.
    pub malformed: u64,
    /// Messages and connections from outside the LAN, dropped.
    pub strangers: u64,
    /// Queries dropped because the client, or all together, had too many in flight.
    pub dropped: u64,
    /// TCP connections closed at once because there were too many.
    pub connections_refused: u64,
}

/// The counters while they count.
///
/// A lock, because 32-bit MIPS has no 64-bit atomic and 32 bits are counted through within weeks.
#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<Counters>);

impl Counting {
    /// Changes the counters.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A copy as of now.
    pub(crate) fn snapshot(&self) -> Counters {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
