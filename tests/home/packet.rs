//! What a captured frame holds, as far as tests ask: who sends what kind of packet to whom.
//!
//! What it is not: a parser of hostile frames. The home's own programs sent them, without VLAN tags or extension headers.

use std::net::{IpAddr, Ipv6Addr};

/// An IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its source address.
    pub source: IpAddr,
    /// Its destination address.
    pub destination: IpAddr,
    /// The IP protocol number.
    pub protocol: u8,
    /// The source and destination port of TCP and UDP, otherwise zeros.
    pub ports: [u16; 2],
}

impl Packet {
    /// Reads an Ethernet frame; none if it holds no IP packet.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let (ethernet, ip) = frame.split_at_checked(14)?;
        let (source, destination, protocol, rest) = match ethernet[12..] {
            [0x08, 0x00] => {
                let (header, rest) = ip.split_at_checked(20)?;
                let address = |at: usize| <[u8; 4]>::try_from(&header[at..at + 4]).map(IpAddr::from);
                (address(12).ok()?, address(16).ok()?, header[9], rest)
            }
            [0x86, 0xdd] => {
                let (header, rest) = ip.split_at_checked(40)?;
                let address = |at: usize| {
                    <[u8; 16]>::try_from(&header[at..at + 16]).map(|it| Ipv6Addr::from(it).into())
                };
                (address(8).ok()?, address(24).ok()?, header[6], rest)
            }
            _ => return None,
        };
        let port = |at: usize| match protocol {
            6 | 17 => rest
                .get(at..at + 2)
                .map_or(0, |port| u16::from_be_bytes([port[0], port[1]])),
            _ => 0,
        };
        Some(Self {
            source,
            destination,
            protocol,
            ports: [port(0), port(2)],
        })
    }
}
