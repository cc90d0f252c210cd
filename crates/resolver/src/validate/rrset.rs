//! The RRsets of a section, each with its signatures (RFC 2181 section 5, RFC 4035 section 2.2).

use std::collections::BTreeMap;

use super::{CLASS_IN, Name, Record, RecordType, canonical::is_same, rdata::Rrsig};

/// The records of one owner and type in class IN, with what claims to sign them.
#[derive(Clone, Debug)]
pub(crate) struct Rrset<'a> {
    pub(crate) owner: &'a Name,
    pub(crate) record_type: RecordType,
    pub(crate) records: Vec<&'a Record>,
    pub(crate) signatures: Vec<Signature<'a>>,
}

/// A signature and the record that it came in.
#[derive(Clone, Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) data: Rrsig,
    pub(crate) record: &'a Record,
}

impl Rrset<'_> {
    /// The least TTL of its records (RFC 2181 section 5.2); one with the highest bit set counts as zero (section 8).
    pub(crate) fn ttl(&self) -> u32 {
        self.records
            .iter()
            .map(|record| usable_ttl(record.ttl))
            .min()
            .unwrap_or(0)
    }

    /// The only record; `None` if there are several different ones.
    pub(crate) fn single(&self) -> Option<&Record> {
        let (first, others) = self.records.split_first()?;
        others.iter().all(|other| is_same(first, other)).then_some(*first)
    }

    pub(crate) fn is(&self, owner: &Name, record_type: RecordType) -> bool {
        self.owner == owner && self.record_type == record_type
    }
}

/// A TTL within its bounds (RFC 2181 section 8).
pub(crate) fn usable_ttl(ttl: u32) -> u32 {
    if ttl > i32::MAX.unsigned_abs() { 0 } else { ttl }
}

/// The RRsets of a section in the order in which they first appear. Signatures of what is not there are dropped.
pub(crate) fn rrsets_of(section: &[Record]) -> Vec<Rrset<'_>> {
    let mut rrsets: Vec<Rrset<'_>> = Vec::new();
    // By the octets of the owner, which are compared faster than its labels.
    let mut places: BTreeMap<(&[u8], RecordType), usize> = BTreeMap::new();
    let (signatures, records): (Vec<_>, Vec<_>) = section
        .iter()
        .filter(|record| record.class == CLASS_IN)
        .partition(|record| record.record_type == RecordType::RRSIG);
    for record in records {
        let place = *places
            .entry((record.owner.as_wire(), record.record_type))
            .or_insert(rrsets.len());
        if let Some(rrset) = rrsets.get_mut(place) {
            rrset.records.push(record);
        } else {
            rrsets.push(Rrset {
                owner: &record.owner,
                record_type: record.record_type,
                records: vec![record],
                signatures: Vec::new(),
            });
        }
    }
    for record in signatures {
        let Some(data) = Rrsig::parse(&record.data) else {
            continue;
        };
        let place = places.get(&(record.owner.as_wire(), data.type_covered));
        if let Some(rrset) = place.and_then(|&place| rrsets.get_mut(place)) {
            rrset.signatures.push(Signature { data, record });
        }
    }
    rrsets
}
