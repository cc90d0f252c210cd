//! The chain that answers a question, in order, and nothing else (RFC 1034 section 3.6.2).
//!
//! Whatever an upstream resolver put beside the chain was dropped: it would be told, and open the firewall, without having been asked
//! for. A DNAME is not told; the CNAME that follows from it is (RFC 6672 section 3.1).

use hickory_proto::rr::{Name, RData, Record};

/// The records of one reply that answer a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// The aliases in order, then the records of the type asked for, which may be none.
    pub(crate) records: Vec<Record>,
    /// How many of the records are aliases.
    pub(crate) aliases: usize,
    /// The name at which the chain ends.
    pub(crate) end: Name,
}

/// The most records of the type asked for. Each address of an answer is an element in the kernel.
pub(crate) const MAX_RECORDS: usize = 256;

/// No record is kept longer than a day, in seconds.
pub(crate) const MAX_TTL: u32 = 86_400;

/// What the owner of a CNAME record stands for.
pub(crate) fn target_of(record: &Record) -> Option<&Name> {
    if let RData::CNAME(target) = &record.data {
        Some(&target.0)
    } else {
        None
    }
}

/// A TTL within bounds. One with the highest bit set counts as zero (RFC 2181 section 8).
pub(crate) fn usable_ttl(ttl: u32) -> u32 {
    if ttl > i32::MAX.unsigned_abs() {
        0
    } else {
        ttl.min(MAX_TTL)
    }
}

/// The record with another TTL.
pub(crate) fn with_ttl(mut record: Record, ttl: u32) -> Record {
    record.ttl = ttl;
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttls_are_kept_within_bounds() {
        assert_eq!(usable_ttl(0x8000_0000), 0);
        assert_eq!(usable_ttl(0x7fff_ffff), MAX_TTL);
        assert_eq!(usable_ttl(300), 300);
    }
}
