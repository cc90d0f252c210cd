//! The canonical form of an RRset: what is signed (RFC 4034 section 6 and 3.1.8.1, RFC 6840 section 5.1).

use super::{Name, Record, RecordType, rdata::Rrsig, rrset::Rrset};

/// A part of a record's data, as far as names in it are concerned.
#[derive(Clone, Copy)]
enum Part {
    /// That many octets as they are.
    Octets(usize),
    /// A string with its length before it.
    String,
    /// A name, lowered.
    Name,
}

use Part::{Name as N, Octets as O, String as S};

/// The types in whose data names are lowered, with the parts of their data; whatever follows is left as it is.
///
/// RFC 4034 section 6.2, without NSEC (RFC 6840 section 5.1) and HINFO, which holds no name.
fn parts_of(record_type: RecordType) -> &'static [Part] {
    match record_type.0 {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR, NXT, DNAME
        2 | 3 | 4 | 5 | 7 | 8 | 9 | 12 | 30 | 39 => &[N],
        // SOA, MINFO, RP
        6 | 14 | 17 => &[N, N],
        // MX, AFSDB, RT, KX
        15 | 18 | 21 | 36 => &[O(2), N],
        // SIG, RRSIG
        24 | 46 => &[O(18), N],
        // PX
        26 => &[O(2), N, N],
        // SRV
        33 => &[O(6), N],
        // NAPTR
        35 => &[O(4), S, S, S, N],
        _ => &[],
    }
}

/// The data with its names lowered; malformed data as it is.
pub(crate) fn canonical_data(record_type: RecordType, data: &[u8]) -> Vec<u8> {
    lowered(parts_of(record_type), data).unwrap_or_else(|| data.to_vec())
}

fn lowered(parts: &[Part], data: &[u8]) -> Option<Vec<u8>> {
    let mut octets = data.to_vec();
    let mut start = 0;
    for part in parts {
        let rest = data.get(start..)?;
        start += match part {
            Part::Octets(count) => *count,
            Part::String => usize::from(*rest.first()?) + 1,
            Part::Name => {
                let (name, length) = Name::from_wire(rest).ok()?;
                octets
                    .get_mut(start..start + length)?
                    .copy_from_slice(name.as_wire());
                length
            }
        };
    }
    Some(octets)
}

/// What a signature of this RRset is made over; `None` if the signature claims more labels than the owner has.
pub(crate) fn signed_data(rrset: &Rrset<'_>, signature: &Rrsig) -> Option<Vec<u8>> {
    let labels = usize::from(signature.labels);
    let owner_labels = rrset.owner.signed_labels();
    let owner = if labels == owner_labels {
        rrset.owner.clone()
    } else if labels < owner_labels {
        // RFC 4035 section 5.3.2: it was made by a wildcard.
        rrset.owner.last_labels(labels).wildcard()?
    } else {
        return None;
    };
    let mut octets = signature.signed_part();
    let mut all: Vec<_> = rrset
        .records
        .iter()
        .map(|record| canonical_data(record.record_type, &record.data))
        .collect();
    // RFC 4034 section 6.3.
    all.sort_unstable();
    all.dedup();
    for data in all {
        octets.extend(owner.as_wire());
        octets.extend(rrset.record_type.0.to_be_bytes());
        octets.extend(super::CLASS_IN.to_be_bytes());
        octets.extend(signature.original_ttl.to_be_bytes());
        octets.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        octets.extend(data);
    }
    Some(octets)
}

/// A record with its data in canonical form, so that equal records are equal.
pub(crate) fn is_same(left: &Record, right: &Record) -> bool {
    left.owner == right.owner
        && left.record_type == right.record_type
        && canonical_data(left.record_type, &left.data) == canonical_data(right.record_type, &right.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_data_are_lowered_and_nothing_else() {
        assert_eq!(canonical_data(RecordType(15), b"AB\x01C\x00"), b"AB\x01c\x00");
        assert_eq!(
            canonical_data(RecordType(33), b"ABCDEF\x01G\x00"),
            b"ABCDEF\x01g\x00"
        );
        assert_eq!(
            canonical_data(RecordType(35), b"ABCD\x01U\x01V\x00\x01W\x00"),
            b"ABCD\x01U\x01V\x00\x01w\x00"
        );
        assert_eq!(
            canonical_data(RecordType(6), b"\x01A\x00\x01B\x00CDEF"),
            b"\x01a\x00\x01b\x00CDEF"
        );
    }

    #[test]
    fn names_of_newer_types_and_of_nsec_keep_their_case() {
        for record_type in [RecordType::NSEC, RecordType(64), RecordType(65), RecordType(13)] {
            assert_eq!(canonical_data(record_type, b"\x01A\x00"), b"\x01A\x00");
        }
    }

    #[test]
    fn malformed_data_is_left_as_it_is() {
        for data in [&b""[..], b"\x05A", b"A"] {
            assert_eq!(canonical_data(RecordType(15), data), data);
            assert_eq!(canonical_data(RecordType(35), data), data);
        }
    }
}
