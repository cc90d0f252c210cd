//! Changes of sets, chains and elements, one transaction at a time (`linux/netfilter/nf_tables.h`).
//!
//! What it is not: it writes no rules. Those go through nft.

use std::{io, time::Duration};

use netlink_sys::Socket;
use nix::sys::socket::{setsockopt, sockopt};

use super::{
    CREATE, Message, Writer, messages,
    nf_tables::{
        BATCH_BEGIN, BATCH_END, CHAIN_NAME, DATA_VALUE, DATA_VERDICT, DELETE_CHAIN, DELETE_ELEMENTS,
        DELETE_RULES, DELETE_SET, ELEMENT_DATA, ELEMENT_KEY, ELEMENT_KEY_END, ELEMENT_TIMEOUT,
        ELEMENT_USER_DATA, LIST_ELEMENT, LIST_ELEMENTS, LIST_SET, NEW_ELEMENTS, NEW_RULE, NFTABLES, OF_TABLE,
        RULE_CHAIN, SET_NAME, VERDICT_CHAIN, VERDICT_CODE,
    },
    open_with_port,
};
use crate::{TABLE, sets::Plane};

/// `MSG_DONTWAIT`.
const DO_NOT_WAIT: i32 = 0x40;

/// A list of elements in one message is not longer: the length of an attribute has 16 bits.
const LIST: usize = 48 * 1024;

/// What a socket holds without being asked for more.
const SMALL: usize = 128 * 1024;

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) plane: Plane,
    pub(crate) set: &'a str,
    pub(crate) key: &'a [u8],
    /// The last key, in a set with ranges.
    pub(crate) end: Option<&'a [u8]>,
}

/// How an element leads to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// And back (`NFT_JUMP`).
    Jump,
    /// For good (`NFT_GOTO`).
    Goto,
}

impl Lead {
    fn code(self) -> i32 {
        match self {
            Self::Jump => -3,
            Self::Goto => -4,
        }
    }

    /// The kernel's number for it; `None` for verdicts that lead to no chain.
    pub(crate) fn of(code: i32) -> Option<Self> {
        [Self::Jump, Self::Goto]
            .into_iter()
            .find(|lead| lead.code() == code)
    }
}

/// What an element says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) chain: Option<(Lead, &'a str)>,
    pub(crate) comment: Option<&'a str>,
    pub(crate) lifetime: Option<Duration>,
}

/// A transaction that is being written.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    writer: Writer,
    sequence: u32,
    list: Option<List>,
}

/// The message to which elements are being added.
#[derive(Debug)]
struct List {
    kind: u16,
    plane: Plane,
    set: String,
    start: usize,
}

impl Batch {
    /// Begins anew, and keeps the memory.
    pub(crate) fn begin(&mut self) {
        self.writer.clear();
        self.list = None;
        self.message(BATCH_BEGIN, 0, 0, NFTABLES, |_| {});
    }

