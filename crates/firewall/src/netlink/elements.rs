//! Elements of sets, one transaction at a time (`linux/netfilter/nf_tables.h`).

use std::{io, time::Duration};

use netlink_sys::Socket;

use super::{ACK, CREATE, Message, Writer, messages, open};
use crate::{TABLE, key::Key, sets::Plane};

const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;
const NFTABLES: u16 = 10;
const NEW_ELEMENTS: u16 = NFTABLES << 8 | 12;
const DELETE_ELEMENTS: u16 = NFTABLES << 8 | 14;

const LIST_TABLE: u16 = 1;
const LIST_SET: u16 = 2;
const LIST_ELEMENTS: u16 = 3;
const LIST_ELEMENT: u16 = 1;
const ELEMENT_KEY: u16 = 1;
const ELEMENT_TIMEOUT: u16 = 4;
const ELEMENT_USER_DATA: u16 = 6;
const DATA_VALUE: u16 = 1;

/// `MSG_DONTWAIT`.
const DO_NOT_WAIT: i32 = 0x40;

const INET: u8 = 1;
const BRIDGE: u8 = 7;

/// An element to be in the kernel for so long.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a Key,
    pub(crate) lifetime: Duration,
    pub(crate) comment: &'a str,
}

/// Writes elements and waits for the kernel's word.
#[derive(Debug)]
pub(crate) struct ElementSocket {
    socket: Socket,
    writer: Writer,
    answer: Vec<u8>,
    sequence: u32,
}

impl ElementSocket {
    /// Opens the socket.
    pub(crate) fn open() -> io::Result<Self> {
        let socket = open()?;
        // Refusals come without the message that they refuse.
        socket.set_cap_ack(true)?;
        Ok(Self {
            socket,
            writer: Writer::default(),
            answer: Vec::with_capacity(8192),
            sequence: 0,
        })
    }

    /// Makes the elements be there with exactly these lifetimes and others not be there, in one transaction.
    ///
    /// Each is added, deleted and added again: one that is there already would keep its lifetime on older kernels, and one that is not
    /// cannot be deleted.
    pub(crate) fn write(&mut self, wanted: &[Wanted<'_>], unwanted: &[Key]) -> io::Result<()> {
        let Some((last, others)) = wanted.split_last() else {
            return Ok(());
        };
        self.writer.clear();
        self.message(BATCH_BEGIN, 0, 0, NFTABLES, |_| {});
        for key in unwanted {
            self.element(NEW_ELEMENTS, CREATE, key, Some((Duration::from_secs(60), "")));
            self.element(DELETE_ELEMENTS, 0, key, None);
        }
        for element in others {
            self.refresh(element, 0);
        }
        // One acknowledgement is enough: the batch holds as a whole or not at all.
        self.refresh(last, ACK);
        let awaited = self.sequence;
        self.message(BATCH_END, 0, 0, NFTABLES, |_| {});
        self.send(awaited)
    }

    /// Makes an element be there for ever.
    pub(crate) fn add(&mut self, key: &Key) -> io::Result<()> {
        self.writer.clear();
        self.message(BATCH_BEGIN, 0, 0, NFTABLES, |_| {});
        self.element(NEW_ELEMENTS, CREATE | ACK, key, None);
        let awaited = self.sequence;
        self.message(BATCH_END, 0, 0, NFTABLES, |_| {});
        self.send(awaited)
    }

    fn refresh(&mut self, element: &Wanted<'_>, flags: u16) {
        let value = Some((element.lifetime, element.comment));
        self.element(NEW_ELEMENTS, CREATE, element.key, value);
        self.element(DELETE_ELEMENTS, 0, element.key, None);
        self.element(NEW_ELEMENTS, CREATE | flags, element.key, value);
    }

    fn element(&mut self, kind: u16, flags: u16, key: &Key, value: Option<(Duration, &str)>) {
        let family = match key.plane {
            Plane::Routed => INET,
            Plane::Bridged => BRIDGE,
        };
        self.message(kind, flags, family, 0, |writer| {
            writer.text(LIST_TABLE, TABLE);
            writer.text(LIST_SET, &key.set);
            writer.nest(LIST_ELEMENTS, |list| {
                list.nest(LIST_ELEMENT, |element| {
                    element.nest(ELEMENT_KEY, |data| data.attribute(DATA_VALUE, &key.octets()));
                    if let Some((lifetime, comment)) = value {
                        let milliseconds = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
                        element.attribute(ELEMENT_TIMEOUT, &milliseconds.to_be_bytes());
                        if !comment.is_empty() {
                            element.attribute(ELEMENT_USER_DATA, &user_data(comment));
                        }
                    }
                });
            });
        });
    }

    fn message(&mut self, kind: u16, flags: u16, family: u8, resource: u16, inner: impl FnOnce(&mut Writer)) {
        self.sequence = self.sequence.wrapping_add(1);
        self.writer.begin(kind, flags, self.sequence, family, resource);
        inner(&mut self.writer);
        self.writer.end();
    }

    /// The kernel works on the whole batch before `send` returns, so its answers wait already.
    fn send(&mut self, awaited: u32) -> io::Result<()> {
        self.socket.send(self.writer.octets(), 0)?;
        let mut acknowledged = false;
        let mut refused = None;
        loop {
            self.answer.clear();
            match self.socket.recv(&mut self.answer, DO_NOT_WAIT) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            for message in messages(&self.answer) {
                match message {
                    Message::Answer { sequence, code: 0 } => acknowledged |= sequence == awaited,
                    Message::Answer { code, .. } => refused = refused.or(Some(code)),
                    Message::Done | Message::Other { .. } => {}
                }
            }
            if acknowledged && refused.is_none() {
                return Ok(());
            }
        }
        Err(match refused {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(io::ErrorKind::TimedOut, "the kernel did not acknowledge"),
        })
    }
}

/// nft's form of a comment: its kind 0, its length, the text and a zero.
fn user_data(comment: &str) -> Vec<u8> {
    let text = comment.as_bytes();
    let text = &text[..text.len().min(120)];
    let mut data = vec![0, u8::try_from(text.len() + 1).unwrap_or(u8::MAX)];
    data.extend(text);
    data.push(0);
    data
}
