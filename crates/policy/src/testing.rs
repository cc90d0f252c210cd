//! For tests of whoever enforces policies: random files, homes and packets, and when a policy must say what the oracle says.
//!
//! All draw from the same few names, addresses and ports, so that they meet. It is there with the feature `testing` only, and is no
//! part of the product.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod aces;
mod exactness;
mod packets;
pub mod pools;
mod sites;

pub use self::{
    aces::file,
    exactness::Exactness,
    packets::{Plan, plans},
    sites::site,
};
