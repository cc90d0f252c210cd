//! Packets as octets: IPv4 and IPv6 with extension headers and fragments, each with a tag by which its arrival is told.

use std::net::IpAddr;

use mudguard_policy::{IpHeader, MacAddress, Transport};

/// What precedes the number of a packet in its payload.
const TAG: [u8; 7] = *b"mudgrd:";
/// Where the tags of the two parts stand behind the IP header: behind every header, and on either side of [`SPLIT`].
const TAGS: [usize; 2] = [24, 56];
/// Where a packet is cut.
const SPLIT: usize = 48;
/// The number of what is sent last and always passes.
pub(super) const LAST: u32 = u32::MAX;
/// The shortest packet that has place for the tags.
pub(super) const SHORTEST: u16 = 100;

/// How a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// With options for the destination, in IPv6.
    DestinationOptions,
    /// With options for every hop, in IPv6.
    HopByHop,
    /// In two fragments.
    Fragments,
}

/// A packet between two addresses.
#[derive(Clone, Debug)]
pub(super) struct Octets<'a> {
    pub(super) number: u32,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) transport: &'a Transport,
    pub(super) header: IpHeader,
    pub(super) form: Form,
    /// How a protocol without ports begins.
    pub(super) first: u8,
}

impl Octets<'_> {
    /// The packets: one, or two fragments.
    pub(super) fn packets(&self) -> Vec<Vec<u8>> {
        let (before, payload) = self.payload();
        if self.form != Form::Fragments {
            return vec![self.packet(&before, &payload, None)];
        }
        vec![
            self.packet(&[], &payload[..SPLIT], Some((0, true))),
            self.packet(&[], &payload[SPLIT..], Some((SPLIT, false))),
        ]
    }

    /// The extension headers, and what follows them.
    fn payload(&self) -> (Vec<u8>, Vec<u8>) {
        let options = match self.form {
            Form::DestinationOptions | Form::HopByHop => vec![protocol(self.transport), 0, 1, 4, 0, 0, 0, 0],
            Form::Plain | Form::Fragments => Vec::new(),
        };
        let header = if self.source.is_ipv4() { 20 } else { 0 };
        let length = usize::from(self.header.length) - header - options.len();
        let mut payload = head(self.transport, self.first, self.number, length);
        payload.resize(length, 0);
        for (part, at) in (0u8..).zip(TAGS) {
            payload[at..at + 7].copy_from_slice(&TAG);
            payload[at + 7] = part;
            payload[at + 8..at + 12].copy_from_slice(&self.number.to_be_bytes());
        }
        self.add_checksum(&mut payload);
        (options, payload)
    }

    fn add_checksum(&self, payload: &mut [u8]) {
        let at = match self.transport {
            Transport::Tcp(_) => 16,
            Transport::Udp(_) => 6,
            Transport::Icmp(_) | Transport::Icmpv6(_) => 2,
            Transport::Other(2 | 58 | 1) => 2,
            Transport::Other(_) => return,
        };
        let mut pseudo = Vec::new();
        // ICMP and IGMP know no pseudo header; ICMPv6 does.
        if !matches!(self.transport, Transport::Icmp(_) | Transport::Other(_)) {
            pseudo.extend(octets(self.source));
            pseudo.extend(octets(self.destination));
            pseudo.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
            pseudo.extend([0, 0, 0, protocol(self.transport)]);
        }
        pseudo.extend(&*payload);
        let sum = checksum(&pseudo);
        payload[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }

    fn packet(&self, before: &[u8], payload: &[u8], fragment: Option<(usize, bool)>) -> Vec<u8> {
        let next = protocol(self.transport);
        let header = self.header;
        let mut packet = Vec::new();
        let (offset, more) = fragment.unwrap_or((0, false));
        if self.source.is_ipv4() {
            let length = u16::try_from(20 + before.len() + payload.len()).unwrap();
            packet.extend([0x45, header.dscp << 2 | header.ecn]);
            packet.extend(length.to_be_bytes());
            packet.extend(self.number.to_be_bytes()[2..].iter());
            let flags = u16::try_from(offset / 8).unwrap() | if more { 0x2000 } else { 0 };
            packet.extend(flags.to_be_bytes());
            packet.extend([header.ttl, next, 0, 0]);
            packet.extend(octets(self.source));
            packet.extend(octets(self.destination));
            let sum = checksum(&packet);
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
        } else {
            let fragmented = fragment.map(|(offset, more)| {
                let place = u16::try_from(offset).unwrap() | u16::from(more);
                let [a, b] = place.to_be_bytes();
                let [c, d, e, f] = self.number.to_be_bytes();
                [next, 0, a, b, c, d, e, f]
            });
            let before = fragmented.as_ref().map_or(before, |header| header);
            let class = u32::from(header.dscp << 2 | header.ecn);
            packet.extend((6 << 28 | class << 20 | header.flow_label).to_be_bytes());
            packet.extend(u16::try_from(before.len() + payload.len()).unwrap().to_be_bytes());
            let first = match (fragment, self.form) {
                (Some(_), _) => 44,
                (None, Form::DestinationOptions) => 60,
                (None, Form::HopByHop) => 0,
                (None, Form::Plain | Form::Fragments) => next,
            };
            packet.extend([first, header.ttl]);
            packet.extend(octets(self.source));
            packet.extend(octets(self.destination));
            packet.extend(before);
        }
        packet.extend(payload);
        packet
    }
}

