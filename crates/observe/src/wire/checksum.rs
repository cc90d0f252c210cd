//! The Internet checksum (RFC 1071), and the one that the kernel leaves to a network card.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::udp;

/// The one's complement sum of 16-bit words, folded but not complemented.
#[must_use]
pub fn sum<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u16 {
    // Every part but the last has an even length. A frame of 64 KiB adds up to less than 2^32.
    let mut total: u32 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let word = u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
            total = total.wrapping_add(u32::from(word));
        }
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    u16::try_from(total).unwrap_or(u16::MAX)
}

/// The sum of the pseudo-header of UDP over IPv4 (RFC 768).
#[must_use]
pub fn pseudo_header_ipv4(source: Ipv4Addr, destination: Ipv4Addr, length: u16) -> u16 {
    sum([
        &source.octets()[..],
        &destination.octets(),
        &[0, udp::PROTOCOL],
        &length.to_be_bytes(),
    ])
}

/// The sum of the pseudo-header of UDP over IPv6 (RFC 8200 section 8.1).
#[must_use]
pub fn pseudo_header_ipv6(source: Ipv6Addr, destination: Ipv6Addr, length: u16) -> u16 {
    sum([
        &source.octets()[..],
        &destination.octets(),
        &[0, udp::PROTOCOL],
        &length.to_be_bytes(),
    ])
}
