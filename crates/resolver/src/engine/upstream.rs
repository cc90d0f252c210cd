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

use hickory_resolver::net::NetError;

use self::forward::Forward;
use super::{Clock, Work};
use crate::{
    Config, ExtendedError, Mode,
    validate::{Question, Reply},
};

/// Whoever is asked.
pub(crate) enum Upstream {
    /// Other resolvers.
    Forward(Forward),
}

/// Nobody gave a usable answer, and why, for the client to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unobtainable(pub(crate) ExtendedError);

impl Upstream {
    /// Prepares to ask; nothing is sent yet. What it keeps, it keeps by this clock, which tests may set.
    pub(crate) fn new(config: &Config, _clock: &Clock) -> Result<Self, NetError> {
        // Recursion is to come: until then every mode asks the resolvers that are named.
        match config.mode {
            Mode::Auto | Mode::Recursive | Mode::Forward => {
                Ok(Self::Forward(Forward::new(&config.upstreams)?))
            }
        }
    }

    /// Obtains the reply to a question.
    pub(crate) async fn ask(&self, question: &Question, work: &Work) -> Result<Reply, Unobtainable> {
        match self {
            Self::Forward(forward) => forward.ask(question, work).await,
        }
    }

    /// What was answered for this name is bogus: what is kept of its delegations is not used again, and others are asked first.
    pub(crate) fn distrust(&self, question: &Question, work: &Work) {
        work.suspect_who_answered();
        match self {
            Self::Forward(_) => tracing::debug!(%question, "other resolvers are asked first"),
        }
    }
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
