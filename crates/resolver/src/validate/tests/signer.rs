//! A signer for tests, with keys made at run time. It shares no code with what it tests but names and records.

use ring::{
    digest,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    },
};

use super::super::{Name, Record, RecordType};

/// The time at which tests take place, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// When signatures begin to hold, and when they end, if nothing else is said.
pub(super) const DATES: (u32, u32) = (1_799_990_000, 1_800_010_000);

/// A key of a zone.
pub(super) struct Key {
    pair: Pair,
    pub(super) flags: u16,
    pub(super) protocol: u8,
    /// What the DNSKEY and RRSIG records say, which may be a lie.
    pub(super) algorithm: u8,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// What an RRSIG record says beside what it covers.
#[derive(Clone)]
pub(super) struct SignatureFields {
    pub(super) signer: Name,
    pub(super) dates: (u32, u32),
    pub(super) original_ttl: u32,
    /// The labels, if not those of the owner.
    pub(super) labels: Option<u8>,
}

impl Key {
    /// A key with flags 257 for algorithm 13, 14 or 15; others say they are what they are not.
    pub(super) fn new(algorithm: u8) -> Self {
        let ecdsa = |scheme: &'static EcdsaSigningAlgorithm| {
            let document = EcdsaKeyPair::generate_pkcs8(scheme, &SystemRandom::new()).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(scheme, document.as_ref(), &SystemRandom::new());
            Pair::Ecdsa(pair.unwrap())
        };
        let pair = match algorithm {
            14 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            15 => {
                let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
            }
            _ => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        };
        Self {
            pair,
            flags: 257,
            protocol: 3,
            algorithm,
        }
    }

    /// The data of its DNSKEY record.
    pub(super) fn data(&self) -> Vec<u8> {
        let public_key = match &self.pair {
            Pair::Ecdsa(pair) => &pair.public_key().as_ref()[1..],
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
        };
        let mut data = self.flags.to_be_bytes().to_vec();
        data.extend([self.protocol, self.algorithm]);
        data.extend(public_key);
        data
    }

    /// Its key tag: the sum of the octets taken in pairs, with carry (RFC 4034 appendix B).
    pub(super) fn tag(&self) -> u16 {
        let mut data = self.data();
        data.resize(data.len().next_multiple_of(2), 0);
        let sum: u32 = data
            .chunks(2)
            .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
            .sum();
        ((sum + (sum >> 16)) & 0xffff) as u16
    }

    /// The data of a DS record for it with this digest type.
    pub(super) fn ds(&self, owner: &Name, digest_type: u8) -> Vec<u8> {
        let algorithm = match digest_type {
            1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            4 => &digest::SHA384,
            _ => &digest::SHA256,
        };
        let mut data = self.tag().to_be_bytes().to_vec();
        data.extend([self.algorithm, digest_type]);
        data.extend(digest::digest(algorithm, &[owner.as_wire(), &self.data()].concat()).as_ref());
        data
    }

    /// The RRSIG record for these records, which have one owner and type.
    pub(super) fn sign(&self, records: &[Record], fields: &SignatureFields) -> Record {
        let first = &records[0];
        let is_wildcard = first.owner.labels().next() == Some(b"*");
        let owner_labels = first.owner.label_count() - usize::from(is_wildcard);
        let labels = fields.labels.unwrap_or(owner_labels as u8);
        let mut data = first.record_type.0.to_be_bytes().to_vec();
        data.extend([self.algorithm, labels]);
        data.extend(fields.original_ttl.to_be_bytes());
        data.extend(fields.dates.1.to_be_bytes());
        data.extend(fields.dates.0.to_be_bytes());
        data.extend(self.tag().to_be_bytes());
        data.extend(fields.signer.as_wire());
        let mut message = data.clone();
        let mut sorted: Vec<_> = records.iter().map(|record| record.data.clone()).collect();
        sorted.sort();
        for octets in sorted {
            message.extend(first.owner.as_wire());
            message.extend(first.record_type.0.to_be_bytes());
            message.extend([0, 1]);
            message.extend(fields.original_ttl.to_be_bytes());
            message.extend((octets.len() as u16).to_be_bytes());
            message.extend(octets);
        }
        match &self.pair {
            Pair::Ecdsa(pair) => data.extend(pair.sign(&SystemRandom::new(), &message).unwrap().as_ref()),
            Pair::Ed25519(pair) => data.extend(pair.sign(&message).as_ref()),
        }
        Record {
            owner: first.owner.clone(),
            record_type: RecordType::RRSIG,
            class: 1,
            ttl: fields.original_ttl,
            data: data.into(),
        }
    }
}
