//! An answer as it is kept: its records in wire form, in the order in which they are told, and what the sink is shown of it.

use std::{iter, net::IpAddr, sync::Arc};

use super::rebinding::{addresses_in, strip};
use crate::{
    AnswerAddress, ExtendedError, Security, Validated,
    validate::{CLASS_IN, Name, Question, Record, RecordType},
    wire::{HEADER, Query, Reply, code},
};

/// No record is kept longer than a day, in seconds.
pub(crate) const MAX_TTL: u32 = 86_400;

/// The longest that a negative answer is kept, in seconds (RFC 2308 section 5 recommends one to three hours).
pub(crate) const MAX_NEGATIVE_TTL: u32 = 3600;

/// The most records of an answer. Each address of an answer is an element in the kernel.
pub(crate) const MAX_RECORDS: usize = 256;

/// The record is one of the authority section.
const AUTHORITY: u8 = 1;

/// It is only for clients that validate: a signature, a proof, a DNAME record.
const FOR_VALIDATORS: u8 = 2;

/// An answer. Its TTLs are those of the moment at which it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Records one after the other: flags, the length of the owner, the owner, type, class, TTL, length, data. An owner may end with a
    /// pointer to the question; none stands for the target of the CNAME record before.
    octets: Box<[u8]>,
    /// No error, no such name, or server failure.
    pub(crate) response_code: u16,
    /// How far it was checked.
    pub(crate) grade: Grade,
    /// How long it may be kept, in seconds; 0: not at all.
    pub(crate) lifetime: u32,
    /// Whether nothing of the type asked for is in it.
    pub(crate) is_negative: bool,
    /// Whether special-purpose addresses were taken from it.
    pub(crate) is_filtered: bool,
    /// What clients are told beside it, if there is anything to tell.
    pub(crate) note: Option<Box<ExtendedError>>,
}

/// How far an answer was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grade {
    /// A chain of signatures leads to it.
    Secure,
    /// It is proven that it is not signed.
    Insecure,
    /// Dates were not judged, or something was taken from it.
    Unchecked,
    /// It should be secure and is not: only for clients that check themselves.
    Bogus,
    /// It was made here; the sink is not shown it.
    Local,
}

/// An answer that is being made.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    question: &'a Question,
    octets: Vec<u8>,
    last_target: Option<Name>,
    count: usize,
    is_negative: bool,
    is_filtered: bool,
}

/// For whom and where a record is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the answer section, to everybody.
    Answer,
    /// In the answer section, to clients that validate.
    SignedAnswer,
    /// In the authority section, to everybody.
    Authority,
    /// In the authority section, to clients that validate.
    SignedAuthority,
}

impl<'a> Builder<'a> {
    /// Begins the answer to a question.
    pub(crate) fn new(question: &'a Question) -> Self {
        Self {
            question,
            octets: Vec::new(),
            last_target: None,
            count: 0,
            is_negative: true,
            is_filtered: false,
        }
    }

    /// Adds a record that holds for so long; `None` if there are too many, or it is too long. If `is_home` names an address for one that
    /// no name of the internet may have, it is taken from it.
    pub(crate) fn push(
        &mut self,
        place: Place,
        record: &Record,
        ttl: u32,
        is_home: &dyn Fn(IpAddr) -> bool,
    ) -> Option<()> {
        let flags = match place {
            Place::Answer => 0,
            Place::SignedAnswer => FOR_VALIDATORS,
            Place::Authority => AUTHORITY,
            Place::SignedAuthority => AUTHORITY | FOR_VALIDATORS,
        };
        let mut stripped = None;
        if place == Place::Answer {
            match strip(record, is_home) {
                Ok(None) => {}
                Ok(data) => {
                    self.is_filtered = true;
                    stripped = data;
                }
                Err(_) => {
                    self.is_filtered = true;
                    return Some(());
                }
            }
            let is_alias = record.record_type == RecordType::CNAME;
            self.is_negative &= is_alias && self.question.record_type != RecordType::CNAME;
        }
        self.count += 1;
        if self.count > MAX_RECORDS {
            return None;
        }
        let owner = if self.last_target.as_ref() == Some(&record.owner) {
            Vec::new()
        } else {
            compressed(record.owner.as_wire(), self.question.name.as_wire())
        };
        let data = stripped.as_deref().unwrap_or(&record.data);
        self.octets.push(flags);
        self.octets.push(u8::try_from(owner.len()).ok()?);
        self.octets.extend(owner);
        self.octets.extend(record.record_type.0.to_be_bytes());
        self.octets.extend(CLASS_IN.to_be_bytes());
        self.octets.extend(ttl.to_be_bytes());
        self.octets.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        self.octets.extend(data);
        if record.record_type == RecordType::CNAME {
            self.last_target = Name::from_wire(data).ok().map(|(name, _)| name);
        }
        Some(())
    }

