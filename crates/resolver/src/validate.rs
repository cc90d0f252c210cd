//! The DNSSEC validator: records in, a verdict out. Pure: no IO, and time is an argument (RFC 4033 to 4035, 5155, 6840, 9276, 9905).
//!
//! [`Validator`] is given a question and the reply to it. It says which records it needs next ([`Step::Need`]): the DNSKEY records of a
//! trust anchor, then DS and DNSKEY records on the way down to the name; and at last what it found ([`Step::Done`]). Each link of the
//! chain is judged on its own: secure, insecure with the proof that makes it so, or bogus with the reason.
//!
//! - An RRset is secure only by a signature of the zone that it belongs to, and that zone is reached from a trust anchor without a
//!   gap. Which names on the way are zone cuts stands in [`ZoneCuts`], which is kept from query to query.
//! - An RRset is insecure only if a delegation on the way down to its very name is proven to be insecure. What an upstream resolver
//!   says about other zones does not count.
//! - NSEC3 records with more than [`MAX_NSEC3_ITERATIONS`] prove nothing.
//! - One query can cause only so much work, whatever the replies hold.
//! - While the clock is not valid, dates are no reason to refuse; the verdict is provisional then.
//!
//! What it is not: it resolves nothing, it retries nothing, and it holds no answers. No type of the DNS library stands here.

mod algorithm;
mod anchor;
mod budget;
mod canonical;
mod clock;
mod cuts;
mod denial;
mod denials;
mod descent;
mod links;
mod name;
mod nsec;
mod nsec3;
mod proof;
mod rdata;
mod record;
mod rollover;
mod rrset;
mod signature;
mod validator;
mod verdict;

#[cfg(test)]
pub(crate) mod tests;

pub use self::{
    anchor::{AnchorError, TrustAnchors},
    clock::Clock,
    cuts::ZoneCuts,
    name::{Name, NameError},
    record::{CLASS_IN, Question, Record, RecordType, Reply},
    rollover::{Rollover, RolloverError, Rollovers, Seen},
    validator::{Step, Validator},
    verdict::{Bogus, BogusReason, Insecurity, InsecurityProof, Link, LinkKind, Overall, Status, Verdict},
};

pub(crate) use self::denials::Denials;

/// The most iterations of NSEC3 records that are believed; above, they count as missing, and what they should prove is bogus
/// (RFC 9276 section 3.2). There is no range in which they make a zone insecure, so that nobody can make a secure zone insecure by
/// choosing them. All validators in use still take 150 for secure, and zones with that many exist.
pub const MAX_NSEC3_ITERATIONS: u16 = 150;
