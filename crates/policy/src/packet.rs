//! The packet that opens a flow, as the evaluators see it: the [`oracle`](crate::oracle) judges it by a MUD file,
//! [`ThingPolicy::judge`](crate::ThingPolicy::judge) by a compiled policy.
//!
//! It is no frame from a wire: nothing here parses octets. Fields that a caller does not care for have defaults.

use std::net::IpAddr;

use mudguard_mud::DomainName;
use serde::{Deserialize, Serialize};

use crate::{Family, Initiator, MacAddress, Origin};

/// A packet that opens a flow between a Thing and another end. Both addresses are of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sends it.
    pub initiator: Initiator,
    /// The address at the Thing's end; of what a peer sends it may be a group to which the Thing listens.
    pub thing: IpAddr,
    /// The other end; its address may be a group if the Thing sends.
    pub peer: OtherEnd,
    /// What it carries.
    pub transport: Transport,
    /// The other fields of the IP header.
    pub header: IpHeader,
}

/// The other end of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherEnd {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address, or that of the group; `None` beyond the router.
    pub mac: Option<MacAddress>,
    /// The names for which the resolver told this Thing this address.
    pub names: Vec<DomainName>,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp(TcpHeader),
    /// UDP.
    Udp(UdpHeader),
    /// ICMP, in IPv4.
    Icmp(IcmpHeader),
    /// ICMPv6, in IPv6.
    Icmpv6(IcmpHeader),
    /// Another protocol than these, by its number.
    Other(u8),
}

/// A TCP header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpHeader {
    /// The source port.
    pub source: u16,
    /// The destination port.
    pub destination: u16,
    /// The flags octet: cwr 128, ece 64, urg 32, ack 16, psh 8, rst 4, syn 2, fin 1.
    pub flags: u8,
    /// The sequence number.
    pub sequence_number: u32,
    /// The acknowledgement number.
    pub acknowledgement_number: u32,
    /// The header length in 32-bit words.
    pub data_offset: u8,
    /// The reserved bits.
    pub reserved: u8,
    /// The window.
    pub window_size: u16,
    /// The urgent pointer.
    pub urgent_pointer: u16,
    /// The options.
    pub options: Vec<u8>,
}

/// A UDP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UdpHeader {
    /// The source port.
    pub source: u16,
    /// The destination port.
    pub destination: u16,
    /// The length in octets, header included.
    pub length: u16,
}

/// A header of ICMP or ICMPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IcmpHeader {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// What follows the checksum.
    pub rest: Vec<u8>,
}

/// Fields of the IP header that are neither addresses nor the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpHeader {
    /// The DSCP.
    pub dscp: u8,
    /// The ECN field.
    pub ecn: u8,
    /// The TTL or hop limit.
    pub ttl: u8,
    /// The IPv4 total length or the IPv6 payload length in octets.
    pub length: u16,
    /// The IPv6 flow label.
    pub flow_label: u32,
    /// The IPv4 header length in 32-bit words.
    pub ihl: u8,
    /// The IPv4 flags: reserved 4, do not fragment 2, more fragments 1.
    pub ipv4_flags: u8,
    /// The IPv4 fragment offset.
    pub offset: u16,
    /// The IPv4 identification.
    pub identification: u16,
}

/// Whether a flow may be opened, and what decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether it may.
    pub allowed: bool,
    /// The ACE or the implicit rule that decided; `None` if none matched, which forbids.
    pub by: Option<Origin>,
}

impl Packet {
    /// Its family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family::of(self.peer.address)
    }

    /// Its ports: source and destination.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        match &self.transport {
            Transport::Tcp(tcp) => Some((tcp.source, tcp.destination)),
            Transport::Udp(udp) => Some((udp.source, udp.destination)),
            Transport::Icmp(_) | Transport::Icmpv6(_) | Transport::Other(_) => None,
        }
    }
}
