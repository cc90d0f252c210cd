//! The way down from a trust anchor to the zone that a name belongs to, one label after the other (RFC 4035 section 5.2).
//!
//! At each name the zone above says what it is: a signed zone, an unsigned one, or no zone cut. Nothing that lies beside this way can
//! say anything about the name.

use std::sync::Arc;

use super::{
    BogusReason, Insecurity, InsecurityProof, Name, Question, RecordType, Reply,
    algorithm::{is_digest_of, is_supported, is_supported_digest},
    anchor::Anchor,
    cuts::Cut,
    denial::DenialKind,
    rdata::{Dnskey, Ds},
    rrset::{Rrset, rrsets_of},
    signature::{Zone, verify},
    validator::{Halt, Known, Validator},
};

/// What a name belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A zone whose keys are known.
    Secure(Arc<Zone>),
    /// Nothing that can be checked.
    Insecure(Insecurity),
}

/// What a cut is, and for how long.
type CutFound = (Cut, u32);

impl Validator {
    /// The zone that a name belongs to; if the name is a zone cut, the zone below it.
    pub(super) fn zone_of(&mut self, name: &Name, known: &mut Known<'_>) -> Result<Standing, Halt> {
        let anchors = Arc::clone(&self.anchors);
        let Some((top, anchor)) = anchors.above(name) else {
            return Ok(Standing::Insecure(Insecurity {
                name: name.clone(),
                proof: InsecurityProof::NoTrustAnchor,
            }));
        };
        let mut zone: Option<Arc<Zone>> = None;
        for count in top.label_count()..=name.label_count() {
            let here = name.last_labels(count);
            if let Some(until) = anchors.negative_at(&here, self.clock) {
                return Ok(Standing::Insecure(Insecurity {
                    name: here,
                    proof: InsecurityProof::NegativeTrustAnchor { until },
                }));
            }
            let cut = self.cut_of(&here, zone.as_deref(), anchor, known)?;
            match cut {
                Cut::Zone(below) => zone = Some(below),
                Cut::Insecure(insecurity) => return Ok(Standing::Insecure(insecurity)),
                Cut::None => {}
                Cut::NothingBelow => break,
            }
        }
        // The way begins at an anchor, which is a zone or bogus.
        zone.map(Standing::Secure)
            .ok_or_else(|| Halt::bogus(top, RecordType::DNSKEY, BogusReason::DnskeyMissing))
    }

    /// What a name is, from what is known or from what is asked for.
    fn cut_of(
        &mut self,
        name: &Name,
        zone: Option<&Zone>,
        anchor: &Anchor,
        known: &mut Known<'_>,
    ) -> Result<Cut, Halt> {
        if let Some(cut) = self.found.get(name) {
            return Ok(cut.clone());
        }
        let clock_is_valid = self.clock.is_valid();
        let cut = if let Some((cut, is_provisional)) = known.cuts.get(name, known.now, clock_is_valid) {
            self.is_provisional |= is_provisional;
            cut.clone()
        } else {
            let (cut, ttl) = match zone {
                None => self.anchored(name, anchor)?,
                Some(zone) => self.cut_at(name, zone)?,
            };
            self.is_provisional |= !clock_is_valid;
            known
                .cuts
                .insert(name.clone(), cut.clone(), ttl, !clock_is_valid, known.now);
            cut
        };
        self.found.insert(name.clone(), cut.clone());
        Ok(cut)
    }

    /// Whether a zone cut is known below this zone on the way to a name, so that the name belongs to another zone.
    pub(super) fn is_below_known_cut(
        &self,
        name: &Name,
        record_type: RecordType,
        zone: &Zone,
        known: &Known<'_>,
    ) -> bool {
        // A cut's DS and NSEC records belong to the zone above.
        let is_of_parent = matches!(record_type, RecordType::DS | RecordType::NSEC);
        let deepest = name.label_count() - usize::from(is_of_parent && name.label_count() > 0);
        (zone.apex.label_count() + 1..=deepest).any(|count| {
            let cut = known
                .cuts
                .get(&name.last_labels(count), known.now, self.clock.is_valid());
            matches!(cut, Some((Cut::Zone(_), _)))
        })
    }

    /// The zone of a trust anchor.
    fn anchored(&mut self, apex: &Name, anchor: &Anchor) -> Result<CutFound, Halt> {
        let reply = self.reply_to(Question::new(apex.clone(), RecordType::DNSKEY))?;
        let is_trusted = |key: &[u8], _: &Dnskey| anchor.keys.iter().any(|data| **data == *key);
        self.zone_with(apex, &anchor.ds, is_trusted, &reply)
    }

