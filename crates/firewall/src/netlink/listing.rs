//! Elements that are in the kernel, read once at the start (`linux/netfilter/nf_tables.h`).

use std::{io, time::Duration};

use netlink_sys::Socket;

use super::{DUMP, Message, Writer, array, attributes, find, messages, open};
use crate::TABLE;

const NFTABLES: u16 = 10;
const GET_SETS: u16 = NFTABLES << 8 | 10;
const NEW_SET: u16 = NFTABLES << 8 | 9;
const GET_ELEMENTS: u16 = NFTABLES << 8 | 13;
const NEW_ELEMENTS: u16 = NFTABLES << 8 | 12;

const SET_TABLE: u16 = 1;
const SET_NAME: u16 = 2;
const LIST_TABLE: u16 = 1;
const LIST_SET: u16 = 2;
const LIST_ELEMENTS: u16 = 3;
const ELEMENT_KEY: u16 = 1;
const ELEMENT_EXPIRATION: u16 = 5;
const ELEMENT_USER_DATA: u16 = 6;
const DATA_VALUE: u16 = 1;

const INET: u8 = 1;
/// At most so many elements are read.
const ELEMENTS: usize = 65_536;

/// An element that ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: Vec<u8>,
    pub(crate) left: Duration,
    pub(crate) comment: String,
}

/// The names of the sets of our table for routed packets; none if there is no table.
pub(crate) fn sets() -> io::Result<Vec<String>> {
    let socket = open()?;
    let mut names = Vec::new();
    let request = |writer: &mut Writer| writer.text(SET_TABLE, TABLE);
    dump(&socket, GET_SETS, request, |kind, octets| {
        let name = find(octets, SET_NAME)
            .filter(|_| kind == NEW_SET && find(octets, SET_TABLE) == Some(b"mudguard\0"));
        names.extend(name.and_then(text));
    })?;
    Ok(names)
}

/// The elements of a set that end.
pub(crate) fn elements(set: &str) -> io::Result<Vec<Listed>> {
    let socket = open()?;
    let mut listed = Vec::new();
    let request = |writer: &mut Writer| {
        writer.text(LIST_TABLE, TABLE);
        writer.text(LIST_SET, set);
    };
    dump(&socket, GET_ELEMENTS, request, |kind, octets| {
        let list = find(octets, LIST_ELEMENTS).filter(|_| kind == NEW_ELEMENTS);
        let elements = list.into_iter().flat_map(attributes);
        let room = ELEMENTS.saturating_sub(listed.len());
        listed.extend(elements.filter_map(|(_, octets)| element(octets)).take(room));
    })?;
    Ok(listed)
}

fn element(octets: &[u8]) -> Option<Listed> {
    let key = find(find(octets, ELEMENT_KEY)?, DATA_VALUE)?;
    let left = u64::from_be_bytes(array(find(octets, ELEMENT_EXPIRATION)?, 0)?);
    // nft's form of a comment: its kind 0, its length, the text and a zero.
    let comment = match find(octets, ELEMENT_USER_DATA) {
        Some([0, _, comment @ ..]) => text(comment)?,
        _ => String::new(),
    };
    Some(Listed {
        key: key.to_vec(),
        left: Duration::from_millis(left),
        comment,
    })
}

fn text(octets: &[u8]) -> Option<String> {
    let octets = octets.split(|octet| *octet == 0).next()?;
    String::from_utf8(octets.to_vec()).ok()
}

fn dump(
    socket: &Socket,
    kind: u16,
    request: impl FnOnce(&mut Writer),
    mut hear: impl FnMut(u16, &[u8]),
) -> io::Result<()> {
    let mut writer = Writer::default();
    writer.begin(kind, DUMP, 1, INET, 0);
    request(&mut writer);
    writer.end();
    socket.send(writer.octets(), 0)?;
    let mut octets = Vec::with_capacity(65_536);
    loop {
        octets.clear();
        socket.recv(&mut octets, 0)?;
        for message in messages(&octets) {
            match message {
                Message::Done => return Ok(()),
                Message::Answer { code: 0, .. } => {}
                Message::Answer { code, .. } => {
                    let error = io::Error::from_raw_os_error(code);
                    // No such table: there is nothing to read.
                    return if error.kind() == io::ErrorKind::NotFound {
                        Ok(())
                    } else {
                        Err(error)
                    };
                }
                Message::Other { kind, attributes } => hear(kind, attributes),
            }
        }
    }
}
