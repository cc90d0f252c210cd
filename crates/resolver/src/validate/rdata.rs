//! The data of the record types that DNSSEC consists of (RFC 4034, RFC 5155). What is malformed is no record at all.

use super::{Name, RecordType};

/// The data of a DNSKEY record (RFC 4034 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dnskey {
    pub(crate) flags: u16,
    pub(crate) protocol: u8,
    pub(crate) algorithm: u8,
    pub(crate) public_key: Box<[u8]>,
    pub(crate) key_tag: u16,
}

impl Dnskey {
    const ZONE_KEY: u16 = 0x0100;
    const REVOKED: u16 = 0x0080;

    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (&[f0, f1, protocol, algorithm], public_key) = data.split_first_chunk::<4>()?;
        Some(Self {
            flags: u16::from_be_bytes([f0, f1]),
            protocol,
            algorithm,
            public_key: public_key.into(),
            key_tag: key_tag(data),
        })
    }

    /// Whether it may sign the records of its zone: Zone Key bit, protocol 3, not revoked (RFC 4034 section 2.1.1, RFC 5011
    /// section 2.1).
    pub(crate) fn may_sign(&self) -> bool {
        self.is_zone_key() && self.protocol == 3 && self.flags & Self::REVOKED == 0
    }

    pub(crate) fn is_zone_key(&self) -> bool {
        self.flags & Self::ZONE_KEY != 0
    }
}

/// The key tag of a DNSKEY record's data (RFC 4034 appendix B).
pub(crate) fn key_tag(data: &[u8]) -> u16 {
    let mut sum: u32 = 0;
    for (place, &octet) in data.iter().enumerate() {
        let value = u32::from(octet);
        // Data is at most 65535 octets long, so the sum stays below 2^31.
        sum = sum.wrapping_add(if place % 2 == 0 { value << 8 } else { value });
    }
    sum = sum.wrapping_add(sum >> 16);
    u16::try_from(sum & 0xffff).unwrap_or_default()
}

/// The data of a DS record (RFC 4034 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ds {
    pub(crate) key_tag: u16,
    pub(crate) algorithm: u8,
    pub(crate) digest_type: u8,
    pub(crate) digest: Box<[u8]>,
}

impl Ds {
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (&[t0, t1, algorithm, digest_type], digest) = data.split_first_chunk::<4>()?;
        Some(Self {
            key_tag: u16::from_be_bytes([t0, t1]),
            algorithm,
            digest_type,
            digest: digest.into(),
        })
    }
}

/// The data of an RRSIG record (RFC 4034 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rrsig {
    pub(crate) type_covered: RecordType,
    pub(crate) algorithm: u8,
    pub(crate) labels: u8,
    pub(crate) original_ttl: u32,
    pub(crate) expiration: u32,
    pub(crate) inception: u32,
    pub(crate) key_tag: u16,
    pub(crate) signer: Name,
    pub(crate) signature: Box<[u8]>,
}

impl Rrsig {
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (fixed, rest) = data.split_first_chunk::<18>()?;
        let &[
            c0,
            c1,
            algorithm,
            labels,
            o0,
            o1,
            o2,
            o3,
            e0,
            e1,
            e2,
            e3,
            i0,
            i1,
            i2,
            i3,
            t0,
            t1,
        ] = fixed;
        let (signer, length) = Name::from_wire(rest).ok()?;
        Some(Self {
            type_covered: RecordType(u16::from_be_bytes([c0, c1])),
            algorithm,
            labels,
            original_ttl: u32::from_be_bytes([o0, o1, o2, o3]),
            expiration: u32::from_be_bytes([e0, e1, e2, e3]),
            inception: u32::from_be_bytes([i0, i1, i2, i3]),
            key_tag: u16::from_be_bytes([t0, t1]),
            signer,
            signature: rest.get(length..)?.into(),
        })
    }

    /// The data without the signature, as it is signed (RFC 4034 section 3.1.8.1).
    pub(crate) fn signed_part(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(18 + self.signer.as_wire().len());
        octets.extend(self.type_covered.0.to_be_bytes());
        octets.extend([self.algorithm, self.labels]);
        octets.extend(self.original_ttl.to_be_bytes());
        octets.extend(self.expiration.to_be_bytes());
        octets.extend(self.inception.to_be_bytes());
        octets.extend(self.key_tag.to_be_bytes());
        octets.extend(self.signer.as_wire());
        octets
    }
}

/// The types that exist at a name (RFC 4034 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeBitmap(Box<[u8]>);

impl TypeBitmap {
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let (mut rest, mut least_window) = (octets, 0);
        while !rest.is_empty() {
            let (&[window, length], after) = rest.split_first_chunk::<2>()?;
            let is_usable = u16::from(window) >= least_window && (1..=32).contains(&length);
            rest = after.get(usize::from(length)..).filter(|_| is_usable)?;
            least_window = u16::from(window) + 1;
        }
        Some(Self(octets.into()))
    }

    pub(crate) fn contains(&self, record_type: RecordType) -> bool {
        let [wanted, low] = record_type.0.to_be_bytes();
        let mut rest: &[u8] = &self.0;
        while let Some((&[window, length], after)) = rest.split_first_chunk::<2>() {
            let Some((bits, after)) = after.split_at_checked(length.into()) else {
                return false;
            };
            if window == wanted {
                return bits
                    .get(usize::from(low / 8))
                    .is_some_and(|octet| octet & (0x80 >> (low % 8)) != 0);
            }
            rest = after;
        }
        false
    }

    /// Whether the name is a zone cut, seen from the parent (RFC 6840 section 4.1).
    pub(crate) fn is_delegation(&self) -> bool {
        self.contains(RecordType::NS) && !self.contains(RecordType::SOA)
    }
}