    /// Whether nothing is to be changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_none() && self.writer.is_first()
    }

    /// Adds an element. One that is there already stays as it is.
    pub(crate) fn add(&mut self, at: At<'_>, said: Said<'_>) {
        self.element(NEW_ELEMENTS, at, said);
    }

    /// Deletes an element, which must be there.
    pub(crate) fn delete(&mut self, at: At<'_>) {
        self.element(DELETE_ELEMENTS, at, Said::default());
    }

    /// Deletes an element that may have ended: it is added first, for one that is not there cannot be deleted.
    pub(crate) fn make_sure_it_is_not_there(&mut self, at: At<'_>) {
        let lifetime = Some(Duration::from_secs(60));
        let said = Said {
            lifetime,
            ..Said::default()
        };
        self.add(at, said);
        self.delete(at);
    }

    /// Makes an element be there with exactly this lifetime: one that is there already would keep its own on older kernels.
    pub(crate) fn refresh(&mut self, at: At<'_>, said: Said<'_>) {
        self.add(at, said);
        self.delete(at);
        self.add(at, said);
    }

    /// Deletes the rules of a chain, to which nothing leads any more.
    pub(crate) fn flush_chain(&mut self, plane: Plane, name: &str) {
        self.end_list();
        self.message(DELETE_RULES, 0, family(plane), 0, |writer| {
            writer.text(OF_TABLE, TABLE);
            writer.text(RULE_CHAIN, name);
        });
    }

    /// Adds a rule at the end of a chain; `expressions` writes them.
    pub(crate) fn add_rule(&mut self, plane: Plane, name: &str, expressions: impl FnOnce(&mut Writer)) {
        const APPEND: u16 = 0x800;
        const EXPRESSIONS: u16 = 4;
        #[cfg(test)]
        if crate::tests::mutation::leaves_out(plane, name) {
            return;
        }
        self.end_list();
        self.message(NEW_RULE, CREATE | APPEND, family(plane), 0, |writer| {
            writer.text(OF_TABLE, TABLE);
            writer.text(RULE_CHAIN, name);
            writer.nest(EXPRESSIONS, expressions);
        });
    }

    /// Deletes a chain without rules.
    pub(crate) fn delete_chain(&mut self, plane: Plane, name: &str) {
        self.end_list();
        self.message(DELETE_CHAIN, 0, family(plane), 0, |writer| {
            writer.text(OF_TABLE, TABLE);
            writer.text(CHAIN_NAME, name);
        });
    }

    /// Deletes a set, in which nothing looks any more.
    pub(crate) fn delete_set(&mut self, plane: Plane, name: &str) {
        self.end_list();
        self.message(DELETE_SET, 0, family(plane), 0, |writer| {
            writer.text(OF_TABLE, TABLE);
            writer.text(SET_NAME, name);
        });
    }

    fn element(&mut self, kind: u16, at: At<'_>, said: Said<'_>) {
        let fits = self.list.as_ref().is_some_and(|list| {
            list.kind == kind
                && list.plane == at.plane
                && list.set == at.set
                && self.writer.octets().len() - list.start < LIST
        });
        if !fits {
            self.begin_list(kind, at);
        }
        self.writer.nest(LIST_ELEMENT, |element| {
            element.nest(ELEMENT_KEY, |data| data.attribute(DATA_VALUE, at.key));
            if let Some(end) = at.end {
                element.nest(ELEMENT_KEY_END, |data| data.attribute(DATA_VALUE, end));
            }
            if let Some((lead, chain)) = said.chain {
                element.nest(ELEMENT_DATA, |data| {
                    data.nest(DATA_VERDICT, |verdict| {
                        verdict.attribute(VERDICT_CODE, &lead.code().to_be_bytes());
                        verdict.text(VERDICT_CHAIN, chain);
                    });
                });
            }
            if let Some(lifetime) = said.lifetime {
                let milliseconds = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
                element.attribute(ELEMENT_TIMEOUT, &milliseconds.to_be_bytes());
            }
            if let Some(comment) = said.comment.filter(|comment| !comment.is_empty()) {
                element.attribute(ELEMENT_USER_DATA, &user_data(comment));
            }
        });
    }

    fn begin_list(&mut self, kind: u16, at: At<'_>) {
        self.end_list();
        let flags = if kind == NEW_ELEMENTS { CREATE } else { 0 };
        self.sequence = self.sequence.wrapping_add(1);
        self.writer.begin(kind, flags, self.sequence, family(at.plane), 0);
        self.writer.text(OF_TABLE, TABLE);
        self.writer.text(LIST_SET, at.set);
        self.list = Some(List {
            kind,
            plane: at.plane,
            set: at.set.to_owned(),
            start: self.writer.open_nest(),
        });
    }

    fn end_list(&mut self) {
        if let Some(list) = self.list.take() {
            self.writer.close_nest(list.start, LIST_ELEMENTS);
            self.writer.end();
        }
    }

    /// Ends the transaction, and gives the sequence number that the kernel acknowledges. One acknowledgement is enough: a transaction
    /// holds as a whole or not at all.
    fn end(&mut self) -> u32 {
        self.end_list();
        self.writer.acknowledge();
        let awaited = self.sequence;
        self.message(BATCH_END, 0, 0, NFTABLES, |_| {});
        awaited
    }

    fn message(&mut self, kind: u16, flags: u16, family: u8, resource: u16, inner: impl FnOnce(&mut Writer)) {
        self.sequence = self.sequence.wrapping_add(1);
        self.writer.begin(kind, flags, self.sequence, family, resource);
        inner(&mut self.writer);
        self.writer.end();
    }
}

/// Sends transactions and waits for the kernel's word.
#[derive(Debug)]
pub(crate) struct BatchSocket {
    socket: Socket,
    port: u32,
    answer: Vec<u8>,
    room: usize,
}

impl BatchSocket {
    /// Opens the socket.
    pub(crate) fn open() -> io::Result<Self> {
        let (socket, port) = open_with_port()?;
        // Refusals come without the message that they refuse.
        socket.set_cap_ack(true)?;
        Ok(Self {
            socket,
            port,
            answer: Vec::with_capacity(8192),
            room: SMALL,
        })
    }

    /// By which the kernel names the cause of a change.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// Carries a transaction out. The kernel works on the whole of it before the call to send returns, so its answers wait already.
    pub(crate) fn carry_out(&mut self, batch: &mut Batch) -> io::Result<()> {
        let awaited = batch.end();
        let octets = batch.writer.octets();
        if octets.len() + 32 > self.room {
            // Some containers may not: then the kernel says that the message is too long.
            let _ = setsockopt(&self.socket, sockopt::SndBufForce, &(octets.len() * 2));
            self.room = octets.len();
        }
        self.socket.send(octets, 0)?;
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

/// The number of a table's family (`NFPROTO_INET`, `NFPROTO_BRIDGE`).
pub(crate) fn family(plane: Plane) -> u8 {
    match plane {
        Plane::Routed => 1,
        Plane::Bridged => 7,
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
