//! Special-purpose addresses: those at which no service of the internet can be (RFC 6890 and its IANA registries).
//!
//! Used before a MUD file server is dialled, and before an address from the internet's DNS is believed: a name out there that leads
//! to an address in here is a rebinding attempt or a mistake. Entries that the registries call globally reachable (AS112, AMT) are
//! no special-purpose addresses here. It knows nothing of this home: that an address is the router's own, others must check.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Tells special-purpose addresses from global ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialPurpose {
    treat_as_global: Vec<IpNet>,
}

impl SpecialPurpose {
    /// `treat_as_global` is for laboratories, whose internet has documentation addresses: what these prefixes hold is let through.
    #[must_use]
    pub fn new(treat_as_global: Vec<IpNet>) -> Self {
        Self { treat_as_global }
    }

    /// The prefixes that a laboratory lets through; empty in a home.
    #[must_use]
    pub fn treat_as_global(&self) -> &[IpNet] {
        &self.treat_as_global
    }

    /// Why this address is special, as the name of its entry in the registry; `None` if it is a global unicast address.
    #[must_use]
    pub fn reason(&self, address: IpAddr) -> Option<&'static str> {
        if self
            .treat_as_global
            .iter()
            .any(|prefix| prefix.contains(&address))
        {
            return None;
        }
        match address {
            IpAddr::V4(address) => ipv4_reason(address),
            IpAddr::V6(address) if NAT64.contains(&address) => self.reason(last_four_octets(address).into()),
            IpAddr::V6(address) => ipv6_reason(address),
        }
    }
}

fn ipv4_reason(address: Ipv4Addr) -> Option<&'static str> {
    IPV4.iter()
        .find(|(prefix, _)| prefix.contains(&address))
        .map(|(_, reason)| *reason)
}

fn ipv6_reason(address: Ipv6Addr) -> Option<&'static str> {
    if IPV6_GLOBAL.iter().any(|prefix| prefix.contains(&address)) {
        return None;
    }
    IPV6.iter()
        .find(|(prefix, _)| prefix.contains(&address))
        .map(|(_, reason)| *reason)
}

/// RFC 6052 section 2.2: under a /96 the IPv4 address is the last four octets.
fn last_four_octets(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// A host behind NAT64 is as special as the IPv4 address that its address holds (RFC 6052 section 3.1).
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// The first match counts, so a narrower prefix stands before the one around it.
const IPV4: &[(Ipv4Net, &str)] = &[
    (v4([0, 0, 0, 0], 8), "this network"),
    (v4([10, 0, 0, 0], 8), "private use"),
    (v4([100, 64, 0, 0], 10), "shared address space"),
    (v4([127, 0, 0, 0], 8), "loopback"),
    (v4([169, 254, 0, 0], 16), "link local"),
    (v4([172, 16, 0, 0], 12), "private use"),
    (v4([192, 0, 0, 0], 24), "IETF protocol assignments"),
    (v4([192, 0, 2, 0], 24), "documentation"),
    (v4([192, 88, 99, 0], 24), "deprecated 6to4 relay anycast"),
    (v4([192, 168, 0, 0], 16), "private use"),
    (v4([198, 18, 0, 0], 15), "benchmarking"),
    (v4([198, 51, 100, 0], 24), "documentation"),
    (v4([203, 0, 113, 0], 24), "documentation"),
    (v4([224, 0, 0, 0], 4), "multicast"),
    (v4([255, 255, 255, 255], 32), "limited broadcast"),
    (v4([240, 0, 0, 0], 4), "reserved"),
];

/// Within `2001::/23`, what the registry calls globally reachable and has hosts.
const IPV6_GLOBAL: &[Ipv6Net] = &[
    v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48),
];

