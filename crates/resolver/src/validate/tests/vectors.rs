//! Zones that BIND's dnssec-signzone signed, one for each algorithm: what this crate makes of records is what others make of them.
//!
//! The files hold a record a line: owner, TTL, type and data in hexadecimal; a comment holds the DS record. Names in them are written
//! in both cases, so that the canonical form shows. The signatures hold until 2037.

use super::{
    super::{
        Clock, Name, Record, RecordType, TrustAnchors,
        algorithm::is_digest_of,
        budget::Budget,
        rdata::{Dnskey, Ds, key_tag},
        rrset::rrsets_of,
        signature::{Zone, verify},
    },
    signer::NOW,
    zone::name,
};

const FILES: [(u8, &str); 5] = [
    (8, include_str!("signed/algorithm8.zone")),
    (10, include_str!("signed/algorithm10.zone")),
    (13, include_str!("signed/algorithm13.zone")),
    (14, include_str!("signed/algorithm14.zone")),
    (15, include_str!("signed/algorithm15.zone")),
];

fn octets(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn records(file: &str) -> Vec<Record> {
    file.lines()
        .filter(|line| !line.starts_with(';'))
        .map(|line| {
            let [owner, ttl, record_type, data] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            Record {
                owner: name(owner),
                record_type: RecordType(record_type.parse().unwrap()),
                class: 1,
                ttl: ttl.parse().unwrap(),
                data: octets(data).into(),
            }
        })
        .collect()
}

fn zone(records: &[Record]) -> Zone {
    let keys = records
        .iter()
        .filter(|record| record.record_type == RecordType::DNSKEY)
        .map(|record| Dnskey::parse(&record.data).unwrap());
    Zone {
        apex: name("example."),
        keys: keys.collect(),
    }
}

#[test]
fn every_set_that_bind_signed_is_verified() {
    for (algorithm, file) in FILES {
        let records = records(file);
        let zone = zone(&records);
        let mut verified = 0;
        for rrset in rrsets_of(&records) {
            let result = verify(&rrset, &zone, Clock::Valid(NOW), &mut Budget::new());
            assert!(
                result.is_ok(),
                "{algorithm}: {} {}: {result:?}",
                rrset.owner,
                rrset.record_type
            );
            verified += 1;
        }
        assert!(verified >= 30, "{algorithm}: {verified}");
    }
}

#[test]
fn no_set_with_a_changed_record_is_verified() {
    for (algorithm, file) in FILES {
        let mut records = records(file);
        let zone = zone(&records);
        for record in &mut records {
            if record.record_type != RecordType::RRSIG {
                *record.data.last_mut().unwrap() ^= 16;
            }
        }
        for rrset in rrsets_of(&records) {
            let result = verify(&rrset, &zone, Clock::Valid(NOW), &mut Budget::new());
            assert!(
                result.is_err(),
                "{algorithm}: {} {}",
                rrset.owner,
                rrset.record_type
            );
        }
    }
}

#[test]
fn the_case_of_names_counts_only_where_it_is_signed() {
    // RFC 4034 section 6.2: MX, SRV, NAPTR, RP and KX yes; HTTPS and NSEC no.
    let records = records(FILES[2].1);
    let zone = zone(&records);
    for (record_type, is_lowered) in [
        (15, true),
        (33, true),
        (35, true),
        (17, true),
        (36, true),
        (65, false),
    ] {
        let mut records = records.clone();
        for record in &mut records {
            if record.record_type == RecordType(record_type) {
                record.data.make_ascii_lowercase();
            }
        }
        let rrsets = rrsets_of(&records);
        let rrset = rrsets
            .iter()
            .find(|rrset| rrset.record_type == RecordType(record_type))
            .unwrap();
        let result = verify(rrset, &zone, Clock::Valid(NOW), &mut Budget::new());
        // NAPTR holds strings, too, whose case counts.
        assert_eq!(
            result.is_ok(),
            is_lowered && record_type != 35,
            "{record_type}: {result:?}"
        );
    }
}

#[test]
fn the_ds_record_that_bind_made_is_that_of_the_key() {
    for (algorithm, file) in FILES {
        let words: Vec<_> = file.lines().next().unwrap().split(' ').collect();
        let [_, owner, _, _, tag, number, digest_type, digest] = words[..] else {
            panic!("{words:?}")
        };
        let ds = Ds {
            key_tag: tag.parse().unwrap(),
            algorithm: number.parse().unwrap(),
            digest_type: digest_type.parse().unwrap(),
            digest: octets(digest).into(),
        };
        let records = records(file);
        let key = records
            .iter()
            .find(|record| record.record_type == RecordType::DNSKEY)
            .unwrap();
        assert_eq!((ds.algorithm, ds.key_tag), (algorithm, key_tag(&key.data)));
        assert!(is_digest_of(&ds, &name(owner), &key.data));
        assert!(!is_digest_of(&ds, &Name::root(), &key.data));
    }
}

#[test]
fn the_key_of_the_root_of_2017_is_the_one_that_is_shipped() {
    let key = ". IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";
    let anchors: TrustAnchors = key.parse().unwrap();
    let (_, anchor) = anchors.above(&Name::root()).unwrap();
    let shipped = TrustAnchors::root();
    let (_, shipped) = shipped.above(&Name::root()).unwrap();
    assert_eq!(key_tag(&anchor.keys[0]), 20326);
    assert!(
        shipped
            .ds
            .iter()
            .any(|ds| is_digest_of(ds, &Name::root(), &anchor.keys[0]))
    );
}

#[test]
fn truncated_keys_and_signatures_of_every_algorithm_are_refused() {
    for (_, file) in FILES {
        let records = records(file);
        for rrset in rrsets_of(&records).iter().take(2) {
            for length in [0, 1, 2, 3, 8, 31, 64, 100] {
                let mut zone = zone(&records);
                for key in &mut zone.keys {
                    key.public_key = key
                        .public_key
                        .iter()
                        .copied()
                        .take(length.min(key.public_key.len() - 1))
                        .collect();
                }
                assert!(verify(rrset, &zone, Clock::Valid(NOW), &mut Budget::new()).is_err());
                let mut rrset = rrset.clone();
                for signature in &mut rrset.signatures {
                    let whole = &signature.data.signature;
                    signature.data.signature =
                        whole.iter().copied().take(length.min(whole.len() - 1)).collect();
                }
                let zone = self::zone(&records);
                assert!(verify(&rrset, &zone, Clock::Valid(NOW), &mut Budget::new()).is_err());
            }
        }
    }
}
