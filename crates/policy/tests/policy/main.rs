//! What the policy crate promises: the compiler agrees with the oracle, each abstraction compiles to what a reader expects,
//! real files do not widen, and differences of rights are never missed.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod abstractions;
mod differences;
mod properties;
mod real_files;
