//! The seam to whoever knows what is not in the cache: other resolvers, or the authoritative servers from the root down.
//!
//! Both sides of it speak the validator's types: octets without compression. The engine asks for what a client wants, and for the DS and
//! DNSKEY records that the validator needs on the way; it does not know how they are obtained.
//!
//! What holds of every implementation:
//!
//! - A reply is for exactly the question, "no error" or "no such name". It may end at an alias without saying what is there: the engine
//!   asks on. Everything is asked with DO and CD; nothing is judged here, whatever a server says of itself.
//! - A reply from the root down holds only what its server may speak of: nothing outside the zone that was asked.
//! - DS is asked of the parent. Recursion has the answer already where a referral brought it: the DS records, or the proof that there are
//!   none, and answers from there without asking anybody, for as long as that delegation is kept. Names that are no zone cut cost the
//!   validator a DS question each only where no signature says which zone is theirs.
//! - Each question that is sent is paid from [`Work`]; whoever answers is noted there; suspects are asked last.
//! - It is cancelled by being dropped. It keeps what it learns of servers and delegations itself, bounded.

mod forward;
mod message;
mod network;
mod recursive;
mod servers;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub use self::recursive::{HintsError, check_root_hints};
use self::{forward::Forward, recursive::Recursive};
#[cfg(test)]
pub(crate) use self::{
    message::Query,
    network::{Network, Protocol},
};
use super::{Clock, Work};
use crate::{
    Config, ExtendedError, Mode, StartError,
    validate::{Name, Question, RecordType, Reply},
};

/// How often it is looked at whether the provider's resolvers hand DNSSEC on.
const CHECK: Duration = Duration::from_secs(3600);

/// How long resolvers that do not are not asked.
const UNFIT: Duration = Duration::from_secs(600);

/// Whoever is asked.
pub(crate) enum Upstream {
    /// Other resolvers.
    Forward(Forward),
    /// The authoritative servers.
    Recursive(Recursive),
    /// Other resolvers, and the authoritative servers where those are of no use.
    Auto {
        forward: Forward,
        recursive: Recursive,
        fitness: Mutex<Fitness>,
        clock: Clock,
    },
}

/// Whether other resolvers are of use to somebody who validates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fitness {
    is_unfit: bool,
    /// Until when that holds; `None` if it is not known.
    until: Option<Instant>,
}

/// Nobody gave a usable answer, and why, for the client to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unobtainable(pub(crate) ExtendedError);

impl Upstream {
    /// Prepares to ask; nothing is sent yet. What it keeps, it keeps by this clock, which tests may set.
    pub(crate) fn new(config: &Config, clock: &Clock) -> Result<Self, StartError> {
        let forward = || Forward::new(config, clock).map_err(StartError::Connections);
        let recursive = || Recursive::new(config, clock).map_err(StartError::RootHints);
        Ok(match config.mode {
            Mode::Forward => Self::Forward(forward()?),
            Mode::Auto if !config.upstreams.is_empty() => Self::Auto {
                forward: forward()?,
                recursive: recursive()?,
                fitness: Mutex::default(),
                clock: clock.clone(),
            },
            Mode::Auto | Mode::Recursive => Self::Recursive(recursive()?),
        })
    }

    /// Prepares to ask the authoritative servers of a network of the test.
    #[cfg(test)]
    pub(crate) fn in_network(
        config: &Config,
        clock: &Clock,
        network: Box<dyn Network>,
    ) -> Result<Self, StartError> {
        let recursive = Recursive::with_network(config, clock, network);
        recursive.map(Self::Recursive).map_err(StartError::RootHints)
    }

    /// Obtains the reply to a question.
    pub(crate) async fn ask(&self, question: &Question, work: &Work) -> Result<Reply, Unobtainable> {
        match self {
            Self::Forward(forward) => forward.ask(question, work).await,
            Self::Recursive(recursive) => recursive.ask(question, work).await,
            Self::Auto {
                forward,
                recursive,
                fitness,
                clock,
            } => {
                if !forward.is_suspect(work)
                    && is_fit(forward, fitness, clock(), work).await
                    && let Ok(reply) = forward.ask(question, work).await
                {
                    return Ok(reply);
                }
                recursive.ask(question, work).await
            }
        }
    }

    /// Says whether dates can be judged.
    pub(crate) fn set_clock_valid(&self, is_valid: bool) {
        match self {
            Self::Forward(forward) | Self::Auto { forward, .. } => forward.set_clock_valid(is_valid),
            Self::Recursive(_) => {}
        }
    }

    /// What was answered for this name is bogus: what is kept of its delegations is not used again, and others are asked first.
    pub(crate) fn distrust(&self, question: &Question, work: &Work) {
        work.suspect_who_answered();
        match self {
            Self::Forward(_) => tracing::debug!(%question, "other resolvers are asked first"),
            Self::Recursive(recursive) => recursive.forget(&question.name),
            Self::Auto {
                recursive, fitness, ..
            } => {
                recursive.forget(&question.name);
                // It may be the resolvers' fault: it is looked at again.
                *fitness.lock().unwrap_or_else(PoisonError::into_inner) = Fitness::default();
            }
        }
    }
}

/// Whether resolvers hand signatures on, as far as the root's keys show.
async fn is_fit(forward: &Forward, fitness: &Mutex<Fitness>, now: Instant, work: &Work) -> bool {
    let known = *fitness.lock().unwrap_or_else(PoisonError::into_inner);
    if known.until.is_some_and(|until| now < until) {
        return !known.is_unfit;
    }
    let keys = Question::new(Name::root(), RecordType::DNSKEY);
    // One that does not answer at all is found out, and noted, by whoever asks next.
    let Ok(reply) = forward.ask(&keys, work).await else {
        return false;
    };
    let is_unfit = !reply
        .answers
        .iter()
        .any(|record| record.record_type == RecordType::RRSIG);
    let lasts = if is_unfit { UNFIT } else { CHECK };
    *fitness.lock().unwrap_or_else(PoisonError::into_inner) = Fitness {
        is_unfit,
        until: Some(now + lasts),
    };
    if is_unfit {
        tracing::info!(
            "the provider's resolvers strip DNSSEC; the authoritative servers are asked for the next ten minutes"
        );
    }
    !is_unfit
}

impl Unobtainable {
    /// No server answers with anything usable.
    pub(crate) fn unreachable() -> Self {
        let text = "no upstream resolver gave a usable answer";
        Self(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, text))
    }

    /// It would take more questions than one query may cause.
    pub(crate) fn too_much_work() -> Self {
        let text = "it would take more work than one query may cause";
        Self(ExtendedError::new(ExtendedError::OTHER, text))
    }
}

#[cfg(test)]
mod tests;
