//! Between the records of the DNS library and those of the validator.
//!
//! Without its own validator the library reads signatures and the like as data of unknown types, octet by octet, which is what a
//! validator wants.

use hickory_proto::{
    rr::Record,
    serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding},
};

use crate::validate;

/// A record for the validator; `None` if it cannot be written.
pub(crate) fn record_for_validator(record: &Record) -> Option<validate::Record> {
    let (owner, _) = validate::Name::from_wire(&octets_of(&record.name)?).ok()?;
    Some(validate::Record {
        owner,
        record_type: validate::RecordType(record.record_type().into()),
        class: record.dns_class.into(),
        ttl: record.ttl,
        data: octets_of(&record.data)?.into(),
    })
}

/// A record of the validator, with this TTL.
pub(crate) fn record_of_validator(record: &validate::Record, ttl: u32) -> Option<Record> {
    let mut octets = record.owner.as_wire().to_vec();
    octets.extend(record.record_type.0.to_be_bytes());
    octets.extend(record.class.to_be_bytes());
    octets.extend(ttl.to_be_bytes());
    octets.extend(u16::try_from(record.data.len()).ok()?.to_be_bytes());
    octets.extend(&*record.data);
    Record::read(&mut BinDecoder::new(&octets)).ok()
}

/// The wire form without compression.
fn octets_of(part: &impl BinEncodable) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    part.emit(&mut encoder).ok()?;
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of each form that matters: owner, type, data.
    fn records() -> Vec<validate::Record> {
        let data: [(u16, &[u8]); 15] = [
            (1, &[192, 0, 2, 1]),
            (5, b"\x03WwW\x07Example\x00"),
            (6, b"\x01A\x07Example\x00\x01B\x07Example\x00\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05"),
            (15, b"\x00\x0a\x04Mail\x07Example\x00"),
            (16, b"\x03Abc\x00\x02de"),
            (28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            (33, b"\x00\x01\x00\x02\x00\x03\x03Sip\x07Example\x00"),
            (35, b"\x00\x01\x00\x02\x01U\x03E2U\x00\x04Next\x00"),
            (39, b"\x05Other\x00"),
            (43, b"\x12\x34\x0d\x02abcdefghijklmnopqrstuvwxyz012345"),
            (46, b"\x00\x01\x0d\x02\x00\x00\x0e\x10\x65\x53\xf1\x00\x60\x53\xf1\x00\x12\x34\x07Example\x00signature"),
            (47, b"\x01B\x07Example\x00\x00\x06\x40\x00\x00\x00\x00\x03"),
            (50, b"\x01\x00\x00\x00\x04salt\x14abcdefghijklmnopqrst\x00\x06\x40\x00\x00\x00\x00\x02"),
            (65, b"\x00\x01\x03Svc\x00\x00\x01\x00\x03\x02h2\x00\x04\x00\x04\xc0\x00\x02\x01"),
            (65280, b"ABCD"),
        ];
        data.into_iter()
            .map(|(number, data)| validate::Record {
                owner: "a.example.".parse().unwrap(),
                record_type: validate::RecordType(number),
                class: 1,
                ttl: 60,
                data: data.into(),
            })
            .collect()
    }

    #[test]
    fn no_octet_of_a_record_is_lost_on_the_way_through_the_library() {
        for record in records() {
            let there = record_of_validator(&record, 60).unwrap();
            assert_eq!(
                record_for_validator(&there),
                Some(record.clone()),
                "{}",
                record.record_type
            );
        }
    }
}
