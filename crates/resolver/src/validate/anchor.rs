//! Trust anchors: what is believed without proof, and for how long nothing is to be proven (RFC 4035 section 4.4, RFC 7646).

use std::{collections::BTreeMap, str::FromStr};

use thiserror::Error;

use super::{
    Clock, Name,
    algorithm::{is_supported, is_supported_digest},
    rdata::{Dnskey, Ds},
};

/// The keys of the root zone, as IANA publishes them (RFC 9718): KSK-2017 and KSK-2024.
const ROOT: &str = "\
. DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
";

/// The names whose keys are believed, and those below which nothing is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustAnchors {
    anchors: BTreeMap<Name, Anchor>,
    negative: BTreeMap<Name, u64>,
}

/// What is believed of the keys of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) ds: Vec<Ds>,
    /// The data of DNSKEY records.
    pub(crate) keys: Vec<Box<[u8]>>,
}

/// Why a text is no list of trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnchorError {
    /// A line cannot be read.
    #[error("line {line}: {problem}")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is none.
    #[error("no trust anchor; give DS or DNSKEY records as zone files write them")]
    Empty,
    /// No anchor of a name can be used.
    #[error("{0}: no anchor with an algorithm and a digest that are supported")]
    Unsupported(Name),
}

impl TrustAnchors {
    /// The keys of the root zone, which are shipped.
    #[must_use]
    pub fn root() -> Self {
        // A test reads them.
        ROOT.parse().unwrap_or_default()
    }

    /// Believes in these, too.
    pub fn add(&mut self, more: Self) {
        for (name, mut anchor) in more.anchors {
            let known = self.anchors.entry(name).or_default();
            known.ds.append(&mut anchor.ds);
            known.keys.append(&mut anchor.keys);
        }
        self.negative.extend(more.negative);
    }

    /// Believes nothing below this name, and checks nothing there, until a time in seconds since 1970 (RFC 7646). A trust anchor
    /// further down counts all the same.
    pub fn set_negative(&mut self, name: Name, until: u64) {
        self.negative.insert(name, until);
    }

    /// The negative trust anchors, with the time at which each ends.
    pub fn negative(&self) -> impl Iterator<Item = (&Name, u64)> {
        self.negative.iter().map(|(name, &until)| (name, until))
    }

    /// The names that have an anchor.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.anchors.keys()
    }

    /// What is believed of this very name.
    pub(crate) fn at_mut(&mut self, name: &Name) -> &mut Anchor {
        self.anchors.entry(name.clone()).or_default()
    }

    /// The anchor at or above this name that is next to it.
    pub(crate) fn above(&self, name: &Name) -> Option<(&Name, &Anchor)> {
        (0..=name.label_count())
            .rev()
            .find_map(|count| self.anchors.get_key_value(&name.last_labels(count)))
    }

    /// Until when nothing at or below this very name is checked.
    pub(crate) fn negative_at(&self, name: &Name, clock: Clock) -> Option<u64> {
        self.negative
            .get(name)
            .copied()
            .filter(|&until| !clock.is_past(until))
    }
}

impl FromStr for TrustAnchors {
    type Err = AnchorError;

    /// Reads DS and DNSKEY records, one a line, as zone files write them (`name [ttl] [IN] DS ...`). Comments begin with `;`;
    /// parentheses may stand around the data of one line.
    fn from_str(text: &str) -> Result<Self, AnchorError> {
        let mut anchors: BTreeMap<Name, Anchor> = BTreeMap::new();
        for (place, line) in text.lines().enumerate() {
            let record = line
                .split(';')
                .next()
                .unwrap_or_default()
                .replace(['(', ')'], " ");
            let words: Vec<_> = record.split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            let at = |problem| AnchorError::Line {
                line: place + 1,
                problem,
            };
            let (name, kind, data) = split(&words).map_err(at)?;
            let anchor = anchors.entry(name).or_default();
            match kind {
                Kind::Ds => anchor.ds.push(ds_of(data).ok_or_else(|| at("no DS record"))?),
                Kind::Dnskey => anchor
                    .keys
                    .push(key_of(data).ok_or_else(|| at("no DNSKEY record"))?),
            }
        }
        if anchors.is_empty() {
            return Err(AnchorError::Empty);
        }
        for (name, anchor) in &anchors {
            if !anchor.is_usable() {
                return Err(AnchorError::Unsupported(name.clone()));
            }
        }
        Ok(Self {
            anchors,
            negative: BTreeMap::new(),
        })
    }
}