/// As [`IPV4`]. Outside of `2000::/3` nothing is global unicast, whatever the registries may assign there one day.
const IPV6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback"),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), "IPv4-mapped address"),
    (
        v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
        "deprecated IPv4-compatible address",
    ),
    (
        v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
        "local-use IPv4/IPv6 translation",
    ),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard only"),
    (v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), "dummy prefix"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo"),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), "benchmarking"),
    (v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28), "deprecated ORCHID"),
    (v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), "ORCHIDv2"),
    (
        v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28),
        "drone remote identification",
    ),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "IETF protocol assignments"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "segment routing"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link local"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "deprecated site local"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 3), "outside of global unicast"),
    (v6([0x4000, 0, 0, 0, 0, 0, 0, 0], 2), "outside of global unicast"),
    (v6([0x8000, 0, 0, 0, 0, 0, 0, 0], 1), "outside of global unicast"),
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(address: &str) -> Option<&'static str> {
        SpecialPurpose::default().reason(address.parse().unwrap())
    }

    #[test]
    fn the_first_and_the_last_address_of_each_entry_are_special_and_the_ones_outside_are_not() {
        for (first, last, name) in [
            ("0.0.0.0", "0.255.255.255", "this network"),
            ("10.0.0.0", "10.255.255.255", "private use"),
            ("100.64.0.0", "100.127.255.255", "shared address space"),
            ("127.0.0.0", "127.255.255.255", "loopback"),
            ("169.254.0.0", "169.254.255.255", "link local"),
            ("172.16.0.0", "172.31.255.255", "private use"),
            ("192.0.0.0", "192.0.0.255", "IETF protocol assignments"),
            ("192.0.2.0", "192.0.2.255", "documentation"),
            ("192.88.99.0", "192.88.99.255", "deprecated 6to4 relay anycast"),
            ("192.168.0.0", "192.168.255.255", "private use"),
            ("198.18.0.0", "198.19.255.255", "benchmarking"),
            ("198.51.100.0", "198.51.100.255", "documentation"),
            ("203.0.113.0", "203.0.113.255", "documentation"),
            ("224.0.0.0", "239.255.255.255", "multicast"),
            ("240.0.0.0", "255.255.255.254", "reserved"),
            ("255.255.255.255", "255.255.255.255", "limited broadcast"),
        ] {
            assert_eq!(
                (reason(first), reason(last)),
                (Some(name), Some(name)),
                "{first} to {last}"
            );
            for address in neighbours(first, last) {
                assert_ne!(reason(&address), Some(name), "{address}");
            }
        }
        for (first, last, name) in [
            ("::", "::", "unspecified address"),
            ("::1", "::1", "loopback"),
            ("::ffff:0:0", "::ffff:255.255.255.255", "IPv4-mapped address"),
            ("::2", "::255.255.255.255", "deprecated IPv4-compatible address"),
            (
                "64:ff9b:1::",
                "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                "local-use IPv4/IPv6 translation",
            ),
            ("100::", "100::ffff:ffff:ffff:ffff", "discard only"),
            ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "dummy prefix"),
            ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
            ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmarking"),
            (
                "2001:10::",
                "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
                "deprecated ORCHID",
            ),
            ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "ORCHIDv2"),
            (
                "2001:30::",
                "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff",
                "drone remote identification",
            ),
            (
                "2001:40::",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                "IETF protocol assignments",
            ),
            (
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                "documentation",
            ),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"),
            (
                "3fff::",
                "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
                "documentation",
            ),
            (
                "5f00::",
                "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "segment routing",
            ),
            (
                "fc00::",
                "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "unique local",
            ),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link local"),
            (
                "fec0::",
                "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "deprecated site local",
            ),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        ] {
            assert_eq!(
                (reason(first), reason(last)),
                (Some(name), Some(name)),
                "{first} to {last}"
            );
            for address in neighbours(first, last) {
                assert_ne!(reason(&address), Some(name), "{address}");
            }
        }
    }

    #[test]
    fn addresses_of_the_internet_are_not_special() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.31.196.1",
            "192.52.193.1",
            "192.175.48.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:3::1",
            "2001:4:112::1",
            "2001:200::1",
            "2606:4700::1111",
            "2620:4f:8000::1",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert_eq!(reason(address), None, "{address}");
        }
    }

    #[test]
    fn nothing_outside_of_global_unicast_passes() {
        for address in [
            "1::1",
            "64:ff9b:2::1",
            "1fff::1",
            "4000::1",
            "8000::1",
            "fbff::1",
            "fe00::1",
            "fe7f::1",
        ] {
            assert_eq!(reason(address), Some("outside of global unicast"), "{address}");
        }
    }

    #[test]
    fn a_nat64_address_is_as_special_as_the_ipv4_address_in_it() {
        assert_eq!(reason("64:ff9b::192.168.1.1"), Some("private use"));
        assert_eq!(reason("64:ff9b::127.0.0.1"), Some("loopback"));
        assert_eq!(reason("64:ff9b::1.1.1.1"), None);
    }

    #[test]
    fn a_laboratory_lets_its_prefixes_through_and_no_others() {
        let laboratory = SpecialPurpose::new(vec![
            "192.0.2.0/24".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ]);
        let reason = |address: &str| laboratory.reason(address.parse().unwrap());
        assert_eq!(reason("192.0.2.1"), None);
        assert_eq!(reason("2001:db8::1"), None);
        assert_eq!(reason("64:ff9b::192.0.2.1"), None);
        assert_eq!(reason("198.51.100.1"), Some("documentation"));
        assert_eq!(reason("192.168.1.1"), Some("private use"));
        assert_eq!(reason("::ffff:192.0.2.1"), Some("IPv4-mapped address"));
    }

    /// The addresses just before and just after a range, if there are any.
    fn neighbours(first: &str, last: &str) -> Vec<String> {
        let (first, last): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)]
                    .into_iter()
                    .flatten()
                    .map(|bits| Ipv4Addr::from_bits(bits).to_string())
                    .collect()
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)]
                    .into_iter()
                    .flatten()
                    .map(|bits| Ipv6Addr::from_bits(bits).to_string())
                    .collect()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
                panic!("a range has one family")
            }
        }
    }
}