    /// Ends it. `lifetime` is how long all of it holds.
    pub(crate) fn finish(
        self,
        response_code: u16,
        grade: Grade,
        lifetime: u32,
        note: Option<ExtendedError>,
    ) -> Answer {
        let mut answer = Answer {
            octets: self.octets.into(),
            response_code,
            grade,
            lifetime: lifetime.min(if self.is_negative {
                MAX_NEGATIVE_TTL
            } else {
                MAX_TTL
            }),
            is_negative: self.is_negative,
            is_filtered: self.is_filtered,
            note: note.map(Box::new),
        };
        if answer.is_filtered {
            answer.without_signatures();
        }
        answer
    }
}

/// A record as it is kept.
struct Kept<'a> {
    flags: u8,
    whole: &'a [u8],
    owner: &'a [u8],
    type_and_class: &'a [u8],
    ttl: u32,
    /// With its length before it.
    data: &'a [u8],
}

impl Answer {
    /// An answer without records.
    pub(crate) fn empty(response_code: u16, grade: Grade, note: Option<ExtendedError>) -> Self {
        Self {
            octets: Box::default(),
            response_code,
            grade,
            lifetime: 0,
            is_negative: true,
            is_filtered: false,
            note: note.map(Box::new),
        }
    }

    /// Nobody gave an answer, and why: kept for so many seconds (RFC 9520).
    pub(crate) fn failure(note: ExtendedError, lifetime: u32) -> Self {
        Self {
            lifetime,
            ..Self::empty(code::SERVER_FAILURE, Grade::Unchecked, Some(note))
        }
    }

    /// The memory that it takes, in octets.
    pub(crate) fn octets(&self) -> usize {
        let note = self
            .note
            .as_ref()
            .map_or(0, |note| size_of::<ExtendedError>() + note.text.len());
        size_of::<Self>() + self.octets.len() + note
    }

    /// Whether there is none, for whoever wants a checked one.
    pub(crate) fn is_failure(&self) -> bool {
        self.response_code == code::SERVER_FAILURE || self.grade == Grade::Bogus
    }

    fn records(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest: &[u8] = &self.octets;
        iter::from_fn(move || {
            let (&[flags, length], after) = rest.split_first_chunk()?;
            let (owner, after) = after.split_at_checked(length.into())?;
            let (type_and_class, after) = after.split_at_checked(4)?;
            let (&ttl, after) = after.split_first_chunk()?;
            let &[l0, l1] = after.first_chunk()?;
            let (data, after) = after.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])) + 2)?;
            let whole = rest.get(..rest.len() - after.len())?;
            rest = after;
            Some(Kept {
                flags,
                whole,
                owner,
                type_and_class,
                ttl: u32::from_be_bytes(ttl),
                data,
            })
        })
    }

    /// Without the addresses that were taken from it, no signature would be right.
    fn without_signatures(&mut self) {
        let kept: Vec<_> = self
            .records()
            .filter(|record| record.flags & FOR_VALIDATORS == 0)
            .map(|record| record.whole)
            .collect();
        self.octets = kept.concat().into();
        if self.grade == Grade::Secure {
            self.grade = Grade::Unchecked;
        }
    }

    /// Writes the reply that tells it `age` seconds after it came, no record with a TTL above `ttl_at_most`.
    pub(crate) fn write(&self, query: &Query<'_>, told: &Told, is_udp: bool) -> Vec<u8> {
        let mut reply = Reply::new(query);
        for record in self.records() {
            if record.flags & FOR_VALIDATORS != 0 && !query.dnssec_ok() {
                continue;
            }
            let ttl = match told.ttl {
                Some(ttl) => ttl.min(record.ttl.max(1)),
                None => record.ttl.saturating_sub(told.age),
            };
            let is_authority = record.flags & AUTHORITY != 0;
            let at_most = if is_authority { u32::MAX } else { told.ttl_at_most };
            reply.owner(record.owner);
            reply.rest(record.type_and_class, ttl.min(at_most), record.data);
            reply.count(is_authority);
        }
        // RFC 6840 section 5.8: clients are told that understand it.
        let understands = query.dnssec_ok() || query.is_set(crate::wire::flag::AUTHENTIC_DATA);
        let is_authentic = understands && self.grade == Grade::Secure && told.ttl.is_none();
        reply.finish(
            query,
            self.response_code,
            is_authentic,
            told.error.as_ref(),
            is_udp,
        )
    }

    /// What the sink is shown of it, `age` seconds after it came.
    pub(crate) fn validated(&self, question: &Question, told: &Told) -> Validated {
        let mut aliases = Vec::new();
        let mut addresses = Vec::new();
        for record in self.records() {
            let [t0, t1, ..] = *record.type_and_class else {
                continue;
            };
            let record_type = RecordType(u16::from_be_bytes([t0, t1]));
            let data = record.data.get(2..).unwrap_or_default();
            if record.flags & (AUTHORITY | FOR_VALIDATORS) != 0 {
                continue;
            }
            let ttl = told.ttl.unwrap_or_else(|| record.ttl.saturating_sub(told.age));
            if record_type == RecordType::CNAME && question.record_type != RecordType::CNAME {
                aliases.extend(Name::from_wire(data).ok().map(|(target, _)| text_of(&target)));
            } else {
                let found = addresses_in(record_type, data).into_iter();
                addresses.extend(found.map(|address| AnswerAddress { address, ttl }));
            }
        }
        Validated {
            name: text_of(&question.name).into(),
            aliases: Arc::from(aliases),
            record_type: question.record_type.0,
            response_code: self.response_code,
            addresses,
            minimum_ttl: told.ttl.unwrap_or_else(|| self.lifetime.saturating_sub(told.age)),
            security: match self.grade {
                Grade::Secure if told.ttl.is_none() => Security::Secure,
                Grade::Insecure => Security::Insecure,
                Grade::Bogus => Security::Bogus,
                Grade::Secure | Grade::Unchecked | Grade::Local => Security::Unchecked,
            },
        }
    }
}

