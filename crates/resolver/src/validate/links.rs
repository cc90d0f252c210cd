//! The links of an answer: each CNAME and DNAME record judged on its own, then the records asked for, or the proof that there are
//! none (RFC 4035 section 5.3 and 5.4, RFC 6672 section 5.3).

use std::sync::Arc;

use super::{
    Bogus, BogusReason, CLASS_IN, Insecurity, InsecurityProof, Link, LinkKind, Name, Question, Record,
    RecordType, Reply, Status,
    budget::MAX_ALIASES,
    canonical::canonical_data,
    denial::DenialKind,
    descent::Standing,
    rdata::soa_minimum,
    rrset::{Rrset, rrsets_of, usable_ttl},
    signature::verify,
    validator::{Halt, Known, Validator},
};

impl Validator {
    /// Follows the chain to its end; the response code that is proven.
    pub(super) fn follow(&mut self, known: &mut Known<'_>) -> Result<u16, Halt> {
        if self.question.record_type == RecordType::RRSIG {
            return Err(self.bogus_here(BogusReason::NeverSigned));
        }
        loop {
            let reply = Arc::clone(&self.reply);
            if !matches!(reply.response_code, Reply::NO_ERROR | Reply::NO_SUCH_NAME) {
                return Err(self.bogus_here(BogusReason::Unobtainable));
            }
            let answers = rrsets_of(&reply.answers);
            let end = self.end.clone();
            let record_type = self.question.record_type;
            let wanted: Vec<_> = answers
                .iter()
                .filter(|rrset| {
                    rrset.is(&end, record_type) || (record_type == RecordType::ANY && *rrset.owner == end)
                })
                .collect();
            // A CNAME record made from a DNAME record is not signed (RFC 6672 section 5.3.1).
            let is_signed = |rrset: &Rrset<'_>| !rrset.signatures.is_empty();
            let redirection = answers
                .iter()
                .find(|rrset| rrset.record_type == RecordType::DNAME && end.is_below(rrset.owner));
            let alias = answers
                .iter()
                .find(|rrset| rrset.is(&end, RecordType::CNAME) && record_type != RecordType::CNAME);
            if let Some(redirection) = redirection
                && !wanted.iter().copied().chain(alias).any(is_signed)
            {
                self.redirect(redirection, &reply.authorities, known)?;
                if record_type == RecordType::CNAME {
                    return Ok(Reply::NO_ERROR);
                }
            } else if !wanted.is_empty() {
                // RFC 6840 section 4.2: of a reply for every type each RRset counts.
                for rrset in wanted {
                    let is_judged =
                        |link: &Link| link.kind == LinkKind::Answer && link.record_type == rrset.record_type;
                    if self.links.iter().any(is_judged) {
                        continue;
                    }
                    let link = self.judge(LinkKind::Answer, rrset, &reply.authorities, known)?;
                    self.links.push(link);
                }
                return Ok(Reply::NO_ERROR);
            } else if let Some(alias) = alias {
                let target = alias
                    .single()
                    .and_then(|record| Name::from_wire(&record.data).ok());
                let (target, _) = target.ok_or_else(|| self.bogus_here(BogusReason::Aliases))?;
                let link = self.judge(LinkKind::Alias, alias, &reply.authorities, known)?;
                self.push_alias(link, target)?;
            } else if self.is_left_open(&reply) {
                let rest = Question::new(end.clone(), record_type);
                self.reply = self.reply_to(rest)?;
                self.reply_to = end;
            } else {
                return self.judge_absence(&reply, known);
            }
        }
    }

    /// Whether the reply ends at an alias without saying anything of what is there.
    fn is_left_open(&self, reply: &Reply) -> bool {
        let says_something = |record: &Record| {
            matches!(
                record.record_type,
                RecordType::SOA | RecordType::NSEC | RecordType::NSEC3
            )
        };
        // NSEC records may be there for a wildcard on the way; the SOA record is what tells.
        let is_negative = reply
            .authorities
            .iter()
            .any(|record| record.record_type == RecordType::SOA);
        self.end != self.reply_to
            && !(is_negative
                || reply.response_code == Reply::NO_SUCH_NAME && reply.authorities.iter().any(says_something))
    }

