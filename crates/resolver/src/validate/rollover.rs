//! Trust anchors that follow their zone: new keys are believed after they were seen for thirty days, revoked keys never again (RFC 5011).
//! Pure: what was seen and the time go in, the keys that are believed come out.
//!
//! Anchors that are configured or shipped stay beside the keys that were learned, unless their key is revoked: so a router that lay in a
//! box for a year begins again with the keys of its next update. That is more than RFC 5011 section 2 says; and where all keys of a zone
//! are revoked, nothing there can be validated any more, which section 5 would call unsigned.

use std::{fmt, fmt::Write, str::FromStr};

use thiserror::Error;

use super::{
    BogusReason, Clock, Name, Reply, TrustAnchors,
    algorithm::{is_digest_of, is_supported},
    anchor::Anchor,
    budget::Budget,
    rdata::Dnskey,
    rrset::{Rrset, rrsets_of},
    signature::{Zone, verify},
};
use crate::validate::RecordType;

/// For how many seconds a new key is only looked at (RFC 5011 section 2.4.1), and for how long a revoked one is remembered at least
/// (section 2.4.2): thirty days.
const HOLD_DOWN: u64 = 30 * DAY;

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// The most keys of a zone that are followed.
const MAX_KEYS: usize = 32;

/// The flags of a key that signs keys, and of one that is revoked (RFC 4034 section 2.1.1, RFC 5011 section 2.1).
const SECURE_ENTRY_POINT: u16 = 0x0001;
const REVOKED: u16 = 0x0080;

/// The keys of one zone, as far as they were followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollover {
    zone: Name,
    keys: Vec<Followed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Followed {
    /// The data of its DNSKEY record, the revoked bit not set.
    data: Box<[u8]>,
    state: KeyState,
    /// Since when it is in this state, in seconds since 1970.
    since: u64,
}

/// Where a key stands (RFC 5011 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyState {
    Pending,
    Valid,
    Missing,
    Revoked,
}

/// What came of looking at the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether anything is different now and has to be kept.
    pub is_changed: bool,
    /// After how many seconds they are to be looked at again (RFC 5011 section 2.3).
    pub again: u64,
}

/// A text is no state of a roll-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("line {line}: no key as it is followed")]
pub struct RolloverError {
    line: usize,
}

impl Rollover {
    /// Begins to follow a zone.
    #[must_use]
    pub fn new(zone: Name) -> Self {
        Self {
            zone,
            keys: Vec::new(),
        }
    }

    /// The zone.
    #[must_use]
    pub fn zone(&self) -> &Name {
        &self.zone
    }

    /// Puts the keys that are believed now in the place of the anchor of this zone.
    pub fn apply(&self, anchors: &mut TrustAnchors) {
        let anchor = anchors.at_mut(&self.zone);
        let revoked: Vec<_> = self.keys_in(&[KeyState::Revoked]).collect();
        anchor
            .ds
            .retain(|ds| !revoked.iter().any(|data| is_digest_of(ds, &self.zone, data)));
        anchor
            .keys
            .retain(|key| !revoked.iter().any(|data| **data == **key));
        for data in self.keys_in(&[KeyState::Valid, KeyState::Missing]) {
            if !anchor.keys.iter().any(|known| **known == *data) {
                anchor.keys.push(data.into());
            }
        }
    }

    /// Looks at the reply to the question for the DNSKEY records of the zone. `configured` are the anchors without what was learned.
    ///
    /// # Errors
    /// Why the keys are not believed; nothing but a revocation is taken from them then.
    pub fn see(&mut self, reply: &Reply, configured: &TrustAnchors, now: u64) -> Result<Seen, BogusReason> {
        let answers = rrsets_of(&reply.answers);
        let rrset = answers
            .iter()
            .find(|rrset| rrset.is(&self.zone, RecordType::DNSKEY))
            .ok_or(BogusReason::DnskeyMissing)?;
        let before = self.keys.clone();
        let present: Vec<(Box<[u8]>, Dnskey)> = rrset
            .records
            .iter()
            .filter_map(|record| Some((record.data.clone(), Dnskey::parse(&record.data)?)))
            .filter(|(_, key)| key.is_zone_key() && key.flags & SECURE_ENTRY_POINT != 0)
            .filter(|(_, key)| is_supported(key.algorithm))
            .take(MAX_KEYS)
            .collect();
        let mut anchors = configured.clone();
        self.apply(&mut anchors);
        let entry = anchors.at_mut(&self.zone).clone();
        self.revoke(rrset, &present, &entry, now);
        let trusted: Vec<_> = present
            .iter()
            .filter(|(data, key)| key.may_sign() && self.is_believed(data, key, &entry))
            .map(|(_, key)| key.clone())
            .collect();
        if trusted.is_empty() {
            return Err(BogusReason::DnskeyMismatch);
        }
        let zone = Zone {
            apex: self.zone.clone(),
            keys: trusted,
        };
        let verified = verify(rrset, &zone, Clock::Valid(now), &mut Budget::new())?;
        self.step(&present, &entry, now);
        let signature = rrset
            .signatures
            .iter()
            .find(|signature| *signature.record == verified.signature);
        let (ttl, left) = signature.map_or((0, 0), |signature| {
            let left = u64::from(signature.data.expiration.wrapping_sub(signature.data.inception));
            (u64::from(signature.data.original_ttl), left)
        });
        Ok(Seen {
            is_changed: self.keys != before,
            again: (ttl / 2).min(left / 2).clamp(HOUR, 15 * DAY),
        })
    }

