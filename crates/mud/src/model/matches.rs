//! `matches`: the conditions of one ACE (RFC 8519 section 4.2, RFC 8520 sections 3.10 to 3.18 and 8).
//!
//! Every field that is `None` (or `false`) sets no condition; all the others must hold together.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{DomainName, Host, PortMatch, TlsProfile};
use crate::MudUrl;

/// The conditions of an ACE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Whether the container stood there at all. An ACE without conditions matches every packet (RFC 8519).
    pub presence: MatchesPresence,
    /// `eth`: Ethernet header fields.
    pub eth: Option<EthMatch>,
    /// `ipv4` or `ipv6`. Present without fields it still limits the ACE to that family.
    pub l3: Option<L3Match>,
    /// `tcp`, `udp` or `icmp`. Present without fields it still limits the ACE to that protocol.
    pub l4: Option<L4Match>,
    /// `ietf-mud:mud`: the abstractions of RFC 8520.
    pub mud: Option<MudMatch>,
    /// `egress-interface`: a name from the maker's mind, which no home has.
    pub egress_interface: Option<String>,
    /// `ingress-interface`, likewise.
    pub ingress_interface: Option<String>,
    /// `ietf-acl-tls:client-profiles`: the packet belongs to a TLS session that fits one of these profiles (RFC 9761).
    pub client_profiles: Option<Vec<TlsProfile>>,
}

/// How the `matches` container stood in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchesPresence {
    /// Not at all.
    #[default]
    Absent,
    /// `{}`.
    Empty,
    /// With at least one member, understood or not.
    Present,
}

/// Fields of the Ethernet header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EthMatch {
    /// `destination-mac-address`, with its mask.
    pub destination: Option<MacMatch>,
    /// `source-mac-address`, with its mask.
    pub source: Option<MacMatch>,
    /// `ethertype`; below 0x0600 it is an IEEE 802.3 length.
    pub ethertype: Option<u16>,
}

/// A MAC address, compared under a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacMatch {
    /// The address.
    pub address: [u8; 6],
    /// The mask; `None` compares all 48 bits.
    pub mask: Option<[u8; 6]>,
}

/// The network layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum L3Match {
    /// `ipv4`.
    Ipv4(Ipv4Match),
    /// `ipv6`.
    Ipv6(Ipv6Match),
}

impl L3Match {
    /// The fields that both families have.
    #[must_use]
    pub fn ip(&self) -> &IpFields {
        match self {
            Self::Ipv4(ipv4) => &ipv4.ip,
            Self::Ipv6(ipv6) => &ipv6.ip,
        }
    }

    /// `source-ipv4-network` or `source-ipv6-network`.
    #[must_use]
    pub fn source_network(&self) -> Option<IpNet> {
        match self {
            Self::Ipv4(ipv4) => ipv4.source_network.map(IpNet::V4),
            Self::Ipv6(ipv6) => ipv6.source_network.map(IpNet::V6),
        }
    }

    /// `destination-ipv4-network` or `destination-ipv6-network`.
    #[must_use]
    pub fn destination_network(&self) -> Option<IpNet> {
        match self {
            Self::Ipv4(ipv4) => ipv4.destination_network.map(IpNet::V4),
            Self::Ipv6(ipv6) => ipv6.destination_network.map(IpNet::V6),
        }
    }
}

/// Fields that IPv4 and IPv6 share, and the DNS names of `ietf-acldns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpFields {
    /// `dscp`, 0 to 63.
    pub dscp: Option<u8>,
    /// `ecn`, 0 to 3.
    pub ecn: Option<u8>,
    /// `length` in octets: the IPv4 total length, or the IPv6 payload length.
    pub length: Option<u16>,
    /// `ttl`, or the IPv6 hop limit.
    pub ttl: Option<u8>,
    /// `protocol`; in IPv6 the upper-layer protocol.
    pub protocol: Option<u8>,
    /// `ietf-acldns:src-dnsname`; stands only in lists for what the Thing receives.
    pub src_dnsname: Option<Host>,
    /// `ietf-acldns:dst-dnsname`; stands only in lists for what the Thing sends.
    pub dst_dnsname: Option<Host>,
}

