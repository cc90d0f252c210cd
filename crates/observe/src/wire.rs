//! Octets of frames to typed values: pure, bounded, and without a panic on any input.
//!
//! What it is not: it reads no sockets and knows neither ports nor directions. It reads only what an observer of a LAN needs.

pub mod checksum;
pub mod dhcpv4;
pub mod dhcpv6;
pub mod ethernet;
pub mod ipv4;
pub mod ipv6;
pub mod lldp;
pub mod mud_string;
mod reader;
pub mod udp;

pub(crate) use reader::Reader;

use std::net::{Ipv4Addr, Ipv6Addr};

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
    /// A DHCPv6 message.
    Dhcpv6 {
        /// The source of the IPv6 packet.
        source: Ipv6Addr,
        /// The message.
        message: dhcpv6::Message,
    },
    /// An LLDP frame.
    Lldp(lldp::Announcement),
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
        ethernet::IPV6 => in_ipv6(&frame)?,
        lldp::ETHER_TYPE => Content::Lldp(lldp::Announcement::parse(frame.payload)?),
        _ => Content::Other,
    };
    Ok(Frame {
        source: frame.source,
        content,
    })
}

/// Of a frame that was refused for it: the client that a DHCPv4 message names and that did not send it.
pub(crate) fn forged_client(octets: &[u8]) -> Option<MacAddress> {
    let frame = ethernet::Frame::parse(octets).ok()?;
    match dhcpv4_in(&frame).ok()? {
        Content::Dhcpv4 { message, .. } => Some(message.client).filter(|client| *client != frame.source),
        Content::Dhcpv6 { .. } | Content::Lldp(_) | Content::Other => None,
    }
}

fn in_ipv4(frame: &ethernet::Frame<'_>) -> Result<Content, Refusal> {
    let content = dhcpv4_in(frame)?;
    // A relay is not expected on a LAN of a home, and whoever sends for another could bind addresses to it.
    if let Content::Dhcpv4 { message, .. } = &content
        && message.kind.is_from_client()
        && message.client != frame.source
    {
        return Err(Refusal::DhcpClientAddress);
    }
    Ok(content)
}

fn dhcpv4_in(frame: &ethernet::Frame<'_>) -> Result<Content, Refusal> {
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
    Ok(Content::Dhcpv4 {
        source: packet.source,
        message,
    })
}

fn in_ipv6(frame: &ethernet::Frame<'_>) -> Result<Content, Refusal> {
    let packet = ipv6::Packet::parse(frame.payload)?;
    if packet.protocol != udp::PROTOCOL {
        return Ok(Content::Other);
    }
    let datagram = udp::Datagram::parse(packet.payload)?;
    if !matches!(datagram.destination, dhcpv6::SERVER_PORT | dhcpv6::CLIENT_PORT) {
        return Ok(Content::Other);
    }
    if packet.extended {
        return Err(Refusal::IpExtensionHeader);
    }
    datagram.verify_ipv6(packet.source, packet.destination)?;
    let message = dhcpv6::Message::parse(datagram.payload)?;
    if !message.kind.goes_to(datagram.destination) {
        return Err(Refusal::DhcpDirection);
    }
    Ok(Content::Dhcpv6 {
        source: packet.source,
        message,
    })
}