    /// What a name is to the zone above it.
    fn cut_at(&mut self, name: &Name, zone: &Zone) -> Result<CutFound, Halt> {
        let reply = self.reply_to(Question::new(name.clone(), RecordType::DS))?;
        let answers = rrsets_of(&reply.answers);
        let bogus = |reason| Halt::bogus(name, RecordType::DS, reason);
        if let Some(ds) = answers.iter().find(|rrset| rrset.is(name, RecordType::DS)) {
            return self.delegation(name, ds, zone);
        }
        if let Some(rrset) = answers
            .iter()
            .find(|rrset| rrset.record_type == RecordType::DNAME && name.is_below(rrset.owner))
        {
            // RFC 6672 section 2.4: nothing is below a DNAME record.
            let verified = verify(rrset, zone, self.clock, &mut self.budget).map_err(bogus)?;
            return match verified.expanded_from {
                Some(_) => Err(bogus(BogusReason::WrongLabels)),
                None => Ok((Cut::NothingBelow, verified.ttl)),
            };
        }
        if let Some(rrset) = answers.iter().find(|rrset| rrset.is(name, RecordType::CNAME)) {
            // A name with a CNAME record is no zone cut; names may be below it, unless it comes from a wildcard.
            let verified = verify(rrset, zone, self.clock, &mut self.budget).map_err(bogus)?;
            let Some(labels) = verified.expanded_from else {
                return Ok((Cut::None, verified.ttl));
            };
            let proof = self
                .deny_closer(name, labels, zone, &reply.authorities)
                .map_err(bogus)?;
            return Ok((Cut::None, verified.ttl.min(proof.ttl)));
        }
        let proof = self
            .deny(name, RecordType::DS, zone, &reply.authorities)
            .map_err(bogus)?;
        let insecure = |proof| {
            Cut::Insecure(Insecurity {
                name: name.clone(),
                proof,
            })
        };
        let cut = match proof.kind {
            _ if proof.is_opt_out => insecure(InsecurityProof::OptOut),
            // RFC 6840 section 4.4: without the NS bit it is no delegation.
            DenialKind::Matched(types) if types.contains(RecordType::NS) => insecure(InsecurityProof::NoDs),
            DenialKind::Matched(types) if types.contains(RecordType::DNAME) => Cut::NothingBelow,
            DenialKind::Matched(_) | DenialKind::EmptyNonTerminal => Cut::None,
            DenialKind::NoSuchName | DenialKind::Wildcard => Cut::NothingBelow,
            DenialKind::Unknown => return Err(bogus(BogusReason::DenialMissing)),
        };
        Ok((cut, proof.ttl))
    }

    /// A delegation with DS records.
    fn delegation(&mut self, name: &Name, rrset: &Rrset<'_>, zone: &Zone) -> Result<CutFound, Halt> {
        let bogus = |reason| Halt::bogus(name, RecordType::DS, reason);
        let all: Vec<_> = rrset
            .records
            .iter()
            .filter_map(|record| Ds::parse(&record.data))
            .collect();
        let with_algorithm: Vec<_> = all.iter().filter(|ds| is_supported(ds.algorithm)).collect();
        let usable: Vec<_> = with_algorithm
            .iter()
            .filter(|ds| is_supported_digest(ds.digest_type))
            .map(|&ds| ds.clone())
            .collect();
        // Everything is obtained before anything is checked, so that nothing is checked twice.
        let keys = if usable.is_empty() {
            None
        } else {
            Some(self.reply_to(Question::new(name.clone(), RecordType::DNSKEY))?)
        };
        let verified = verify(rrset, zone, self.clock, &mut self.budget).map_err(bogus)?;
        if verified.expanded_from.is_some() {
            return Err(bogus(BogusReason::WrongLabels));
        }
        let Some(keys) = keys else {
            let proof = if with_algorithm.is_empty() {
                InsecurityProof::UnsupportedAlgorithm
            } else {
                InsecurityProof::UnsupportedDigest
            };
            let insecurity = Insecurity {
                name: name.clone(),
                proof,
            };
            return Ok((Cut::Insecure(insecurity), verified.ttl));
        };
        let (cut, ttl) = self.zone_with(name, &usable, |_, _| false, &keys)?;
        Ok((cut, ttl.min(verified.ttl)))
    }

    /// The zone whose DNSKEY RRset is signed by a key that is known from DS records or otherwise.
    fn zone_with(
        &mut self,
        apex: &Name,
        ds: &[Ds],
        is_trusted: impl Fn(&[u8], &Dnskey) -> bool,
        reply: &Reply,
    ) -> Result<CutFound, Halt> {
        let bogus = |reason| Halt::bogus(apex, RecordType::DNSKEY, reason);
        let answers = rrsets_of(&reply.answers);
        let rrset = answers
            .iter()
            .find(|rrset| rrset.is(apex, RecordType::DNSKEY))
            .ok_or_else(|| bogus(BogusReason::DnskeyMissing))?;
        let all: Vec<_> = rrset
            .records
            .iter()
            .filter_map(|record| Some((&*record.data, Dnskey::parse(&record.data)?)))
            .collect();
        let mut entry = Vec::new();
        let mut reason = BogusReason::DnskeyMismatch;
        for (data, key) in &all {
            let mut is_known = is_trusted(data, key);
            for ds in ds {
                if !is_known && ds.key_tag == key.key_tag && ds.algorithm == key.algorithm {
                    self.budget.spend_digest().map_err(|error| bogus(error.into()))?;
                    is_known = is_digest_of(ds, apex, data);
                }
            }
            if is_known && key.may_sign() && is_supported(key.algorithm) {
                entry.push(key.clone());
            } else if is_known && !key.is_zone_key() {
                reason = BogusReason::NoZoneKeyBit;
            }
        }
        if entry.is_empty() {
            return Err(bogus(reason));
        }
        let entry = Zone {
            apex: apex.clone(),
            keys: entry,
        };
        let verified = verify(rrset, &entry, self.clock, &mut self.budget).map_err(bogus)?;
        if verified.expanded_from.is_some() {
            return Err(bogus(BogusReason::WrongLabels));
        }
        let keys = all
            .into_iter()
            .map(|(_, key)| key)
            .filter(|key| key.may_sign() && is_supported(key.algorithm))
            .collect();
        let zone = Zone {
            apex: apex.clone(),
            keys,
        };
        Ok((Cut::Zone(Arc::new(zone)), verified.ttl))
    }
}
