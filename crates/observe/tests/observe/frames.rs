//! Frames from their parts. Each part can be made wrong on its own; checksums and lengths are right unless a test changes the octets.

use std::net::{Ipv4Addr, Ipv6Addr};

use mudguard_observe::wire::checksum::{pseudo_header_ipv4, pseudo_header_ipv6, sum};

pub(crate) const LAMP: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const BROADCAST: [u8; 6] = [0xff; 6];
pub(crate) const URL: &str = "https://mud.lamp-maker.example/lamp.json";

/// An Ethernet frame, with VLAN tags from the outer to the inner, each an EtherType and a VLAN number.
pub(crate) fn ethernet(
    to: [u8; 6],
    from: [u8; 6],
    tags: &[(u16, u16)],
    ether_type: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut frame = [to, from].concat();
    for (kind, vlan) in tags {
        frame.extend(kind.to_be_bytes());
        frame.extend(vlan.to_be_bytes());
    }
    frame.extend(ether_type.to_be_bytes());
    frame.extend(payload);
    frame
}

/// An IPv4 packet with UDP, with options in its header whose length is a multiple of four.
pub(crate) fn ipv4_with(
    from: (Ipv4Addr, u16),
    to: (Ipv4Addr, u16),
    header_options: &[u8],
    fragment: u16,
    payload: &[u8],
) -> Vec<u8> {
    let udp_length = length(payload.len() + 8);
    let mut udp = Vec::new();
    for word in [from.1, to.1, udp_length, 0] {
        udp.extend(word.to_be_bytes());
    }
    udp.extend(payload);
    let total = sum([
        &pseudo_header_ipv4(from.0, to.0, udp_length).to_be_bytes()[..],
        &udp,
    ]);
    udp[6..8].copy_from_slice(&complement(total).to_be_bytes());
    let header_length = 20 + header_options.len();
    let mut packet = vec![0x40 | u8::try_from(header_length / 4).unwrap(), 0];
    for word in [
        length(header_length + udp.len()),
        1,
        fragment,
        u16::from_be_bytes([64, 17]),
        0,
    ] {
        packet.extend(word.to_be_bytes());
    }
    packet.extend(from.0.octets());
    packet.extend(to.0.octets());
    packet.extend(header_options);
    seal_ipv4(&mut packet);
    packet.extend(udp);
    packet
}

/// Makes the checksum of an IPv4 header right.
pub(crate) fn seal_ipv4(packet: &mut [u8]) {
    let header_length = usize::from(packet[0] & 0xf) * 4;
    packet[10..12].fill(0);
    let checksum = (!sum([&packet[..header_length.min(packet.len())]])).to_be_bytes();
    packet[10..12].copy_from_slice(&checksum);
}

/// An IPv6 packet with UDP.
pub(crate) fn ipv6(from: (Ipv6Addr, u16), to: (Ipv6Addr, u16), payload: &[u8]) -> Vec<u8> {
    let udp_length = length(payload.len() + 8);
    let mut udp = Vec::new();
    for word in [from.1, to.1, udp_length, 0] {
        udp.extend(word.to_be_bytes());
    }
    udp.extend(payload);
    let total = sum([
        &pseudo_header_ipv6(from.0, to.0, udp_length).to_be_bytes()[..],
        &udp,
    ]);
    udp[6..8].copy_from_slice(&complement(total).to_be_bytes());
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(udp_length.to_be_bytes());
    packet.extend([17, 64]);
    packet.extend(from.0.octets());
    packet.extend(to.0.octets());
    packet.extend(udp);
    packet
}

fn complement(total: u16) -> u16 {
    if total == u16::MAX { u16::MAX } else { !total }
}

fn length(octets: usize) -> u16 {
    u16::try_from(octets).unwrap()
}

/// An option of DHCPv4.
pub(crate) fn option(code: u8, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    let mut octets = vec![code, u8::try_from(value.len()).unwrap()];
    octets.extend(value);
    octets
}

