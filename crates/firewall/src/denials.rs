//! What the kernel denies, or of an observed Thing would deny: samples, read from the octets of the packet with bounds.

use std::{collections::VecDeque, fmt, future::poll_fn, io, net::IpAddr, sync::Arc};

use mudguard_manager::Denial;
use mudguard_policy::{Initiator, MacAddress};
use netlink_sys::{AsyncSocket, TokioSocket};

use crate::{
    FirewallError, Kernel,
    elements::Shared,
    expression::{TCP, UDP},
    netlink::{
        array,
        log::{self, Sample},
    },
    skeleton::{ADDRESS_SAMPLE, IN_SAMPLE, OUT_SAMPLE, PORT_SAMPLE, SOURCE_SAMPLE},
};

/// What the kernel tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A packet was denied, or of an observed Thing would be.
    Denied(Denial),
    /// A packet came, or is about to come, from an address that is bound to nobody: the link is to be asked whose it is.
    Address {
        /// The address.
        address: IpAddr,
        /// The number of the LAN interface.
        interface: u32,
    },
    /// A frame of a managed Thing came through another port than its own.
    Elsewhere {
        /// The Thing that it names as its sender.
        mac: MacAddress,
        /// The number of the port.
        port: u32,
    },
}

/// Samples of what the kernel denies.
pub struct Denials {
    socket: Option<TokioSocket>,
    shared: Arc<Shared>,
    waiting: VecDeque<Heard>,
    buffer: Vec<u8>,
}

/// Larger than any datagram that holds packets of 128 octets with a threshold of one.
const BUFFER: usize = 65_536;

impl fmt::Debug for Denials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denials")
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl Denials {
    /// Listens, if the kernel tells samples.
    pub(crate) fn listen(kernel: &Kernel, shared: Arc<Shared>) -> Self {
        let socket = kernel.samples.then(log::listen).and_then(|socket| {
            socket
                .inspect_err(|error| tracing::warn!("the kernel tells no samples of what it denies: {error}"))
                .ok()
        });
        Self {
            socket,
            shared,
            waiting: VecDeque::new(),
            buffer: Vec::with_capacity(BUFFER),
        }
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.socket.is_some()
    }

    /// How many samples were read and not yet told.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next sample. It never comes if the kernel tells none. May be cancelled without loss.
    ///
    /// # Errors
    /// The socket failed for good.
    pub async fn next(&mut self) -> Result<Heard, FirewallError> {
        loop {
            if let Some(heard) = self.waiting.pop_front() {
                return Ok(heard);
            }
            let Some(socket) = &self.socket else {
                return std::future::pending().await;
            };
            self.buffer.clear();
            match poll_fn(|context| socket.poll_recv(context, &mut self.buffer)).await {
                Ok(()) => {}
                // More samples than the socket holds: some are lost, as samples may be.
                Err(error) if is_passing(&error) => continue,
                Err(error) => {
                    return Err(FirewallError::Netlink {
                        doing: "waiting for samples of what is denied",
                        error,
                    });
                }
            }
            let owner = |address| self.shared.thing_at(address);
            self.waiting
                .extend(log::samples(&self.buffer).filter_map(|sample| heard(&sample, owner)));
        }
    }
}

/// `ENOBUFS` has no kind in the standard library.
fn is_passing(error: &io::Error) -> bool {
    const NO_BUFFERS: i32 = 105;
    error.kind() == io::ErrorKind::Interrupted || error.raw_os_error() == Some(NO_BUFFERS)
}

fn heard(sample: &Sample<'_>, owner: impl Fn(IpAddr) -> Option<MacAddress>) -> Option<Heard> {
    if sample.prefix == PORT_SAMPLE.as_bytes() {
        return Some(Heard::Elsewhere {
            mac: MacAddress(sample.source?),
            port: sample.port?,
        });
    }
    let address = if sample.prefix == SOURCE_SAMPLE.as_bytes() {
        read(sample.packet)?.source
    } else if sample.prefix == ADDRESS_SAMPLE.as_bytes() {
        // Behind a header without extensions: the target of the solicitation.
        array::<16>(sample.packet, 48)?.into()
    } else {
        return denial(sample, owner).map(Heard::Denied);
    };
    Some(Heard::Address {
        address,
        interface: sample.interface?,
    })
}

fn denial(sample: &Sample<'_>, owner: impl Fn(IpAddr) -> Option<MacAddress>) -> Option<Denial> {
    let packet = read(sample.packet)?;
    let initiator = if sample.prefix == OUT_SAMPLE.as_bytes() {
        Initiator::Thing
    } else if sample.prefix == IN_SAMPLE.as_bytes() {
        Initiator::Peer
    } else {
        return None;
    };
    let (mac, peer) = match initiator {
        Initiator::Thing => (
            sample.source.map(MacAddress).or_else(|| owner(packet.source)),
            packet.destination,
        ),
        // Where packets are routed, the destination MAC address is this router's.
        Initiator::Peer => (
            owner(packet.destination).or_else(|| sample.destination.map(MacAddress)),
            packet.source,
        ),
    };
    Some(Denial {
        mac: mac?,
        peer,
        initiator,
        protocol: packet.protocol,
        port: packet.port,
    })
}

