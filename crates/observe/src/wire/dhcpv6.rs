//! DHCPv6 messages (RFC 8415), as far as an observer needs them; relayed ones are unwrapped.

mod options;

use std::{net::Ipv6Addr, time::Duration};

use mudguard_policy::MacAddress;

use self::options::{Options, relayed};
use super::{mud_string::MudString, reader::Reader};
use crate::Refusal;

/// The UDP port of clients.
pub const CLIENT_PORT: u16 = 546;
/// The UDP port of servers and relays.
pub const SERVER_PORT: u16 = 547;

/// The most relays between a client and its server (RFC 8415 section 7.6: HOP_COUNT_LIMIT).
const MOST_RELAYS: usize = 8;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The type.
    pub kind: MessageType,
    /// The number of the transaction.
    pub transaction: u32,
    /// Who the client is, to its server (option 1, a DUID).
    pub client_id: Option<Vec<u8>>,
    /// The addresses in its IA_NA and IA_TA.
    pub addresses: Vec<Lease>,
    /// The name of the client (option 39); foreign text without control characters.
    pub host_name: Option<String>,
    /// The MUD string (option 112).
    pub mud_string: MudString,
    /// The client as the relay next to it says, if the message was relayed.
    pub relayed_for: Option<MacAddress>,
}

/// An address and for how long it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv6Addr,
    /// The valid lifetime; zero if it is taken back.
    pub lifetime: Duration,
}

/// The type of a message (RFC 8415 section 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// A client looks for servers.
    Solicit,
    /// A server answers that.
    Advertise,
    /// A client asks for addresses.
    Request,
    /// A client asks whether its addresses are still right.
    Confirm,
    /// A client asks its server for more time.
    Renew,
    /// A client asks any server for more time.
    Rebind,
    /// A server answers.
    Reply,
    /// A client gives addresses back.
    Release,
    /// A client says that addresses are in use.
    Decline,
    /// A server asks a client to ask.
    Reconfigure,
    /// A client asks for options only.
    InformationRequest,
    /// A server answers through a relay.
    RelayReply,
}

/// RELAY-FORW: a relay hands on what a client sent.
const RELAY_FORWARD: u8 = 12;

impl MessageType {
    fn new(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Solicit,
            2 => Self::Advertise,
            3 => Self::Request,
            4 => Self::Confirm,
            5 => Self::Renew,
            6 => Self::Rebind,
            7 => Self::Reply,
            8 => Self::Release,
            9 => Self::Decline,
            10 => Self::Reconfigure,
            11 => Self::InformationRequest,
            13 => Self::RelayReply,
            _ => return None,
        })
    }

    /// Whether clients send it.
    #[must_use]
    pub fn is_from_client(self) -> bool {
        !matches!(
            self,
            Self::Advertise | Self::Reply | Self::Reconfigure | Self::RelayReply
        )
    }

    /// Whether it says something about the client that holds from now on.
    #[must_use]
    pub fn announces(self) -> bool {
        self.is_from_client() && !matches!(self, Self::Release | Self::Decline)
    }

    /// Whether it may go to this UDP port.
    #[must_use]
    pub fn goes_to(self, port: u16) -> bool {
        // What is for a relay goes to its server port, in both directions.
        if self.is_from_client() || self == Self::RelayReply {
            port == SERVER_PORT
        } else {
            port == CLIENT_PORT
        }
    }
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// The first reason for which it is refused.
    pub fn parse(octets: &[u8]) -> Result<Self, Refusal> {
        let mut octets = octets;
        let mut relays = 0;
        let mut relayed_for = None;
        while octets.first() == Some(&RELAY_FORWARD) {
            relays += 1;
            if relays > MOST_RELAYS {
                return Err(Refusal::Dhcpv6Relays);
            }
            // The innermost relay is the one next to the client.
            (octets, relayed_for) = relayed(octets)?;
        }
        let mut reader = Reader(octets);
        let head = reader.u32().ok_or(Refusal::DhcpTruncated)?;
        let [kind, ..] = head.to_be_bytes();
        let kind = MessageType::new(kind).ok_or(Refusal::DhcpMessageType)?;
        if relays > 0 && !kind.is_from_client() {
            return Err(Refusal::DhcpDirection);
        }
        // An answer through a relay has another shape, and nothing of it is needed.
        let options = if kind == MessageType::RelayReply {
            Options::default()
        } else {
            Options::scan(reader.0)?
        };
        Ok(Self {
            kind,
            transaction: head & 0x00ff_ffff,
            client_id: options.client_id,
            addresses: options.addresses,
            host_name: options.host_name,
            mud_string: options.mud_string,
            relayed_for,
        })
    }
}
