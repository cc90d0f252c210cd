//! The check of one RRset against the keys of its zone (RFC 4035 section 5.3).

use super::{
    BogusReason, Clock, Name, Record,
    algorithm::{is_supported, verifies},
    budget::{Budget, MAX_KEYS_OF_TAG, MAX_SIGNATURES_OF_SET},
    canonical::signed_data,
    clock::WrongDate,
    rdata::Dnskey,
    rrset::{Rrset, Signature, usable_ttl},
};

/// A zone whose keys are reached from a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) apex: Name,
    /// The keys that may sign its records, with algorithms that are supported.
    pub(crate) keys: Vec<Dnskey>,
}

/// An RRset that one of the keys has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// How long it holds, in seconds.
    pub(crate) ttl: u32,
    /// How many labels the wildcard's parent has, if it came from a wildcard: then it is secure only with a proof that no closer name
    /// exists (RFC 4035 section 5.3.4).
    pub(crate) expanded_from: Option<usize>,
    /// The signature that did it.
    pub(crate) signature: Record,
}

/// Checks an RRset. One good signature suffices (RFC 6840 section 5.4).
pub(crate) fn verify(
    rrset: &Rrset<'_>,
    zone: &Zone,
    clock: Clock,
    budget: &mut Budget,
) -> Result<Verified, BogusReason> {
    let mut closest = BogusReason::SignatureMissing;
    for signature in rrset.signatures.iter().take(MAX_SIGNATURES_OF_SET) {
        match verify_one(rrset, signature, zone, clock, budget) {
            Ok(verified) => return Ok(verified),
            Err(BogusReason::TooMuchWork) => return Err(BogusReason::TooMuchWork),
            Err(reason) => closest = closest.max(reason),
        }
    }
    Err(closest)
}

fn verify_one(
    rrset: &Rrset<'_>,
    signature: &Signature<'_>,
    zone: &Zone,
    clock: Clock,
    budget: &mut Budget,
) -> Result<Verified, BogusReason> {
    let Signature { data, record } = signature;
    if data.signer != zone.apex || !rrset.owner.is_within(&zone.apex) {
        return Err(BogusReason::SignerIsNotTheZone);
    }
    if !is_supported(data.algorithm) {
        return Err(BogusReason::UnsupportedAlgorithm);
    }
    let labels = usize::from(data.labels);
    // A wildcard belongs to the zone that signs it.
    if labels > rrset.owner.signed_labels() || labels < zone.apex.label_count() {
        return Err(BogusReason::WrongLabels);
    }
    let time_left = clock
        .time_left(data.inception, data.expiration)
        .map_err(|wrong| match wrong {
            WrongDate::Expired => BogusReason::SignatureExpired,
            WrongDate::NotYetValid => BogusReason::SignatureNotYetValid,
        })?;
    let mut keys = zone
        .keys
        .iter()
        .filter(|key| key.key_tag == data.key_tag && key.algorithm == data.algorithm)
        .take(MAX_KEYS_OF_TAG)
        .peekable();
    if keys.peek().is_none() {
        return Err(BogusReason::KeyMissing);
    }
    let signed = signed_data(rrset, data).ok_or(BogusReason::WrongLabels)?;
    for key in keys {
        budget.spend_signature().map_err(|_| BogusReason::TooMuchWork)?;
        if verifies(key, &signed, &data.signature) {
            let ttl = rrset
                .ttl()
                .min(usable_ttl(record.ttl))
                .min(usable_ttl(data.original_ttl))
                .min(time_left);
            return Ok(Verified {
                ttl,
                expanded_from: (labels < rrset.owner.signed_labels()).then_some(labels),
                signature: (*record).clone(),
            });
        }
        budget.spend_failure().map_err(|_| BogusReason::TooMuchWork)?;
    }
    Err(BogusReason::SignatureWrong)
}
