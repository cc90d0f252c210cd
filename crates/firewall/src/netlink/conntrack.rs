//! Connections that the kernel follows (`linux/netfilter/nfnetlink_conntrack.h`).

use std::{io, net::IpAddr};

use super::{ACK, DUMP, Message, Writer, array, find, messages, open};

const CONNTRACK: u16 = 1;
const NEW: u16 = CONNTRACK << 8;
const GET: u16 = CONNTRACK << 8 | 1;
const DELETE: u16 = CONNTRACK << 8 | 2;

const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const ID: u16 = 12;
const ZONE: u16 = 18;

const TUPLE_IP: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;

const IP_SOURCE: [u16; 2] = [1, 3];
const IP_DESTINATION: [u16; 2] = [2, 4];

const PROTOCOL_NUMBER: u16 = 1;
const PROTOCOL_SOURCE: u16 = 2;
const PROTOCOL_DESTINATION: u16 = 3;
const ICMP_TYPE: [u16; 2] = [5, 8];
const ICMP_CODE: [u16; 2] = [6, 9];

const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuple {
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) protocol: u8,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    /// The type and code of ICMP.
    pub(crate) icmp: Option<(u8, u8)>,
}

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// What the opener sends.
    pub(crate) original: Tuple,
    /// What it receives.
    pub(crate) reply: Tuple,
    family: u8,
    /// The attributes by which the kernel knows it.
    identity: Vec<(u16, Vec<u8>)>,
}

/// At most so many connections of interest are kept from one walk.
const CONNECTIONS: usize = 65_536;

/// Walks through all connections and keeps those of interest.
pub(crate) fn connections(is_wanted: impl Fn(&Tuple, &Tuple) -> bool) -> io::Result<Vec<Connection>> {
    let socket = open()?;
    let mut kept = Vec::new();
    let mut writer = Writer::default();
    // Both families at once: the walk itself is what takes time, whatever is in the table.
    writer.begin(GET, DUMP, 1, 0, 0);
    writer.end();
    socket.send(writer.octets(), 0)?;
    let mut octets = Vec::with_capacity(65_536);
    'dump: loop {
        octets.clear();
        socket.recv(&mut octets, 0)?;
        for message in messages(&octets) {
            match message {
                Message::Done => break 'dump,
                Message::Answer { code: 0, .. } => {}
                Message::Answer { code, .. } => return Err(io::Error::from_raw_os_error(code)),
                Message::Other {
                    kind: NEW,
                    attributes,
                    ..
                } => {
                    if kept.len() < CONNECTIONS
                        && let Some(connection) = connection(attributes, &is_wanted)
                    {
                        kept.push(connection);
                    }
                }
                Message::Other { .. } => {}
            }
        }
    }
    Ok(kept)
}

/// Ends the connections. One that ended by itself meanwhile is no error.
pub(crate) fn delete(connections: &[Connection]) -> io::Result<usize> {
    let socket = open()?;
    socket.set_cap_ack(true)?;
    let mut writer = Writer::default();
    let mut answer = Vec::with_capacity(8192);
    let mut deleted = 0;
    for connection in connections {
        writer.clear();
        writer.begin(DELETE, ACK, 1, connection.family, 0);
        for (kind, value) in &connection.identity {
            writer.attribute(*kind, value);
        }
        writer.end();
        socket.send(writer.octets(), 0)?;
        answer.clear();
        socket.recv(&mut answer, 0)?;
        for message in messages(&answer) {
            if let Message::Answer { code, .. } = message {
                let error = io::Error::from_raw_os_error(code);
                if code == 0 {
                    deleted += 1;
                } else if error.kind() != io::ErrorKind::NotFound {
                    return Err(error);
                }
            }
        }
    }
    Ok(deleted)
}

fn connection(attributes: &[u8], is_wanted: impl Fn(&Tuple, &Tuple) -> bool) -> Option<Connection> {
    let original = tuple(find(attributes, TUPLE_ORIGINAL)?)?;
    let reply = tuple(find(attributes, TUPLE_REPLY)?)?;
    if !is_wanted(&original, &reply) {
        return None;
    }
    // Nested attributes are marked so: older kernels insist.
    let identity = [(TUPLE_ORIGINAL, super::NESTED), (ID, 0), (ZONE, 0)]
        .into_iter()
        .filter_map(|(kind, mark)| find(attributes, kind).map(|value| (kind | mark, value.to_vec())));
    Some(Connection {
        original,
        reply,
        family: if original.source.is_ipv4() { IPV4 } else { IPV6 },
        identity: identity.collect(),
    })
}

fn tuple(octets: &[u8]) -> Option<Tuple> {
    let (ip, protocol) = (find(octets, TUPLE_IP)?, find(octets, TUPLE_PROTOCOL)?);
    let address = |kinds: [u16; 2]| {
        let of_ipv4 = || {
            find(ip, kinds[0])
                .and_then(|value| array::<4>(value, 0))
                .map(IpAddr::from)
        };
        let of_ipv6 = || {
            find(ip, kinds[1])
                .and_then(|value| array::<16>(value, 0))
                .map(IpAddr::from)
        };
        of_ipv4().or_else(of_ipv6)
    };
    let port = |kind| {
        find(protocol, kind)
            .and_then(|value| array(value, 0))
            .map_or(0, u16::from_be_bytes)
    };
    let octet = |kinds: [u16; 2]| {
        kinds
            .into_iter()
            .find_map(|kind| find(protocol, kind)?.first().copied())
    };
    Some(Tuple {
        source: address(IP_SOURCE)?,
        destination: address(IP_DESTINATION)?,
        protocol: *find(protocol, PROTOCOL_NUMBER)?.first()?,
        source_port: port(PROTOCOL_SOURCE),
        destination_port: port(PROTOCOL_DESTINATION),
        icmp: octet(ICMP_TYPE).zip(octet(ICMP_CODE)),
    })
}
