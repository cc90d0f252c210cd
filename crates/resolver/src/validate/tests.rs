//! Tests of the validator against zones that are signed in memory.

mod absence;
mod aliases;
mod delegations;
mod denials;
mod keys;
mod limits;
mod mutations;
mod records;
mod rollover;
pub(crate) mod signer;
mod time;
mod vectors;
pub(crate) mod world;
mod zone;
