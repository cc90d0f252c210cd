//! What the validator finds: for each RRset of an answer whether it is secure, insecure or bogus, and why (RFC 4035 section 4.3).

use std::fmt;

use thiserror::Error;

use super::{MAX_NSEC3_ITERATIONS, Name, Record, RecordType, Reply};
use crate::ExtendedError;

/// What is known of an answer when every link of its chain has been looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The links in order: aliases, and at last the records asked for or the proof that there are none. The last one is bogus if any
    /// is; what would follow it was not looked at.
    pub links: Vec<Link>,
    /// The response code as far as it is proven: 0 is no error, 3 is no such name.
    pub response_code: u16,
    /// The name at which the chain ends.
    pub end: Name,
    /// Whether dates were left unjudged because the clock is not valid. It is to be judged again once it is.
    pub is_provisional: bool,
}

/// One step from the name asked for to the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it does for the answer.
    pub kind: LinkKind,
    /// The name that it is about.
    pub owner: Name,
    /// Its type; for a denial the type that is not there.
    pub record_type: RecordType,
    /// How far it can be trusted.
    pub status: Status,
    /// How long it holds, in seconds, as records and signatures say (RFC 4035 section 5.3.3); 0 if it is bogus.
    pub ttl: u32,
    /// Its records, and nothing that came beside them. Those of a denial are the SOA, NSEC and NSEC3 records used.
    pub records: Vec<Record>,
    /// The signatures of these records, as far as they were checked.
    pub signatures: Vec<Record>,
    /// If they came from a wildcard, the NSEC or NSEC3 record that shows that no closer name exists, and its signature.
    pub proof: Vec<Record>,
}

/// What a link does for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// It leads to another name: a CNAME record. Its status is that of the DNAME before it, if it was made from one.
    Alias,
    /// It leads to other names for all below its owner: a DNAME record.
    Redirection,
    /// It holds what was asked for.
    Answer,
    /// It shows that there is nothing of what was asked for.
    Denial,
}

/// How far an RRset, or the absence of one, can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// A chain of signatures leads from the trust anchor to it.
    Secure,
    /// It is proven that nothing there can be checked.
    Insecure(Insecurity),
    /// It should be secure and is not.
    Bogus(Bogus),
}

/// The security of a whole answer: that of its weakest link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Overall {
    /// At least one link is bogus.
    Bogus,
    /// At least one link is insecure, none is bogus.
    Insecure,
    /// Every link is secure.
    Secure,
}

/// Where security ends on the way down to a name, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insecurity {
    /// The name at which it ends.
    pub name: Name,
    /// What shows it.
    pub proof: InsecurityProof,
}

/// What shows that nothing below a name can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum InsecurityProof {
    /// The parent proves that the delegation has no DS record (RFC 4035 section 5.2).
    #[error("its delegation is proven to have no DS record")]
    NoDs,
    /// The parent proves that the name lies where it does not sign delegations (RFC 5155 section 6).
    #[error("it lies in an opt-out span of its parent")]
    OptOut,
    /// No DS record has an algorithm that is supported (RFC 4035 section 5.2).
    #[error("no DS record has an algorithm that is supported")]
    UnsupportedAlgorithm,
    /// No DS record with a supported algorithm has a digest that is supported.
    #[error("no DS record has a digest that is supported")]
    UnsupportedDigest,
    /// The household wants nothing to be checked there until a time, in seconds since 1970 (RFC 7646).
    #[error("a negative trust anchor stands there")]
    NegativeTrustAnchor {
        /// When it ends.
        until: u64,
    },
    /// No trust anchor is above it.
    #[error("no trust anchor is above it")]
    NoTrustAnchor,
}

/// Why something that should be secure is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bogus {
    /// The name of the RRset at which it showed: that of the answer, or of a DS or DNSKEY record on the way to it.
    pub name: Name,
    /// The type of that RRset.
    pub record_type: RecordType,
    /// Why.
    pub reason: BogusReason,
}

/// Why something that should be secure is not. Of several reasons the one that came closest to being right is told, so the order
/// matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum BogusReason {
    /// There is no signature.
    #[error("there is no signature")]
    SignatureMissing,
    /// No signature is by the zone that the name belongs to.
    #[error("no signature is by the zone that the name belongs to")]
    SignerIsNotTheZone,
    /// No signature has an algorithm that is supported.
    #[error("no signature has an algorithm that is supported")]
    UnsupportedAlgorithm,
    /// The Labels field of the signature does not fit the name, or the record may not come from a wildcard.
    #[error("the signature is not for this name")]
    WrongLabels,
    /// No key of the zone has the tag and algorithm of the signature.
    #[error("the key of the signature is not among those of the zone")]
    KeyMissing,
    /// The signature does not hold any more.
    #[error("the signature has expired")]
    SignatureExpired,
    /// The signature does not hold yet.
    #[error("the signature is not valid yet")]
    SignatureNotYetValid,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// The zone has no DNSKEY records, though its parent says that it is signed.
    #[error("there are no DNSKEY records")]
    DnskeyMissing,
    /// No DNSKEY record is the one that the DS records or the trust anchor tell of.
    #[error("no DNSKEY record matches the DS records or the trust anchor")]
    DnskeyMismatch,
    /// The DNSKEY record that the DS records tell of is no key of a zone.
    #[error("the DNSKEY record is no zone key")]
    NoZoneKeyBit,
    /// Nothing proves that the name or type does not exist, or that no closer name than the wildcard does.
    #[error("nothing proves that it does not exist")]
    DenialMissing,
    /// The NSEC3 records have more iterations than [`MAX_NSEC3_ITERATIONS`].
    #[error("NSEC3 records have more than {MAX_NSEC3_ITERATIONS} iterations")]
    TooManyIterations,
    /// The name lies below a zone cut that is known, and the signature is by a zone above it.
    #[error("the signature is by a zone above the one that the name belongs to")]
    SignerAboveZoneCut,
    /// Records of this type are not signed, so nothing can be said of them.
    #[error("records of this type are never signed")]
    NeverSigned,
    /// What the validator needed could not be obtained.
    #[error("it could not be obtained")]
    Unobtainable,
    /// The aliases lead in a circle, are too many, or give a name that is too long.
    #[error("the aliases lead nowhere")]
    Aliases,
    /// It would have taken more work than one query may cause.
    #[error("it would take more work than one query may cause")]
    TooMuchWork,
}

