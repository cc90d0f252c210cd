//! How much work one client query may cause, whatever a zone or an attacker puts into the replies (CVE-2023-50387 "KeyTrap",
//! CVE-2023-50868, long chains of aliases).

use thiserror::Error;

/// The most signatures that are checked. A chain of 8 aliases through zones of their own takes about 50.
pub(crate) const MAX_SIGNATURES: u32 = 120;

/// The most signatures that may prove wrong. Honest zones have none, or one during a roll-over.
pub(crate) const MAX_FAILURES: u32 = 16;

/// The most SHA-1 blocks for the hashes of NSEC3: a name 34 labels deep takes 36 without iterations, at [150 iterations] 50 names
/// can be hashed.
///
/// [150 iterations]: super::MAX_NSEC3_ITERATIONS
pub(crate) const MAX_HASH_BLOCKS: u32 = 8192;

/// The most digests of keys that are compared with DS records.
pub(crate) const MAX_DIGESTS: u32 = 128;

/// The most questions that are asked. A cut takes two; a name without cuts one for each label.
pub(crate) const MAX_QUESTIONS: u32 = 64;

/// The most signatures of one RRset that are looked at.
pub(crate) const MAX_SIGNATURES_OF_SET: usize = 8;

/// The most keys with the same tag and algorithm that are tried for one signature.
pub(crate) const MAX_KEYS_OF_TAG: usize = 4;

/// The most aliases from the name asked for to the records; unbound follows 11.
pub(crate) const MAX_ALIASES: usize = 12;

/// What is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    signatures: u32,
    failures: u32,
    hash_blocks: u32,
    digests: u32,
    questions: u32,
}

/// Nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the work that one query may cause is used up")]
pub(crate) struct Exhausted;

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            signatures: MAX_SIGNATURES,
            failures: MAX_FAILURES,
            hash_blocks: MAX_HASH_BLOCKS,
            digests: MAX_DIGESTS,
            questions: MAX_QUESTIONS,
        }
    }

    pub(crate) fn spend_signature(&mut self) -> Result<(), Exhausted> {
        spend(&mut self.signatures, 1)
    }

    pub(crate) fn spend_failure(&mut self) -> Result<(), Exhausted> {
        spend(&mut self.failures, 1)
    }

    pub(crate) fn spend_hash_blocks(&mut self, count: u32) -> Result<(), Exhausted> {
        spend(&mut self.hash_blocks, count)
    }

    pub(crate) fn spend_digest(&mut self) -> Result<(), Exhausted> {
        spend(&mut self.digests, 1)
    }

    pub(crate) fn spend_question(&mut self) -> Result<(), Exhausted> {
        spend(&mut self.questions, 1)
    }

    #[cfg(test)]
    pub(crate) fn spent(&self) -> Spent {
        Spent {
            signatures: MAX_SIGNATURES - self.signatures,
            failures: MAX_FAILURES - self.failures,
            hash_blocks: MAX_HASH_BLOCKS - self.hash_blocks,
            questions: MAX_QUESTIONS - self.questions,
        }
    }
}

/// What was spent.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) signatures: u32,
    pub(crate) failures: u32,
    pub(crate) hash_blocks: u32,
    pub(crate) questions: u32,
}

fn spend(left: &mut u32, count: u32) -> Result<(), Exhausted> {
    *left = left.checked_sub(count).ok_or(Exhausted)?;
    Ok(())
}
