//! The names, addresses, ports and URIs that everything is drawn from.

use std::net::IpAddr;

use crate::MacAddress;
use ipnet::IpNet;
use mudguard_mud::{CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP, DomainName, MudUrl};
use proptest::{prelude::*, sample::select};

/// The Thing that the policy is for.
pub const THING: MacAddress = MacAddress([2, 0, 0, 0, 0x0a, 1]);

/// The other stations of the home.
pub const STATIONS: [MacAddress; 4] = [
    MacAddress([2, 0, 0, 0, 0x0a, 2]),
    MacAddress([2, 0, 0, 0, 0x0a, 3]),
    MacAddress([2, 0, 0, 0, 0x0a, 4]),
    MacAddress([2, 0, 0, 0, 0x0a, 5]),
];

/// The MUD URL of that Thing.
pub const OWN_URL: &str = "https://maker.example/lamp";

/// MUD URLs of Things.
pub const URLS: [&str; 4] = [
    OWN_URL,
    "https://maker.example/hub",
    "https://other.example/camera",
    "https://third.example/x",
];

/// Manufacturers.
pub const HOSTS: [&str; 3] = ["maker.example", "other.example", "nobody.example"];

/// Names of the internet.
pub const NAMES: [&str; 3] = ["api.maker.example", "time.example", "www.example.net"];

/// URIs of controller classes.
pub const CONTROLLERS: [&str; 5] = [
    CONTROLLER_DNS,
    CONTROLLER_NTP,
    CONTROLLER_GATEWAY,
    "https://maker.example/hub-class",
    "https://nobody.example/class",
];

/// Ports.
pub const PORTS: [u16; 10] = [0, 1, 53, 80, 123, 443, 1900, 5353, 32768, 65535];

/// Protocol numbers.
pub const PROTOCOLS: [u8; 6] = [1, 2, 6, 17, 47, 58];

/// Types of ICMP and ICMPv6.
pub const ICMP_TYPES: [u8; 8] = [0, 3, 8, 13, 14, 128, 129, 135];

/// Prefixes of IPv4.
pub const IPV4_NETWORKS: [&str; 14] = [
    "203.0.113.0/24",
    "203.0.113.7/32",
    "198.51.100.0/25",
    "192.168.1.0/24",
    "192.168.1.1/32",
    "192.168.1.64/26",
    "192.168.1.255/32",
    "192.168.0.0/16",
    "224.0.0.251/32",
    "239.255.255.250/32",
    "255.255.255.255/32",
    "224.0.1.1/32",
    "224.0.0.0/4",
    "0.0.0.0/0",
];

/// Prefixes of IPv6.
pub const IPV6_NETWORKS: [&str; 9] = [
    "2001:db8:1::/48",
    "2001:db8:1::7/128",
    "fd00:1::/64",
    "fd00:1::1/128",
    "ff02::fb/128",
    "ff05::c/128",
    "ff0e::1/128",
    "ff00::/8",
    "::/0",
];

/// Addresses of every kind, beside those that an ACE names.
pub const ADDRESSES: [&str; 22] = [
    "203.0.113.7",
    "203.0.113.8",
    "198.51.100.127",
    "198.51.100.128",
    "192.168.1.1",
    "192.168.1.20",
    "192.168.1.70",
    "192.168.1.255",
    "192.168.2.20",
    "224.0.0.251",
    "239.255.255.250",
    "255.255.255.255",
    "224.0.1.1",
    "2001:db8:1::7",
    "2001:db8:1::8",
    "2001:db8:2::1",
    "fd00:1::1",
    "fd00:1::20",
    "fd00:2::20",
    "ff02::fb",
    "ff05::c",
    "ff0e::1",
];

/// A MUD URL of the pool.
#[must_use]
pub fn url(text: &str) -> MudUrl {
    MudUrl::parse(text).unwrap()
}

/// A name of the pool.
#[must_use]
pub fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

/// A prefix of the pool.
#[must_use]
pub fn network(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// An address of the pool.
#[must_use]
pub fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// One of a pool.
pub fn one_of<T: Copy + std::fmt::Debug + 'static>(pool: &'static [T]) -> impl Strategy<Value = T> + Clone {
    select(pool)
}

/// Sometimes something, mostly nothing.
pub fn sometimes<T: std::fmt::Debug + Clone + 'static>(
    weight: u32,
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    prop_oneof![10 => Just(None), weight => value.prop_map(Some).boxed()].boxed()
}
