//! From a question to an answer: names that are known here, the cache, whoever is asked upstream.
//!
//! What it is not: it knows no client and no sink.

mod anchors;
mod answer;
mod cache;
mod flights;
mod names;
mod rebinding;
mod records;
mod trace;
mod upstream;
mod validation;
mod work;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mudguard_policy::SpecialPurpose;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{timeout, timeout_at},
};

pub(crate) use self::answer::{Answer, Grade, Told};
#[cfg(test)]
pub(crate) use self::records::{record_for_validator, record_of_validator};
pub use self::upstream::{HintsError, check_root_hints};
#[cfg(test)]
pub(crate) use self::upstream::{Network, Protocol, Query};
use self::{
    cache::{Cache, Found, Freshness},
    flights::{Flight, Flights, wait},
    names::Names,
    upstream::{Unobtainable, Upstream},
    validation::{Judged, Validation},
    work::Work,
};
use crate::{
    Config, ExtendedError, StartError,
    counters::Counting,
    validate::{self, Name, Question},
    wire::code,
};

/// How long a question may take. Clients give up or ask again after 5 seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a client waits for a new answer while there is a stale one (RFC 8767 section 5).
const STALE_PATIENCE: Duration = Duration::from_millis(1800);

/// How long a stale answer is told to hold, in seconds (RFC 8767 section 4).
const STALE_TTL: u32 = 30;

/// How many questions may wait for upstream resolvers at once; others fail. Fewer than the queries that may be in flight, so that
/// a flood of names nobody has asked for leaves room for those in the cache.
const MAX_WAITING: usize = 768;

/// Answers questions.
pub(crate) struct Engine {
    upstream: Upstream,
    validation: Validation,
    cache: Mutex<Cache>,
    flights: Arc<Flights>,
    waiting: Arc<Semaphore>,
    names: Names,
    rebinding: Rebinding,
    counting: Arc<Counting>,
    clock: Clock,
}

/// The time, as tests may set it.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Which addresses no name of the internet may have.
struct Rebinding {
    special: Option<SpecialPurpose>,
    exceptions: Vec<Name>,
}

/// An answer as it stands at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The answer, or why there is none.
    pub(crate) answer: Arc<Answer>,
    /// How it is told.
    pub(crate) told: Told,
}

impl Engine {
    /// Prepares to answer; nothing is sent yet.
    pub(crate) fn new(config: &Config, counting: Arc<Counting>, clock: Clock) -> Result<Self, StartError> {
        let upstream = Upstream::new(config, &clock)?;
        Ok(Self::with_upstream(config, upstream, counting, clock))
    }

    /// Prepares to answer from the servers of a network of the test.
    #[cfg(test)]
    pub(crate) fn in_network(
        config: &Config,
        counting: Arc<Counting>,
        clock: Clock,
        network: Box<dyn Network>,
    ) -> Result<Self, StartError> {
        let upstream = Upstream::in_network(config, &clock, network)?;
        Ok(Self::with_upstream(config, upstream, counting, clock))
    }

    fn with_upstream(config: &Config, upstream: Upstream, counting: Arc<Counting>, clock: Clock) -> Self {
        Self {
            upstream,
            validation: Validation::new(config.trust_anchors.clone(), clock()),
            cache: Mutex::new(Cache::new(config.cache_octets)),
            flights: Arc::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            names: Names::new(config.forward_test, config.serves_reverse_zones),
            rebinding: Rebinding {
                special: config
                    .rebinding_protection
                    .then(|| config.special_purpose.clone()),
                exceptions: config.rebinding_exceptions.clone(),
            },
            counting,
            clock,
        }
    }

    /// Answers a question.
    pub(crate) async fn resolve(self: &Arc<Self>, question: &Question) -> Resolved {
        match self.known(question) {
            Ok(resolved) => resolved,
            Err(None) => self.obtained(question).await,
            Err(Some(stale)) => self.obtained_or_stale(question, stale).await,
        }
    }

    /// Answers a question at once, from what is known here; otherwise what is known and may be out of date.
    pub(crate) fn known(self: &Arc<Self>, question: &Question) -> Result<Resolved, Option<Found>> {
        if let Some(answer) = self.names.answer(question) {
            return Ok(Resolved {
                answer: Arc::new(answer),
                told: Told::fresh(0),
            });
        }
        let now = (self.clock)();
        let found = self.cache().get(question, now);
        let Some(found) = found else {
            // It is not kept: a flood of names that do not exist takes no memory.
            let answer = self.validation.denied(question, now).ok_or(None)?;
            self.counting.count(|counters| counters.denied += 1);
            return Ok(Resolved {
                answer: Arc::new(answer),
                told: Told::fresh(0),
            });
        };
        match found.state {
            Freshness::Fresh => {}
            // Whoever asks is answered from what is there; nobody waits for this.
            Freshness::Ending => drop(self.begin(question)),
            Freshness::StaleUntilRetry => return Ok(self.stale(found)),
            Freshness::Stale => return Err(Some(found)),
        }
        self.counting.count(|counters| counters.cache_hits += 1);
        Ok(Resolved {
            told: Told {
                error: found.answer.note.as_deref().cloned(),
                ..Told::fresh(found.age)
            },
            answer: found.answer,
        })
    }