/// The frame around a packet.
pub(super) fn frame(destination: MacAddress, source: MacAddress, packet: &[u8]) -> Vec<u8> {
    let kind = if packet[0] >> 4 == 4 {
        [0x08, 0x00]
    } else {
        [0x86, 0xdd]
    };
    [&destination.0[..], &source.0, &kind, packet].concat()
}

/// A frame of EAPOL, which passes everywhere.
pub(super) fn last_frame(source: MacAddress) -> Vec<u8> {
    let mut frame = [
        &[0xff; 6][..],
        &source.0,
        &[0x88, 0x8e],
        &TAG,
        &[0],
        &LAST.to_be_bytes(),
    ]
    .concat();
    frame.resize(60, 0);
    frame
}

/// The packets of which these octets hold a part: number and part.
pub(super) fn tags(octets: &[u8]) -> impl Iterator<Item = (u32, u8)> {
    octets
        .windows(12)
        .filter(|window| window.starts_with(&TAG))
        .map(|window| {
            let number = window[8..].try_into().unwrap();
            (u32::from_be_bytes(number), window[7])
        })
}

/// The protocol number.
pub(super) fn protocol(transport: &Transport) -> u8 {
    match transport {
        Transport::Tcp(_) => 6,
        Transport::Udp(_) => 17,
        Transport::Icmp(_) => 1,
        Transport::Icmpv6(_) => 58,
        Transport::Other(number) => *number,
    }
}

fn head(transport: &Transport, first: u8, number: u32, length: usize) -> Vec<u8> {
    let [.., high, low] = number.to_be_bytes();
    match transport {
        Transport::Tcp(tcp) => [
            &tcp.source.to_be_bytes()[..],
            &tcp.destination.to_be_bytes(),
            &tcp.sequence_number.to_be_bytes(),
            &tcp.acknowledgement_number.to_be_bytes(),
            &[5 << 4, tcp.flags, 0xff, 0xff, 0, 0, 0, 0],
        ]
        .concat(),
        Transport::Udp(udp) => [
            &udp.source.to_be_bytes()[..],
            &udp.destination.to_be_bytes(),
            &u16::try_from(length).unwrap().to_be_bytes(),
            &[0, 0],
        ]
        .concat(),
        Transport::Icmp(icmp) | Transport::Icmpv6(icmp) => {
            // A question and its answer have the same identifier.
            let identifier = icmp.rest.first_chunk().copied().unwrap_or([high, low]);
            vec![icmp.kind, icmp.code, 0, 0, identifier[0], identifier[1], 0, 1]
        }
        Transport::Other(47) => vec![0; 4],
        Transport::Other(_) => vec![first, 0, 0, 0, high, low, 0, 0],
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().into(),
        IpAddr::V6(address) => address.octets().into(),
    }
}

/// RFC 1071.
fn checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 = octets
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