/// A DHCPv4 message, and the frame that carries it.
#[derive(Clone, Debug)]
pub(crate) struct Dhcpv4 {
    pub(crate) operation: u8,
    pub(crate) hardware: [u8; 2],
    pub(crate) transaction: u32,
    pub(crate) client_address: Ipv4Addr,
    pub(crate) your_address: Ipv4Addr,
    pub(crate) client: [u8; 6],
    pub(crate) server_name: Vec<u8>,
    pub(crate) file: Vec<u8>,
    pub(crate) cookie: [u8; 4],
    pub(crate) options: Vec<u8>,
    pub(crate) frame_to: [u8; 6],
    pub(crate) frame_from: [u8; 6],
    pub(crate) tags: Vec<(u16, u16)>,
    pub(crate) from: (Ipv4Addr, u16),
    pub(crate) to: (Ipv4Addr, u16),
    pub(crate) header_options: Vec<u8>,
    pub(crate) fragment: u16,
}

impl Dhcpv4 {
    /// A client's message of this type.
    pub(crate) fn client(kind: u8) -> Self {
        Self {
            operation: 1,
            hardware: [1, 6],
            transaction: 0x1234_5678,
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: Ipv4Addr::UNSPECIFIED,
            client: LAMP,
            server_name: Vec::new(),
            file: Vec::new(),
            cookie: [99, 130, 83, 99],
            options: option(53, [kind]),
            frame_to: BROADCAST,
            frame_from: LAMP,
            tags: Vec::new(),
            from: (Ipv4Addr::UNSPECIFIED, 68),
            to: (Ipv4Addr::BROADCAST, 67),
            header_options: Vec::new(),
            fragment: 0,
        }
    }

    /// DISCOVER.
    pub(crate) fn discover() -> Self {
        Self::client(1)
    }

    /// A server's ACK that lends an address to a client for ten minutes.
    pub(crate) fn ack(server: Ipv4Addr, client: [u8; 6], address: Ipv4Addr) -> Self {
        Self {
            operation: 2,
            client,
            your_address: address,
            from: (server, 67),
            to: (Ipv4Addr::BROADCAST, 68),
            ..Self::client(5)
        }
        .option(51, 600_u32.to_be_bytes())
        .option(54, server.octets())
    }

    /// Adds an option.
    pub(crate) fn option(mut self, code: u8, value: impl AsRef<[u8]>) -> Self {
        self.options.extend(option(code, value));
        self
    }

    /// Adds the end option.
    pub(crate) fn end(mut self) -> Self {
        self.options.push(255);
        self
    }

    /// Changes something.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The message.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = vec![self.operation, self.hardware[0], self.hardware[1], 0];
        message.extend(self.transaction.to_be_bytes());
        message.extend([0, 0, 0x80, 0]);
        message.extend(self.client_address.octets());
        message.extend(self.your_address.octets());
        message.extend([0; 8]);
        message.extend(self.client);
        message.extend([0; 10]);
        for (field, length) in [(&self.server_name, 64), (&self.file, 128)] {
            let mut field = field.clone();
            assert!(field.len() <= length);
            field.resize(length, 0);
            message.extend(field);
        }
        message.extend(self.cookie);
        message.extend(&self.options);
        message
    }

    /// The frame.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let packet = ipv4_with(
            self.from,
            self.to,
            &self.header_options,
            self.fragment,
            &self.message(),
        );
        ethernet(self.frame_to, self.frame_from, &self.tags, 0x0800, &packet)
    }
}

/// An option of DHCPv6.
pub(crate) fn option_v6(code: u16, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    let mut octets = code.to_be_bytes().to_vec();
    octets.extend(length(value.len()).to_be_bytes());
    octets.extend(value);
    octets
}

/// An address of DHCPv6 in an IA_NA.
pub(crate) fn association(address: Ipv6Addr, lifetime: u32) -> Vec<u8> {
    let mut lease = address.octets().to_vec();
    lease.extend(lifetime.to_be_bytes());
    lease.extend(lifetime.to_be_bytes());
    let mut value = vec![0; 12];
    value.extend(option_v6(5, lease));
    option_v6(3, value)
}

