//! Samples of packets (`linux/netfilter/nfnetlink_log.h`).

use std::io;

use netlink_sys::{AsyncSocket, SocketAddr, TokioSocket, protocols::NETLINK_NETFILTER};

use super::{ACK, Message, Writer, attributes, messages};
use crate::LOG_GROUP;

const LOG: u16 = 4;
const PACKET: u16 = LOG << 8;
const CONFIGURE: u16 = LOG << 8 | 1;

const COMMAND: u16 = 1;
const MODE: u16 = 2;
const BIND: u8 = 1;
const COPY_PACKET: u8 = 2;
/// Octets of a packet that are copied.
const COPY: u32 = 128;

const INTERFACE: u16 = 4;
const PORT: u16 = 6;
const HARDWARE_ADDRESS: u16 = 8;
const PAYLOAD: u16 = 9;
const PREFIX: u16 = 10;
const HARDWARE_HEADER: u16 = 16;

/// A sample as the kernel tells it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample<'a> {
    pub(crate) prefix: &'a [u8],
    /// The source MAC address.
    pub(crate) source: Option<[u8; 6]>,
    /// The destination MAC address.
    pub(crate) destination: Option<[u8; 6]>,
    /// The number of the interface through which it came: of a frame within a bridge, the bridge.
    pub(crate) interface: Option<u32>,
    /// Of a frame within a bridge the number of the port.
    pub(crate) port: Option<u32>,
    /// The packet from its IP header on.
    pub(crate) packet: &'a [u8],
}

/// Opens a socket that hears the samples of our group.
pub(crate) fn listen() -> io::Result<TokioSocket> {
    let mut socket = TokioSocket::new(NETLINK_NETFILTER)?;
    socket.socket_mut().bind_auto()?;
    let kernel = socket.socket_ref();
    kernel.connect(&SocketAddr::new(0, 0))?;
    let mut writer = Writer::default();
    for (sequence, kind, value) in [
        (1, COMMAND, vec![BIND]),
        (2, MODE, [&COPY.to_be_bytes()[..], &[COPY_PACKET, 0]].concat()),
    ] {
        writer.clear();
        writer.begin(CONFIGURE, ACK, sequence, 0, LOG_GROUP);
        writer.attribute(kind, &value);
        writer.end();
        kernel.send(writer.octets(), 0)?;
        let mut answer = Vec::with_capacity(8192);
        kernel.recv(&mut answer, 0)?;
        for message in messages(&answer) {
            if let Message::Answer { code, .. } = message
                && code != 0
            {
                return Err(io::Error::from_raw_os_error(code));
            }
        }
    }
    Ok(socket)
}

/// The samples in a datagram.
pub(crate) fn samples(octets: &[u8]) -> impl Iterator<Item = Sample<'_>> {
    messages(octets).filter_map(|message| match message {
        Message::Other {
            kind: PACKET,
            attributes,
            ..
        } => Some(sample(attributes)),
        Message::Other { .. } | Message::Done | Message::Answer { .. } => None,
    })
}

fn sample(octets: &[u8]) -> Sample<'_> {
    let mut sample = Sample::default();
    for (kind, value) in attributes(octets) {
        match kind {
            PREFIX => sample.prefix = value.strip_suffix(&[0]).unwrap_or(value),
            INTERFACE => sample.interface = super::array(value, 0).map(u32::from_be_bytes),
            PORT => sample.port = super::array(value, 0).map(u32::from_be_bytes),
            PAYLOAD => sample.packet = value,
            // Its length stands before the address, in four octets.
            HARDWARE_ADDRESS => sample.source = super::array(value, 4),
            HARDWARE_HEADER => sample.destination = super::array(value, 0),
            _ => {}
        }
    }
    sample
}