    /// Adds an alias and goes on at its target.
    fn push_alias(&mut self, link: Link, target: Name) -> Result<(), Halt> {
        self.links.push(link);
        let aliases = self.links.iter().filter(|link| link.kind == LinkKind::Alias);
        let is_circle = target == self.end || aliases.clone().any(|link| link.owner == target);
        if is_circle || aliases.count() > MAX_ALIASES {
            return Err(self.bogus_here(BogusReason::Aliases));
        }
        self.end = target;
        Ok(())
    }

    /// Follows a DNAME record: the CNAME record that comes with it is not looked at but made anew (RFC 6672 section 5.3.1).
    fn redirect(
        &mut self,
        rrset: &Rrset<'_>,
        authorities: &[Record],
        known: &mut Known<'_>,
    ) -> Result<(), Halt> {
        let target = rrset
            .single()
            .and_then(|record| Name::from_wire(&record.data).ok());
        let target = target.and_then(|(target, _)| self.end.substitute(rrset.owner, &target));
        let link = self.judge(LinkKind::Redirection, rrset, authorities, known)?;
        let target = target.ok_or_else(|| self.bogus_here(BogusReason::Aliases))?;
        let alias = Link {
            kind: LinkKind::Alias,
            owner: self.end.clone(),
            record_type: RecordType::CNAME,
            status: link.status.clone(),
            ttl: link.ttl,
            records: vec![Record {
                owner: self.end.clone(),
                record_type: RecordType::CNAME,
                class: CLASS_IN,
                ttl: link.ttl,
                data: target.as_wire().into(),
            }],
            signatures: Vec::new(),
            proof: Vec::new(),
        };
        self.links.push(link);
        self.push_alias(alias, target)
    }

    /// Judges an RRset of the answer section.
    fn judge(
        &mut self,
        kind: LinkKind,
        rrset: &Rrset<'_>,
        authorities: &[Record],
        known: &mut Known<'_>,
    ) -> Result<Link, Halt> {
        let mut link = Link {
            kind,
            owner: rrset.owner.clone(),
            record_type: rrset.record_type,
            status: Status::Secure,
            ttl: rrset.ttl(),
            records: distinct(rrset),
            signatures: Vec::new(),
            proof: Vec::new(),
        };
        let signers = rrset.signatures.iter().map(|signature| &signature.data.signer);
        let place = place_of(rrset.owner, rrset.record_type, signers);
        let zone = match self.zone_of(&place, known)? {
            Standing::Secure(zone) => zone,
            Standing::Insecure(insecurity) => {
                link.status = Status::Insecure(insecurity);
                return Ok(link);
            }
        };
        let bogus = |reason| Halt::bogus(rrset.owner, rrset.record_type, reason);
        if self.is_below_known_cut(rrset.owner, rrset.record_type, &zone, known) {
            return Err(bogus(BogusReason::SignerAboveZoneCut));
        }
        self.is_provisional |= !self.clock.is_valid();
        let verified = verify(rrset, &zone, self.clock, &mut self.budget).map_err(bogus)?;
        link.ttl = verified.ttl;
        link.signatures.push(verified.signature);
        if let Some(labels) = verified.expanded_from {
            // RFC 4035 section 5.3.4: the wildcard answers only if no closer name does. Its answer holds no longer than that proof.
            let proof = self
                .deny_closer(rrset.owner, labels, &zone, authorities)
                .map_err(bogus)?;
            link.ttl = link.ttl.min(proof.ttl);
            link.proof = [proof.records, proof.signatures].concat();
            if proof.is_opt_out {
                link.status = opt_out(&rrset.owner.last_labels(labels + 1));
            }
        }
        Ok(link)
    }

