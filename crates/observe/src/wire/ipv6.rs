//! The IPv6 header and the chain of extension headers (RFC 8200).

use std::net::Ipv6Addr;

use super::{reader::Reader, udp};
use crate::Refusal;

/// The extension headers that are read over: hop-by-hop options, routing, destination options. Each says its own length.
const READ_OVER: [u8; 3] = [0, 43, 60];
/// The fragment header.
const FRAGMENT: u8 = 44;
/// The most extension headers that are read over.
const MOST_EXTENSIONS: usize = 8;

/// A packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Where it says it comes from.
    pub source: Ipv6Addr,
    /// Where it goes.
    pub destination: Ipv6Addr,
    /// What follows the extension headers.
    pub protocol: u8,
    /// Whether there are extension headers.
    pub extended: bool,
    /// What follows the extension headers, without the padding of the frame.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// If it is too short, its length is impossible, it is a fragment of UDP, or it has too many extension headers.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader(octets);
        let mut header = || {
            let version = reader.u32()? >> 28;
            let length = reader.u16()?;
            let next = reader.u8()?;
            let _hop_limit = reader.u8()?;
            let source = Ipv6Addr::from(reader.array::<16>()?);
            let destination = Ipv6Addr::from(reader.array::<16>()?);
            Some((version, length, next, source, destination))
        };
        let (version, length, mut protocol, source, destination) = header().ok_or(Refusal::IpTruncated)?;
        if version != 6 {
            return Err(Refusal::IpVersion);
        }
        let mut rest = Reader(reader.take(length.into()).ok_or(Refusal::IpLength)?);
        let mut extensions = 0;
        while READ_OVER.contains(&protocol) {
            extensions += 1;
            if extensions > MOST_EXTENSIONS {
                return Err(Refusal::IpExtensionHeader);
            }
            protocol = extension(&mut rest).ok_or(Refusal::IpTruncated)?;
        }
        if protocol == FRAGMENT && rest.0.first() == Some(&udp::PROTOCOL) {
            return Err(Refusal::IpFragment);
        }
        Ok(Self {
            source,
            destination,
            protocol,
            extended: extensions > 0,
            payload: rest.0,
        })
    }
}

/// Reads over an extension header and returns what follows it.
fn extension(reader: &mut Reader<'_>) -> Option<u8> {
    let next = reader.u8()?;
    let length = usize::from(reader.u8()?);
    // In units of 8 octets, without the first.
    let _options = reader.take(length * 8 + 6)?;
    Some(next)
}