/// A DHCPv6 message, and the frame that carries it.
#[derive(Clone, Debug)]
pub(crate) struct Dhcpv6 {
    pub(crate) kind: u8,
    pub(crate) transaction: u32,
    pub(crate) options: Vec<u8>,
    /// Around the message: the frames of relays, from the inner to the outer.
    pub(crate) relays: usize,
    /// The address of the client, as the innermost relay tells it.
    pub(crate) peer: Ipv6Addr,
    pub(crate) frame_to: [u8; 6],
    pub(crate) frame_from: [u8; 6],
    pub(crate) from: (Ipv6Addr, u16),
    pub(crate) to: (Ipv6Addr, u16),
    /// The type of the first extension header, and the octets of all of them.
    pub(crate) extensions: (u8, Vec<u8>),
}

/// The lamp's address on the link, made from its MAC address.
const LAMP_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
/// All DHCP relays and servers (RFC 8415 section 7.1).
const SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

impl Dhcpv6 {
    /// A client's message of this type.
    pub(crate) fn client(kind: u8) -> Self {
        Self {
            kind,
            transaction: 0x12_3456,
            options: option_v6(1, [&[0, 3, 0, 1][..], &LAMP].concat()),
            relays: 0,
            peer: LAMP_LINK_LOCAL,
            frame_to: [0x33, 0x33, 0, 1, 0, 2],
            frame_from: LAMP,
            from: (LAMP_LINK_LOCAL, 546),
            to: (SERVERS, 547),
            extensions: (17, Vec::new()),
        }
    }

    /// A server's reply to it, with an address.
    pub(crate) fn reply(address: Ipv6Addr, lifetime: u32) -> Self {
        Self {
            from: (LAMP_LINK_LOCAL, 547),
            to: (LAMP_LINK_LOCAL, 546),
            ..Self::client(7)
        }
        .with(|message| message.options.extend(association(address, lifetime)))
    }

    /// Adds an option.
    pub(crate) fn option(mut self, code: u16, value: impl AsRef<[u8]>) -> Self {
        self.options.extend(option_v6(code, value));
        self
    }

    /// Wraps it in so many RELAY-FORW messages.
    pub(crate) fn relayed(&self, relays: usize) -> Self {
        Self {
            relays,
            ..self.clone()
        }
    }

    /// Changes something.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// The message.
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = (u32::from(self.kind) << 24 | self.transaction)
            .to_be_bytes()
            .to_vec();
        message.extend(&self.options);
        for hop in 0..self.relays {
            let peer = if hop == 0 { self.peer } else { Ipv6Addr::LOCALHOST };
            let mut relay = vec![12, u8::try_from(hop).unwrap()];
            relay.extend([0; 16]);
            relay.extend(peer.octets());
            relay.extend(option_v6(9, message));
            message = relay;
        }
        message
    }

    /// The frame.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let mut packet = ipv6(self.from, self.to, &self.message());
        let (first, headers) = &self.extensions;
        packet[6] = *first;
        packet.splice(40..40, headers.iter().copied());
        let payload = length(packet.len() - 40).to_be_bytes();
        packet[4..6].copy_from_slice(&payload);
        ethernet(self.frame_to, self.frame_from, &[], 0x86dd, &packet)
    }
}

/// A value of LLDP after its type and its length of 9 bits.
pub(crate) fn lldp_value(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut octets = (kind << 9 | length(value.len())).to_be_bytes().to_vec();
    octets.extend(value);
    octets
}

/// The MUD extension of LLDP.
pub(crate) fn mud_value(string: impl AsRef<[u8]>) -> Vec<u8> {
    lldp_value(127, &[&[0, 0, 0x5e, 1][..], string.as_ref()].concat())
}

/// An LLDP frame with these values between the mandatory ones and the end.
pub(crate) fn lldp(from: [u8; 6], time_to_live: u16, values: &[u8]) -> Vec<u8> {
    let payload = [
        &lldp_value(1, &[&[4][..], &from].concat())[..],
        &lldp_value(2, &[&[3][..], &from].concat()),
        &lldp_value(3, &time_to_live.to_be_bytes()),
        values,
        &[0, 0],
    ];
    let payload = payload.concat();
    ethernet([1, 0x80, 0xc2, 0, 0, 0x0e], from, &[], 0x88cc, &payload)
}
