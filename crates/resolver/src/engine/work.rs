//! How much may be asked upstream for one query of a client, and whom not to trust meanwhile (NXNS and CAMP attacks, CVE-2020-12662).
//!
//! What it is not: the work of the validator is bounded apart ([`crate::validate`]).

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// The most questions that are sent upstream for one query of a client, repeated ones included.
pub(crate) const MAX_QUERIES: u32 = 160;

/// What is left for one query of a client. It is shared by all that is done for it, its retries too.
#[derive(Debug)]
pub(crate) struct Work {
    queries: AtomicU32,
    deadline: Instant,
    /// Who answered during this attempt.
    answered: Mutex<Vec<SocketAddr>>,
    /// Whose replies were part of something bogus.
    suspects: Mutex<Vec<SocketAddr>>,
}

impl Work {
    /// Begins; it must end within this time.
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            queries: AtomicU32::new(MAX_QUERIES),
            deadline: Instant::now() + patience,
            answered: Mutex::default(),
            suspects: Mutex::default(),
        }
    }

    /// Takes one question that is sent; whether there was one left. Everything that sends calls it.
    #[must_use]
    pub(crate) fn spend_query(&self) -> bool {
        let take = |left: u32| left.checked_sub(1);
        self.queries
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    /// When the client will have given up.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Remembers whose reply is used, so that it can be blamed.
    pub(crate) fn answered(&self, server: SocketAddr) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if !answered.contains(&server) {
            answered.push(server);
        }
    }

    /// What was found is bogus: whoever answered so far is asked last from now on.
    pub(crate) fn suspect_who_answered(&self) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        suspects.append(&mut answered);
    }

    /// Whether a reply of this server was part of something bogus.
    pub(crate) fn is_suspect(&self, server: SocketAddr) -> bool {
        let suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        suspects.contains(&server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_cannot_cause_any_number_of_others() {
        let work = Work::new(Duration::from_secs(5));
        let sent = (0..MAX_QUERIES + 10).filter(|_| work.spend_query()).count();
        assert_eq!(sent, MAX_QUERIES as usize);
    }

    #[test]
    fn who_answered_before_something_was_bogus_is_suspect() {
        let work = Work::new(Duration::from_secs(5));
        let [first, second] = ["192.0.2.1:53", "192.0.2.2:53"].map(|text| text.parse().unwrap());
        work.answered(first);
        work.suspect_who_answered();
        work.answered(second);
        assert!(work.is_suspect(first) && !work.is_suspect(second));
    }
}
