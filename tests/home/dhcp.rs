//! DHCP messages that no client at hand sends: options split or in `file` and `sname`, INFORM, INFORMATION-REQUEST (RFC 2131, 3396, 8415).
//! They leave through UDP sockets of the Thing, so that the kernel makes the frames.
//!
//! What it is not: a client. Nobody waits for an answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV6, UdpSocket};

use nix::net::if_::if_nametoindex;

use super::thing::Thing;

/// DHCPv4 option 161 (RFC 8520 section 10).
pub const MUD_URL_V4: u8 = 161;
/// DHCPv6 option 112.
pub const MUD_URL_V6: u16 = 112;

/// What makes a BOOTP message a DHCP message (RFC 2132 section 2).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A DHCPv4 message of a client.
#[derive(Clone, Debug, Default)]
pub struct Dhcpv4 {
    /// The value of option 53.
    pub kind: u8,
    /// What stands in the field of options after that, without its end.
    pub options: Vec<u8>,
    /// What stands in `file`, which may hold options.
    pub file: Vec<u8>,
    /// What stands in `sname`, which may hold options.
    pub server_name: Vec<u8>,
}

/// An option of DHCPv4.
#[must_use]
pub fn option(code: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    [&[code, length], value].concat()
}

/// An option of DHCPv6.
#[must_use]
pub fn option_v6(code: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    [&code.to_be_bytes(), &length.to_be_bytes(), value].concat()
}

impl Thing {
    /// Sends a DHCPv4 message to all, from the address that it was lent.
    ///
    /// # Errors
    /// If it has none.
    pub fn send_dhcpv4(&self, message: &Dhcpv4) -> anyhow::Result<()> {
        let (address, _) = self.ip_addresses()?;
        self.send_dhcpv4_from(address, message)
    }

    /// The same from this address.
    ///
    /// # Errors
    /// If it does not have it.
    pub fn send_dhcpv4_from(&self, address: impl Into<IpAddr>, message: &Dhcpv4) -> anyhow::Result<()> {
        let octets = message.octets(&self.hardware_address()?);
        let address = address.into();
        self.enter(|| {
            let socket = UdpSocket::bind((address, 0))?;
            socket.set_broadcast(true)?;
            socket.send_to(&octets, (Ipv4Addr::BROADCAST, 67)).map(drop)
        })??;
        Ok(())
    }

    /// Sends a DHCPv6 message of this type with these options to all servers and relays of the link.
    ///
    /// # Errors
    /// If it has no address on the link.
    pub fn send_dhcpv6(&self, kind: u8, options: &[u8]) -> anyhow::Result<()> {
        let octets = [&[kind, 0xab, 0xcd, 0xef], options].concat();
        self.enter(|| {
            let link = if_nametoindex("eth0")?;
            let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 546))?;
            let all = SocketAddrV6::new(ALL_SERVERS_AND_RELAYS, 547, 0, link);
            socket.send_to(&octets, all).map(drop)
        })??;
        Ok(())
    }

    fn hardware_address(&self) -> anyhow::Result<Vec<u8>> {
        let octets = self.mac().split(':').map(|octet| u8::from_str_radix(octet, 16));
        Ok(octets.collect::<Result<_, _>>()?)
    }
}

/// `All_DHCP_Relay_Agents_and_Servers` (RFC 8415 section 7.1).
const ALL_SERVERS_AND_RELAYS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

impl Dhcpv4 {
    fn octets(&self, hardware_address: &[u8]) -> Vec<u8> {
        let field = |content: &[u8], length| {
            let mut field = content.to_vec();
            field.resize(length, 0);
            field
        };
        [
            vec![1, 1, 6, 0, 0x5e, 0x11, 0xab, 0x1e],
            field(&[], 20),
            field(hardware_address, 16),
            field(&self.server_name, 64),
            field(&self.file, 128),
            MAGIC_COOKIE.to_vec(),
            option(53, &[self.kind]),
            self.options.clone(),
            vec![255],
        ]
        .concat()
    }
}
