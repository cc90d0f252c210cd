//! The few rtnetlink messages that are needed (`rtnetlink(7)`): links, addresses and neighbours.
//!
//! What it is not: a codec of rtnetlink. Attributes that are not needed are passed over, so that no newer kernel's message is refused.

#[cfg(test)]
mod tests;

use std::{
    io,
    net::IpAddr,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use mudguard_policy::MacAddress;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use crate::wire::Reader;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const GET_ADDRESS: u16 = 22;
const NEW_NEIGHBOUR: u16 = 28;
const DELETE_NEIGHBOUR: u16 = 29;
const GET_NEIGHBOUR: u16 = 30;

const FLAG_REQUEST: u16 = 1;
const FLAG_DUMP: u16 = 0x300;

/// RTMGRP_LINK, RTMGRP_NEIGH, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR.
const GROUPS: u32 = 0x1 | 0x4 | 0x10 | 0x100;

const FAMILY_UNSPECIFIED: u8 = 0;
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;

/// NUD_REACHABLE, NUD_PERMANENT: the neighbour has just answered, or somebody set it.
const CONFIRMED: u16 = 0x02 | 0x80;
/// The same, NUD_STALE, NUD_DELAY, NUD_PROBE: the neighbour's MAC address is believed.
const BELIEVED: u16 = CONFIRMED | 0x04 | 0x08 | 0x10;

/// ARPHRD_ETHER.
const ETHERNET: u16 = 1;

/// How long the kernel may take for an answer, which it gives at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its number.
    pub(crate) index: u32,
    /// Its name.
    pub(crate) name: String,
    /// Of which bridge (or bond) it is a port.
    pub(crate) master: Option<u32>,
    /// Its MAC address.
    pub(crate) mac: Option<MacAddress>,
    /// Whether it is a bridge.
    pub(crate) bridge: bool,
    /// Whether its frames are Ethernet frames.
    pub(crate) ethernet: bool,
    /// Whether frames may pass.
    pub(crate) running: bool,
}

/// An address at a MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    /// The number of the interface.
    pub(crate) interface: u32,
    /// The address.
    pub(crate) address: IpAddr,
    /// The MAC address.
    pub(crate) mac: MacAddress,
    /// Whether it has just answered; otherwise the kernel's entry is new, or ages.
    pub(crate) confirmed: bool,
}

/// What the kernel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A link is there, or has changed.
    Link(Link),
    /// The link of this number is gone.
    LinkGone(u32),
    /// An interface has an address.
    Address(u32, IpAddr),
    /// An interface no longer has an address.
    AddressGone(u32, IpAddr),
    /// A neighbour whose MAC address is believed.
    Neighbour(Neighbour),
    /// On this interface, nobody is known any more at this address.
    NeighbourGone(u32, IpAddr),
    /// The answer to a request ends.
    Done,
    /// The request failed.
    Failed(i32),
}

/// A socket on which the kernel tells of changes and answers requests.
pub(crate) struct Conversation {
    socket: Socket,
}

