//! Records, questions and replies as the validator sees them: octets without compression, no type of the DNS library.

use std::fmt;

use super::Name;

/// The class IN.
pub const CLASS_IN: u16 = 1;

/// The type of a record, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

impl RecordType {
    /// A (RFC 1035).
    pub const A: Self = Self(1);
    /// NS (RFC 1035).
    pub const NS: Self = Self(2);
    /// CNAME (RFC 1035).
    pub const CNAME: Self = Self(5);
    /// SOA (RFC 1035).
    pub const SOA: Self = Self(6);
    /// TXT (RFC 1035).
    pub const TXT: Self = Self(16);
    /// AAAA (RFC 3596).
    pub const AAAA: Self = Self(28);
    /// DNAME (RFC 6672).
    pub const DNAME: Self = Self(39);
    /// DS (RFC 4034).
    pub const DS: Self = Self(43);
    /// RRSIG (RFC 4034).
    pub const RRSIG: Self = Self(46);
    /// NSEC (RFC 4034).
    pub const NSEC: Self = Self(47);
    /// DNSKEY (RFC 4034).
    pub const DNSKEY: Self = Self(48);
    /// NSEC3 (RFC 5155).
    pub const NSEC3: Self = Self(50);
    /// Every type (RFC 8482).
    pub const ANY: Self = Self(255);
}

impl fmt::Display for RecordType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = match *self {
            Self::A => "A",
            Self::NS => "NS",
            Self::CNAME => "CNAME",
            Self::SOA => "SOA",
            Self::TXT => "TXT",
            Self::AAAA => "AAAA",
            Self::DNAME => "DNAME",
            Self::DS => "DS",
            Self::RRSIG => "RRSIG",
            Self::NSEC => "NSEC",
            Self::DNSKEY => "DNSKEY",
            Self::NSEC3 => "NSEC3",
            Self::ANY => "ANY",
            // RFC 3597 section 5.
            Self(number) => return write!(formatter, "TYPE{number}"),
        };
        formatter.write_str(known)
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// A record. Names in its data are not compressed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The name that owns it.
    pub owner: Name,
    /// Its type.
    pub record_type: RecordType,
    /// Its class; only [`CLASS_IN`] is looked at.
    pub class: u16,
    /// How long it holds, in seconds.
    pub ttl: u32,
    /// Its data in wire form, in the case in which it came.
    pub data: Box<[u8]>,
}

/// What is asked; the class is always IN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// The type.
    pub record_type: RecordType,
}

impl Question {
    /// The question for this name and type.
    #[must_use]
    pub fn new(name: Name, record_type: RecordType) -> Self {
        Self { name, record_type }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.record_type)
    }
}

/// What an upstream resolver or an authoritative server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The response code: 0 is no error, 3 is no such name. Others are no answer to validate.
    pub response_code: u16,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section.
    pub authorities: Vec<Record>,
}

impl Reply {
    /// The response code "no error".
    pub const NO_ERROR: u16 = 0;
    /// The response code "no such name".
    pub const NO_SUCH_NAME: u16 = 3;
}