    /// A key that revokes itself is believed at once and for ever (RFC 5011 section 2.1).
    fn revoke(&mut self, rrset: &Rrset<'_>, present: &[(Box<[u8]>, Dnskey)], entry: &Anchor, now: u64) {
        for (data, key) in present.iter().filter(|(_, key)| key.flags & REVOKED != 0) {
            let plain = without_revoked(data);
            let is_known = self.keys.iter().any(|known| known.data == plain);
            if !is_known && !is_in(entry, &self.zone, &plain) {
                continue;
            }
            let zone = Zone {
                apex: self.zone.clone(),
                keys: vec![key.clone()],
            };
            if verify(rrset, &zone, Clock::Valid(now), &mut Budget::new()).is_err() {
                continue;
            }
            match self.keys.iter_mut().find(|known| known.data == plain) {
                Some(known) if known.state == KeyState::Revoked => {}
                Some(known) => {
                    known.state = KeyState::Revoked;
                    known.since = now;
                }
                None => self.add(plain, KeyState::Revoked, now),
            }
        }
    }

    /// Whether a key is one that was believed before.
    fn is_believed(&self, data: &[u8], key: &Dnskey, entry: &Anchor) -> bool {
        match self.keys.iter().find(|known| *known.data == *data) {
            Some(known) => match known.state {
                KeyState::Valid | KeyState::Missing => true,
                // One that is configured needs no time.
                KeyState::Pending => is_in(entry, &self.zone, data),
                KeyState::Revoked => false,
            },
            None => key.may_sign() && is_in(entry, &self.zone, data),
        }
    }

    /// Each key goes on to its next state (RFC 5011 section 4.1).
    fn step(&mut self, present: &[(Box<[u8]>, Dnskey)], entry: &Anchor, now: u64) {
        for known in &mut self.keys {
            let is_there = present.iter().any(|(data, _)| *data == known.data);
            let next = match (known.state, is_there) {
                (KeyState::Pending, true) if now.saturating_sub(known.since) >= HOLD_DOWN => KeyState::Valid,
                (KeyState::Valid, false) => KeyState::Missing,
                (KeyState::Missing, true) => KeyState::Valid,
                (state, _) => state,
            };
            if next != known.state {
                known.state = next;
                known.since = now;
            }
        }
        // One that went away before its time begins anew; one that was revoked long ago is forgotten once it is gone, and not before.
        self.keys.retain(|known| {
            let is_there = |(data, _): &(Box<[u8]>, Dnskey)| without_revoked(data) == known.data;
            known.state != KeyState::Pending || present.iter().any(is_there)
        });
        for (data, key) in present {
            if key.flags & REVOKED != 0 || self.keys.iter().any(|known| known.data == *data) {
                continue;
            }
            let state = if is_in(entry, &self.zone, data) {
                KeyState::Valid
            } else {
                KeyState::Pending
            };
            self.add(data.clone(), state, now);
        }
    }

    fn add(&mut self, data: Box<[u8]>, state: KeyState, since: u64) {
        if self.keys.len() < MAX_KEYS {
            self.keys.push(Followed { data, state, since });
        }
    }

    fn keys_in<'a>(&'a self, states: &'a [KeyState]) -> impl Iterator<Item = &'a [u8]> {
        let keys = self.keys.iter().filter(|key| states.contains(&key.state));
        keys.map(|key| &*key.data)
    }
}

/// Whether an anchor tells of this key.
fn is_in(anchor: &Anchor, zone: &Name, data: &[u8]) -> bool {
    anchor.keys.iter().any(|key| **key == *data) || anchor.ds.iter().any(|ds| is_digest_of(ds, zone, data))
}

fn without_revoked(data: &[u8]) -> Box<[u8]> {
    let mut data: Box<[u8]> = data.into();
    if let Some(low) = data.get_mut(1) {
        *low &= 0x7f;
    }
    data
}

impl fmt::Display for Rollover {
    /// Writes one key a line: zone, state, since when, and the data in hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for key in &self.keys {
            let state = match key.state {
                KeyState::Pending => "pending",
                KeyState::Valid => "valid",
                KeyState::Missing => "missing",
                KeyState::Revoked => "revoked",
            };
            let mut digits = String::new();
            for octet in &key.data {
                write!(digits, "{octet:02x}")?;
            }
            writeln!(formatter, "{} {state} {} {digits}", self.zone, key.since)?;
        }
        Ok(())
    }
}

/// The states of several zones, as [`Rollover`] writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollovers(pub Vec<Rollover>);

impl FromStr for Rollovers {
    type Err = RolloverError;

    fn from_str(text: &str) -> Result<Self, RolloverError> {
        let mut all: Vec<Rollover> = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let (zone, key) = followed(line).ok_or(RolloverError { line: place + 1 })?;
            match all.iter_mut().find(|known| known.zone == zone) {
                Some(known) => known.keys.push(key),
                None => all.push(Rollover {
                    zone,
                    keys: vec![key],
                }),
            }
        }
        Ok(Self(all))
    }
}

fn followed(line: &str) -> Option<(Name, Followed)> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [zone, state, since, digits] = words[..] else {
        return None;
    };
    let state = match state {
        "pending" => KeyState::Pending,
        "valid" => KeyState::Valid,
        "missing" => KeyState::Missing,
        "revoked" => KeyState::Revoked,
        _ => return None,
    };
    let octets = (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(digits.get(start..start + 2)?, 16).ok());
    let data: Box<[u8]> = octets.collect::<Option<_>>()?;
    Dnskey::parse(&data)?;
    let key = Followed {
        data,
        state,
        since: since.parse().ok()?,
    };
    Some((zone.parse().ok()?, key))
}
