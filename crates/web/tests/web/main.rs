//! The page and the API as their callers meet them: real servers on the loopback interface and on a Unix socket, a home made by hand,
//! and a client that sends any octets.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod api;
mod client;
mod decisions;
#[path = "../../examples/sample/files.rs"]
mod files;
mod foreign;
mod guards;
#[path = "../../examples/sample/home.rs"]
mod home;
mod limits;
mod owner;
mod page;
