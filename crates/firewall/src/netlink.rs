//! Netlink messages to netfilter: a small writer and a bounded reader for the few kinds that this crate needs.
//!
//! It is written by hand because the way of an answer is measured in microseconds and needs three message kinds; the octets are those
//! of `linux/netlink.h` and `linux/netfilter/nfnetlink.h`. Lengths that do not fit end the message, they never panic.

pub(crate) mod batch;
pub(crate) mod conntrack;
pub(crate) mod counters;
pub(crate) mod listing;
pub(crate) mod log;
pub(crate) mod nf_tables;
pub(crate) mod targets;

use std::io;

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};

/// Octets of a `nlmsghdr`, and of a `nfgenmsg` behind it.
const HEADER: usize = 16;
const GENERIC: usize = 4;

pub(crate) const REQUEST: u16 = 0x1;
pub(crate) const ACK: u16 = 0x4;
pub(crate) const CREATE: u16 = 0x400;
pub(crate) const DUMP: u16 = 0x300;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const NESTED: u16 = 0x8000;
const TYPE_MASK: u16 = 0x3fff;

/// Opens a socket to netfilter.
pub(crate) fn open() -> io::Result<Socket> {
    open_with_port().map(|(socket, _)| socket)
}

/// The same with its port, by which the kernel names the cause of a change.
pub(crate) fn open_with_port() -> io::Result<(Socket, u32)> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    let address = socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    Ok((socket, address.port_number()))
}

/// Writes messages one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    octets: Vec<u8>,
    message: usize,
}

impl Writer {
    /// Begins a message: its kind, flags, sequence number, family and resource.
    pub(crate) fn begin(&mut self, kind: u16, flags: u16, sequence: u32, family: u8, resource: u16) {
        self.message = self.octets.len();
        self.octets.extend([0; 4]);
        self.octets.extend(kind.to_ne_bytes());
        self.octets.extend((flags | REQUEST).to_ne_bytes());
        self.octets.extend(sequence.to_ne_bytes());
        self.octets.extend([0; 4]);
        self.octets.extend([family, 0]);
        self.octets.extend(resource.to_be_bytes());
    }

    /// Ends it.
    pub(crate) fn end(&mut self) {
        let length = u32::try_from(self.octets.len() - self.message).unwrap_or(u32::MAX);
        if let Some(place) = self.octets.get_mut(self.message..self.message + 4) {
            place.copy_from_slice(&length.to_ne_bytes());
        }
    }

    /// An attribute.
    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let start = self.octets.len();
        self.octets.extend([0; 4]);
        self.octets.extend(value);
        self.close(start, kind);
    }

    /// An attribute that is a text with a zero at its end.
    pub(crate) fn text(&mut self, kind: u16, value: &str) {
        let start = self.octets.len();
        self.octets.extend([0; 4]);
        self.octets.extend(value.bytes().filter(|octet| *octet != 0));
        self.octets.push(0);
        self.close(start, kind);
    }

    /// An attribute that holds attributes.
    pub(crate) fn nest(&mut self, kind: u16, inner: impl FnOnce(&mut Self)) {
        let start = self.octets.len();
        self.octets.extend([0; 4]);
        inner(self);
        self.close(start, kind | NESTED);
    }

    /// Begins an attribute that holds attributes, and gives its place for [`close_nest`](Self::close_nest).
    pub(crate) fn open_nest(&mut self) -> usize {
        let start = self.octets.len();
        self.octets.extend([0; 4]);
        start
    }

    /// Ends it.
    pub(crate) fn close_nest(&mut self, start: usize, kind: u16) {
        self.close(start, kind | NESTED);
    }

    /// Asks for an acknowledgement of the last message.
    pub(crate) fn acknowledge(&mut self) {
        let flags = self.message + 6;
        if let Some([low, high]) = self.octets.get(flags..flags + 2) {
            let asked = u16::from_ne_bytes([*low, *high]) | ACK;
            self.octets[flags..flags + 2].copy_from_slice(&asked.to_ne_bytes());
        }
    }

    fn close(&mut self, start: usize, kind: u16) {
        // Too long an attribute is left out: the kernel then refuses the message.
        let Ok(length) = u16::try_from(self.octets.len() - start) else {
            self.octets.truncate(start);
            return;
        };
        self.octets[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.octets[start + 2..start + 4].copy_from_slice(&kind.to_ne_bytes());
        self.octets.resize(self.octets.len().next_multiple_of(4), 0);
    }

    /// What was written.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether at most one message was written.
    pub(crate) fn is_first(&self) -> bool {
        self.message == 0
    }

    /// Begins anew and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.message = 0;
    }
}

/// A message that was received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// The end of a dump.
    Done,
    /// The answer to a request: 0 for good, or an error number.
    Answer { sequence: u32, code: i32 },
    /// Something else: its kind, the socket that caused it, and its attributes.
    Other {
        kind: u16,
        port: u32,
        attributes: &'a [u8],
    },
}

/// The messages in a datagram; it ends where the octets make no sense.
pub(crate) fn messages(mut octets: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(u32::from_ne_bytes(array(octets, 0)?)).ok()?;
        let message = octets.get(..length).filter(|message| message.len() >= HEADER)?;
        octets = octets.get(length.next_multiple_of(4)..).unwrap_or_default();
        let kind = u16::from_ne_bytes(array(message, 4)?);
        Some(match kind {
            DONE => Message::Done,
            ERROR => Message::Answer {
                sequence: u32::from_ne_bytes(array(message, 8)?),
                code: i32::from_ne_bytes(array(message, HEADER)?).saturating_neg(),
            },
            _ => Message::Other {
                kind,
                port: u32::from_ne_bytes(array(message, 12)?),
                attributes: message.get(HEADER + GENERIC..).unwrap_or_default(),
            },
        })
    })
}

/// The attributes in a message or in an attribute: kind and value. It ends where the octets make no sense.
pub(crate) fn attributes(mut octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(array(octets, 0)?));
        let kind = u16::from_ne_bytes(array(octets, 2)?) & TYPE_MASK;
        let value = octets.get(4..length)?;
        octets = octets.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The value of the first attribute of a kind.
pub(crate) fn find(octets: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(octets)
        .find(|(found, _)| *found == kind)
        .map(|(_, value)| value)
}

/// So many octets at a place.
pub(crate) fn array<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.begin(7, ACK, 9, 2, 0);
        writer.attribute(1, &[1, 2, 3]);
        writer.nest(2, |inner| inner.text(3, "name"));
        writer.end();
        let read: Vec<_> = messages(writer.octets()).collect();
        let [
            Message::Other {
                kind: 7,
                port: 0,
                attributes: of_message,
            },
        ] = read[..]
        else {
            panic!("{read:?}")
        };
        assert_eq!(find(of_message, 1), Some(&[1, 2, 3][..]));
        assert_eq!(find(find(of_message, 2).unwrap(), 3), Some(&b"name\0"[..]));
    }

    #[test]
    fn too_long_an_attribute_is_left_out() {
        let mut writer = Writer::default();
        writer.begin(7, 0, 0, 0, 0);
        writer.attribute(1, &[0; 70_000]);
        writer.attribute(2, &[5]);
        writer.end();
        let Some(Message::Other { attributes: read, .. }) = messages(writer.octets()).next() else {
            panic!()
        };
        assert_eq!(attributes(read).collect::<Vec<_>>(), [(2, &[5][..])]);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic_or_run_on(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(messages(&octets).count() <= octets.len());
            prop_assert!(attributes(&octets).count() <= octets.len());
        }
    }
}
