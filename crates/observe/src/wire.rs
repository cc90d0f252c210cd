//! Octets of frames to typed values: pure, bounded, and without a panic on any input.
//!
//! What it is not: it reads no sockets and knows neither ports nor directions. It reads only what an observer of a LAN needs.

pub mod checksum;
pub mod dhcpv4;
pub mod ethernet;
pub mod ipv4;
pub mod mud_string;
mod reader;
pub mod udp;

pub(crate) use reader::Reader;

use std::net::Ipv4Addr;

use mudguard_policy::MacAddress;

use crate::Refusal;

/// A frame that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The station that sent it.
    pub source: MacAddress,
    /// What it holds.
    pub content: Content,
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A DHCPv4 message.
    Dhcpv4 {
        /// The source of the IPv4 packet.
        source: Ipv4Addr,
        /// The message.
        message: dhcpv4::Message,
    },
    /// Something that is not observed.
    Other,
}

/// Reads a frame. Of what is not observed, only the headers before the one that says so are checked.
///
/// # Errors
/// The first reason for which it is refused.
pub fn read(octets: &[u8]) -> Result<Frame, Refusal> {
    let frame = ethernet::Frame::parse(octets)?;
    if !frame.source.is_station() {
        return Err(Refusal::SourceNotStation);
    }
    let content = match frame.ether_type {
        ethernet::IPV4 => in_ipv4(&frame)?,
        _ => Content::Other,
    };
    Ok(Frame {
        source: frame.source,
        content,
    })
}

fn in_ipv4(frame: &ethernet::Frame<'_>) -> Result<Content, Refusal> {
    let packet = ipv4::Packet::parse(frame.payload)?;
    if packet.protocol != udp::PROTOCOL {
        return Ok(Content::Other);
    }
    if packet.fragment {
        return Err(Refusal::IpFragment);
    }
    let datagram = udp::Datagram::parse(packet.payload)?;
    if !matches!(datagram.destination, dhcpv4::SERVER_PORT | dhcpv4::CLIENT_PORT) {
        return Ok(Content::Other);
    }
    datagram.verify_ipv4(packet.source, packet.destination)?;
    let message = dhcpv4::Message::parse(datagram.payload)?;
    if !message.kind.goes(datagram.source, datagram.destination) {
        return Err(Refusal::DhcpDirection);
    }
    // A relay is not expected on a LAN of a home, and whoever sends for another could bind addresses to it.
    if message.kind.is_from_client() && message.client != frame.source {
        return Err(Refusal::DhcpClientAddress);
    }
    Ok(Content::Dhcpv4 {
        source: packet.source,
        message,
    })
}
