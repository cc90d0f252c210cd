//! Takes special-purpose addresses from answers of the internet: protection against DNS rebinding.
//!
//! An outside name with an address of the home would let a web page or a MUD file reach into the home under that name. The hints
//! of HTTPS and SVCB records (RFC 9460 section 7.3) are addresses like any other.

use std::net::IpAddr;

use crate::validate::{Name, Record, RecordType};

/// SVCB and HTTPS (RFC 9460).
const SERVICE: [RecordType; 2] = [RecordType(64), RecordType(65)];

/// The keys of a service binding that count here (RFC 9460 section 14.3.2).
const MANDATORY: u16 = 0;
const IPV4_HINT: u16 = 4;
const IPV6_HINT: u16 = 6;

/// A record that must not be told at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forbidden;

/// What is left of a record's data without the addresses of the home; `None` if nothing has to be taken.
pub(crate) fn strip(
    record: &Record,
    is_home: &dyn Fn(IpAddr) -> bool,
) -> Result<Option<Box<[u8]>>, Forbidden> {
    if !SERVICE.contains(&record.record_type) {
        let found = addresses_in(record.record_type, &record.data);
        return if found.into_iter().any(is_home) {
            Err(Forbidden)
        } else {
            Ok(None)
        };
    }
    let Some((head, parameters)) = service(&record.data) else {
        return Ok(None);
    };
    let mut data = head.to_vec();
    let mut emptied = Vec::new();
    let mut stripped = false;
    for &(key, value) in &parameters {
        let kept: Vec<u8> = match width_of(key) {
            Some(width) => value
                .chunks(width)
                .filter(|chunk| !address_of(chunk).is_some_and(is_home))
                .collect::<Vec<_>>()
                .concat(),
            None => value.to_vec(),
        };
        stripped |= kept.len() < value.len();
        if kept.is_empty() && !value.is_empty() {
            emptied.push(key);
            continue;
        }
        data.extend(key.to_be_bytes());
        // It is no longer than it was.
        data.extend(u16::try_from(kept.len()).unwrap_or(0).to_be_bytes());
        data.extend(kept);
    }
    // RFC 9460 section 8: without a key that it calls mandatory, the record would be malformed.
    let demands = |key: &u16| {
        parameters.iter().any(|(parameter, value)| {
            *parameter == MANDATORY && value.chunks(2).any(|chunk| chunk == key.to_be_bytes())
        })
    };
    if emptied.iter().any(demands) {
        return Err(Forbidden);
    }
    Ok(stripped.then(|| data.into()))
}

/// The addresses that a record tells.
pub(crate) fn addresses_in(record_type: RecordType, data: &[u8]) -> Vec<IpAddr> {
    if record_type == RecordType::A || record_type == RecordType::AAAA {
        let width = if record_type == RecordType::A { 4 } else { 16 };
        return address_of(data)
            .filter(|_| data.len() == width)
            .into_iter()
            .collect();
    }
    if !SERVICE.contains(&record_type) {
        return Vec::new();
    }
    let Some((_, parameters)) = service(data) else {
        return Vec::new();
    };
    parameters
        .into_iter()
        .filter_map(|(key, value)| Some((width_of(key)?, value)))
        .flat_map(|(width, value)| value.chunks(width).filter_map(address_of))
        .collect()
}

/// How many octets each address of a hint has.
fn width_of(key: u16) -> Option<usize> {
    match key {
        IPV4_HINT => Some(4),
        IPV6_HINT => Some(16),
        _ => None,
    }
}

fn address_of(octets: &[u8]) -> Option<IpAddr> {
    let ipv4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    ipv4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

/// Priority and target of a service binding, and its parameters (RFC 9460 section 2.2).
type Service<'a> = (&'a [u8], Vec<(u16, &'a [u8])>);

fn service(data: &[u8]) -> Option<Service<'_>> {
    let (_, length) = Name::from_wire(data.get(2..)?).ok()?;
    let (head, mut rest) = data.split_at_checked(2 + length)?;
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        let (&[k0, k1, l0, l1], after) = rest.split_first_chunk()?;
        let (value, after) = after.split_at_checked(u16::from_be_bytes([l0, l1]).into())?;
        parameters.push((u16::from_be_bytes([k0, k1]), value));
        rest = after;
    }
    Some((head, parameters))
}

#[cfg(test)]
mod tests {
    use mudguard_policy::SpecialPurpose;

    use super::*;

    fn record(record_type: u16, data: &[u8]) -> Record {
        Record {
            owner: "a.example.".parse().unwrap(),
            record_type: RecordType(record_type),
            class: 1,
            ttl: 60,
            data: data.into(),
        }
    }

    fn address(text: &str) -> Record {
        match text.parse().unwrap() {
            IpAddr::V4(address) => record(1, &address.octets()),
            IpAddr::V6(address) => record(28, &address.octets()),
        }
    }

    fn hint(addresses: &[&str]) -> Vec<u8> {
        let octets = |text: &&str| address(text).data.to_vec();
        addresses.iter().flat_map(octets).collect()
    }

    fn https(parameters: &[(u16, Vec<u8>)]) -> Record {
        let mut data = vec![0, 1, 0];
        for (key, value) in parameters {
            data.extend(key.to_be_bytes());
            data.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            data.extend(value);
        }
        record(65, &data)
    }

    fn stripped(record: &Record) -> Result<Option<Record>, Forbidden> {
        let special = SpecialPurpose::default();
        let data = strip(record, &|address| special.reason(address).is_some())?;
        Ok(data.map(|data| Record {
            data,
            ..record.clone()
        }))
    }

    #[test]
    fn addresses_of_the_home_are_taken_and_others_stay() {
        for text in ["192.168.1.1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"] {
            assert_eq!(stripped(&address(text)), Err(Forbidden), "{text}");
        }
        for text in ["9.9.9.9", "2620:fe::9"] {
            assert_eq!(stripped(&address(text)), Ok(None), "{text}");
        }
    }

    #[test]
    fn hints_are_taken_like_addresses_and_an_empty_hint_is_left_out() {
        let service = https(&[
            (4, hint(&["10.0.0.1", "9.9.9.9"])),
            (6, hint(&["fe80::1"])),
            (1, b"\x02h2".to_vec()),
        ]);
        let expected = https(&[(4, hint(&["9.9.9.9"])), (1, b"\x02h2".to_vec())]);
        assert_eq!(stripped(&service), Ok(Some(expected)));
        assert_eq!(stripped(&https(&[(4, hint(&["9.9.9.9"]))])), Ok(None));
    }

    #[test]
    fn a_record_that_demands_an_emptied_hint_is_taken_whole() {
        let service = https(&[(0, vec![0, 4]), (4, hint(&["127.0.0.1"]))]);
        assert_eq!(stripped(&service), Err(Forbidden));
    }

    #[test]
    fn the_addresses_of_an_answer_include_its_hints() {
        let service = https(&[(4, hint(&["9.9.9.9"])), (6, hint(&["2620:fe::9"]))]);
        let expected: Vec<IpAddr> = vec!["9.9.9.9".parse().unwrap(), "2620:fe::9".parse().unwrap()];
        assert_eq!(addresses_in(service.record_type, &service.data), expected);
        assert_eq!(
            addresses_in(RecordType::A, &address("9.9.9.9").data),
            expected[..1]
        );
    }

    #[test]
    fn data_of_another_length_are_no_address() {
        for (record_type, data) in [(1, &[0; 16][..]), (28, &[0; 4]), (65, &[0, 1])] {
            assert!(addresses_in(RecordType(record_type), data).is_empty());
        }
    }
}
