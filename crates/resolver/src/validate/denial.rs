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

#[cfg(test)]
mod tests {
    use super::*;

    fn types(present: &[RecordType]) -> TypeBitmap {
        let mut bits = [0_u8; 32];
        for RecordType(number) in present {
            bits[usize::from(number / 8)] |= 0x80 >> (number % 8);
        }
        TypeBitmap::parse(&[&[0, 32][..], &bits].concat()).unwrap()
    }

    fn denies(name: &str, present: &[RecordType], record_type: RecordType) -> bool {
        denies_type(&types(present), &name.parse().unwrap(), record_type)
    }

    #[test]
    fn only_the_parent_denies_a_ds_record() {
        use RecordType as T;
        assert!(denies("a.", &[T::NS], T::DS));
        assert!(denies("a.", &[T::A], T::DS));
        assert!(!denies("a.", &[T::NS, T::SOA], T::DS));
        assert!(!denies("a.", &[T::NS, T::DS], T::DS));
        // The root has no parent.
        assert!(denies(".", &[T::NS, T::SOA], T::DS));
    }

    #[test]
    fn only_the_child_denies_other_types() {
        use RecordType as T;
        assert!(!denies("a.", &[T::NS], T::A));
        assert!(denies("a.", &[T::NS, T::SOA], T::A));
        assert!(!denies("a.", &[T::NS, T::SOA], T::ANY));
    }

    #[test]
    fn a_zone_cut_and_a_dname_say_nothing_of_names_below() {
        use RecordType as T;
        let (owner, below) = ("a.".parse().unwrap(), "b.a.".parse().unwrap());
        for (present, may) in [
            (&[T::NS][..], false),
            (&[T::DNAME], false),
            (&[T::NS, T::SOA], true),
            (&[T::A], true),
        ] {
            assert_eq!(may_speak_of(&owner, &types(present), &below), may, "{present:?}");
            assert!(may_speak_of(&below, &types(present), &owner));
        }
    }
}
