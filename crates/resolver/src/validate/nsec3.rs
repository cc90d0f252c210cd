//! Proofs by NSEC3 records (RFC 5155 section 8, RFC 9276). The records are verified already.

use ring::digest;

use super::{
    Name, RecordType,
    budget::{Budget, Exhausted},
    denial::{Denial, DenialKind, denies_type},
    rdata::{NameHash, Nsec3},
};

/// A verified NSEC3 record of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nsec3At {
    pub(crate) owner: NameHash,
    pub(crate) data: Nsec3,
}

impl Nsec3At {
    fn covers(&self, hash: &NameHash) -> bool {
        let (owner, next) = (&self.owner, &self.data.next);
        if owner < next {
            owner < hash && hash < next
        } else {
            // The last one leads back to the first; the only one covers everything else.
            owner < hash || hash < next
        }
    }
}

/// The hash of a name (RFC 5155 section 5).
pub(crate) fn hash(
    name: &Name,
    iterations: u16,
    salt: &[u8],
    budget: &mut Budget,
) -> Result<NameHash, Exhausted> {
    // SHA-1 works in blocks of 64 octets, with at least 9 octets at the end.
    let blocks = |length: usize| u32::try_from((length + salt.len() + 8) / 64 + 1).unwrap_or(u32::MAX);
    let count = blocks(name.as_wire().len()).saturating_add(u32::from(iterations) * blocks(20));
    budget.spend_hash_blocks(count)?;
    let mut hash = digest_of(name.as_wire(), salt);
    for _ in 0..iterations {
        hash = digest_of(&hash, salt);
    }
    Ok(hash)
}

fn digest_of(octets: &[u8], salt: &[u8]) -> NameHash {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(octets);
    context.update(salt);
    let digest = context.finish();
    // SHA-1 has 20 octets.
    digest.as_ref().try_into().unwrap_or_default()
}

/// The records of one chain of a zone, and the hashes that were computed for it.
struct Chain<'a> {
    records: &'a [Nsec3At],
    iterations: u16,
    salt: &'a [u8],
    budget: &'a mut Budget,
}

impl<'a> Chain<'a> {
    /// The chain of the first record. Records with other parameters belong to another chain and are not looked at (RFC 5155 section
    /// 8.2).
    fn new(records: &'a [Nsec3At], budget: &'a mut Budget) -> Option<Self> {
        let first = &records.first()?.data;
        Some(Self {
            records,
            iterations: first.iterations,
            salt: &first.salt,
            budget,
        })
    }

    fn hash(&mut self, name: &Name) -> Result<NameHash, Exhausted> {
        hash(name, self.iterations, self.salt, self.budget)
    }

    fn find(&self, wanted: impl Fn(&Nsec3At) -> bool) -> Option<(usize, &'a Nsec3At)> {
        self.records.iter().enumerate().find(|(_, record)| {
            record.data.iterations == self.iterations && *record.data.salt == *self.salt && wanted(record)
        })
    }

    fn matching(&mut self, name: &Name) -> Result<Option<(usize, &'a Nsec3At)>, Exhausted> {
        let hash = self.hash(name)?;
        Ok(self.find(|record| record.owner == hash))
    }

    fn covering(&mut self, name: &Name) -> Result<Option<(usize, &'a Nsec3At)>, Exhausted> {
        let hash = self.hash(name)?;
        Ok(self.find(|record| record.covers(&hash)))
    }
}

