//! Denials that were proven, kept to deny other names without asking anybody (RFC 8198). Pure; time is an argument.
//!
//! Only secure records of the zone that a name belongs to count, none with the Opt-Out flag, and none of a chain with iterations, whose
//! hashes would cost too much. Where anything is missing, there is no answer from here. Wildcards are not expanded.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    Link, LinkKind, Name, Question, Record, RecordType, Reply, Status, Verdict,
    budget::Budget,
    denial::{Denial, DenialKind},
    nsec::{self, NsecAt},
    nsec3::{self, Nsec3At},
    rdata::{NameHash, Nsec, Nsec3, hash_of_owner},
};

/// The memory that it may take, in octets.
const MAX_OCTETS: usize = 1024 * 1024;

/// About what a record takes beside its octets.
const OCTETS_PER_RECORD: usize = 320;

/// No denial is kept longer than this, in seconds (RFC 8198 section 5.4 says three hours).
const MAX_TTL: u32 = 3600;

/// The records that deny names and types, by zone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Denials {
    zones: BTreeMap<Name, Zone>,
    octets: usize,
}

#[derive(Clone, Debug)]
struct Zone {
    soa: Kept,
    nsec: BTreeMap<Name, Kept>,
    nsec3: BTreeMap<NameHash, Kept>,
    salt: Box<[u8]>,
}

/// A record, its signature, and until when it holds.
#[derive(Clone, Debug)]
struct Kept {
    record: Record,
    signature: Record,
    until: Instant,
}

impl Denials {
    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Keeps what a verdict proves.
    pub(crate) fn learn(&mut self, verdict: &Verdict, now: Instant) {
        if verdict.is_provisional {
            return;
        }
        for link in &verdict.links {
            if link.kind == LinkKind::Denial
                && link.status == Status::Secure
                && link.records.len() == link.signatures.len()
            {
                self.learn_link(link, now);
            }
        }
    }

    fn learn_link(&mut self, link: &Link, now: Instant) {
        let until = now + Duration::from_secs(link.ttl.min(MAX_TTL).into());
        let kept = |(record, signature): (&Record, &Record)| Kept {
            record: record.clone(),
            signature: signature.clone(),
            until,
        };
        let mut records = link.records.iter().zip(&link.signatures).map(kept);
        let Some(soa) = records
            .next()
            .filter(|kept| kept.record.record_type == RecordType::SOA)
        else {
            return;
        };
        if self.octets > MAX_OCTETS {
            self.clear();
        }
        let apex = soa.record.owner.clone();
        self.octets += octets_of(&soa);
        let zone = self.zones.entry(apex).or_insert_with(|| Zone {
            soa: soa.clone(),
            nsec: BTreeMap::new(),
            nsec3: BTreeMap::new(),
            salt: Box::default(),
        });
        zone.soa = soa;
        for kept in records {
            self.octets += octets_of(&kept);
            if kept.record.record_type == RecordType::NSEC {
                zone.nsec.insert(kept.record.owner.clone(), kept);
            } else if let Some(data) = Nsec3::parse(&kept.record.data)
                && let Some(hash) = hash_of_owner(&kept.record.owner)
                && data.iterations == 0
            {
                if data.salt != zone.salt {
                    // The zone has another chain now.
                    zone.nsec3.clear();
                    zone.salt = data.salt;
                }
                zone.nsec3.insert(hash, kept);
            }
        }
    }

