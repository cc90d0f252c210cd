//! Tests of what is read in a designation.

use super::*;

type Parameters<'a> = &'a [(u16, &'a [u8])];

/// A record as RFC 9460 section 2.2 writes it.
fn record(priority: u16, target: &str, parameters: Parameters<'_>) -> Record {
    let target: Name = target.parse().unwrap();
    let mut data = priority.to_be_bytes().to_vec();
    data.extend(target.as_wire());
    for (key, value) in parameters {
        data.extend(key.to_be_bytes());
        data.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        data.extend(*value);
    }
    Record {
        owner: question().unwrap().name,
        record_type: SVCB,
        class: 1,
        ttl: 300,
        data: data.into(),
    }
}

fn hosts(records: &[Record]) -> Vec<(String, Protocol, u16)> {
    let ways = read(records).0.into_iter();
    ways.map(|way| (way.host(), way.protocol, way.port)).collect()
}

#[test]
fn the_preferred_way_comes_first_and_tls_before_https() {
    let records = [
        record(2, "second.example.", &[(1, b"\x03dot")]),
        record(
            1,
            "first.example.",
            &[(1, b"\x02h2\x03dot"), (3, &[0x21, 0x05]), (7, b"/q{?dns}")],
        ),
    ];
    assert_eq!(
        hosts(&records),
        [
            ("first.example".to_owned(), Protocol::Tls, 8453),
            ("first.example".to_owned(), Protocol::Https("/q".to_owned()), 8453),
            ("second.example".to_owned(), Protocol::Tls, 853),
        ]
    );
    assert_eq!(read(&records).1, Some(300));
}

#[test]
fn what_we_cannot_do_is_no_way() {
    let cases: [(u16, &str, Parameters<'_>); 7] = [
        (0, "alias.example.", &[]),
        (1, ".", &[(1, b"\x03dot")]),
        (1, "quic.example.", &[(1, b"\x03doq")]),
        (1, "pathless.example.", &[(1, b"\x02h2")]),
        (1, "strange.example.", &[(0, &[0xff, 0]), (1, b"\x03dot")]),
        (1, "cut.example.", &[(1, b"\x09dot")]),
        (1, "path.example.", &[(1, b"\x02h2"), (7, b"q{?dns}")]),
    ];
    for (priority, target, parameters) in cases {
        assert_eq!(hosts(&[record(priority, target, parameters)]), [], "{target}");
    }
}

#[test]
fn records_of_other_names_say_nothing() {
    let mut other = record(1, "dns.example.", &[(1, b"\x03dot")]);
    other.owner = "_dns.example.".parse().unwrap();
    assert_eq!(read(&[other]), (Vec::new(), None));
}

#[test]
fn addresses_that_come_with_a_way_are_asked_first() {
    let hint = record(1, "dns.example.", &[(1, b"\x03dot"), (4, &[192, 0, 2, 1])]);
    let (ways, _) = read(&[hint]);
    let more = ["192.0.2.2".parse().unwrap(), "192.0.2.1".parse().unwrap()];
    let places = ["192.0.2.1:853", "192.0.2.2:853"].map(|text| text.parse().unwrap());
    assert_eq!(ways[0].places(&more), places);
}

#[test]
fn no_data_is_too_short_to_be_read() {
    let whole = record(
        1,
        "dns.example.",
        &[
            (0, &[0, 1]),
            (1, b"\x02h2\x03dot"),
            (3, &[1, 2]),
            (6, &[1; 16]),
            (7, b"/{?dns}"),
        ],
    );
    for length in 0..whole.data.len() {
        let mut cut = whole.clone();
        cut.data = whole.data[..length].into();
        read(&[cut]);
    }
}

#[test]
fn only_an_address_of_this_house_needs_no_proof() {
    for text in [
        "192.168.1.1",
        "10.0.0.1",
        "172.16.0.1",
        "169.254.1.1",
        "fd00::1",
        "fe80::1",
        "::1",
    ] {
        assert!(is_private(text.parse().unwrap()), "{text}");
    }
    for text in [
        "192.0.2.1",
        "100.64.0.1",
        "2001:db8::1",
        "172.32.0.1",
        "224.0.0.1",
    ] {
        assert!(!is_private(text.parse().unwrap()), "{text}");
    }
}
