//! Answers as others see them: the chain of names, the addresses, and how far they can be trusted.
//!
//! No type of the DNS library stands here: what is behind this edge may change without anybody else noticing.

use std::{net::IpAddr, sync::Arc};

/// An answer that may be told, once the [`AnswerSink`](crate::AnswerSink) has released it.
///
/// Addresses of special purpose are not in it, nor is anything that an upstream resolver put beside the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated {
    /// The name asked for: in lower case, without the final dot, other octets than printable ASCII escaped (RFC 4343 section 2.1).
    pub name: Arc<str>,
    /// The names that it stands for (the targets of CNAME records), in order and in the same form. The last one owns the addresses.
    pub aliases: Arc<[String]>,
    /// The type asked for, by its number: 1 is A, 28 is AAAA, 65 is HTTPS.
    pub record_type: u16,
    /// The response code: 0 is no error, 3 is no such name.
    pub response_code: u16,
    /// Every address in the answer: of A and AAAA records, and the hints of HTTPS and SVCB records. Empty in a negative answer.
    pub addresses: Vec<AnswerAddress>,
    /// How long all of it holds, in seconds: the least TTL of its records.
    pub minimum_ttl: u32,
    /// How far it was checked.
    pub security: Security,
}

/// An address, and how long it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerAddress {
    /// The address.
    pub address: IpAddr,
    /// Its TTL in seconds, as it would be told now.
    pub ttl: u32,
}

/// How far an answer was checked (RFC 4035 section 4.3). A bogus answer is never told, so it has no place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// A chain of signatures leads from the trust anchor to it.
    Secure,
    /// It is proven that its zone is not signed.
    Insecure,
    /// Nothing was checked.
    Unchecked,
}

/// Why there is no answer, for the client to read (RFC 8914).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedError {
    /// The number in the registry "Extended DNS Error Codes".
    pub code: u16,
    /// A text for people; at most 200 octets of it are sent.
    pub text: String,
}

impl ExtendedError {
    /// "Other Error": what no other code says.
    pub const OTHER: u16 = 0;
    /// "Blocked": an internal policy of the operator forbids it.
    pub const BLOCKED: u16 = 15;
    /// "Filtered": the household wanted it to be left out.
    pub const FILTERED: u16 = 17;
    /// "Not Authoritative": a query without the RD bit.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// "Not Supported".
    pub const NOT_SUPPORTED: u16 = 21;
    /// "No Reachable Authority": no upstream resolver answers.
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;

    /// An error with a code and a text.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}