/// `ipv4`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv4Match {
    /// What it shares with IPv6.
    pub ip: IpFields,
    /// `ihl`: the header length in 32-bit words, 5 to 60 (a header holds at most 15).
    pub ihl: Option<u8>,
    /// `flags`.
    pub flags: Option<Ipv4Flags>,
    /// `offset`: the fragment offset, 20 to 65535 as the module has it (a header holds at most 8191).
    pub offset: Option<u16>,
    /// `identification`.
    pub identification: Option<u16>,
    /// `source-ipv4-network`, with its host bits cleared.
    pub source_network: Option<Ipv4Net>,
    /// `destination-ipv4-network`, with its host bits cleared.
    pub destination_network: Option<Ipv4Net>,
}

/// `ipv6`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ipv6Match {
    /// What it shares with IPv4.
    pub ip: IpFields,
    /// `flow-label`, 20 bits.
    pub flow_label: Option<u32>,
    /// `source-ipv6-network`, with its host bits cleared.
    pub source_network: Option<Ipv6Net>,
    /// `destination-ipv6-network`, with its host bits cleared.
    pub destination_network: Option<Ipv6Net>,
}

/// The IPv4 flags that are set, as the three bits of the header: reserved 4, do not fragment 2, more fragments 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ipv4Flags(pub u8);

/// The transport layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum L4Match {
    /// `tcp`.
    Tcp(TcpMatch),
    /// `udp`.
    Udp(UdpMatch),
    /// `icmp`: ICMP in an IPv4 entry, ICMPv6 in an IPv6 entry.
    Icmp(IcmpMatch),
}

/// `tcp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpMatch {
    /// `source-port`.
    pub source_port: Option<PortMatch>,
    /// `destination-port`.
    pub destination_port: Option<PortMatch>,
    /// `ietf-mud:direction-initiated`: who opened the connection (RFC 8520 section 8).
    pub direction_initiated: Option<Direction>,
    /// `sequence-number`.
    pub sequence_number: Option<u32>,
    /// `acknowledgement-number`.
    pub acknowledgement_number: Option<u32>,
    /// `data-offset`: the header length in 32-bit words, 5 to 15.
    pub data_offset: Option<u8>,
    /// `reserved`.
    pub reserved: Option<u8>,
    /// `flags`.
    pub flags: Option<TcpFlags>,
    /// `window-size`.
    pub window_size: Option<u16>,
    /// `urgent-pointer`.
    pub urgent_pointer: Option<u16>,
    /// `options`, 1 to 40 octets.
    pub options: Option<Vec<u8>>,
}

/// The TCP flags that are set, as the octet of the header: cwr 128, ece 64, urg 32, ack 16, psh 8, rst 4, syn 2, fin 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

/// Who opened a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `from-device`: the Thing did.
    FromDevice,
    /// `to-device`: the other end did.
    ToDevice,
}

/// `udp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UdpMatch {
    /// `source-port`.
    pub source_port: Option<PortMatch>,
    /// `destination-port`.
    pub destination_port: Option<PortMatch>,
    /// `length` in octets, header included.
    pub length: Option<u16>,
}

/// `icmp`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IcmpMatch {
    /// `type`.
    pub icmp_type: Option<u8>,
    /// `code`.
    pub code: Option<u8>,
    /// `rest-of-header`: what follows the checksum.
    pub rest_of_header: Option<Vec<u8>>,
}

/// `ietf-mud:mud`: the other end, said without addresses (RFC 8520 section 8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MudMatch {
    /// `manufacturer`: a Thing whose MUD URL has this host.
    pub manufacturer: Option<DomainName>,
    /// `same-manufacturer`: a Thing whose MUD URL has the host of this Thing's.
    pub same_manufacturer: bool,
    /// `model`: a Thing whose MUD URL is this one.
    pub model: Option<MudUrl>,
    /// `local-networks`: an address of the home.
    pub local_networks: bool,
    /// `controller`: a member of the class of this name. It is a URI and is never fetched.
    pub controller: Option<String>,
    /// `my-controller`: a host that the owner chose for Things with this MUD URL.
    pub my_controller: bool,
}
