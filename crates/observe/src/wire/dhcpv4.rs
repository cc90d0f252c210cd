//! DHCPv4 messages (RFC 2131), as far as an observer needs them.

mod options;

use std::{net::Ipv4Addr, time::Duration};

use mudguard_policy::MacAddress;

use self::options::{Options, number, octet};
use super::{mud_string::MudString, reader::Reader};
use crate::Refusal;

/// The UDP port of servers.
pub const SERVER_PORT: u16 = 67;
/// The UDP port of clients.
pub const CLIENT_PORT: u16 = 68;

/// `op` of what clients send.
const BOOTREQUEST: u8 = 1;
/// `op` of what servers send.
const BOOTREPLY: u8 = 2;
/// `htype` and `hlen` of Ethernet.
const ETHERNET: [u8; 2] = [1, 6];
/// What makes a BOOTP message a DHCP message (RFC 2132 section 2).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The type (option 53).
    pub kind: MessageType,
    /// The number of the transaction (`xid`).
    pub transaction: u32,
    /// The client (`chaddr`).
    pub client: MacAddress,
    /// The address that the client has (`ciaddr`).
    pub client_address: Ipv4Addr,
    /// The address that the server lends (`yiaddr`).
    pub your_address: Ipv4Addr,
    /// The address that the client asks for (option 50).
    pub requested: Option<Ipv4Addr>,
    /// For how long the address is lent (option 51).
    pub lease_time: Option<Duration>,
    /// The server (option 54).
    pub server: Option<Ipv4Addr>,
    /// The host name (option 12); foreign text without control characters.
    pub host_name: Option<String>,
    /// The MUD string (option 161).
    pub mud_string: MudString,
}

/// The type of a message (RFC 2132 section 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client asks for an address, or for more time.
    Request,
    /// A client says that an address is in use.
    Decline,
    /// A server lends an address.
    Ack,
    /// A server refuses an address.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client asks for options only.
    Inform,
}

impl MessageType {
    fn new(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            _ => return None,
        })
    }

    /// Whether clients send it.
    #[must_use]
    pub fn is_from_client(self) -> bool {
        !matches!(self, Self::Offer | Self::Ack | Self::Nak)
    }

    /// Whether it says something about the client that holds from now on.
    #[must_use]
    pub fn announces(self) -> bool {
        matches!(self, Self::Discover | Self::Request | Self::Inform)
    }

    /// Whether it may go between these UDP ports. Clients may send from any.
    #[must_use]
    pub fn goes(self, source: u16, destination: u16) -> bool {
        if self.is_from_client() {
            destination == SERVER_PORT
        } else {
            source == SERVER_PORT
        }
    }
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// The first reason for which it is refused.
    pub fn parse(octets: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader(octets);
        let fixed = Fixed::read(&mut reader).ok_or(Refusal::DhcpTruncated)?;
        if fixed.hardware != ETHERNET {
            return Err(Refusal::DhcpHardware);
        }
        if fixed.cookie != MAGIC_COOKIE {
            return Err(Refusal::DhcpCookie);
        }
        let options = Options::scan(reader.0, fixed.file, fixed.server_name)?;
        let kind = octet(&options.message_type)?
            .and_then(MessageType::new)
            .ok_or(Refusal::DhcpMessageType)?;
        if fixed.operation
            != if kind.is_from_client() {
                BOOTREQUEST
            } else {
                BOOTREPLY
            }
        {
            return Err(Refusal::DhcpDirection);
        }
        Ok(Self {
            kind,
            transaction: fixed.transaction,
            client: fixed.client,
            client_address: fixed.client_address,
            your_address: fixed.your_address,
            requested: number(&options.requested)?.map(Ipv4Addr::from_bits),
            lease_time: number(&options.lease_time)?.map(|seconds| Duration::from_secs(seconds.into())),
            server: number(&options.server)?.map(Ipv4Addr::from_bits),
            host_name: options.host_name(),
            mud_string: options.into_mud_string(),
        })
    }
}

/// The part before the options.
struct Fixed<'a> {
    operation: u8,
    hardware: [u8; 2],
    transaction: u32,
    client_address: Ipv4Addr,
    your_address: Ipv4Addr,
    client: MacAddress,
    server_name: &'a [u8],
    file: &'a [u8],
    cookie: [u8; 4],
}

impl<'a> Fixed<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let operation = reader.u8()?;
        let hardware = reader.array()?;
        let _hops = reader.u8()?;
        let transaction = reader.u32()?;
        let _seconds_and_flags = reader.u32()?;
        let client_address = Ipv4Addr::from_bits(reader.u32()?);
        let your_address = Ipv4Addr::from_bits(reader.u32()?);
        let _next_server_and_relay = reader.take(8)?;
        let client = MacAddress(reader.array()?);
        let _rest_of_chaddr = reader.take(10)?;
        Some(Self {
            operation,
            hardware,
            transaction,
            client_address,
            your_address,
            client,
            server_name: reader.take(64)?,
            file: reader.take(128)?,
            cookie: reader.array()?,
        })
    }
}
