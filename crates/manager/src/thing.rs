//! A Thing: what it announced, what it may do, what waits for the owner, and what was blocked.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use jiff::Timestamp;
use mudguard_mud::{DomainName, Finding, MudFile, MudUrl, MudUrlError};
use mudguard_policy::{Initiator, MacAddress, ThingPolicy, narrow};
use serde::{Deserialize, Serialize};

use crate::{Mode, Override, Overriding, Question};

/// A Thing of the home (RFC 8520 section 1.3): whatever has a MAC address on the LAN.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its MAC address, by which everything names it.
    pub mac: MacAddress,
    /// The name that the owner gave it.
    pub name: Option<String>,
    /// The name that it gave itself by DHCP; foreign text.
    pub host_name: Option<String>,
    /// The bridge port on which it was last seen.
    pub port: Option<String>,
    /// The interface of the LAN on which it was last known to be.
    pub lan: Option<String>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// The addresses bound to it.
    pub bindings: Vec<Binding>,
    /// The MUD URL by which it is known.
    pub url: Option<MudUrl>,
    /// How that URL was learnt.
    pub channel: Option<Channel>,
    /// The last refused announcement, if the newest one was refused.
    pub refused_url: Option<(String, MudUrlError)>,
    /// What the firewall does for it.
    pub enforcement: Enforcement,
    /// What it may do; meaningless while `enforcement` is [`Enforcement::None`].
    pub policy: Arc<ThingPolicy>,
    /// The file behind the policy; `None` while only the narrow policy (this router's DNS and NTP) holds.
    pub file: Option<Arc<FileInForce>>,
    /// What the owner decided beside the file, in the order in which it was decided; bounded.
    pub overrides: Vec<Override>,
    /// The mode that the owner chose for it instead of its network's.
    pub mode: Option<Mode>,
    /// The controllers that the owner chose for it.
    pub controllers: Vec<ControllerChoice>,
    /// What waits for the owner.
    pub question: Option<Question>,
    /// The last failure to get or use its file, in words; `None` after a success.
    pub problem: Option<String>,
    /// What was blocked, the latest last; bounded, in memory only.
    pub blocked: Vec<BlockedFlow>,
    /// The names that it looked up, by address; bounded, in memory only, and kept for managed Things alone.
    pub looked_up: BTreeMap<IpAddr, DomainName>,
}

impl Thing {
    /// A Thing of which nothing is known but that it is there.
    #[must_use]
    pub fn stranger(mac: MacAddress, now: Timestamp) -> Self {
        Self {
            mac,
            name: None,
            host_name: None,
            port: None,
            lan: None,
            first_seen: now,
            last_seen: now,
            bindings: Vec::new(),
            url: None,
            channel: None,
            refused_url: None,
            enforcement: Enforcement::None,
            policy: Arc::new(narrow()),
            file: None,
            overrides: Vec::new(),
            mode: None,
            controllers: Vec::new(),
            question: None,
            problem: None,
            blocked: Vec::new(),
            looked_up: BTreeMap::new(),
        }
    }

    /// Whether it made its address up itself, as phones do: it may come back under another, and is seldom a Thing of RFC 8520.
    #[must_use]
    pub fn has_random_address(&self) -> bool {
        self.mac.is_locally_administered()
    }

    /// Whether the owner has lifted its limits.
    #[must_use]
    pub fn is_lifted(&self) -> bool {
        self.overrides
            .iter()
            .any(|decided| decided.what == Overriding::Lift)
    }
}

/// An address bound to a Thing (BCP 38, SAVI).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The address.
    pub address: IpAddr,
    /// When the binding ends; `None` for one that lasts until the address is seen elsewhere.
    pub expires: Option<Timestamp>,
}

/// The class `my-controller` as it stands in a [`ControllerChoice`] (RFC 8520 section 3.13).
pub const MY_CONTROLLER: &str = "my-controller";

/// The Things that the owner chose as a controller class of a Thing (RFC 8520 sections 3.12 and 3.13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerChoice {
    /// The URI of the class, or [`MY_CONTROLLER`].
    pub class: String,
    /// Its members; empty if the owner wants none.
    pub members: Vec<MacAddress>,
}

/// How a MUD URL was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// DHCPv4 option 161.
    Dhcpv4,
    /// DHCPv6 option 112.
    Dhcpv6,
    /// The LLDP TLV of RFC 8520 section 12.
    Lldp,
    /// The extension of the Thing's own certificate (RFC 8520 section 11), which it proved to hold.
    Certificate,
    /// The code on the Thing, as the owner read it (RFC 9238).
    Code,
    /// By hand.
    Owner,
}

impl Channel {
    /// Whether more than the Thing's own word stands behind it.
    #[must_use]
    pub fn is_proven(self) -> bool {
        match self {
            Self::Dhcpv4 | Self::Dhcpv6 | Self::Lldp => false,
            Self::Certificate | Self::Code | Self::Owner => true,
        }
    }
}

/// What the firewall does for a Thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Nothing: it is not managed.
    #[default]
    None,
    /// Nothing is dropped; what its policy does not permit is recorded.
    Observe,
    /// What its policy does not permit is dropped.
    Enforce,
}

/// A MUD file whose rules hold.
#[derive(Clone, Debug)]
pub struct FileInForce {
    /// The file, read.
    pub file: MudFile,
    /// What the reader found in it.
    pub findings: Vec<Finding>,
    /// The octets as retrieved.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the octets.
    pub sha256: [u8; 32],
    /// Why it is believed.
    pub trust: Trust,
    /// When it was last retrieved or confirmed unchanged.
    pub retrieved: Timestamp,
    /// The entity tag that the file server gave, for conditional requests.
    pub etag: Option<String>,
}

/// Why a file is believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Trust {
    /// Its signature was verified (RFC 8520 section 13.2).
    Signed {
        /// The subject of the signer's certificate.
        signer: String,
        /// SHA-256 of the signer's public key, in hexadecimal.
        key: String,
        /// SHA-256 of the public key of the authority that issued the signer's certificate, in hexadecimal; empty if it is not known.
        #[serde(default)]
        ca: String,
        /// Whether the dates could not be judged yet because the clock was not set.
        provisional: bool,
    },
    /// The owner approved these very octets.
    Approved {
        /// When.
        at: Timestamp,
    },
}

/// A flow that was blocked, or in the mode `watch` would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedFlow {
    /// The other end.
    pub peer: IpAddr,
    /// Who tried to open the flow.
    pub initiator: Initiator,
    /// The IP protocol number.
    pub protocol: u8,
    /// The destination port of TCP and UDP.
    pub port: Option<u16>,
    /// The name for which the Thing was told this address, if any.
    pub name: Option<DomainName>,
    /// How many samples were heard; the kernel limits the rate, so this is a floor.
    pub count: u32,
    /// When it was last heard.
    pub last: Timestamp,
}