    /// Judges that there is nothing at the end of the chain.
    fn judge_absence(&mut self, reply: &Reply, known: &mut Known<'_>) -> Result<u16, Halt> {
        let (name, record_type) = (self.end.clone(), self.question.record_type);
        let authorities = rrsets_of(&reply.authorities);
        let soa = |name: &Name| {
            authorities
                .iter()
                .filter(|rrset| rrset.record_type == RecordType::SOA && name.is_within(rrset.owner))
                .max_by_key(|rrset| rrset.owner.label_count())
        };
        let signers = authorities
            .iter()
            .filter(|rrset| matches!(rrset.record_type, RecordType::NSEC | RecordType::NSEC3))
            .flat_map(|rrset| rrset.signatures.iter().map(|signature| &signature.data.signer));
        let place = place_of(&name, record_type, signers);
        let mut link = Link {
            kind: LinkKind::Denial,
            owner: name.clone(),
            record_type,
            status: Status::Secure,
            ttl: 0,
            records: Vec::new(),
            signatures: Vec::new(),
            proof: Vec::new(),
        };
        let zone = match self.zone_of(&place, known)? {
            Standing::Secure(zone) => zone,
            Standing::Insecure(insecurity) => {
                link.status = Status::Insecure(insecurity);
                if let Some(soa) = soa(&name).and_then(Rrset::single) {
                    link.ttl = negative_ttl(soa);
                    link.records.push(soa.clone());
                }
                self.links.push(link);
                return Ok(reply.response_code);
            }
        };
        let bogus = |reason| Halt::bogus(&name, record_type, reason);
        if self.is_below_known_cut(&name, record_type, &zone, known) {
            return Err(bogus(BogusReason::SignerAboveZoneCut));
        }
        self.is_provisional |= !self.clock.is_valid();
        let proof = self
            .deny(&name, record_type, &zone, &reply.authorities)
            .map_err(bogus)?;
        link.ttl = proof.ttl;
        if let Some(rrset) = soa(&name).filter(|rrset| *rrset.owner == zone.apex) {
            let bogus = |reason| Halt::bogus(rrset.owner, RecordType::SOA, reason);
            let verified = verify(rrset, &zone, self.clock, &mut self.budget).map_err(bogus)?;
            let soa = rrset.single().filter(|_| verified.expanded_from.is_none());
            let soa = soa.ok_or_else(|| bogus(BogusReason::WrongLabels))?;
            link.ttl = link.ttl.min(verified.ttl).min(negative_ttl(soa));
            link.records.push(soa.clone());
            link.signatures.push(verified.signature);
        }
        link.records.extend(proof.records);
        link.signatures.extend(proof.signatures);
        if proof.is_opt_out {
            link.status = opt_out(&name);
        }
        self.links.push(link);
        Ok(match proof.kind {
            DenialKind::NoSuchName => Reply::NO_SUCH_NAME,
            DenialKind::Matched(_) | DenialKind::EmptyNonTerminal | DenialKind::Wildcard => Reply::NO_ERROR,
            DenialKind::Unknown => reply.response_code,
        })
    }

    fn bogus_here(&self, reason: BogusReason) -> Halt {
        Halt::Bogus(Bogus::new(&self.end, self.question.record_type, reason))
    }
}

/// The name on whose way down the zone is found that an RRset belongs to: the deepest signer that may be it, or the owner itself.
///
/// A signer is only a hint, and never leads aside: it is an ancestor of the owner. A DS record belongs to the zone above its owner.
fn place_of<'a>(owner: &Name, record_type: RecordType, signers: impl Iterator<Item = &'a Name>) -> Name {
    let parent = (record_type == RecordType::DS).then(|| owner.parent()).flatten();
    let base = parent.unwrap_or_else(|| owner.clone());
    signers
        .filter(|signer| base.is_within(signer))
        .max_by_key(|signer| signer.label_count())
        .cloned()
        .unwrap_or(base)
}

/// The records of an RRset, each once.
fn distinct(rrset: &Rrset<'_>) -> Vec<Record> {
    let mut seen = std::collections::BTreeSet::new();
    rrset
        .records
        .iter()
        .filter(|record| seen.insert(canonical_data(record.record_type, &record.data)))
        .map(|&record| record.clone())
        .collect()
}

/// How long a negative answer holds (RFC 2308 section 5).
fn negative_ttl(soa: &Record) -> u32 {
    usable_ttl(soa.ttl).min(soa_minimum(&soa.data).map_or(0, usable_ttl))
}

fn opt_out(name: &Name) -> Status {
    Status::Insecure(Insecurity {
        name: name.clone(),
        proof: InsecurityProof::OptOut,
    })
}
