//! A home in network namespaces, and the tests that need one.
//!
//! What it is not: part of the product. It names none of the product's crates, so that all of them may test with it.

pub mod home;
pub mod packages;
