//! An answer as it is stored: the chain that is told, and what the sink is shown of it.

use std::sync::Arc;

use hickory_proto::{
    op::ResponseCode,
    rr::{
        RData, Record,
        rdata::{A, AAAA},
    },
};
use mudguard_policy::SpecialPurpose;

use super::{
    Question,
    chain::{Chain, target_of, usable_ttl, with_ttl},
    question::{shared_text_of, text_of},
    rebinding::{addresses_of, strip_special_purpose},
    special_names::SpecialAnswer,
};
use crate::{AnswerAddress, ExtendedError, Security, Validated};

/// The longest that a negative answer is kept, in seconds (RFC 2308 section 5 recommends one to three hours).
const MAX_NEGATIVE_TTL: u32 = 3600;

/// How long the addresses of localhost are told to hold, in seconds.
const LOCALHOST_TTL: u32 = 3600;

/// An answer. Its TTLs are those of the moment at which it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// What the answer section holds, in order.
    pub(crate) records: Vec<Record>,
    /// The SOA record of a negative answer (RFC 2308 section 3).
    pub(crate) soa: Option<Record>,
    /// No error, or no such name.
    pub(crate) response_code: ResponseCode,
    /// How long it may be kept, in seconds; 0: not at all.
    pub(crate) lifetime: u32,
    /// Whether special-purpose addresses were taken from it.
    pub(crate) filtered: bool,
    /// How many of the records are aliases.
    aliases: usize,
    /// What clients are told that validate themselves.
    signed: Option<Signed>,
    /// What clients are told about the check, if there is anything to tell.
    pub(crate) note: Option<ExtendedError>,
    /// What the sink is shown; its TTLs are as of the moment at which the answer came.
    shown: Validated,
}

/// An answer with its signatures and proofs (RFC 4035 section 3.1).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signed {
    /// The answer section.
    pub(crate) answers: Vec<Record>,
    /// The authority section.
    pub(crate) authorities: Vec<Record>,
}

impl Answer {
    /// Makes an answer of the chain that upstream resolvers gave.
    pub(crate) fn new(
        question: &Question,
        chain: Chain,
        response_code: ResponseCode,
        soa: Option<Record>,
        special: &SpecialPurpose,
    ) -> Self {
        let Chain {
            mut records,
            aliases,
            end,
        } = chain;
        let soa = soa.filter(|soa| soa.name.zone_of(&end)).and_then(negative_soa);
        let least = records.iter().map(|record| record.ttl).min();
        let lifetime = if records.len() > aliases {
            least.unwrap_or(0)
        } else {
            // RFC 2308 section 5: without a SOA record a negative answer is not kept.
            soa.as_ref()
                .map_or(0, |soa| soa.ttl)
                .min(least.unwrap_or(u32::MAX))
        };
        let soa = soa.filter(|_| records.len() == aliases);
        let filtered = strip_special_purpose(&mut records, special);
        let shown = shown(question, &records, aliases, response_code, lifetime);
        Self {
            records,
            soa,
            response_code,
            lifetime,
            filtered,
            aliases,
            signed: None,
            note: None,
            shown,
        }
    }

    /// Says how far it was checked, and adds what shows it; at first nothing was.
    pub(crate) fn set_security(&mut self, security: Security, signed: Signed) {
        self.shown.security = security;
        // Without the addresses that were taken from it, no signature would be right.
        self.signed = Some(signed).filter(|_| !self.filtered);
    }

    /// What a client that validates is told `age` seconds after the answer came, as [`Self::records_at`] does.
    pub(crate) fn signed_at(&self, age: u32, ttl_at_most: u32) -> Option<Signed> {
        let aged = |records: &[Record]| {
            records
                .iter()
                .map(|record| aged(record, age, ttl_at_most))
                .collect()
        };
        self.signed.as_ref().map(|signed| Signed {
            answers: aged(&signed.answers),
            authorities: aged(&signed.authorities),
        })
    }

    /// Every record that is stored.
    pub(crate) fn all_records(&self) -> impl Iterator<Item = &Record> {
        let signed = self
            .signed
            .iter()
            .flat_map(|signed| signed.answers.iter().chain(&signed.authorities));
        self.records.iter().chain(&self.soa).chain(signed)
    }

    /// How far it was checked, all of it: addresses that were taken from it make it another answer.
    pub(crate) fn security(&self) -> Security {
        if self.filtered {
            Security::Unchecked
        } else {
            self.shown.security
        }
    }

    /// Makes the answer for a name that is answered here.
    pub(crate) fn special(question: &Question, answer: SpecialAnswer) -> Self {
        let (response_code, data) = match answer {
            SpecialAnswer::Ipv4(address) => (ResponseCode::NoError, Some(RData::A(A(address)))),
            SpecialAnswer::Ipv6(address) => (ResponseCode::NoError, Some(RData::AAAA(AAAA(address)))),
            SpecialAnswer::NoData => (ResponseCode::NoError, None),
            SpecialAnswer::NoSuchName => (ResponseCode::NXDomain, None),
        };
        let records: Vec<_> = data
            .map(|data| Record::from_rdata(question.name.clone(), LOCALHOST_TTL, data))
            .into_iter()
            .collect();
        let shown = shown(question, &records, 0, response_code, LOCALHOST_TTL);
        Self {
            records,
            soa: None,
            response_code,
            lifetime: 0,
            filtered: false,
            aliases: 0,
            signed: None,
            note: None,
            shown,
        }
    }

