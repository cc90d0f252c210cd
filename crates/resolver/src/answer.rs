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

/// How far an answer was checked (RFC 4035 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// A chain of signatures leads from the trust anchor to it.
    Secure,
    /// It is proven that its zone is not signed.
    Insecure,
    /// No date was checked because the clock is not valid, or the answer is stale, or something was taken from it.
    Unchecked,
    /// It should be secure and is not. It is told only to clients that ask for it, and makes nothing reachable.
    Bogus,
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
    /// "Unsupported DNSKEY Algorithm".
    pub const UNSUPPORTED_DNSKEY_ALGORITHM: u16 = 1;
    /// "Unsupported DS Digest Type".
    pub const UNSUPPORTED_DS_DIGEST_TYPE: u16 = 2;
    /// "Stale Answer": nobody gives a new one (RFC 8767).
    pub const STALE_ANSWER: u16 = 3;
    /// "DNSSEC Indeterminate": it cannot be told whether it should be signed.
    pub const DNSSEC_INDETERMINATE: u16 = 5;
    /// "DNSSEC Bogus": validation failed for another reason than those below.
    pub const DNSSEC_BOGUS: u16 = 6;
    /// "Signature Expired".
    pub const SIGNATURE_EXPIRED: u16 = 7;
    /// "Signature Not Yet Valid".
    pub const SIGNATURE_NOT_YET_VALID: u16 = 8;
    /// "DNSKEY Missing": no key fits the DS records.
    pub const DNSKEY_MISSING: u16 = 9;
    /// "RRSIGs Missing".
    pub const RRSIGS_MISSING: u16 = 10;
    /// "No Zone Key Bit Set".
    pub const NO_ZONE_KEY_BIT_SET: u16 = 11;
    /// "NSEC Missing": nothing proves that it does not exist.
    pub const NSEC_MISSING: u16 = 12;
    /// "Blocked": an internal policy of the operator forbids it.
    pub const BLOCKED: u16 = 15;
    /// "Filtered": the household wanted it to be left out.
    pub const FILTERED: u16 = 17;
    /// "Stale NXDOMAIN Answer": nobody gives a new one (RFC 8767).
    pub const STALE_NXDOMAIN: u16 = 19;
    /// "Not Authoritative": a query without the RD bit.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// "Not Supported".
    pub const NOT_SUPPORTED: u16 = 21;
    /// "No Reachable Authority": no upstream resolver answers.
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// "Unsupported NSEC3 Iterations Value" (RFC 9276).
    pub const UNSUPPORTED_NSEC3_ITERATIONS: u16 = 27;

    /// An error with a code and a text.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }
}