/// How an answer is told at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// How many seconds ago it came.
    pub(crate) age: u32,
    /// If it is stale, how long it is said to hold (RFC 8767 section 4).
    pub(crate) ttl: Option<u32>,
    /// The longest TTL that may be told.
    pub(crate) ttl_at_most: u32,
    /// What is told beside it.
    pub(crate) error: Option<ExtendedError>,
}

impl Told {
    /// Told as it is, so long after it came.
    pub(crate) fn fresh(age: u32) -> Self {
        Self {
            age,
            ttl: None,
            ttl_at_most: u32::MAX,
            error: None,
        }
    }
}

/// A name as text: lower case, without the final dot, escaped (RFC 1035 section 5.1).
pub(crate) fn text_of(name: &Name) -> String {
    let mut text = name.to_string();
    if text.len() > 1 {
        text.pop();
    }
    text
}

/// A name with its longest ending that the question has too replaced by a pointer to it.
fn compressed(name: &[u8], question: &[u8]) -> Vec<u8> {
    let mut start = 0;
    while let Some(&length @ 1..) = name.get(start) {
        let ending = name.get(start..).unwrap_or_default();
        if let Some(place) = place_of_ending(ending, question) {
            let pointer = u16::try_from(HEADER + place).unwrap_or(0) | 0xc000;
            return [name.get(..start).unwrap_or_default(), &pointer.to_be_bytes()].concat();
        }
        start += usize::from(length) + 1;
    }
    name.to_vec()
}

/// Where a name ends with this ending, if it does.
fn place_of_ending(ending: &[u8], name: &[u8]) -> Option<usize> {
    let place = name.len().checked_sub(ending.len())?;
    if name.get(place..)? != ending {
        return None;
    }
    // It must begin with a label of it.
    let mut start = 0;
    while start < place {
        start += usize::from(*name.get(start)?) + 1;
    }
    (start == place).then_some(place)
}

/// A TTL within bounds. One with the highest bit set counts as zero (RFC 2181 section 8).
pub(crate) fn usable_ttl(ttl: u32) -> u32 {
    if ttl > i32::MAX.unsigned_abs() {
        0
    } else {
        ttl.min(MAX_TTL)
    }
}

/// Nothing is taken.
pub(crate) fn keep_all(_: IpAddr) -> bool {
    false
}

/// A record of this name.
pub(crate) fn record(owner: &Name, record_type: RecordType, data: &[u8]) -> Record {
    Record {
        owner: owner.clone(),
        record_type,
        class: CLASS_IN,
        ttl: 0,
        data: data.into(),
    }
}

#[cfg(test)]
mod tests;