    /// What is known to be denied.
    pub(crate) fn deny(&self, question: &Question, now: Instant) -> Option<Verdict> {
        let (name, record_type) = (&question.name, question.record_type);
        // DS belongs to the zone above; the others are about denials themselves.
        if [
            RecordType::DS,
            RecordType::NSEC,
            RecordType::NSEC3,
            RecordType::RRSIG,
        ]
        .contains(&record_type)
        {
            return None;
        }
        let (apex, zone) = (0..=name.label_count())
            .rev()
            .find_map(|count| self.zones.get_key_value(&name.last_labels(count)))?;
        let (denial, mut used) = zone
            .by_nsec(question, apex, now)
            .or_else(|| zone.by_nsec3(question, apex, now))?;
        let response_code = match denial {
            DenialKind::NoSuchName => Reply::NO_SUCH_NAME,
            DenialKind::Matched(_) | DenialKind::EmptyNonTerminal | DenialKind::Wildcard => Reply::NO_ERROR,
            DenialKind::Unknown => return None,
        };
        used.insert(0, &zone.soa);
        let until = used.iter().map(|kept| kept.until).min()?;
        let ttl = until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        let link = Link {
            kind: LinkKind::Denial,
            owner: name.clone(),
            record_type,
            status: Status::Secure,
            ttl: u32::try_from(ttl.as_secs()).ok()?,
            records: used.iter().map(|kept| kept.record.clone()).collect(),
            signatures: used.iter().map(|kept| kept.signature.clone()).collect(),
            proof: Vec::new(),
        };
        Some(Verdict {
            links: vec![link],
            response_code,
            end: name.clone(),
            is_provisional: false,
        })
    }
}

/// How something is denied, and by which records.
type Found<'a> = Option<(DenialKind, Vec<&'a Kept>)>;

impl Zone {
    fn by_nsec(&self, question: &Question, apex: &Name, now: Instant) -> Found<'_> {
        let name = &question.name;
        let before = |name: &Name| self.nsec.range(..=name.clone()).next_back().map(|(_, kept)| kept);
        let mut candidates = vec![before(name)?];
        for wildcard in wildcards(name, apex) {
            candidates.extend(before(&wildcard));
        }
        candidates.retain(|kept| now < kept.until);
        let records: Vec<_> = candidates
            .iter()
            .map(|kept| {
                let owner = kept.record.owner.clone();
                Nsec::parse(&kept.record.data).map(|data| NsecAt { owner, data })
            })
            .collect::<Option<_>>()?;
        found(
            nsec::deny(name, question.record_type, apex, &records)?,
            &candidates,
        )
    }

    fn by_nsec3(&self, question: &Question, apex: &Name, now: Instant) -> Found<'_> {
        if self.nsec3.is_empty() {
            return None;
        }
        let name = &question.name;
        let mut budget = Budget::new();
        let above = (apex.label_count()..=name.label_count()).map(|count| name.last_labels(count));
        let mut candidates = Vec::new();
        for name in above.chain(wildcards(name, apex)) {
            let hash = nsec3::hash(&name, 0, &self.salt, &mut budget).ok()?;
            let before = self.nsec3.range(..=hash).next_back();
            // The last one leads back to the first.
            candidates.extend(
                before
                    .or_else(|| self.nsec3.last_key_value())
                    .map(|(_, kept)| kept),
            );
        }
        candidates.retain(|kept| now < kept.until);
        let records: Vec<_> = candidates
            .iter()
            .map(|kept| {
                let owner = hash_of_owner(&kept.record.owner)?;
                Nsec3::parse(&kept.record.data).map(|data| Nsec3At { owner, data })
            })
            .collect::<Option<_>>()?;
        let denial = nsec3::deny(name, question.record_type, apex, &records, &mut budget).ok()??;
        found(denial, &candidates)
    }
}

fn found<'a>(denial: Denial, candidates: &[&'a Kept]) -> Found<'a> {
    if denial.is_opt_out {
        return None;
    }
    let mut used: Vec<&Kept> = Vec::new();
    for kept in denial.used.iter().filter_map(|&place| candidates.get(place)) {
        if !used.iter().any(|known| known.record == kept.record) {
            used.push(kept);
        }
    }
    Some((denial.kind, used))
}

/// The wildcards that may answer for a name.
fn wildcards(name: &Name, apex: &Name) -> impl Iterator<Item = Name> {
    (apex.label_count()..name.label_count()).filter_map(|count| name.last_labels(count).wildcard())
}

fn octets_of(kept: &Kept) -> usize {
    OCTETS_PER_RECORD
        + 2 * kept.record.owner.as_wire().len()
        + kept.record.data.len()
        + kept.signature.data.len()
}
