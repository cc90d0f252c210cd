//! Proofs by NSEC records (RFC 4035 section 5.4, RFC 6840 section 4). The records are verified already.

use super::{
    Name, RecordType,
    denial::{Denial, DenialKind, denies_type, may_speak_of},
    rdata::Nsec,
};

/// A verified NSEC record of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NsecAt {
    pub(crate) owner: Name,
    pub(crate) data: Nsec,
}

impl NsecAt {
    /// Whether the name lies between it and the next one, and it may speak of it.
    fn covers(&self, name: &Name, apex: &Name) -> bool {
        let next = &self.data.next;
        // The last one of a zone leads back to the apex.
        let is_between = self.owner < *name && (name < next || next == apex);
        is_between && may_speak_of(&self.owner, &self.data.types, name)
    }

    /// How many labels the closest name above has that this record shows to exist.
    fn encloser_labels(&self, name: &Name) -> usize {
        name.common_labels(&self.owner)
            .max(name.common_labels(&self.data.next))
    }
}

/// Tells what these records of a zone prove about a name and type in it.
pub(crate) fn deny(name: &Name, record_type: RecordType, apex: &Name, records: &[NsecAt]) -> Option<Denial> {
    let denial = |kind, used| {
        Some(Denial {
            kind,
            is_opt_out: false,
            used,
        })
    };
    if let Some((place, matching)) = find(records, |record| record.owner == *name) {
        let types = &matching.data.types;
        return denies_type(types, name, record_type)
            .then(|| denial(DenialKind::Matched(types.clone()), vec![place]))
            .flatten();
    }
    let (place, covering) = find(records, |record| record.covers(name, apex))?;
    if covering.data.next.is_below(name) {
        return denial(DenialKind::EmptyNonTerminal, vec![place]);
    }
    let wildcard = name.last_labels(covering.encloser_labels(name)).wildcard()?;
    if let Some((other, matching)) = find(records, |record| record.owner == wildcard) {
        return denies_type(&matching.data.types, &wildcard, record_type)
            .then(|| denial(DenialKind::Wildcard, vec![place, other]))
            .flatten();
    }
    let (other, covering) = find(records, |record| record.covers(&wildcard, apex))?;
    if covering.data.next.is_below(&wildcard) {
        return denial(DenialKind::Wildcard, vec![place, other]);
    }
    denial(DenialKind::NoSuchName, vec![place, other])
}

/// Whether these records prove that no name closer than the wildcard with that many labels above it stands for this name
/// (RFC 4035 section 5.3.4); the place of the record that does.
pub(crate) fn deny_closer(name: &Name, labels: usize, apex: &Name, records: &[NsecAt]) -> Option<usize> {
    find(records, |record| {
        record.covers(name, apex) && record.encloser_labels(name) <= labels
    })
    .map(|(place, _)| place)
}

fn find(records: &[NsecAt], wanted: impl Fn(&NsecAt) -> bool) -> Option<(usize, &NsecAt)> {
    records.iter().enumerate().find(|(_, record)| wanted(record))
}
