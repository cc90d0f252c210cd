//! The MUD string: `mudurl [ SP reserved ]` (RFC 8520 sections 10 and 12).

use mudguard_mud::{MudUrl, MudUrlError};

use crate::SightedUrl;

/// The most octets of a MUD string, the reserved part included.
pub const MAX_LENGTH: usize = 255;

/// What a message says about its MUD URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MudString {
    /// Nothing.
    #[default]
    Absent,
    /// One string, which may be too long.
    Once(Vec<u8>),
    /// More than one, where there may be one (RFC 8520 sections 10.1 and 12).
    Twice,
}

impl MudString {
    /// Takes a string that was found.
    pub(super) fn take(&mut self, octets: &[u8]) {
        *self = match self {
            // One octet more than may be, so that a longer one is recognised.
            Self::Absent => Self::Once(octets.iter().take(MAX_LENGTH + 1).copied().collect()),
            Self::Once(_) | Self::Twice => Self::Twice,
        };
    }

    /// The MUD URL. More than one say nothing: which of them to believe would be a guess.
    #[must_use]
    pub fn url(&self) -> SightedUrl {
        match self {
            Self::Absent | Self::Twice => SightedUrl::Nothing,
            Self::Once(octets) => url(octets),
        }
    }
}

fn url(octets: &[u8]) -> SightedUrl {
    // What stands after the first space is reserved and ignored, even if it is no text.
    let until_space = octets.split(|octet| *octet == b' ').next().unwrap_or_default();
    let text = String::from_utf8_lossy(until_space);
    let parsed = if octets.len() > MAX_LENGTH {
        Err(MudUrlError::TooLong)
    } else {
        MudUrl::parse(&text)
    };
    match parsed {
        Ok(url) => SightedUrl::Url(url),
        Err(reason) => SightedUrl::Refused(text.chars().take(MAX_LENGTH).collect(), reason),
    }
}

/// A name that only tells people which Thing it is, so that a strange one is cleaned rather than refused.
pub(super) fn clean(octets: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(octets);
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_LENGTH)
        .collect();
    (!clean.is_empty()).then_some(clean)
}

/// Whether octets begin as a MUD URL does.
pub(super) fn begins_as_url(octets: &[u8]) -> bool {
    octets
        .first_chunk::<8>()
        .is_some_and(|start| start.eq_ignore_ascii_case(b"https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_part_is_ignored() {
        let lamp = MudUrl::parse("https://example.com/lamp").unwrap();
        for text in [
            &b"https://example.com/lamp"[..],
            b"https://example.com/lamp reserved",
            b"https://example.com/lamp ",
            b"https://example.com/lamp \xff\0\n",
        ] {
            assert_eq!(url(text), SightedUrl::Url(lamp.clone()));
        }
    }

    #[test]
    fn a_string_without_a_url_is_refused_with_its_reason() {
        for (text, kept, reason) in [
            (&b""[..], "", MudUrlError::Empty),
            (b" https://example.com/lamp", "", MudUrlError::Empty),
            (
                b"https://example.com/\xff",
                "https://example.com/\u{fffd}",
                MudUrlError::NotAscii,
            ),
            (
                b"http://example.com/",
                "http://example.com/",
                MudUrlError::NotHttps,
            ),
        ] {
            assert_eq!(url(text), SightedUrl::Refused(kept.to_owned(), reason));
        }
    }

    #[test]
    fn the_whole_string_may_have_255_octets() {
        let string = |length: usize| {
            let mut text = b"https://example.com/lamp ".to_vec();
            text.resize(length, b'x');
            text
        };
        assert!(matches!(url(&string(255)), SightedUrl::Url(_)));
        let too_long = SightedUrl::Refused("https://example.com/lamp".to_owned(), MudUrlError::TooLong);
        assert_eq!(url(&string(256)), too_long);
    }
}
