//! Domain names in wire form, in lower case, without compression: the form in which DNSSEC compares, orders and hashes them
//! (RFC 4034 section 6.1 and 6.2).

use std::{cmp::Ordering, fmt, str::FromStr};

use thiserror::Error;

/// The most octets of a name, the final zero included (RFC 1035 section 2.3.4).
const MAX_OCTETS: usize = 255;

/// The most octets of a label.
const MAX_LABEL: usize = 63;

/// An absolute domain name, in lower case. Names are ordered as RFC 4034 section 6.1 says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(Box<[u8]>);

/// Why a text or octets are no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// A label is empty or longer than 63 octets.
    #[error("a label is empty or longer than {MAX_LABEL} octets")]
    Label,
    /// The name is longer than 255 octets.
    #[error("the name is longer than {MAX_OCTETS} octets")]
    TooLong,
    /// An escape is neither `\` and three digits up to 255 nor `\` and a character.
    #[error("an escape is not complete")]
    Escape,
    /// The octets end inside the name, or hold a pointer.
    #[error("the octets are no name without compression")]
    Wire,
}

impl Name {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self(Box::new([0]))
    }

    /// A name at the start of these octets, and how many octets it takes. Names of other than lower case are lowered.
    ///
    /// # Errors
    /// If there is no name without compression.
    pub fn from_wire(octets: &[u8]) -> Result<(Self, usize), NameError> {
        let mut end = 0;
        loop {
            let length = usize::from(*octets.get(end).ok_or(NameError::Wire)?);
            if length > MAX_LABEL {
                return Err(NameError::Wire);
            }
            end += length + 1;
            if end > MAX_OCTETS {
                return Err(NameError::TooLong);
            }
            if length == 0 {
                break;
            }
        }
        let wire = octets.get(..end).ok_or(NameError::Wire)?;
        // A length octet is at most 63 and so no letter.
        Ok((Self(wire.to_ascii_lowercase().into()), end))
    }

    /// The octets: labels with their lengths, and a final zero.
    #[must_use]
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// How many labels it has, the root not counted.
    #[must_use]
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// Its labels, the first one first, without the root.
    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.0;
        std::iter::from_fn(move || {
            let (&length, after) = rest.split_first()?;
            if length == 0 {
                return None;
            }
            let (label, after) = after.split_at_checked(length.into())?;
            rest = after;
            Some(label)
        })
    }

    /// Its labels, the last one first, without the root.
    fn labels_from_root(&self) -> impl Iterator<Item = &[u8]> {
        // Where each label begins; a name has at most 127.
        let mut starts = [0_u8; MAX_OCTETS / 2];
        let (mut count, mut start) = (0, 0_u8);
        for label in self.labels() {
            if let Some(place) = starts.get_mut(count) {
                *place = start;
                count += 1;
            }
            start = start
                .wrapping_add(u8::try_from(label.len()).unwrap_or(0))
                .wrapping_add(1);
        }
        (0..count).rev().map(move |place| {
            let start = usize::from(starts.get(place).copied().unwrap_or(0));
            let length = usize::from(self.0.get(start).copied().unwrap_or(0));
            self.0.get(start + 1..start + 1 + length).unwrap_or_default()
        })
    }

    /// The name without its first label; the root has none.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let first = usize::from(*self.0.first()?);
        let rest = self.0.get(first + 1..).filter(|rest| !rest.is_empty())?;
        Some(Self(rest.into()))
    }

    /// The last `count` labels of it; itself if it has no more.
    #[must_use]
    pub fn last_labels(&self, count: usize) -> Self {
        let mut rest: &[u8] = &self.0;
        for _ in count..self.label_count() {
            let length = usize::from(rest.first().copied().unwrap_or(0));
            rest = rest.get(length + 1..).unwrap_or(&[0]);
        }
        Self(rest.into())
    }

    /// Whether it is this name or below it.
    #[must_use]
    pub fn is_within(&self, ancestor: &Self) -> bool {
        let (mine, other) = (self.label_count(), ancestor.label_count());
        mine >= other && self.last_labels(other) == *ancestor
    }

    /// Whether it is below this name.
    #[must_use]
    pub fn is_below(&self, ancestor: &Self) -> bool {
        self != ancestor && self.is_within(ancestor)
    }

    /// How many labels both end with.
    #[must_use]
    pub fn common_labels(&self, other: &Self) -> usize {
        self.labels_from_root()
            .zip(other.labels_from_root())
            .take_while(|(left, right)| left == right)
            .count()
    }

    /// Whether its first label is an asterisk (RFC 4592 section 2.1.1).
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with(b"\x01*")
    }

    /// How many labels the Labels field of a signature counts: neither the root nor an asterisk (RFC 4034 section 3.1.3).
    #[must_use]
    pub(crate) fn signed_labels(&self) -> usize {
        self.label_count() - usize::from(self.is_wildcard())
    }

    /// The wildcard directly below it; `None` if that would be too long.
    pub(crate) fn wildcard(&self) -> Option<Self> {
        Self::from_wire(&[b"\x01*", &*self.0].concat())
            .ok()
            .map(|(name, _)| name)
    }

    /// The name with its ending `from` replaced by `to` (RFC 6672 section 2.2); `None` if that would be too long.
    pub(crate) fn substitute(&self, from: &Self, to: &Self) -> Option<Self> {
        let kept = self.0.len().checked_sub(from.0.len())?;
        Self::from_wire(&[self.0.get(..kept)?, &*to.0].concat())
            .ok()
            .map(|(name, _)| name)
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.labels_from_root().cmp(other.labels_from_root())
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Name {
    type Err = NameError;

    /// Reads a name as zone files write it; the final dot may be left out (RFC 1035 section 5.1).
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::root());
        }
        let mut wire = Vec::new();
        let mut label = Vec::new();
        // A dot after an escaping backslash belongs to a label.
        let ends_label =
            |rest: &&str| rest.bytes().rev().take_while(|&octet| octet == b'\\').count() % 2 == 0;
        let mut octets = text.strip_suffix('.').filter(ends_label).unwrap_or(text).bytes();
        loop {
            match octets.next() {
                Some(b'\\') => label.push(unescape(&mut octets)?),
                Some(octet) if octet != b'.' => label.push(octet),
                end_of_label => {
                    let length = u8::try_from(label.len()).map_err(|_| NameError::Label)?;
                    if length == 0 || usize::from(length) > MAX_LABEL {
                        return Err(NameError::Label);
                    }
                    wire.push(length);
                    wire.append(&mut label);
                    if end_of_label.is_none() {
                        break;
                    }
                }
            }
        }
        wire.push(0);
        Self::from_wire(&wire).map(|(name, _)| name)
    }
}

