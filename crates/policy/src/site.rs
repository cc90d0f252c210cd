//! The site: what a home is, as far as the meaning of a MUD file depends on it.

mod example;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mudguard_mud::MudUrl;
use serde::{Deserialize, Serialize};

use crate::MacAddress;

/// The groups of local scope: what is sent to them never leaves towards the default route, so they belong to `local-networks` as the
/// directed broadcast address of a subnet does (RFC 919, RFC 2365, RFC 5771, RFC 7346). For IPv6 these are the link-local and the
/// site-local scope of well-known, transient and unicast-prefix-based groups.
pub const LOCAL_GROUPS: [IpNet; 9] = [
    ipv4_group([224, 0, 0, 0], 24),
    ipv4_group([239, 0, 0, 0], 8),
    ipv4_group([255, 255, 255, 255], 32),
    ipv6_group(0xff02),
    ipv6_group(0xff05),
    ipv6_group(0xff12),
    ipv6_group(0xff15),
    ipv6_group(0xff32),
    ipv6_group(0xff35),
];

const fn ipv4_group([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn ipv6_group(scope: u16) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(scope, 0, 0, 0, 0, 0, 0, 0), 16))
}

/// What the meaning of a MUD file depends on in one home, as one of its Things sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The Thing that the policy is for.
    pub thing: Option<MacAddress>,
    /// How the Thing's MUD URL was learnt.
    pub identity: Identity,
    /// The addresses of this router on the LAN, where its DNS and NTP services are.
    pub gateway: Vec<IpAddr>,
    /// `local-networks` (RFC 8520 section 3.15): the prefixes that do not lie towards the default route.
    pub local_networks: Vec<IpNet>,
    /// Members of `controller` classes, by the URI of the class. The URI is a name and is never fetched.
    pub controllers: BTreeMap<String, Vec<Member>>,
    /// Members of `my-controller`, as the owner chose them for this Thing's MUD URL.
    pub my_controllers: Vec<Member>,
    /// The other Things of this home, for `manufacturer`, `same-manufacturer` and `model`.
    pub things: Vec<Neighbour>,
    /// Whether the owner has approved the addresses and prefixes that the file holds (RFC 8520 section 2).
    pub addresses_approved: bool,
}

/// How well a MUD URL is proven. Strong and weak identities never share a class (RFC 8520 section 16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// By DHCP or LLDP: anyone can say it.
    #[default]
    Weak,
    /// By a certificate.
    Strong,
}

/// A member of a controller class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Member {
    /// This router itself.
    Gateway,
    /// A Thing or another host of the home.
    Thing(MacAddress),
    /// Addresses that the owner named.
    Network(IpNet),
}

/// Another Thing of the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its MAC address.
    pub mac: MacAddress,
    /// The MUD URL by which it belongs to a manufacturer and a model.
    pub url: MudUrl,
    /// How that URL was learnt.
    pub identity: Identity,
}
