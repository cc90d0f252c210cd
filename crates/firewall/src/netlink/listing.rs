//! What is in the kernel of our tables: read at the start, and when somebody else changed them (`linux/netfilter/nf_tables.h`).

use std::{io, sync::Arc, time::Duration};

use netlink_sys::Socket;

use super::{
    DUMP, Message, Writer, array, attributes,
    batch::{Lead, family},
    find, messages,
    nf_tables::{
        CHAIN_NAME, DATA_VALUE, DATA_VERDICT, ELEMENT_DATA, ELEMENT_EXPIRATION, ELEMENT_KEY, ELEMENT_KEY_END,
        ELEMENT_USER_DATA, GENERATION, GET_CHAINS, GET_ELEMENTS, GET_GENERATION, GET_SETS, GET_TABLE,
        LIST_ELEMENTS, LIST_SET, NEW_CHAIN, NEW_ELEMENTS, NEW_GENERATION, NEW_SET, NEW_TABLE, OF_TABLE,
        SET_NAME, TABLE_HANDLE, VERDICT_CHAIN, VERDICT_CODE,
    },
    open,
};
use crate::{
    TABLE,
    encoded::{Content, Spot},
    sets::Plane,
};

/// At most so many elements of a set are read.
const ELEMENTS: usize = 262_144;

/// An element.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
    pub(crate) chain: Option<(Lead, String)>,
    pub(crate) comment: String,
    /// How long it has left, if it ends.
    pub(crate) left: Option<Duration>,
}

impl Listed {
    /// Where it stands, what it says, and how long it has left.
    pub(crate) fn at(self, plane: Plane, set: &Arc<str>) -> (Spot, (Content, Option<Duration>)) {
        let spot = Spot {
            plane,
            set: Arc::clone(set),
            key: self.key,
            end: self.end,
        };
        let content = Content {
            chain: self.chain,
            comment: (!self.comment.is_empty()).then(|| self.comment.into()),
        };
        (spot, (content, self.left))
    }
}

/// Asks the kernel.
#[derive(Debug)]
pub(crate) struct Listing(Socket);

impl Listing {
    /// Opens a socket.
    pub(crate) fn open() -> io::Result<Self> {
        open().map(Self)
    }

    /// The number of our table: another one has another. `None` if it is not there.
    pub(crate) fn table(&self, plane: Plane) -> io::Result<Option<u64>> {
        let mut handle = None;
        self.ask(
            GET_TABLE,
            0,
            family(plane),
            |writer| writer.text(OF_TABLE, TABLE),
            |kind, octets| {
                if kind == NEW_TABLE {
                    handle = find(octets, TABLE_HANDLE)
                        .and_then(|value| array(value, 0))
                        .map(u64::from_be_bytes);
                }
            },
        )?;
        Ok(handle)
    }

    /// How often the ruleset of this network namespace was changed, by whomever.
    pub(crate) fn generation(&self) -> io::Result<u32> {
        let mut generation = 0;
        self.ask(
            GET_GENERATION,
            0,
            0,
            |_| {},
            |kind, octets| {
                if kind == NEW_GENERATION {
                    let value = find(octets, GENERATION).and_then(|value| array(value, 0));
                    generation = value.map_or(0, u32::from_be_bytes);
                }
            },
        )?;
        Ok(generation)
    }

    /// The names of the chains of our table.
    pub(crate) fn chains(&self, plane: Plane) -> io::Result<Vec<String>> {
        self.names(GET_CHAINS, NEW_CHAIN, CHAIN_NAME, plane)
    }

    /// The names of its sets and maps.
    pub(crate) fn sets(&self, plane: Plane) -> io::Result<Vec<String>> {
        let names = self.names(GET_SETS, NEW_SET, SET_NAME, plane)?;
        // Sets without a name belong to rules; the kernel calls them so.
        Ok(names.into_iter().filter(|name| !name.starts_with("__")).collect())
    }

    fn names(&self, ask: u16, told: u16, attribute: u16, plane: Plane) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let request = |writer: &mut Writer| writer.text(OF_TABLE, TABLE);
        self.ask(ask, DUMP, family(plane), request, |kind, octets| {
            // Older kernels tell those of all tables.
            let ours = kind == told && find(octets, OF_TABLE).and_then(text).as_deref() == Some(TABLE);
            names.extend(find(octets, attribute).filter(|_| ours).and_then(text));
        })?;
        Ok(names)
    }

    /// The elements of a set.
    pub(crate) fn elements(&self, plane: Plane, set: &str) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        let request = |writer: &mut Writer| {
            writer.text(OF_TABLE, TABLE);
            writer.text(LIST_SET, set);
        };
        self.ask(GET_ELEMENTS, DUMP, family(plane), request, |kind, octets| {
            let list = find(octets, LIST_ELEMENTS).filter(|_| kind == NEW_ELEMENTS);
            let elements = list.into_iter().flat_map(attributes);
            let room = ELEMENTS.saturating_sub(listed.len());
            listed.extend(elements.filter_map(|(_, octets)| element(octets)).take(room));
        })?;
        Ok(listed)
    }

    fn ask(
        &self,
        kind: u16,
        flags: u16,
        family: u8,
        request: impl FnOnce(&mut Writer),
        mut hear: impl FnMut(u16, &[u8]),
    ) -> io::Result<()> {
        let mut writer = Writer::default();
        writer.begin(kind, flags, 1, family, 0);
        request(&mut writer);
        writer.end();
        self.0.send(writer.octets(), 0)?;
        let mut octets = Vec::with_capacity(65_536);
        loop {
            octets.clear();
            self.0.recv(&mut octets, 0)?;
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
                    Message::Other { kind, attributes, .. } => hear(kind, attributes),
                }
            }
            if flags != DUMP {
                return Ok(());
            }
        }
    }
}

fn element(octets: &[u8]) -> Option<Listed> {
    let value = |kind| find(find(octets, kind)?, DATA_VALUE);
    let verdict = find(octets, ELEMENT_DATA).and_then(|data| find(data, DATA_VERDICT));
    let left = find(octets, ELEMENT_EXPIRATION).and_then(|left| array(left, 0));
    // nft's form of a comment: its kind 0, its length, the text and a zero.
    let comment = match find(octets, ELEMENT_USER_DATA) {
        Some([0, _, comment @ ..]) => text(comment)?,
        _ => String::new(),
    };
    Some(Listed {
        key: value(ELEMENT_KEY)?.to_vec(),
        end: value(ELEMENT_KEY_END).map(<[u8]>::to_vec),
        chain: verdict.and_then(|verdict| {
            let code = i32::from_be_bytes(array(find(verdict, VERDICT_CODE)?, 0)?);
            Some((Lead::of(code)?, text(find(verdict, VERDICT_CHAIN)?)?))
        }),
        comment,
        left: left.map(|left| Duration::from_millis(u64::from_be_bytes(left))),
    })
}

fn text(octets: &[u8]) -> Option<String> {
    let octets = octets.split(|octet| *octet == 0).next()?;
    String::from_utf8(octets.to_vec()).ok()
}
