//! From a question to an answer: special names, the cache, the upstream resolvers.
//!
//! What it is not: it knows no client and no sink.

mod answer;
mod cache;
mod chain;
mod question;
mod rebinding;
mod records;
mod special_names;
mod upstream;
mod validation;
mod work;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hickory_resolver::net::NetError;
use mudguard_policy::SpecialPurpose;
use tokio::{sync::Semaphore, time::timeout_at};

#[cfg(test)]
pub(crate) use self::records::{record_for_validator, record_of_validator};
pub(crate) use self::{answer::Answer, question::Question};
use self::{
    cache::Cache,
    special_names::special_answer,
    upstream::{Unobtainable, Upstream},
    validation::{Unusable, Validation},
    work::Work,
};
use crate::{Config, ExtendedError, counters::Counting, validate};

/// How long a question may take. Clients give up or ask again after 5 seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many questions may wait for upstream resolvers at once; others fail. Fewer than the queries that may be in flight, so that
/// a flood of names nobody has asked for leaves room for those in the cache.
const MAX_WAITING: usize = 768;

/// Answers questions.
pub(crate) struct Engine {
    upstream: Upstream,
    validation: Validation,
    cache: Mutex<Cache>,
    waiting: Semaphore,
    special_purpose: SpecialPurpose,
    forward_test: bool,
    counting: Arc<Counting>,
    clock: Clock,
}

/// The time, as tests may set it.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// An answer as it stands at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The answer.
    pub(crate) answer: Arc<Answer>,
    /// How many seconds ago it came.
    pub(crate) age: u32,
    /// Whether it was made here, without asking anybody.
    pub(crate) is_special: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody gave a usable answer in time, and why.
    Unobtainable(ExtendedError),
    /// Too many questions wait for upstream resolvers.
    Overloaded,
    /// The answer is bogus, and why.
    Bogus(ExtendedError),
}

impl Engine {
    /// Prepares to answer; nothing is sent yet.
    pub(crate) fn new(config: &Config, counting: Arc<Counting>, clock: Clock) -> Result<Self, NetError> {
        Ok(Self {
            upstream: Upstream::new(config, &clock)?,
            validation: Validation::new(config.trust_anchors.clone(), clock()),
            cache: Mutex::new(Cache::new(config.cache_octets)),
            waiting: Semaphore::new(MAX_WAITING),
            special_purpose: config.special_purpose.clone(),
            forward_test: config.forward_test,
            counting,
            clock,
        })
    }

    /// Answers a question.
    pub(crate) async fn resolve(&self, question: &Question) -> Result<Resolved, Failure> {
        if let Some(special) = special_answer(question, self.forward_test) {
            let answer = Arc::new(Answer::special(question, special));
            return Ok(Resolved {
                answer,
                age: 0,
                is_special: true,
            });
        }
        if let Some((answer, age)) = self.cached(question) {
            self.counting.count(|counters| counters.cache_hits += 1);
            return Ok(Resolved {
                answer,
                age,
                is_special: false,
            });
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            self.counting.count(|counters| counters.overloaded += 1);
            return Err(Failure::Overloaded);
        };
        let work = Work::new(PATIENCE);
        let answer = match timeout_at(work.deadline(), self.ask_and_validate(question, &work)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Unusable::Bogus(error))) => {
                self.counting.count(|counters| counters.bogus += 1);
                return Err(Failure::Bogus(error));
            }
            Ok(Err(Unusable::Unobtainable(Unobtainable(error)))) => {
                self.counting.count(|counters| counters.upstream_failures += 1);
                return Err(Failure::Unobtainable(error));
            }
            Err(_) => {
                self.counting.count(|counters| counters.upstream_failures += 1);
                let Unobtainable(error) = Unobtainable::unreachable();
                return Err(Failure::Unobtainable(error));
            }
        };
        if answer.filtered {
            self.counting.count(|counters| counters.filtered += 1);
        }
        let answer = Arc::new(answer);
        self.cache()
            .insert(question.clone(), Arc::clone(&answer), (self.clock)());
        Ok(Resolved {
            answer,
            age: 0,
            is_special: false,
        })
    }

    fn cached(&self, question: &Question) -> Option<(Arc<Answer>, u32)> {
        self.cache().get(question, (self.clock)())
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the validator what time it is. Answers that were told without a valid clock are judged again once there is one.
    pub(crate) fn set_clock(&self, clock: validate::Clock) {
        if self.validation.set_clock(clock, (self.clock)()) {
            self.cache().clear();
        }
    }

    /// Asks upstream, and validates what comes back.
    async fn ask_and_validate(&self, question: &Question, work: &Work) -> Result<Answer, Unusable> {
        self.validation
            .resolve(
                question,
                &self.upstream,
                work,
                &self.special_purpose,
                self.forward_test,
                (self.clock)(),
            )
            .await
    }
}
