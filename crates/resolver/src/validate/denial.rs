//! What NSEC and NSEC3 records prove about a name: the parts that both have in common (RFC 4035 section 5.4, RFC 5155 section 8).

use super::{Name, RecordType, rdata::TypeBitmap};

/// What is proven about a name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) kind: DenialKind,
    /// Whether the proof rests on a span in which delegations are not signed; then nothing is secure (RFC 5155 section 9.2).
    pub(crate) is_opt_out: bool,
    /// The places of the records that prove it.
    pub(crate) used: Vec<usize>,
}

/// How a name or type is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DenialKind {
    /// There is no such name.
    NoSuchName,
    /// The name is there and has these types.
    Matched(TypeBitmap),
    /// The name has no records, names below it do (RFC 4592 section 2.2.2).
    EmptyNonTerminal,
    /// There is no such name, and the wildcard that answers for it lacks the type.
    Wildcard,
    /// Nothing is known but that the name lies in an opt-out span.
    Unknown,
}

/// Whether a record at the very name asked for denies the type.
pub(crate) fn denies_type(types: &TypeBitmap, name: &Name, record_type: RecordType) -> bool {
    if types.contains(record_type) {
        return false;
    }
    if record_type == RecordType::DS {
        // RFC 4035 section 5.2, RFC 6840 section 4.4: with the SOA bit it is the child that speaks, which knows nothing of its DS.
        return !types.contains(RecordType::CNAME)
            && (!types.contains(RecordType::SOA) || name.label_count() == 0);
    }
    // RFC 6840 section 4.1 and 4.3: the parent knows nothing of the child's types, and an alias has every type.
    !types.is_delegation() && !types.contains(RecordType::CNAME) && record_type != RecordType::ANY
}

/// Whether a record at `owner` may say anything about names below it: not at a zone cut seen from above, nor where a DNAME record
/// stands (RFC 6840 section 4.1).
pub(crate) fn may_speak_of(owner: &Name, types: &TypeBitmap, name: &Name) -> bool {
    !name.is_below(owner) || !(types.is_delegation() || types.contains(RecordType::DNAME))
}
