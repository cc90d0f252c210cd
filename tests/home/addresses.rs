//! The addresses of a home and its internet. They are the same in every home; homes do not see each other.
//!
//! All but the LAN's own are documentation prefixes (RFC 5737, RFC 3849) or, for the names of the order test, which must all have different
//! addresses, the benchmarking prefix (RFC 2544). A gateway counts none of them as global by itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a gateway must count as global in this laboratory.
pub const TREAT_AS_GLOBAL: [&str; 5] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "198.18.0.0/15",
    "2001:db8::/32",
];

/// The IPv4 network of the LAN.
pub const LAN_IPV4: &str = "192.168.77.0/24";
/// The router on the LAN.
pub const ROUTER_IPV4: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 1);
/// The prefix that the provider delegates to the home.
pub const LAN_IPV6: &str = "2001:db8:1::/64";
/// The router on the LAN.
pub const ROUTER_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);

/// The router's address on the link; Things see it as their IPv6 router.
pub const ROUTER_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// The router on the WAN side, behind which the LAN is hidden in IPv4.
pub const WAN_IPV4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
/// The router on the WAN side.
pub const WAN_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 2);
/// The provider's side of the WAN.
pub(super) const PROVIDER_IPV4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The provider's side of the WAN.
pub(super) const PROVIDER_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1);

/// The provider's recursive resolver.
pub const RESOLVER_IPV4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 53);
/// The provider's recursive resolver.
pub const RESOLVER_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x53, 0, 0, 0, 0, 0x53);
/// The server that is authoritative for the root and everything below it.
pub const AUTHORITATIVE_IPV4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The server that is authoritative for the root and everything below it.
pub const AUTHORITATIVE_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x53, 0, 0, 0, 0, 1);

/// The addresses of a server of the internet, by its number: IPv4 198.51.100.N and IPv6 2001:db8:100::N in hexadecimal digits.
pub const fn server(number: u8) -> (IpAddr, IpAddr) {
    let last = number as u16;
    (
        IpAddr::V4(Ipv4Addr::new(198, 51, 100, number)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x100, 0, 0, 0, 0, last)),
    )
}

/// The addresses of the fresh names of IPv4.
pub(super) const FRESH_IPV4: &str = "198.18.0.0/15";
/// The addresses of the fresh names of IPv6.
pub(super) const FRESH_IPV6: &str = "2001:db8:2::/64";

/// The addresses of the n-th fresh name: the n-th of 198.18.0.0/16 and of 2001:db8:2::/64.
pub const fn fresh(number: u16) -> (IpAddr, IpAddr) {
    let [high, low] = number.to_be_bytes();
    (
        IpAddr::V4(Ipv4Addr::new(198, 18, high, low)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, number)),
    )
}