fn unescape(octets: &mut impl Iterator<Item = u8>) -> Result<u8, NameError> {
    let first = octets.next().ok_or(NameError::Escape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets
            .next()
            .filter(u8::is_ascii_digit)
            .ok_or(NameError::Escape)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError::Escape)
}

impl fmt::Display for Name {
    /// Writes it with its final dot, octets other than printable ASCII escaped.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() <= 1 {
            return formatter.write_str(".");
        }
        for label in self.labels() {
            for &octet in label {
                if octet == b'.' || octet == b'\\' {
                    write!(formatter, "\\{}", char::from(octet))?;
                } else if octet.is_ascii_graphic() {
                    write!(formatter, "{}", char::from(octet))?;
                } else {
                    write!(formatter, "\\{octet:03}")?;
                }
            }
            formatter.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_ordered_as_rfc_4034_says() {
        let ordered = [
            "example.",
            "a.example.",
            "yljkjljk.a.example.",
            "Z.a.example.",
            "zABC.a.EXAMPLE.",
            "z.example.",
            "\\001.z.example.",
            "*.z.example.",
            "\\200.z.example.",
        ]
        .map(name);
        assert!(ordered.is_sorted());
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in [".", "a.", "a\\.b.example.", "\\000\\255.x.", "a\\\\.b.", "a\\\\."] {
            assert_eq!(name(text).to_string(), text);
        }
        assert_eq!(name("Example.COM"), name("example.com."));
        assert_eq!(name("a\\.").to_string(), "a\\..");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(64);
        let longer = "aaaaaaa.".repeat(32);
        for text in ["", "a..b", "\\", "\\25", "\\256", &long, &longer] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        for octets in [&b""[..], b"\x01", b"\x01a", b"\xc0\x0c", b"\x40"] {
            assert!(Name::from_wire(octets).is_err(), "{octets:?}");
        }
    }

    #[test]
    fn ancestors_are_told_from_names_that_only_look_alike() {
        assert!(name("a.example.").is_within(&name("example.")));
        assert!(name("example.").is_within(&Name::root()));
        assert!(!name("xexample.").is_within(&name("example.")));
        // The octets of the label end like the ancestor, the labels do not.
        assert!(!name("a\\007example.").is_within(&name("example.")));
        assert!(!name("example.").is_below(&name("example.")));
    }

    #[test]
    fn labels_are_counted_and_taken_off() {
        assert_eq!(Name::root().parent(), None);
        assert_eq!(name("a.b.").parent(), Some(name("b.")));
        assert_eq!(name("a.b.c.").last_labels(2), name("b.c."));
        assert_eq!(name("a.b.c.").last_labels(9), name("a.b.c."));
        assert_eq!(name("a.b.c.").last_labels(0), Name::root());
        assert_eq!(name("*.b.c.").signed_labels(), 2);
        assert_eq!(name("x.b.c.").common_labels(&name("y.b.c.")), 2);
    }
}
