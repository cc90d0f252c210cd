//! What was seen on the LAN.

use std::{net::IpAddr, time::Duration};

use mudguard_mud::{MudUrl, MudUrlError};
use mudguard_policy::MacAddress;
use serde::Serialize;

/// Something that was seen on the LAN. Nothing of it is proven: a Thing may send any frame it likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// A Thing said something about itself.
    Announced {
        /// The Thing.
        mac: MacAddress,
        /// The bridge port behind which it is; the LAN interface itself, if that is no bridge.
        port: String,
        /// How it said it.
        channel: SightedBy,
        /// What it said about its MUD URL.
        url: SightedUrl,
        /// The host name; foreign text.
        host_name: Option<String>,
    },
    /// The router's own DHCP server lent an address to a Thing that had asked for it.
    Leased {
        /// The Thing.
        mac: MacAddress,
        /// The port on which it asked.
        port: String,
        /// The address.
        address: IpAddr,
        /// For how long.
        lifetime: Duration,
    },
    /// A Thing gave up an address, or the router's own DHCP server refused it.
    Released {
        /// The Thing.
        mac: MacAddress,
        /// The address.
        address: IpAddr,
    },
    /// The kernel's neighbour table says that this address is at this MAC address.
    Neighbour {
        /// The MAC address.
        mac: MacAddress,
        /// The address.
        address: IpAddr,
    },
    /// What a Thing said no longer holds: the time to live of its LLDP frame has passed, or it said that it shuts down.
    Departed {
        /// The Thing.
        mac: MacAddress,
        /// The port.
        port: String,
        /// How it had said it.
        channel: SightedBy,
    },
    /// A DHCPv4 message named a Thing that did not send it; it counts for nothing else.
    Forged {
        /// The Thing that is named.
        mac: MacAddress,
        /// The port on which it was named.
        port: String,
    },
    /// An address or a link of a LAN interface changed: the home is to be read again.
    AddressesChanged,
}

/// How a Thing says its MUD URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SightedBy {
    /// DHCPv4 option 161 (RFC 8520 section 10).
    Dhcpv4,
    /// DHCPv6 option 112 (RFC 8520 section 10).
    Dhcpv6,
    /// The LLDP extension (RFC 8520 section 12).
    Lldp,
}

/// What a frame says about the MUD URL of a Thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SightedUrl {
    /// A MUD URL.
    Url(MudUrl),
    /// A text that is refused, with the reason; foreign text of at most 255 characters.
    Refused(String, MudUrlError),
    /// It says nothing about it.
    Nothing,
}
