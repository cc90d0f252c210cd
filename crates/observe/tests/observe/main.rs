//! Frames that Things may send, and the observer in a home.
//!
//! What it is not: a test of what a sighting means; that is the MUD manager's.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod forgery;
mod frames;
mod home;
mod hostile;
mod ipv6;
mod live;
mod lldp;
mod mutants;
mod network;
mod seeds;
mod shared;