impl Anchor {
    fn is_usable(&self) -> bool {
        let by_digest = |ds: &Ds| is_supported(ds.algorithm) && is_supported_digest(ds.digest_type);
        let by_key = |data: &[u8]| {
            Dnskey::parse(data).is_some_and(|key| key.may_sign() && is_supported(key.algorithm))
        };
        self.ds.iter().any(by_digest) || self.keys.iter().any(|data| by_key(data))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Ds,
    Dnskey,
}

fn split<'a>(words: &'a [&'a str]) -> Result<(Name, Kind, &'a [&'a str]), &'static str> {
    let (&owner, mut rest) = words.split_first().ok_or("no owner")?;
    let owner = owner.parse().map_err(|_| "the owner is no domain name")?;
    while let Some((&word, after)) = rest.split_first() {
        rest = after;
        match word.to_ascii_uppercase().as_str() {
            "DS" => return Ok((owner, Kind::Ds, rest)),
            "DNSKEY" => return Ok((owner, Kind::Dnskey, rest)),
            "IN" => {}
            ttl if ttl.bytes().all(|octet| octet.is_ascii_digit()) => {}
            _ => return Err("neither a DS nor a DNSKEY record"),
        }
    }
    Err("neither a DS nor a DNSKEY record")
}

fn ds_of(words: &[&str]) -> Option<Ds> {
    let [key_tag, algorithm, digest_type, digest @ ..] = words else {
        return None;
    };
    let digest = digest.concat();
    let mut octets = Vec::with_capacity(digest.len() / 2);
    let mut rest = digest.as_str();
    while !rest.is_empty() {
        let (pair, after) = rest.split_at_checked(2)?;
        // from_str_radix also takes a sign.
        if !pair.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return None;
        }
        octets.push(u8::from_str_radix(pair, 16).ok()?);
        rest = after;
    }
    let ds = Ds {
        key_tag: key_tag.parse().ok()?,
        algorithm: algorithm.parse().ok()?,
        digest_type: digest_type.parse().ok()?,
        digest: octets.into(),
    };
    (!ds.digest.is_empty()).then_some(ds)
}

fn key_of(words: &[&str]) -> Option<Box<[u8]>> {
    let [flags, protocol, algorithm, key @ ..] = words else {
        return None;
    };
    let mut octets = Vec::new();
    octets.extend(flags.parse::<u16>().ok()?.to_be_bytes());
    octets.push(protocol.parse().ok()?);
    octets.push(algorithm.parse().ok()?);
    octets.extend(from_base64(&key.concat())?);
    Dnskey::parse(&octets)
        .filter(|key| !key.public_key.is_empty())
        .map(|_| octets.into())
}

/// Reads base64 (RFC 4648 section 4).
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut octets = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        text.parse::<TrustAnchors>().unwrap_err().to_string()
    }

    #[test]
    fn both_keys_of_the_root_are_shipped() {
        let root = TrustAnchors::root();
        let (name, anchor) = root.above(&"a.example.".parse().unwrap()).unwrap();
        assert_eq!(*name, Name::root());
        let tags: Vec<_> = anchor.ds.iter().map(|ds| ds.key_tag).collect();
        assert_eq!(tags, [20326, 38696]);
    }

    #[test]
    fn anchors_are_read_as_zone_files_write_them() {
        let text = "
            ; a comment
            example.  3600 IN DS 4711 13 2 (0123 4567) ; two words
            b. dnskey 257 3 15 AQID
        ";
        let anchors: TrustAnchors = text.parse().unwrap();
        let anchor = &anchors.anchors[&"example.".parse::<Name>().unwrap()];
        assert_eq!(*anchor.ds[0].digest, [0x01, 0x23, 0x45, 0x67]);
        assert_eq!(
            *anchors.anchors[&"b.".parse::<Name>().unwrap()].keys[0],
            [1, 1, 3, 15, 1, 2, 3]
        );
    }

    #[test]
    fn what_is_no_anchor_is_refused_with_its_line() {
        assert_eq!(
            problem(""),
            "no trust anchor; give DS or DNSKEY records as zone files write them"
        );
        assert_eq!(problem("\n. NS a."), "line 2: neither a DS nor a DNSKEY record");
        assert_eq!(problem(". DS 1 8 2 0g"), "line 1: no DS record");
        assert_eq!(problem(". DS 1 8 2 +1"), "line 1: no DS record");
        assert_eq!(problem(". DNSKEY 257 3 8 A==="), "line 1: no DNSKEY record");
        assert_eq!(problem("a..b DS 1 8 2 00"), "line 1: the owner is no domain name");
        assert_eq!(
            problem("x. DS 1 8 1 00\nx. DS 1 5 2 00"),
            "x.: no anchor with an algorithm and a digest that are supported"
        );
    }

    #[test]
    fn the_nearest_anchor_counts() {
        let anchors: TrustAnchors = ". DS 1 8 2 00\nb.example. DS 1 8 2 00".parse().unwrap();
        let above = |name: &str| anchors.above(&name.parse().unwrap()).unwrap().0.to_string();
        assert_eq!(above("a.b.example."), "b.example.");
        assert_eq!(above("b.example."), "b.example.");
        assert_eq!(above("ab.example."), ".");
    }

    #[test]
    fn a_negative_anchor_ends_by_itself() {
        let mut anchors = TrustAnchors::root();
        let name: Name = "broken.example.".parse().unwrap();
        anchors.set_negative(name.clone(), 1000);
        assert_eq!(anchors.negative_at(&name, Clock::Valid(999)), Some(1000));
        assert_eq!(anchors.negative_at(&name, Clock::Unknown), Some(1000));
        assert_eq!(anchors.negative_at(&name, Clock::Valid(1000)), None);
        assert_eq!(anchors.negative_at(&name, Clock::Floor(1000)), None);
        assert_eq!(
            anchors.negative_at(&"example.".parse().unwrap(), Clock::Valid(1)),
            None
        );
    }
}
