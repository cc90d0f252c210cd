//! The IPv4 header (RFC 791).

use std::net::Ipv4Addr;

use super::{checksum, reader::Reader};
use crate::Refusal;

/// The length of a header without options.
const SHORTEST_HEADER: usize = 20;

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Where it says it comes from.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub destination: Ipv4Addr,
    /// The protocol of the payload.
    pub protocol: u8,
    /// Whether it is a part of a larger packet. Fragments are not put together.
    pub fragment: bool,
    /// What follows the header and its options, without the padding of the frame.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// If it is too short, its lengths are impossible, or the checksum of its header is wrong.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Refusal> {
        let fixed: &[u8; SHORTEST_HEADER] = octets.first_chunk().ok_or(Refusal::IpTruncated)?;
        if fixed[0] >> 4 != 4 {
            return Err(Refusal::IpVersion);
        }
        let header_length = usize::from(fixed[0] & 0xf) * 4;
        if header_length < SHORTEST_HEADER {
            return Err(Refusal::IpHeaderLength);
        }
        let header = octets.get(..header_length).ok_or(Refusal::IpTruncated)?;
        let length = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
        let payload = octets.get(header_length..length).ok_or(Refusal::IpLength)?;
        if checksum::sum([header]) != u16::MAX {
            return Err(Refusal::IpChecksum);
        }
        let mut addresses = Reader(&fixed[12..]);
        let mut address = || {
            addresses
                .u32()
                .map(Ipv4Addr::from_bits)
                .ok_or(Refusal::IpTruncated)
        };
        // The two lower flags and the offset, without "don't fragment".
        let fragment = u16::from_be_bytes([fixed[6], fixed[7]]) & 0x3fff != 0;
        Ok(Self {
            source: address()?,
            destination: address()?,
            protocol: fixed[9],
            fragment,
            payload,
        })
    }
}