/// The data of an NSEC record (RFC 4034 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nsec {
    pub(crate) next: Name,
    pub(crate) types: TypeBitmap,
}

impl Nsec {
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (next, length) = Name::from_wire(data).ok()?;
        let types = TypeBitmap::parse(data.get(length..)?)?;
        Some(Self { next, types })
    }
}

/// The hash of a name; SHA-1 is the only one there is (RFC 5155 section 11).
pub(crate) type NameHash = [u8; 20];

/// The data of an NSEC3 record with a hash algorithm and flags that are known (RFC 5155 section 3, 8.1 and 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nsec3 {
    pub(crate) is_opt_out: bool,
    pub(crate) iterations: u16,
    pub(crate) salt: Box<[u8]>,
    pub(crate) next: NameHash,
    pub(crate) types: TypeBitmap,
}

impl Nsec3 {
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (&[algorithm, flags, i0, i1, salt_length], rest) = data.split_first_chunk::<5>()?;
        if algorithm != 1 || flags > 1 {
            return None;
        }
        let (salt, rest) = rest.split_at_checked(salt_length.into())?;
        let (&hash_length, rest) = rest.split_first()?;
        let (next, types) = rest.split_at_checked(hash_length.into())?;
        Some(Self {
            is_opt_out: flags == 1,
            iterations: u16::from_be_bytes([i0, i1]),
            salt: salt.into(),
            next: next.try_into().ok()?,
            types: TypeBitmap::parse(types)?,
        })
    }
}

/// The hash that an owner name of an NSEC3 record begins with: base32hex without padding (RFC 5155 section 3.3).
pub(crate) fn hash_of_owner(owner: &Name) -> Option<NameHash> {
    let label: &[u8; 32] = owner.labels().next()?.try_into().ok()?;
    let mut hash = NameHash::default();
    for (from, to) in label.chunks_exact(8).zip(hash.chunks_exact_mut(5)) {
        let mut bits: u64 = 0;
        for &octet in from {
            let value = match octet {
                b'0'..=b'9' => octet - b'0',
                b'a'..=b'v' => octet - b'a' + 10,
                _ => return None,
            };
            bits = bits << 5 | u64::from(value);
        }
        to.copy_from_slice(bits.to_be_bytes().get(3..)?);
    }
    Some(hash)
}

/// What a SOA record says of negative answers: the last number of its data (RFC 2308 section 4).
pub(crate) fn soa_minimum(data: &[u8]) -> Option<u32> {
    let (_, primary) = Name::from_wire(data).ok()?;
    let (_, mailbox) = Name::from_wire(data.get(primary..)?).ok()?;
    let numbers: &[u8; 20] = data.get(primary + mailbox..)?.try_into().ok()?;
    numbers.last_chunk().copied().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_owner_is_its_first_label() {
        // RFC 5155 appendix A: H(example).
        let owner: Name = "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.".parse().unwrap();
        let hash = hash_of_owner(&owner).unwrap();
        assert_eq!(hash[..4], [0x06, 0x53, 0x68, 0xab]);
        assert_eq!(hash_of_owner(&"0p9m.example.".parse().unwrap()), None);
        assert_eq!(
            hash_of_owner(&"wp9mhaveqvm6t7vbl5lop2u3t2rp3tom.".parse().unwrap()),
            None
        );
    }

    #[test]
    fn a_bitmap_says_which_types_exist() {
        // RFC 4034 section 4.3: A MX RRSIG NSEC TYPE1234.
        let mut octets = vec![0, 6, 0x40, 0x01, 0, 0, 0, 0x03, 4, 27];
        octets.extend([0; 26]);
        octets.push(0x20);
        let types = TypeBitmap::parse(&octets).unwrap();
        let there = [1, 15, 46, 47, 1234];
        for number in 0..2000 {
            assert_eq!(
                types.contains(RecordType(number)),
                there.contains(&number),
                "{number}"
            );
        }
    }

    #[test]
    fn a_malformed_bitmap_is_none() {
        let too_long = [&[0, 33][..], &[0; 33]].concat();
        for octets in [
            &[0][..],
            &[0, 0],
            &[0, 2, 1],
            &[1, 1, 1, 0, 1, 1],
            &[0, 1, 1, 0, 1, 1],
            &too_long,
        ] {
            assert_eq!(TypeBitmap::parse(octets), None, "{octets:?}");
        }
        assert!(TypeBitmap::parse(&[]).is_some());
    }

    #[test]
    fn truncated_data_is_no_record() {
        let data = [0; 17];
        for length in 0..data.len() {
            assert_eq!(Rrsig::parse(&data[..length]), None);
            assert_eq!(Nsec3::parse(&data[..length]), None);
        }
        assert_eq!(
            (
                Dnskey::parse(&[1, 0, 3]),
                Ds::parse(&[0, 0, 8]),
                Nsec::parse(&[1])
            ),
            (None, None, None)
        );
    }

    #[test]
    fn nsec3_records_with_other_hashes_or_flags_are_none() {
        let data = |algorithm, flags| [&[algorithm, flags, 0, 0, 0, 20][..], &[7; 20]].concat();
        assert!(Nsec3::parse(&data(1, 0)).is_some());
        assert!(Nsec3::parse(&data(1, 1)).is_some_and(|nsec3| nsec3.is_opt_out));
        assert_eq!(Nsec3::parse(&data(2, 0)), None);
        assert_eq!(Nsec3::parse(&data(1, 2)), None);
    }
}
