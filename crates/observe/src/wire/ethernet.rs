//! Ethernet II frames with up to two VLAN tags (IEEE 802.1Q, 802.1ad).
//!
//! The kernel takes the outer tag away before an observer sees the frame; an inner tag, and the tags in a capture file, are here.

use mudguard_policy::MacAddress;

use super::reader::Reader;
use crate::Refusal;

/// The EtherType of IPv4.
pub const IPV4: u16 = 0x0800;
/// The EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;
/// The EtherType of a VLAN tag.
pub const VLAN: u16 = 0x8100;
/// The EtherType of an outer VLAN tag.
pub const SERVICE_VLAN: u16 = 0x88a8;

/// The most VLAN tags that are read over.
const MOST_TAGS: usize = 2;

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The station or group that it goes to.
    pub destination: MacAddress,
    /// The station that sent it.
    pub source: MacAddress,
    /// The EtherType after the tags; below 1536 it is a length (IEEE 802.3).
    pub ether_type: u16,
    /// What follows, with padding.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a frame.
    ///
    /// # Errors
    /// If it is too short, or has too many tags.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader(octets);
        let mut parse = || {
            let destination = MacAddress(reader.array()?);
            let source = MacAddress(reader.array()?);
            let mut ether_type = reader.u16()?;
            let mut tags = 0;
            while matches!(ether_type, VLAN | SERVICE_VLAN) {
                tags += 1;
                if tags > MOST_TAGS {
                    return Some(Err(Refusal::TooManyTags));
                }
                let _tag_control = reader.u16()?;
                ether_type = reader.u16()?;
            }
            Some(Ok((destination, source, ether_type)))
        };
        let (destination, source, ether_type) = parse().ok_or(Refusal::FrameTruncated)??;
        Ok(Self {
            destination,
            source,
            ether_type,
            payload: reader.0,
        })
    }
}
