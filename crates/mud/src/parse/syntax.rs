//! Texts with a syntax of their own: dates (RFC 6991 `date-and-time`), URIs (RFC 3986), base64 (RFC 4648).

use jiff::Timestamp;

use super::{Reader, place::Place, quote};
use crate::Code;

impl Reader<'_> {
    /// A `date-and-time`.
    pub(super) fn date(&mut self, place: &Place<'_>) -> Option<Timestamp> {
        let text = self.text(place)?;
        let hint = "write it as 2026-01-31T13:45:00+01:00";
        let timestamp = match date_shape(text) {
            Some(Offset::Given) => text.parse().ok(),
            Some(Offset::Absent) => {
                let message = format!("{} has no offset and was read as UTC", quote(text));
                self.deviate(place, Code::DateWithoutOffset, message, hint);
                format!("{text}Z").parse().ok()
            }
            None => None,
        };
        if timestamp.is_none() {
            self.bad(
                place,
                Code::NotADate,
                format!("{} is no date and time with an offset", quote(text)),
                hint,
            );
        }
        timestamp
    }

    /// A URI with one of these schemes, or any if none is named.
    pub(super) fn uri(&mut self, place: &Place<'_>, schemes: &[&str]) -> Option<String> {
        let text = self.text(place)?;
        let allowed =
            |scheme: &str| schemes.is_empty() || schemes.iter().any(|one| scheme.eq_ignore_ascii_case(one));
        if is_uri_reference(text) && scheme(text).is_some_and(allowed) {
            return Some(text.to_owned());
        }
        let hint = match schemes {
            [] => "write a URI with its scheme".to_owned(),
            schemes => format!("write a URI with one of the schemes {}", schemes.join(", ")),
        };
        self.bad(
            place,
            Code::NotAUri,
            format!("{} is no URI as it is asked for here", quote(text)),
            hint,
        );
        None
    }

    /// A URI, absolute or relative.
    pub(super) fn uri_reference(&mut self, place: &Place<'_>) -> Option<String> {
        let text = self.text(place)?;
        if !text.is_empty() && is_uri_reference(text) {
            return Some(text.to_owned());
        }
        self.bad(
            place,
            Code::NotAUri,
            format!("{} is no URI", quote(text)),
            "write a URI in ASCII (RFC 3986)",
        );
        None
    }
}

enum Offset {
    Given,
    Absent,
}

/// Whether a text looks like a `date-and-time`, up to its offset.
fn date_shape(text: &str) -> Option<Offset> {
    let fits = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(octet, form)| match form {
                b'0' => octet.is_ascii_digit(),
                form => octet == form,
            })
    };
    let (start, rest) = text.as_bytes().split_at_checked(19)?;
    if !fits(start, b"0000-00-00T00:00:00") {
        return None;
    }
    let offset = match rest.split_first() {
        Some((b'.', rest)) => {
            let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            rest.get(digits..)?
        }
        _ => rest,
    };
    match offset {
        [] => Some(Offset::Absent),
        [b'Z'] => Some(Offset::Given),
        [b'+' | b'-', hours @ ..] => fits(hours, b"00:00").then_some(Offset::Given),
        _ => None,
    }
}

/// Whether a text holds only what a URI may hold.
fn is_uri_reference(text: &str) -> bool {
    let octets = text.as_bytes();
    octets.iter().enumerate().all(|(at, octet)| match octet {
        b'%' => octets
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        octet => octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(octet),
    })
}

/// The scheme of a URI, if it has one and something after it.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let inside = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
    let is_scheme =
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(inside);
    (is_scheme && !rest.is_empty()).then_some(scheme)
}

/// The octets that base64 stands for; padding must be right and no bit may be left over.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let sextet = |octet: u8| match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text
        .strip_suffix("==")
        .or_else(|| text.strip_suffix('='))
        .unwrap_or(text);
    let mut octets = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in digits.bytes() {
        held = held << 6 | u32::from(sextet(digit)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_only_in_its_canonical_form() {
        for (text, octets) in [
            ("", Some(&b""[..])),
            ("TQ==", Some(b"M")),
            ("TWE=", Some(b"Ma")),
            ("TWFu", Some(b"Man")),
            ("AgQFtA==", Some(&[2, 4, 5, 0xb4])),
            ("TR==", None),
            ("TQ", None),
            ("T===", None),
            ("TQ=a", None),
            ("T Fu", None),
        ] {
            assert_eq!(base64(text).as_deref(), octets, "{text}");
        }
    }

    #[test]
    fn uris_are_ascii_and_well_escaped() {
        for (text, is_uri) in [
            ("https://example.com/a?b=c#d", true),
            ("light.p7s", true),
            ("a%2Fb", true),
            ("a%2", false),
            ("a%zz", false),
            ("a b", false),
            ("b\u{fc}cher", false),
            ("<a>", false),
        ] {
            assert_eq!(is_uri_reference(text), is_uri, "{text}");
        }
        assert_eq!(scheme("urn:ietf:params:mud:dns"), Some("urn"));
        for text in ["", "a", ":a", "1a:b", "a:", "a/b:c"] {
            assert_eq!(scheme(text), None, "{text}");
        }
    }
}