/// Tells what these records of a zone prove about a name and type in it.
pub(crate) fn deny(
    name: &Name,
    record_type: RecordType,
    apex: &Name,
    records: &[Nsec3At],
    budget: &mut Budget,
) -> Result<Option<Denial>, Exhausted> {
    let Some(mut chain) = Chain::new(records, budget) else {
        return Ok(None);
    };
    let denial = |kind, is_opt_out, used| {
        Ok(Some(Denial {
            kind,
            is_opt_out,
            used,
        }))
    };
    if let Some((place, matching)) = chain.matching(name)? {
        let types = &matching.data.types;
        if denies_type(types, name, record_type) {
            return denial(DenialKind::Matched(types.clone()), false, vec![place]);
        }
        return Ok(None);
    }
    // The closest name above that exists (RFC 5155 section 8.3), and the name below it that does not.
    let mut found = None;
    for count in (apex.label_count()..name.label_count()).rev() {
        if let Some(matching) = chain.matching(&name.last_labels(count))? {
            found = Some((count, matching));
            break;
        }
    }
    let Some((count, (encloser, matching))) = found else {
        return Ok(None);
    };
    if matching.data.types.is_delegation() || matching.data.types.contains(RecordType::DNAME) {
        return Ok(None);
    }
    let Some((next_closer, covering)) = chain.covering(&name.last_labels(count + 1))? else {
        return Ok(None);
    };
    let is_opt_out = covering.data.is_opt_out;
    let used = |others: &[usize]| [&[encloser, next_closer], others].concat();
    if is_opt_out && record_type == RecordType::DS {
        return denial(DenialKind::Unknown, true, used(&[]));
    }
    let Some(wildcard) = name.last_labels(count).wildcard() else {
        return Ok(None);
    };
    if let Some((place, matching)) = chain.matching(&wildcard)? {
        if denies_type(&matching.data.types, &wildcard, record_type) {
            return denial(DenialKind::Wildcard, is_opt_out, used(&[place]));
        }
        return Ok(None);
    }
    if let Some((place, _)) = chain.covering(&wildcard)? {
        return denial(DenialKind::NoSuchName, is_opt_out, used(&[place]));
    }
    if is_opt_out {
        // RFC 5155 section 7.1: an empty non-terminal above unsigned delegations only may have no record.
        return denial(DenialKind::Unknown, true, used(&[]));
    }
    Ok(None)
}

/// Whether these records prove that no name closer than the wildcard with that many labels above it stands for this name (RFC 5155
/// section 8.8): the place of the record that does, and whether it has the Opt-Out flag.
pub(crate) fn deny_closer(
    name: &Name,
    labels: usize,
    records: &[Nsec3At],
    budget: &mut Budget,
) -> Result<Option<(usize, bool)>, Exhausted> {
    let Some(mut chain) = Chain::new(records, budget) else {
        return Ok(None);
    };
    let covering = chain.covering(&name.last_labels(labels + 1))?;
    Ok(covering.map(|(place, record)| (place, record.data.is_opt_out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hashed_as_rfc_5155_says() {
        let hash = |name: &str| {
            hash(
                &name.parse().unwrap(),
                12,
                b"\xaa\xbb\xcc\xdd",
                &mut Budget::new(),
            )
            .unwrap()
        };
        for (name, owner) in [
            ("example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom."),
            ("a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl."),
            ("*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en."),
        ] {
            let owner = super::super::rdata::hash_of_owner(&owner.parse().unwrap()).unwrap();
            assert_eq!(hash(name), owner, "{name}");
        }
    }

    #[test]
    fn hashing_is_paid_in_blocks() {
        let mut budget = Budget::new();
        hash(&Name::root(), 0, b"", &mut budget).unwrap();
        assert_eq!(budget.spent().hash_blocks, 1);
        hash(&Name::root(), 150, &[0; 35], &mut budget).unwrap();
        // 20 + 35 octets fit into one block with the end, 20 + 36 do not.
        assert_eq!(budget.spent().hash_blocks, 1 + 151);
        hash(&Name::root(), 10, &[0; 36], &mut budget).unwrap();
        assert_eq!(budget.spent().hash_blocks, 1 + 151 + 1 + 20);
    }

    #[test]
    fn records_of_two_chains_prove_nothing_together() {
        // The next hash is the one after its own, or its own, and then it covers every other name.
        let at = |name: &str, salt: &[u8], covers_all: bool| {
            let owner = hash(&name.parse().unwrap(), 0, salt, &mut Budget::new()).unwrap();
            let mut next = owner;
            next[19] = next[19].wrapping_add(u8::from(!covers_all));
            let data = [&[1, 0, 0, 0, 1][..], salt, &[20], &next, &[0, 1, 0x02]].concat();
            let data = Nsec3::parse(&data).unwrap();
            Nsec3At { owner, data }
        };
        let (name, apex) = ("x.a.".parse().unwrap(), "a.".parse().unwrap());
        let denies = |records: &[Nsec3At]| {
            deny(&name, RecordType::A, &apex, records, &mut Budget::new())
                .unwrap()
                .is_some()
        };
        assert!(denies(&[at("a.", b"s", true)]));
        assert!(!denies(&[at("a.", b"s", false)]));
        assert!(denies(&[at("a.", b"s", false), at("b.", b"s", true)]));
        assert!(!denies(&[at("a.", b"s", false), at("b.", b"t", true)]));
    }
}