impl Verdict {
    /// The security of the whole: that of its weakest link.
    #[must_use]
    pub fn overall(&self) -> Overall {
        self.links
            .iter()
            .map(|link| match link.status {
                Status::Secure => Overall::Secure,
                Status::Insecure(_) => Overall::Insecure,
                Status::Bogus(_) => Overall::Bogus,
            })
            .min()
            .unwrap_or(Overall::Bogus)
    }

    /// How long the whole holds, in seconds.
    #[must_use]
    pub fn ttl(&self) -> u32 {
        self.links.iter().map(|link| link.ttl).min().unwrap_or(0)
    }

    /// Why it is bogus, if it is.
    #[must_use]
    pub fn bogus(&self) -> Option<&Bogus> {
        self.links.iter().find_map(|link| match &link.status {
            Status::Bogus(bogus) => Some(bogus),
            Status::Secure | Status::Insecure(_) => None,
        })
    }

    /// Where and why it is insecure first, if it is.
    #[must_use]
    pub fn insecurity(&self) -> Option<&Insecurity> {
        self.links.iter().find_map(|link| match &link.status {
            Status::Insecure(insecurity) => Some(insecurity),
            Status::Secure | Status::Bogus(_) => None,
        })
    }

    /// What the client is told beside the answer, if there is anything to tell (RFC 8914).
    #[must_use]
    pub fn extended_error(&self) -> Option<ExtendedError> {
        if let Some(bogus) = self.bogus() {
            return Some(ExtendedError::new(bogus.reason.code(), bogus.to_string()));
        }
        let insecurity = self.insecurity()?;
        let code = insecurity.proof.code()?;
        Some(ExtendedError::new(code, insecurity.to_string()))
    }

    /// Whether it says that there is no such name.
    #[must_use]
    pub fn is_no_such_name(&self) -> bool {
        self.response_code == Reply::NO_SUCH_NAME
    }
}

impl BogusReason {
    /// Its number in the registry "Extended DNS Error Codes".
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::SignatureMissing | Self::SignerIsNotTheZone => ExtendedError::RRSIGS_MISSING,
            Self::UnsupportedAlgorithm => ExtendedError::UNSUPPORTED_DNSKEY_ALGORITHM,
            Self::SignatureExpired => ExtendedError::SIGNATURE_EXPIRED,
            Self::SignatureNotYetValid => ExtendedError::SIGNATURE_NOT_YET_VALID,
            Self::KeyMissing | Self::DnskeyMissing | Self::DnskeyMismatch => ExtendedError::DNSKEY_MISSING,
            Self::NoZoneKeyBit => ExtendedError::NO_ZONE_KEY_BIT_SET,
            Self::DenialMissing => ExtendedError::NSEC_MISSING,
            Self::TooManyIterations => ExtendedError::UNSUPPORTED_NSEC3_ITERATIONS,
            Self::WrongLabels | Self::SignatureWrong | Self::SignerAboveZoneCut => {
                ExtendedError::DNSSEC_BOGUS
            }
            Self::NeverSigned | Self::Unobtainable => ExtendedError::DNSSEC_INDETERMINATE,
            Self::Aliases | Self::TooMuchWork => ExtendedError::OTHER,
        }
    }
}

impl InsecurityProof {
    /// Its number in the registry "Extended DNS Error Codes", if people may want to know.
    #[must_use]
    pub fn code(self) -> Option<u16> {
        match self {
            Self::UnsupportedAlgorithm => Some(ExtendedError::UNSUPPORTED_DNSKEY_ALGORITHM),
            Self::UnsupportedDigest => Some(ExtendedError::UNSUPPORTED_DS_DIGEST_TYPE),
            Self::NoDs | Self::OptOut | Self::NegativeTrustAnchor { .. } | Self::NoTrustAnchor => None,
        }
    }
}

impl fmt::Display for Bogus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.name, self.record_type, self.reason)
    }
}

impl fmt::Display for Insecurity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.proof)
    }
}
