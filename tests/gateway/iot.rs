//! The cases of a test laboratory's checklist for MUD (those of NIST SP 1800-15: IoT-1 to IoT-11 and CnMUD-13), each under its number:
//! what the gateway does about a Thing from its first word to its last, shown by packets.
//!
//! What it is not: NIST's text. What each case is about is said here in Mudguard's own words.

#[path = "iot/emission.rs"]
mod emission;
#[path = "iot/files.rs"]
mod files;
#[path = "iot/leaving.rs"]
mod leaving;
#[path = "iot/traffic.rs"]
mod traffic;
