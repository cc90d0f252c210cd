//! The named counters of our tables (`linux/netfilter/nf_tables.h`).

use std::io;

use super::{
    DUMP, Message, Writer, array,
    batch::family,
    find, messages,
    nf_tables::{GET_OBJECTS, NEW_OBJECT, OF_TABLE},
    open,
};
use crate::{TABLE, sets::Plane};

const NAME: u16 = 2;
const KIND: u16 = 3;
const DATA: u16 = 4;
const PACKETS: u16 = 2;
const COUNTER: u32 = 1;

/// Tells each counter of one of our tables with its packets; none if there is no such table.
pub(crate) fn counters(plane: Plane, mut tell: impl FnMut(&str, u64)) -> io::Result<()> {
    let socket = open()?;
    let mut writer = Writer::default();
    writer.begin(GET_OBJECTS, DUMP, 1, family(plane), 0);
    writer.text(OF_TABLE, TABLE);
    writer.attribute(KIND, &COUNTER.to_be_bytes());
    writer.end();
    socket.send(writer.octets(), 0)?;
    let mut octets = Vec::with_capacity(65_536);
    loop {
        octets.clear();
        socket.recv(&mut octets, 0)?;
        for message in messages(&octets) {
            match message {
                Message::Done | Message::Answer { code: 0, .. } => return Ok(()),
                Message::Answer { code, .. } => return Err(io::Error::from_raw_os_error(code)),
                Message::Other {
                    kind: NEW_OBJECT,
                    attributes,
                    ..
                } => {
                    let name = find(attributes, NAME).and_then(|name| name.strip_suffix(&[0]));
                    let name = name.and_then(|name| std::str::from_utf8(name).ok());
                    let data = find(attributes, DATA).and_then(|data| find(data, PACKETS));
                    if let (Some(name), Some(packets)) = (name, data.and_then(|value| array(value, 0))) {
                        tell(name, u64::from_be_bytes(packets));
                    }
                }
                Message::Other { .. } => {}
            }
        }
    }
}
