//! What readers see: one immutable picture of the home, replaced as a whole.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use ipnet::IpNet;
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};

use crate::Thing;

/// The state of the home at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts up with every change since the start of the daemon.
    pub version: u32,
    /// What happens to what is not permitted.
    pub mode: Mode,
    /// The home's networks.
    pub home: Home,
    /// Whether dates can be judged.
    pub clock: ClockState,
    /// What the household should know about the daemon itself.
    pub notices: Vec<Notice>,
    /// The Things, by MAC address.
    pub things: BTreeMap<MacAddress, Arc<Thing>>,
}

/// What happens to what is not permitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is dropped; what would be is recorded.
    Watch,
    /// Things with rules in force are limited; a Thing that names no MUD URL is not.
    #[default]
    Ask,
    /// As `Ask`, and a Thing without rules in force reaches only this router until the owner decides.
    Protect,
}

/// The home's networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The LAN interfaces on which Things are.
    pub lans: Vec<Lan>,
}

/// One LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lan {
    /// The layer 3 interface, such as `br-lan`.
    pub interface: String,
    /// The addresses of this router on it, link-local ones included.
    pub addresses: Vec<IpAddr>,
    /// Its prefixes, IPv4 and IPv6.
    pub prefixes: Vec<IpNet>,
}

/// Whether dates can be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    /// The clock was never set; only what is stored is known to be past.
    #[default]
    Unknown,
    /// The clock stands at the newest time stored: real time is that or later.
    Floor,
    /// A time source has set the clock.
    Valid,
}

/// Something that the household should know about the daemon itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum Notice {
    /// The database could not be read and was set aside at this path; known Things are restricted until they are learnt anew.
    DatabaseSetAside(String),
    /// The laboratory setting `treat-as-global` is on for these prefixes.
    Laboratory(Vec<String>),
    /// The kernel refused the ruleset; the text is its answer. The last good ruleset stays.
    FirewallRefused(String),
    /// Something the kernel or the network does not allow Mudguard to enforce, in words.
    Limitation(String),
}
