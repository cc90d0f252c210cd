//! Texts of QR codes, good and wrong.

use super::*;

const LAMP: &str = "https://lighting.example.com/lamp";

/// The text of a code with these records.
fn code(records: &[&str]) -> Vec<u8> {
    let mut text = HEADER.to_vec();
    for record in records {
        text.extend(record.as_bytes());
        text.push(UNIT_SEPARATOR);
    }
    text.extend(END);
    text
}

fn parse(records: &[&str]) -> Result<QrCode, QrCodeError> {
    QrCode::parse(&code(records))
}

fn url(url: &str) -> String {
    format!("M180{url}")
}

#[test]
fn all_that_a_code_says_is_read() {
    let records = [
        "B000Example Lighting",
        "B001Lamp",
        "B002L-4711",
        "M06C0200-0000-00aB",
        "Z999 what nobody knows",
        &url(LAMP),
    ];
    let expected = QrCode {
        url: LAMP.parse().unwrap(),
        mac_address: Some(vec![2, 0, 0, 0, 0, 0xab]),
        company: Some("Example Lighting".to_owned()),
        product: Some("Lamp".to_owned()),
        model: Some("L-4711".to_owned()),
    };
    assert_eq!(parse(&records), Ok(expected.clone()));
    assert_eq!(
        QrCode::parse(&[&code(&records)[..], b"\r\n"].concat()),
        Ok(expected)
    );
}

#[test]
fn a_mud_url_is_enough() {
    let code = parse(&[&url(LAMP)]).unwrap();
    assert_eq!((code.company, code.mac_address), (None, None));
}

/// A query may tell one Thing from all others.
#[test]
fn the_query_is_left_out() {
    let code = parse(&[&url(&format!("{LAMP}?serial=4711&x=?"))]).unwrap();
    assert_eq!(code.url.as_str(), LAMP);
}

#[test]
fn what_stands_before_a_field_separator_is_forgotten() {
    let text = code(&["B000Other", "M06C020000000001", "\x1cB002Lamp", &url(LAMP)]);
    let read = QrCode::parse(&text).unwrap();
    assert_eq!((read.company, read.mac_address), (None, None));
    assert_eq!(read.model.as_deref(), Some("Lamp"));
    let second = format!("\x1c{}B002Second", String::from_utf8_lossy(HEADER));
    let read = parse(&[&url(LAMP), &second, &url("https://other.example.com/")]).unwrap();
    assert_eq!((read.url.as_str(), read.model), (LAMP, None));
}

#[test]
fn mac_addresses_are_read_in_each_writing() {
    for (text, octets) in [
        ("02:00:00:00:00:AB", 6),
        ("0200.0000.00ab", 6),
        ("02-00-00-ff-fe-00-00-01", 8),
    ] {
        let code = parse(&[&url(LAMP), &format!("M06C{text}")]).unwrap();
        assert_eq!(code.mac_address.map(|mac| mac.len()), Some(octets), "{text}");
    }
    for text in [
        "",
        "0200000000",
        "02000000000g",
        "0200000000001",
        "02000000000000000000",
    ] {
        let refused = parse(&[&url(LAMP), &format!("M06C{text}")]);
        assert_eq!(refused, Err(QrCodeError::MacAddress), "{text}");
    }
}

#[test]
fn names_cannot_steer_a_terminal() {
    let code = parse(&[&url(LAMP), "B000\u{1b}[31mL\u{e4}mp\u{202e}", "B001\u{7}"]).unwrap();
    assert_eq!(code.company.as_deref(), Some("[31mLmp"));
    assert_eq!(code.product, None);
}

#[test]
fn other_codes_are_told_apart() {
    for text in [
        "",
        "https://lighting.example.com/lamp",
        "WIFI:S:home;;",
        "[)>\x1e05\x1d12N",
    ] {
        assert_eq!(
            QrCode::parse(text.as_bytes()),
            Err(QrCodeError::OtherKind),
            "{text}"
        );
    }
}

#[test]
fn a_code_that_is_cut_anywhere_is_refused() {
    let whole = code(&["B000Example", &url(LAMP)]);
    for length in 0..whole.len() {
        assert!(QrCode::parse(&whole[..length]).is_err(), "{length}");
    }
    assert_eq!(QrCode::parse(&[b'x'; MAX_LENGTH + 1]), Err(QrCodeError::TooLong));
}

#[test]
fn records_that_contradict_or_lack_something_are_refused() {
    assert_eq!(parse(&[]), Err(QrCodeError::NoUrl));
    assert_eq!(parse(&["B000Example"]), Err(QrCodeError::NoUrl));
    assert_eq!(parse(&[&url(LAMP), &url(LAMP)]), Err(QrCodeError::Twice("M180")));
    assert_eq!(parse(&[&url(LAMP), "B0"]), Err(QrCodeError::Record));
    for (text, reason) in [
        ("", MudUrlError::Empty),
        ("http://lighting.example.com/lamp", MudUrlError::NotHttps),
        ("https://lighting.example.com/l\u{e4}mp", MudUrlError::NotAscii),
        ("https://lighting.example.com/\x1dlamp", MudUrlError::NotAscii),
        ("https://192.0.2.1/lamp", MudUrlError::AddressLiteral),
    ] {
        assert_eq!(parse(&[&url(text)]), Err(QrCodeError::Url(reason)), "{text}");
    }
}
