//! From the authority section to a proof: which NSEC and NSEC3 records are those of the zone and verified, and what they prove.

use super::{
    BogusReason, MAX_NSEC3_ITERATIONS, Name, Record, RecordType,
    denial::DenialKind,
    nsec::{self, NsecAt},
    nsec3::{self, Nsec3At},
    rdata::{Nsec, Nsec3, hash_of_owner},
    rrset::rrsets_of,
    signature::{Zone, verify},
    validator::Validator,
};

/// A proof that something does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) kind: DenialKind,
    pub(super) is_opt_out: bool,
    /// How long it holds, in seconds.
    pub(super) ttl: u32,
    /// The records that it consists of.
    pub(super) records: Vec<Record>,
    /// Their signatures.
    pub(super) signatures: Vec<Record>,
}

/// A verified record of the authority section.
struct Evidence {
    ttl: u32,
    record: Record,
    signature: Record,
}

/// The verified NSEC and NSEC3 records of a zone.
#[derive(Default)]
struct Denials {
    nsec: Vec<NsecAt>,
    nsec_evidence: Vec<Evidence>,
    nsec3: Vec<Nsec3At>,
    nsec3_evidence: Vec<Evidence>,
    /// Why others are not among them.
    failure: Option<BogusReason>,
}

impl Validator {
    /// Finds a proof that a name of this zone, or its type, does not exist.
    pub(super) fn deny(
        &mut self,
        name: &Name,
        record_type: RecordType,
        zone: &Zone,
        authorities: &[Record],
    ) -> Result<Proof, BogusReason> {
        let denials = self.denials(zone, authorities)?;
        if let Some(denial) = nsec::deny(name, record_type, &zone.apex, &denials.nsec) {
            return Ok(Proof::new(
                denial.kind,
                false,
                &denial.used,
                &denials.nsec_evidence,
            ));
        }
        let by_hash = nsec3::deny(name, record_type, &zone.apex, &denials.nsec3, &mut self.budget)?;
        if let Some(denial) = by_hash {
            let evidence = &denials.nsec3_evidence;
            return Ok(Proof::new(denial.kind, denial.is_opt_out, &denial.used, evidence));
        }
        Err(denials.failure.unwrap_or(BogusReason::DenialMissing))
    }

    /// Finds a proof that no name of this zone is closer to this one than the wildcard below the last `labels` labels.
    pub(super) fn deny_closer(
        &mut self,
        name: &Name,
        labels: usize,
        zone: &Zone,
        authorities: &[Record],
    ) -> Result<Proof, BogusReason> {
        let denials = self.denials(zone, authorities)?;
        if let Some(place) = nsec::deny_closer(name, labels, &zone.apex, &denials.nsec) {
            let evidence = &denials.nsec_evidence;
            return Ok(Proof::new(DenialKind::NoSuchName, false, &[place], evidence));
        }
        let by_hash = nsec3::deny_closer(name, labels, &denials.nsec3, &mut self.budget)?;
        if let Some((place, is_opt_out)) = by_hash {
            let evidence = &denials.nsec3_evidence;
            return Ok(Proof::new(DenialKind::NoSuchName, is_opt_out, &[place], evidence));
        }
        Err(denials.failure.unwrap_or(BogusReason::DenialMissing))
    }

    fn denials(&mut self, zone: &Zone, authorities: &[Record]) -> Result<Denials, BogusReason> {
        let mut denials = Denials::default();
        for rrset in rrsets_of(authorities) {
            let is_denial = matches!(rrset.record_type, RecordType::NSEC | RecordType::NSEC3);
            let Some(record) = rrset
                .single()
                .filter(|_| is_denial && rrset.owner.is_within(&zone.apex))
            else {
                continue;
            };
            let verified = match verify(&rrset, zone, self.clock, &mut self.budget) {
                // A wildcard's record under another name would deny that name.
                Ok(verified) if verified.expanded_from.is_none() => verified,
                Ok(_) => {
                    denials.failure = denials.failure.max(Some(BogusReason::WrongLabels));
                    continue;
                }
                Err(BogusReason::TooMuchWork) => return Err(BogusReason::TooMuchWork),
                Err(reason) => {
                    denials.failure = denials.failure.max(Some(reason));
                    continue;
                }
            };
            let evidence = Evidence {
                ttl: verified.ttl,
                record: record.clone(),
                signature: verified.signature,
            };
            if rrset.record_type == RecordType::NSEC {
                if let Some(data) = Nsec::parse(&record.data) {
                    let owner = rrset.owner.clone();
                    denials.nsec.push(NsecAt { owner, data });
                    denials.nsec_evidence.push(evidence);
                }
                continue;
            }
            let is_child = rrset.owner.parent().as_ref() == Some(&zone.apex);
            let hash = hash_of_owner(rrset.owner).filter(|_| is_child);
            let (Some(owner), Some(data)) = (hash, Nsec3::parse(&record.data)) else {
                continue;
            };
            // RFC 9276 section 3.2: only signed records may say so.
            if data.iterations > MAX_NSEC3_ITERATIONS {
                denials.failure = denials.failure.max(Some(BogusReason::TooManyIterations));
                continue;
            }
            denials.nsec3.push(Nsec3At { owner, data });
            denials.nsec3_evidence.push(evidence);
        }
        Ok(denials)
    }
}

impl Proof {
    fn new(kind: DenialKind, is_opt_out: bool, used: &[usize], evidence: &[Evidence]) -> Self {
        let mut used = used.to_vec();
        used.sort_unstable();
        used.dedup();
        let used: Vec<_> = used.iter().filter_map(|&place| evidence.get(place)).collect();
        Self {
            kind,
            is_opt_out,
            ttl: used.iter().map(|evidence| evidence.ttl).min().unwrap_or(0),
            records: used.iter().map(|evidence| evidence.record.clone()).collect(),
            signatures: used.iter().map(|evidence| evidence.signature.clone()).collect(),
        }
    }
}
