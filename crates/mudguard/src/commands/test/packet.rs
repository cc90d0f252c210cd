//! The packet of `mudguard test`: `from-device tcp 443 api.example.com`.

use std::net::IpAddr;

use ipnet::IpNet;
use mudguard_mud::DomainName;
use mudguard_policy::{
    Family, IcmpHeader, Initiator, IpHeader, MacAddress, OtherEnd, Packet, Site, TcpHeader, Transport,
    UdpHeader,
};

/// A packet as it is described: the address of a name, and so the family, is left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    initiator: Initiator,
    protocol: Protocol,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Tcp { source: u16, destination: u16 },
    Udp { source: u16, destination: u16 },
    Icmp(Option<(u8, u8)>),
    Number(u8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Name(DomainName),
    Address(IpAddr),
    Thing(MacAddress),
    Gateway,
}

/// How to write a packet.
const USAGE: &str = "write for example 'from-device tcp 443 api.example.com', 'to-device udp 5353 192.168.1.20' or \
                     'from-device icmp gateway'";

/// A source port that no service has.
const EPHEMERAL: u16 = 50_000;

impl Description {
    /// Reads the description.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let (side, protocol, port, end) = match words[..] {
            [side, protocol, end] => (side, protocol, None, end),
            [side, protocol, port, end] => (side, protocol, Some(port), end),
            _ => {
                return Err(format!(
                    "a packet has three or four words, not {}: {USAGE}",
                    words.len()
                ));
            }
        };
        let initiator = match side {
            "from-device" => Initiator::Thing,
            "to-device" => Initiator::Peer,
            _ => {
                return Err(format!(
                    "{side:?} is no direction, from-device and to-device are: {USAGE}"
                ));
            }
        };
        Ok(Self {
            initiator,
            protocol: Protocol::parse(protocol, port)?,
            end: End::parse(end)?,
        })
    }

    /// The packets: one for each family that the other end has.
    pub(super) fn packets(&self, site: &Site) -> Vec<Packet> {
        [Family::Ipv4, Family::Ipv6]
            .into_iter()
            .filter_map(|family| self.packet(family, site))
            .collect()
    }

    fn packet(&self, family: Family, site: &Site) -> Option<Packet> {
        let of_family = |address: &IpAddr| Family::of(*address) == family;
        let (address, mac, names) = match &self.end {
            // Any address will do that stands for nothing else.
            End::Name(name) => (documentation(family), None, vec![name.clone()]),
            End::Address(address) => (Some(*address).filter(of_family)?, None, Vec::new()),
            End::Thing(mac) => (local(family, 77, site)?, Some(*mac), Vec::new()),
            End::Gateway => (site.gateway.iter().copied().find(of_family)?, None, Vec::new()),
        };
        Some(Packet {
            initiator: self.initiator,
            thing: local(family, 66, site).unwrap_or_else(|| documentation(family)),
            peer: OtherEnd { address, mac, names },
            transport: self.protocol.transport(family),
            header: IpHeader {
                ttl: 64,
                length: 40,
                ihl: 5,
                ..IpHeader::default()
            },
        })
    }
}

impl Protocol {
    fn parse(name: &str, port: Option<&str>) -> Result<Self, String> {
        match (name, port) {
            ("tcp", Some(port)) => ports(port).map(|(source, destination)| Self::Tcp { source, destination }),
            ("udp", Some(port)) => ports(port).map(|(source, destination)| Self::Udp { source, destination }),
            ("tcp" | "udp", None) => Err(format!("{name} needs a port: {USAGE}")),
            ("icmp", kind) => Ok(Self::Icmp(kind.map(icmp).transpose()?)),
            (number, None) => match number.parse() {
                Ok(6 | 17) => Err(format!(
                    "write tcp or udp and a port instead of protocol {number}: {USAGE}"
                )),
                Ok(1 | 58) => Ok(Self::Icmp(None)),
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => Err(format!(
                    "{number:?} is no protocol, tcp, udp, icmp and numbers to 255 are: {USAGE}"
                )),
            },
            (name, Some(_)) => Err(format!("{name:?} has no ports, tcp and udp have: {USAGE}")),
        }
    }

    fn transport(self, family: Family) -> Transport {
        match (self, family) {
            (Self::Tcp { source, destination }, _) => {
                let syn = 2;
                Transport::Tcp(TcpHeader {
                    source,
                    destination,
                    flags: syn,
                    data_offset: 5,
                    ..TcpHeader::default()
                })
            }
            (Self::Udp { source, destination }, _) => Transport::Udp(UdpHeader {
                source,
                destination,
                length: 8,
            }),
            (Self::Icmp(stated), Family::Ipv4) => Transport::Icmp(header(stated.unwrap_or((8, 0)))),
            (Self::Icmp(stated), Family::Ipv6) => Transport::Icmpv6(header(stated.unwrap_or((128, 0)))),
            (Self::Number(number), _) => Transport::Other(number),
        }
    }
}