impl Conversation {
    /// Opens the socket.
    pub(crate) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.set_non_blocking(true)?;
        socket.bind(&SocketAddr::new(0, GROUPS))?;
        Ok(Self { socket })
    }

    /// What the kernel has said and nobody has read; none if there is nothing.
    ///
    /// # Errors
    /// `ENOBUFS` if the kernel had to leave something out.
    pub(crate) fn hear(&self) -> io::Result<Option<Vec<News>>> {
        loop {
            match self.socket.recv_from_full() {
                // Only the kernel is believed.
                Ok((_, from)) if from.port_number() != 0 => {}
                Ok((octets, _)) => return Ok(Some(read(&octets))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks for all links, all addresses and all neighbours, one after the other, and returns all that is said meanwhile.
    pub(crate) fn everything(&self) -> io::Result<Vec<News>> {
        let mut everything = Vec::new();
        // The second is the length of the header after which attributes could follow.
        for (kind, length) in [(GET_LINK, 16), (GET_ADDRESS, 8), (GET_NEIGHBOUR, 12)] {
            self.send(&request(kind, FLAG_REQUEST | FLAG_DUMP, &vec![0; length]))?;
            'answer: loop {
                let Some(news) = self.hear()? else {
                    self.wait()?;
                    continue;
                };
                for news in news {
                    match news {
                        News::Done => break 'answer,
                        News::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
                        news @ (News::Link(_)
                        | News::LinkGone(_)
                        | News::Address(..)
                        | News::AddressGone(..)
                        | News::Neighbour(_)
                        | News::NeighbourGone(..)) => everything.push(news),
                    }
                }
            }
        }
        Ok(everything)
    }

    fn send(&self, request: &[u8]) -> io::Result<()> {
        self.socket.send_to(request, &SocketAddr::new(0, 0), 0).map(drop)
    }

    fn wait(&self) -> io::Result<()> {
        let timeout = PollTimeout::try_from(PATIENCE).unwrap_or(PollTimeout::MAX);
        let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut sockets, timeout) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Conversation {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A request for the neighbour of this address on one interface.
pub(crate) fn neighbour_request(interface: u32, address: IpAddr) -> Vec<u8> {
    let (family, octets) = match address {
        IpAddr::V4(address) => (FAMILY_IPV4, address.octets().to_vec()),
        IpAddr::V6(address) => (FAMILY_IPV6, address.octets().to_vec()),
    };
    let mut body = vec![family, 0, 0, 0];
    body.extend(interface.to_ne_bytes());
    // State, flags and type.
    body.extend([0; 4]);
    let length = u16::try_from(octets.len() + 4).unwrap_or(u16::MAX);
    body.extend(length.to_ne_bytes());
    body.extend(NEIGHBOUR_ADDRESS.to_ne_bytes());
    body.extend(octets);
    request(GET_NEIGHBOUR, FLAG_REQUEST, &body)
}

/// A request to find out who has this address on an interface; or, if that is known, whether it still has.
pub(crate) fn solicitation(interface: u32, address: IpAddr, known: Option<MacAddress>) -> Vec<u8> {
    const CREATE_OR_REPLACE: u16 = 0x400 | 0x100;
    // NUD_PROBE and no flag, or no state and NTF_USE.
    const PROBE: (u16, u8) = (0x10, 0);
    const USE: (u16, u8) = (0, 1);
    let (family, octets) = match address {
        IpAddr::V4(address) => (FAMILY_IPV4, address.octets().to_vec()),
        IpAddr::V6(address) => (FAMILY_IPV6, address.octets().to_vec()),
    };
    let (state, flag) = if known.is_some() { PROBE } else { USE };
    let mut body = vec![family, 0, 0, 0];
    body.extend(interface.to_ne_bytes());
    body.extend(state.to_ne_bytes());
    body.extend([flag, 0]);
    let mac = known.map(|mac| (NEIGHBOUR_MAC, mac.0.to_vec()));
    for (kind, value) in [(NEIGHBOUR_ADDRESS, octets)].into_iter().chain(mac) {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        body.extend(length.to_ne_bytes());
        body.extend(kind.to_ne_bytes());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    request(NEW_NEIGHBOUR, FLAG_REQUEST | CREATE_OR_REPLACE, &body)
}

fn request(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(16 + body.len());
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Sequence number and port: one request at a time needs neither.
    message.extend([0; 8]);
    message.extend(body);
    message
}

/// Reads the messages of one datagram; those that are not needed, or are too short, are passed over.
pub(crate) fn read(mut octets: &[u8]) -> Vec<News> {
    let mut all = Vec::new();
    while let Some((kind, body, rest)) = next_message(octets) {
        all.extend(news(kind, body));
        octets = rest;
    }
    all
}

fn next_message(octets: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let mut reader = Reader(octets);
    let length = usize::try_from(u32::from_ne_bytes(reader.array()?)).ok()?;
    let kind = u16::from_ne_bytes(reader.array()?);
    let body = octets.get(16..length)?;
    let rest = octets.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, body, rest))
}

fn news(kind: u16, body: &[u8]) -> Option<News> {
    let mut reader = Reader(body);
    match kind {
        ERROR => {
            let errno = i32::from_ne_bytes(reader.array()?);
            // Zero acknowledges.
            (errno != 0).then_some(News::Failed(errno.saturating_neg()))
        }
        DONE => Some(News::Done),
        NEW_LINK | DELETE_LINK => link(kind == DELETE_LINK, &mut reader),
        NEW_ADDRESS | DELETE_ADDRESS => {
            let [family, _prefix, _flags, _scope] = reader.array()?;
            let interface = u32::from_ne_bytes(reader.array()?);
            let (mut address, mut local) = (None, None);
            for (kind, value) in Attributes(reader.0) {
                match kind {
                    1 => address = ip_address(family, value),
                    // On a point-to-point link, the other attribute is the peer's.
                    2 => local = ip_address(family, value),
                    _ => {}
                }
            }
            let address = local.or(address)?;
            Some(if kind == NEW_ADDRESS {
                News::Address(interface, address)
            } else {
                News::AddressGone(interface, address)
            })
        }
        NEW_NEIGHBOUR | DELETE_NEIGHBOUR => {
            let [family, _, _, _] = reader.array()?;
            let interface = u32::from_ne_bytes(reader.array()?);
            let state = u16::from_ne_bytes(reader.array()?);
            let [_flags, _type] = reader.array()?;
            let (mut address, mut mac) = (None, None);
            for (attribute, value) in Attributes(reader.0) {
                match attribute {
                    NEIGHBOUR_ADDRESS => address = ip_address(family, value),
                    2 => mac = value.try_into().ok().map(MacAddress),
                    _ => {}
                }
            }
            let address = address?;
            if kind == DELETE_NEIGHBOUR || state & BELIEVED == 0 {
                return Some(News::NeighbourGone(interface, address));
            }
            let neighbour = Neighbour {
                interface,
                address,
                mac: mac?,
                confirmed: state & CONFIRMED != 0,
            };
            neighbour.mac.is_station().then_some(News::Neighbour(neighbour))
        }
        _ => None,
    }
}

/// NDA_DST, NDA_LLADDR.
const NEIGHBOUR_ADDRESS: u16 = 1;
const NEIGHBOUR_MAC: u16 = 2;

fn link(gone: bool, reader: &mut Reader<'_>) -> Option<News> {
    let [family, _pad, kind @ ..] = reader.array::<4>()?;
    // A bridge tells of its ports in messages of its own, where "deleted" means that a port left the bridge.
    if family != FAMILY_UNSPECIFIED {
        return None;
    }
    let index = u32::from_ne_bytes(reader.array()?);
    let flags = u32::from_ne_bytes(reader.array()?);
    let _change: [u8; 4] = reader.array()?;
    if gone {
        return Some(News::LinkGone(index));
    }
    let mut link = Link {
        index,
        name: String::new(),
        master: None,
        mac: None,
        bridge: false,
        ethernet: u16::from_ne_bytes(kind) == ETHERNET,
        // IFF_RUNNING: set up, and there is a carrier.
        running: flags & 0x40 != 0,
    };
    for (kind, value) in Attributes(reader.0) {
        match kind {
            1 => link.mac = value.try_into().ok().map(MacAddress),
            3 => link.name = text(value),
            // IFLA_WIRELESS: an event of a Wi-Fi driver, without most of what else there is to say about the link.
            11 => return None,
            10 => link.master = value.try_into().ok().map(u32::from_ne_bytes),
            // IFLA_LINKINFO, in which IFLA_INFO_KIND is 1.
            18 => link.bridge = Attributes(value).any(|(kind, value)| kind == 1 && text(value) == "bridge"),
            _ => {}
        }
    }
    Some(News::Link(link))
}

fn text(octets: &[u8]) -> String {
    let end = octets.iter().position(|octet| *octet == 0);
    String::from_utf8_lossy(&octets[..end.unwrap_or(octets.len())]).into_owned()
}

fn ip_address(family: u8, octets: &[u8]) -> Option<IpAddr> {
    match family {
        FAMILY_IPV4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        FAMILY_IPV6 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

/// Attributes, each with its type.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = Reader(self.0);
        let length = usize::from(u16::from_ne_bytes(reader.array()?));
        // The two upper bits say "nested" and "in network byte order".
        let kind = u16::from_ne_bytes(reader.array()?) & 0x3fff;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}
