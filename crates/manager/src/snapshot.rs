//! What readers see: one immutable picture of the home, replaced as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use ipnet::IpNet;
use mudguard_policy::MacAddress;
use serde::{Deserialize, Serialize};

use crate::Thing;

/// The state of the home at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts up with every change since the start of the daemon.
    pub version: u32,
    /// What happens to what is not permitted, on the networks that have no [`Lan::mode`] of their own.
    pub mode: Mode,
    /// The home's networks.
    pub home: Home,
    /// Whether dates can be judged.
    pub clock: ClockState,
    /// What the household should know about the daemon itself.
    pub notices: Vec<Notice>,
    /// The Things, by MAC address.
    pub things: BTreeMap<MacAddress, Arc<Thing>>,
    /// The rows of the journal that can be taken back now, by their numbers; bounded.
    pub undoable: Arc<BTreeSet<u64>>,
}

impl Snapshot {
    /// The mode that holds for a Thing: its own, else its network's, else the home's.
    #[must_use]
    pub fn mode_of(&self, thing: &Thing) -> Mode {
        self.home.mode_of(thing).unwrap_or(self.mode)
    }
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
    /// As `Ask`, and a Thing that the owner has not admitted reaches only this router's DHCP, DNS and NTP until he decides.
    Protect,
}

/// The home's networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The LAN interfaces on which Things are.
    pub lans: Vec<Lan>,
}

impl Home {
    /// The LAN on which a Thing is: that of its port, else that of its addresses, else the one on which it was: giving up an address
    /// must not change its mode.
    #[must_use]
    pub fn lan_of(&self, thing: &Thing) -> Option<&Lan> {
        let by_port = |port: &String| self.lans.iter().find(|lan| lan.has_port(port));
        let by_address = || {
            let mut lans = self.lans.iter();
            lans.find(|lan| {
                let is_in = |address: &IpAddr| lan.prefixes.iter().any(|prefix| prefix.contains(address));
                thing
                    .bindings
                    .iter()
                    .any(|binding| is_in(&binding.address) && !is_link_local(binding.address))
            })
        };
        let before = || {
            let mut lans = self.lans.iter();
            lans.find(|lan| Some(&lan.interface) == thing.lan.as_ref())
        };
        thing
            .port
            .as_ref()
            .and_then(by_port)
            .or_else(by_address)
            .or_else(before)
    }

    pub(crate) fn mode_of(&self, thing: &Thing) -> Option<Mode> {
        thing.mode.or_else(|| self.lan_of(thing)?.mode)
    }
}

/// Every LAN has the same link-local prefix.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// One LAN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lan {
    /// The layer 3 interface, such as `br-lan`.
    pub interface: String,
    /// The addresses of this router on it, link-local ones included.
    pub addresses: Vec<IpAddr>,
    /// Its prefixes, IPv4 and IPv6.
    pub prefixes: Vec<IpNet>,
    /// The ports of the bridge, if it is one.
    pub ports: Vec<String>,
    /// What happens on it to what is not permitted, if not what happens in the rest of the home.
    pub mode: Option<Mode>,
}

impl Lan {
    fn has_port(&self, port: &str) -> bool {
        self.interface == port || self.ports.iter().any(|known| known == port)
    }
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
    /// The database cannot be written, for this reason: what is decided now holds, and is lost with a restart.
    NotStored(String),
    /// Something the kernel or the network does not allow Mudguard to enforce, in words.
    Limitation(String),
    /// Rules that this kernel cannot hold, in words; empty if it holds all. The newest replaces the others.
    LeftOut(String),
}