fn header((kind, code): (u8, u8)) -> IcmpHeader {
    IcmpHeader {
        kind,
        code,
        rest: Vec::new(),
    }
}

/// `443`, or `5353:5353`: source and destination.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| {
        text.parse()
            .map_err(|_| format!("{text:?} is no port, the numbers from 0 to 65535 are: {USAGE}"))
    };
    match text.split_once(':') {
        Some((source, destination)) => Ok((port(source)?, port(destination)?)),
        None => Ok((EPHEMERAL, port(text)?)),
    }
}

/// `8`, or `8/0`: type and code.
fn icmp(text: &str) -> Result<(u8, u8), String> {
    let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
    match (kind.parse(), code.parse()) {
        (Ok(kind), Ok(code)) => Ok((kind, code)),
        _ => Err(format!(
            "{text:?} is no ICMP type, and no type and code as in 8/0: {USAGE}"
        )),
    }
}

impl End {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "gateway" {
            return Ok(Self::Gateway);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if let Ok(mac) = text.parse() {
            return Ok(Self::Thing(mac));
        }
        let is_like_an_address =
            text.contains([':', '/']) || text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let name = (!is_like_an_address)
            .then(|| DomainName::parse(text).ok())
            .flatten();
        name.map(Self::Name).ok_or_else(|| {
            format!("{text:?} is no name, address or MAC address, and not \"gateway\": {USAGE}")
        })
    }
}

fn documentation(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => IpAddr::from([192, 0, 2, 1]),
        Family::Ipv6 => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    }
}

/// An address of the home, the router's excepted.
fn local(family: Family, place: usize, site: &Site) -> Option<IpAddr> {
    let network = site
        .local_networks
        .iter()
        .find(|network| Family::of(network.addr()) == family)?;
    let hosts: Box<dyn Iterator<Item = IpAddr>> = match network {
        IpNet::V4(network) => Box::new(network.hosts().map(IpAddr::V4)),
        IpNet::V6(network) => Box::new(network.hosts().map(IpAddr::V6)),
    };
    let mut hosts = hosts
        .filter(|address| !site.gateway.contains(address))
        .take(place + 1);
    let first = hosts.next()?;
    Some(hosts.last().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_tried_over_both_families() {
        let description = Description::parse("from-device tcp 443 api.example.com").unwrap();
        let packets = description.packets(&Site::typical());
        let families: Vec<_> = packets.iter().map(Packet::family).collect();
        assert_eq!(families, [Family::Ipv4, Family::Ipv6]);
        for packet in packets {
            assert_eq!(packet.ports(), Some((EPHEMERAL, 443)));
            assert_eq!(packet.peer.names[0].as_str(), "api.example.com");
        }
    }

    #[test]
    fn ports_types_and_ends_are_read_as_written() {
        let site = Site::typical();
        let one = |text: &str| Description::parse(text).unwrap().packets(&site).remove(0);
        assert_eq!(
            one("to-device udp 5353:5353 192.168.1.20").ports(),
            Some((5353, 5353))
        );
        assert_eq!(
            one("from-device icmp 13/1 gateway").transport,
            Transport::Icmp(header((13, 1)))
        );
        assert_eq!(
            one("from-device icmp 2001:db8::7").transport,
            Transport::Icmpv6(header((128, 0)))
        );
        assert_eq!(one("from-device 2 224.0.0.22").transport, Transport::Other(2));
        let thing = one("from-device tcp 80 02:00:00:00:00:07");
        assert_eq!(thing.peer.mac, Some(MacAddress([2, 0, 0, 0, 0, 7])));
        assert!(site.local_networks[0].contains(&thing.peer.address) && thing.peer.address != thing.thing);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_right() {
        for (text, part) in [
            ("", "three or four words, not 0"),
            ("outward tcp 443 example.com", "\"outward\" is no direction"),
            ("from-device tcp example.com", "tcp needs a port"),
            ("from-device tcp 70000 example.com", "\"70000\" is no port"),
            ("from-device sctp 80 example.com", "\"sctp\" has no ports"),
            ("from-device sctp example.com", "\"sctp\" is no protocol"),
            ("from-device 6 example.com", "write tcp or udp"),
            ("from-device icmp 8/x example.com", "\"8/x\" is no ICMP type"),
            ("from-device tcp 443 10.0.0", "\"10.0.0\" is no name, address"),
            ("from-device tcp 443 https://example.com/", "is no name, address"),
        ] {
            let error = Description::parse(text).unwrap_err();
            assert!(
                error.contains(part) && error.contains("for example"),
                "{text}: {error}"
            );
        }
    }
}
