//! Signatures and servers, good and hostile. Keys, certificates and signatures are made by `openssl` when the tests run, and the
//! servers are real ones on the loopback interface.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod certificate;
mod openssl;
mod retrieval;
mod server;
mod signature;