    async fn obtained(self: &Arc<Self>, question: &Question) -> Resolved {
        let answer = match self.begin(question) {
            Ok(waiting) => wait(waiting).await,
            Err(overloaded) => Some(overloaded),
        };
        // A flight that was given up told nobody why.
        let answer = answer.unwrap_or_else(|| {
            let Unobtainable(error) = Unobtainable::unreachable();
            Arc::new(Answer::failure(error, 0))
        });
        Resolved {
            told: Told {
                error: answer.note.as_deref().cloned(),
                ..Told::fresh(0)
            },
            answer,
        }
    }

    /// Waits for a new answer, but not as long as if there were none.
    async fn obtained_or_stale(self: &Arc<Self>, question: &Question, stale: Found) -> Resolved {
        match timeout(STALE_PATIENCE, self.obtained(question)).await {
            Ok(resolved) if resolved.answer.response_code != code::SERVER_FAILURE => resolved,
            // What is bogus now has another meaning than that nobody answers: only the latter leaves the stale one standing.
            Ok(_) | Err(_) => self.stale(stale),
        }
    }

    fn stale(&self, found: Found) -> Resolved {
        self.counting.count(|counters| counters.stale += 1);
        let error = if found.answer.response_code == code::NO_SUCH_NAME {
            ExtendedError::new(ExtendedError::STALE_NXDOMAIN, "")
        } else {
            ExtendedError::new(ExtendedError::STALE_ANSWER, "")
        };
        Resolved {
            answer: found.answer,
            told: Told {
                age: found.age,
                ttl: Some(STALE_TTL),
                ttl_at_most: STALE_TTL,
                error: Some(error),
            },
        }
    }

    /// Begins to obtain an answer, unless that is going on; where to wait for it.
    fn begin(
        self: &Arc<Self>,
        question: &Question,
    ) -> Result<tokio::sync::watch::Receiver<Option<Arc<Answer>>>, Arc<Answer>> {
        let (waiting, flight) = self.flights.join(question);
        let Some(flight) = flight else {
            return Ok(waiting);
        };
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            self.counting.count(|counters| counters.overloaded += 1);
            let error = ExtendedError::new(ExtendedError::OTHER, "too many queries wait");
            return Err(Arc::new(Answer::failure(error, 0)));
        };
        // It goes on when the client has left: others may wait, and the answer is kept.
        tokio::spawn(Arc::clone(self).fly(flight, place));
        Ok(waiting)
    }

    async fn fly(self: Arc<Self>, flight: Flight, _place: OwnedSemaphorePermit) {
        let question = flight.question().clone();
        let work = Work::new(PATIENCE);
        let is_home = |address: IpAddr| self.rebinding.is_home(&question, address);
        let judged = timeout_at(
            work.deadline(),
            self.validation.resolve(
                &question,
                &self.upstream,
                &work,
                &self.names,
                &is_home,
                (self.clock)(),
            ),
        );
        let judged = judged.await.unwrap_or_else(|_| Err(Unobtainable::unreachable()));
        let answer = match judged {
            Ok(Judged { answer, verdict }) => {
                tracing::debug!(%question, found = ?verdict.overall(), "an answer was judged");
                self.keep(&question, answer)
            }
            Err(Unobtainable(error)) => {
                self.counting.count(|counters| counters.upstream_failures += 1);
                self.cache().insert_failure(&question, error, (self.clock)())
            }
        };
        flight.land(answer);
    }

    fn keep(&self, question: &Question, answer: Answer) -> Arc<Answer> {
        if answer.is_filtered {
            self.counting.count(|counters| counters.filtered += 1);
        }
        let answer = Arc::new(answer);
        self.cache()
            .insert(question.clone(), Arc::clone(&answer), (self.clock)());
        answer
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the validator what time it is. Answers that were told without a valid clock are judged again once there is one.
    pub(crate) fn set_clock(&self, clock: validate::Clock) {
        self.upstream.set_clock_valid(clock.is_valid());
        if self.validation.set_clock(clock, (self.clock)()) {
            self.cache().clear();
        }
    }

    /// The hosts of the home are these from now on.
    pub(crate) fn set_hosts(&self, hosts: impl IntoIterator<Item = (Name, Vec<IpAddr>)>) {
        self.names.set_hosts(hosts);
    }

    /// The questions that are asked most often, at most so many.
    pub(crate) fn popular(&self, most: usize) -> Vec<Question> {
        self.cache().popular(most)
    }
}

impl Rebinding {
    fn is_home(&self, question: &Question, address: IpAddr) -> bool {
        let special = self.special.as_ref();
        special.is_some_and(|special| special.reason(address).is_some())
            && !self.exceptions.iter().any(|name| question.name.is_within(name))
    }
}