/// What a sample is read for.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    port: Option<u16>,
}

/// `None` if the octets are no IP packet.
fn read(packet: &[u8]) -> Option<Read> {
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet.first()? & 0xf) * 4;
            let fragment = u16::from_be_bytes(array(packet, 6)?) & 0x1fff;
            let protocol = *packet.get(9)?;
            Some(Read {
                source: IpAddr::from(array::<4>(packet, 12)?),
                destination: IpAddr::from(array::<4>(packet, 16)?),
                protocol,
                port: (fragment == 0)
                    .then(|| port(protocol, packet.get(header..)?))
                    .flatten(),
            })
        }
        6 => {
            let (protocol, rest) = behind_extensions(*packet.get(6)?, packet.get(40..).unwrap_or_default());
            Some(Read {
                source: IpAddr::from(array::<16>(packet, 8)?),
                destination: IpAddr::from(array::<16>(packet, 24)?),
                protocol,
                port: rest.and_then(|rest| port(protocol, rest)),
            })
        }
        _ => None,
    }
}

/// At most so many extension headers are read.
const EXTENSIONS: usize = 8;

/// The protocol behind the extension headers of IPv6 (RFC 8200 section 4), and its octets if they are there.
fn behind_extensions(mut next: u8, mut rest: &[u8]) -> (u8, Option<&[u8]>) {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;
    for _ in 0..EXTENSIONS {
        let units = |octets: &[u8]| octets.get(1).map(|length| usize::from(*length));
        let length = match next {
            HOP_BY_HOP | ROUTING | DESTINATION => units(rest).map(|units| (units + 1) * 8),
            AUTHENTICATION => units(rest).map(|units| (units + 2) * 4),
            FRAGMENT => {
                let offset = array(rest, 2).map(|offset| u16::from_be_bytes(offset) & 0xfff8);
                (offset == Some(0)).then_some(8)
            }
            _ => return (next, Some(rest)),
        };
        let Some(first) = rest.first() else {
            return (next, None);
        };
        let Some(behind) = length.and_then(|length| rest.get(length..)) else {
            return (*first, None);
        };
        (next, rest) = (*first, behind);
    }
    (next, None)
}

fn port(protocol: u8, rest: &[u8]) -> Option<u16> {
    let has_ports = matches!(protocol, TCP | UDP);
    has_ports
        .then(|| array(rest, 2).map(u16::from_be_bytes))
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOBODY: fn(IpAddr) -> Option<MacAddress> = |_| None;

    fn sample(prefix: &'static str, packet: &[u8]) -> Option<Denial> {
        let sample = Sample {
            prefix: prefix.as_bytes(),
            source: Some([2, 0, 0, 0, 0, 1]),
            destination: Some([2, 0, 0, 0, 0, 2]),
            packet,
            ..Sample::default()
        };
        denial(&sample, NOBODY)
    }

    /// IPv4 with options, to port 443.
    const OPTIONS: [u8; 28] = [
        0x46, 0, 0, 28, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1, 1, 1, 1, 1, 0x12, 0x34, 1,
        187,
    ];

    fn ipv6(next: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, next, 64];
        packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        packet.extend(rest);
        packet
    }

    #[test]
    fn ports_stand_behind_options_and_extension_headers() {
        let read_port = |packet: &[u8]| read(packet).map(|read| (read.protocol, read.port));
        assert_eq!(read_port(&OPTIONS), Some((6, Some(443))));
        let hop_by_hop_then_udp = [17, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 53];
        assert_eq!(read_port(&ipv6(0, &hop_by_hop_then_udp)), Some((17, Some(53))));
        let first_fragment = [17, 0, 0, 1, 0, 0, 0, 0, 1, 2, 0, 53];
        assert_eq!(read_port(&ipv6(44, &first_fragment)), Some((17, Some(53))));
        let later_fragment = [17, 0, 0, 9, 0, 0, 0, 0, 1, 2, 0, 53];
        assert_eq!(read_port(&ipv6(44, &later_fragment)), Some((17, None)));
        assert_eq!(read_port(&ipv6(58, &[128, 0, 0, 0])), Some((58, None)));
        let mut fragment = OPTIONS;
        fragment[7] = 1;
        assert_eq!(read_port(&fragment), Some((6, None)));
    }

    #[test]
    fn headers_without_end_end() {
        assert_eq!(read(&ipv6(0, &[0; 80])).map(|read| read.port), Some(None));
    }

    #[test]
    fn who_is_the_thing_follows_from_the_chain() {
        let out = sample(OUT_SAMPLE, &OPTIONS).unwrap();
        assert_eq!((out.mac.0[5], out.peer), (1, [198, 51, 100, 1].into()));
        let into = sample(IN_SAMPLE, &OPTIONS).unwrap();
        assert_eq!((into.mac.0[5], into.peer), (2, [192, 0, 2, 1].into()));
        assert_eq!(sample("somebody else's", &OPTIONS), None);
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(packet in prop::collection::vec(any::<u8>(), 0..128)) {
            let _ = sample(OUT_SAMPLE, &packet);
            let _ = log::samples(&packet).filter_map(|sample| heard(&sample, NOBODY)).count();
        }
    }
}
