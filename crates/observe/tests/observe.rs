//! Frames that Things may send, and the observer in a home.
//!
//! What it is not: a test of what a sighting means; that is the MUD manager's.

#[path = "observe/forgery.rs"]
mod forgery;
#[path = "observe/frames.rs"]
mod frames;
#[path = "observe/home.rs"]
mod home;
#[path = "observe/network.rs"]
mod network;
