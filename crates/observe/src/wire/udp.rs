//! UDP datagrams (RFC 768).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    checksum::{pseudo_header_ipv4, pseudo_header_ipv6, sum},
    reader::Reader,
};
use crate::Refusal;

/// The IP protocol number of UDP.
pub const PROTOCOL: u8 = 17;

/// The length of the header.
const HEADER: usize = 8;

/// A datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The source port.
    pub source: u16,
    /// The destination port.
    pub destination: u16,
    /// The checksum; 0 if there is none.
    pub checksum: u16,
    /// What follows the header, as long as the header says.
    pub payload: &'a [u8],
    octets: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Reads a datagram. Its checksum is not verified yet.
    ///
    /// # Errors
    /// If it is too short, or its length is impossible.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader(octets);
        let mut word = || reader.u16().ok_or(Refusal::UdpTruncated);
        let (source, destination, length, checksum) = (word()?, word()?, word()?, word()?);
        let octets = octets.get(..usize::from(length)).ok_or(Refusal::UdpLength)?;
        let payload = octets.get(HEADER..).ok_or(Refusal::UdpLength)?;
        Ok(Self {
            source,
            destination,
            checksum,
            payload,
            octets,
        })
    }

    /// Verifies the checksum, if there is one.
    ///
    /// # Errors
    /// If it is wrong.
    pub fn verify_ipv4(&self, source: Ipv4Addr, destination: Ipv4Addr) -> Result<(), Refusal> {
        if self.checksum == 0 {
            return Ok(());
        }
        self.verify(pseudo_header_ipv4(source, destination, self.length()))
    }

    /// Verifies the checksum, which IPv6 demands (RFC 8200 section 8.1).
    ///
    /// # Errors
    /// If it is wrong or missing.
    pub fn verify_ipv6(&self, source: Ipv6Addr, destination: Ipv6Addr) -> Result<(), Refusal> {
        if self.checksum == 0 {
            return Err(Refusal::UdpChecksum);
        }
        self.verify(pseudo_header_ipv6(source, destination, self.length()))
    }

    fn verify(&self, pseudo_header: u16) -> Result<(), Refusal> {
        let total = sum([&pseudo_header.to_be_bytes()[..], self.octets]);
        // A frame that has met no network card yet (from the router itself, or a virtual machine) still holds the sum of the pseudo-header
        // alone, which the card would complete.
        if total == u16::MAX || self.checksum == pseudo_header {
            Ok(())
        } else {
            Err(Refusal::UdpChecksum)
        }
    }

    fn length(&self) -> u16 {
        u16::try_from(self.octets.len()).unwrap_or(u16::MAX)
    }
}