    /// Whether nothing of the type asked for is in it.
    pub(crate) fn is_negative(&self) -> bool {
        self.records.len() <= self.aliases
    }

    /// What the sink is shown `age` seconds after the answer came.
    pub(crate) fn validated(&self, age: u32) -> Validated {
        let mut shown = self.shown.clone();
        shown.minimum_ttl = shown.minimum_ttl.saturating_sub(age);
        for address in &mut shown.addresses {
            address.ttl = address.ttl.saturating_sub(age);
        }
        shown
    }

    /// The records as they are told `age` seconds after the answer came, none with a TTL above `ttl_at_most`.
    pub(crate) fn records_at(&self, age: u32, ttl_at_most: u32) -> Vec<Record> {
        self.records
            .iter()
            .map(|record| aged(record, age, ttl_at_most))
            .collect()
    }

    /// The SOA record likewise.
    pub(crate) fn soa_at(&self, age: u32) -> Option<Record> {
        self.soa.as_ref().map(|soa| aged(soa, age, u32::MAX))
    }
}

fn aged(record: &Record, age: u32, ttl_at_most: u32) -> Record {
    with_ttl(record.clone(), record.ttl.saturating_sub(age).min(ttl_at_most))
}

/// The SOA record with the TTL that its negative answer has (RFC 2308 section 5).
fn negative_soa(record: Record) -> Option<Record> {
    let RData::SOA(soa) = &record.data else {
        return None;
    };
    let ttl = usable_ttl(record.ttl)
        .min(usable_ttl(soa.minimum))
        .min(MAX_NEGATIVE_TTL);
    Some(with_ttl(record, ttl))
}

fn shown(
    question: &Question,
    records: &[Record],
    aliases: usize,
    response_code: ResponseCode,
    minimum_ttl: u32,
) -> Validated {
    let targets = records.iter().take(aliases).filter_map(target_of).map(text_of);
    let addresses = records.iter().flat_map(|record| {
        addresses_of(record).into_iter().map(|address| AnswerAddress {
            address,
            ttl: record.ttl,
        })
    });
    Validated {
        name: shared_text_of(&question.name),
        aliases: Arc::from(targets.collect::<Vec<_>>()),
        record_type: question.record_type.into(),
        response_code: response_code.into(),
        addresses: addresses.collect(),
        minimum_ttl,
        security: Security::Unchecked,
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{Name, RecordType, rdata::SOA};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn soa(owner: &str, ttl: u32, minimum: u32) -> Record {
        let data = SOA::new(name("ns.example."), name("host.example."), 1, 2, 3, 4, minimum);
        Record::from_rdata(name(owner), ttl, RData::SOA(data))
    }

    fn a(owner: &str, ttl: u32, address: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(A(address.parse().unwrap())))
    }

    fn answer(records: &[Record], response_code: ResponseCode, soa: Option<Record>) -> Answer {
        let question = Question::new(&name("a.example."), RecordType::A);
        let chain = Chain {
            records: records.to_vec(),
            aliases: 0,
            end: question.name.clone(),
        };
        Answer::new(&question, chain, response_code, soa, &SpecialPurpose::default())
    }

    #[test]
    fn a_negative_answer_is_kept_as_long_as_its_soa_says() {
        let kept =
            |ttl, minimum| answer(&[], ResponseCode::NXDomain, Some(soa("example.", ttl, minimum))).lifetime;
        assert_eq!(kept(900, 60), 60);
        assert_eq!(kept(30, 60), 30);
        assert_eq!(kept(100_000, 100_000), MAX_NEGATIVE_TTL);
    }

    #[test]
    fn a_negative_answer_without_the_soa_of_its_zone_is_not_kept() {
        assert_eq!(answer(&[], ResponseCode::NoError, None).lifetime, 0);
        let foreign = answer(&[], ResponseCode::NoError, Some(soa("other.", 900, 900)));
        assert_eq!((foreign.lifetime, foreign.soa), (0, None));
    }

    #[test]
    fn ttls_are_told_counted_down_and_capped() {
        let answer = answer(&[a("a.example.", 100, "9.9.9.9")], ResponseCode::NoError, None);
        assert_eq!(answer.records_at(30, u32::MAX)[0].ttl, 70);
        assert_eq!(answer.records_at(30, 20)[0].ttl, 20);
        let validated = answer.validated(30);
        assert_eq!((validated.minimum_ttl, validated.addresses[0].ttl), (70, 70));
    }

    #[test]
    fn what_is_filtered_is_neither_told_nor_shown() {
        let answer = answer(
            &[a("a.example.", 100, "192.168.1.1")],
            ResponseCode::NoError,
            None,
        );
        assert!(answer.filtered && answer.is_negative() && answer.records.is_empty());
        assert_eq!(answer.validated(0).addresses, []);
    }

    #[test]
    fn a_negative_answer_says_so_with_the_soa_and_a_positive_one_without() {
        let positive = answer(
            &[a("a.example.", 100, "9.9.9.9")],
            ResponseCode::NoError,
            Some(soa("example.", 60, 60)),
        );
        assert_eq!((positive.lifetime, positive.soa), (100, None));
        let negative = answer(&[], ResponseCode::NoError, Some(soa("example.", 60, 60)));
        assert_eq!(negative.soa_at(20).unwrap().ttl, 40);
    }
}
