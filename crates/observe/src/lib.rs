//! Frames and neighbour events to sightings: who is on the LAN, which MUD URL it announces, which addresses it has.
//!
//! What it is not: it decides nothing. What a sighting means is for the MUD manager (RFC 8520 section 10), which also knows that DHCP and
//! LLDP prove nothing.

mod counters;
mod judge;
mod neighbour;
mod observer;
mod pcap;
mod refusal;
mod rtnetlink;
mod sighting;
pub mod wire;

pub use counters::Counters;
pub use judge::{FrameVerdict, Reason, Verdict, judge_frame};
pub use neighbour::{neighbour, solicit};
pub use observer::{LiveFrames, ObserveError, Observer};
pub use pcap::{PcapError, PcapFrames};
pub use refusal::Refusal;
pub use sighting::{SightedBy, SightedUrl, Sighting};
