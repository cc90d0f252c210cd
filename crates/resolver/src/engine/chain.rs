//! Takes from the records of a reply the chain that answers a question, in order, and nothing else (RFC 1034 section 3.6.2).
//!
//! Whatever an upstream resolver put beside the chain is dropped: it would be told, and open the firewall, without having been asked
//! for. A DNAME is not told; the CNAME that its server made from it is (RFC 6672 section 3.1).

use hickory_proto::rr::{Name, RData, Record, RecordType};
use thiserror::Error;

use super::Question;

/// The records of one reply that answer a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// The aliases in order, then the records of the type asked for, which may be none.
    pub(crate) records: Vec<Record>,
    /// How many of the records are aliases.
    pub(crate) aliases: usize,
    /// The name at which the chain ends.
    pub(crate) end: Name,
}

/// Why the records of a reply are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ChainError {
    /// An alias leads back to a name of the chain.
    #[error("an alias leads back to itself")]
    Loop,
    /// More aliases than [`MAX_ALIASES`].
    #[error("more than {MAX_ALIASES} aliases")]
    TooManyAliases,
    /// A name is an alias of several others (RFC 2181 section 10.1).
    #[error("a name is an alias of several others")]
    Ambiguous,
    /// More records of the type asked for than [`MAX_RECORDS`].
    #[error("more than {MAX_RECORDS} records")]
    TooManyRecords,
}

/// The most aliases that are followed for one question, over all replies; unbound follows 11.
pub(crate) const MAX_ALIASES: usize = 12;

/// The most records of the type asked for. Each address of an answer is an element in the kernel.
pub(crate) const MAX_RECORDS: usize = 256;

/// No record is kept longer than a day, in seconds.
pub(crate) const MAX_TTL: u32 = 86_400;

/// Follows a question through the records of a reply. If the question is itself what an earlier reply left open, `earlier` holds the
/// aliases that lead to it.
pub(crate) fn follow(
    question: &Question,
    earlier: Vec<Record>,
    answers: &[Record],
) -> Result<Chain, ChainError> {
    let mut records = earlier;
    let mut end = question.name.clone();
    let mut passed: Vec<Name> = records.iter().map(|alias| alias.name.clone()).collect();
    passed.push(end.clone());
    if question.record_type != RecordType::CNAME {
        while let Some((alias, target)) = alias_of(&end, question.record_type, answers)? {
            if passed.contains(&target) {
                return Err(ChainError::Loop);
            }
            if records.len() == MAX_ALIASES {
                return Err(ChainError::TooManyAliases);
            }
            records.push(with_ttl(alias.clone(), usable_ttl(alias.ttl)));
            passed.push(target.clone());
            end = target;
        }
    }
    let aliases = records.len();
    let wanted = answers
        .iter()
        .filter(|record| is_at(record, &end, question.record_type));
    // RFC 2181 section 5.2: one set, one TTL.
    let ttl = wanted
        .clone()
        .map(|record| usable_ttl(record.ttl))
        .min()
        .unwrap_or(0);
    for record in wanted {
        // Equality of records does not look at the TTL.
        if records.iter().skip(aliases).any(|known| known == record) {
            continue;
        }
        if records.len() - aliases == MAX_RECORDS {
            return Err(ChainError::TooManyRecords);
        }
        records.push(with_ttl(record.clone(), ttl));
    }
    Ok(Chain {
        records,
        aliases,
        end,
    })
}

/// The alias at a name that has no records of the type asked for.
fn alias_of<'a>(
    name: &Name,
    record_type: RecordType,
    answers: &'a [Record],
) -> Result<Option<(&'a Record, Name)>, ChainError> {
    if answers.iter().any(|record| is_at(record, name, record_type)) {
        return Ok(None);
    }
    let mut found: Option<(&Record, Name)> = None;
    for record in answers.iter().filter(|record| record.name == *name) {
        let RData::CNAME(target) = &record.data else {
            continue;
        };
        let target = target.0.to_lowercase();
        match &found {
            Some((_, first)) if *first != target => return Err(ChainError::Ambiguous),
            Some(_) => {}
            None => found = Some((record, target)),
        }
    }
    Ok(found)
}

/// What the owner of a CNAME record stands for.
pub(crate) fn target_of(record: &Record) -> Option<&Name> {
    if let RData::CNAME(target) = &record.data {
        Some(&target.0)
    } else {
        None
    }
}

fn is_at(record: &Record, name: &Name, record_type: RecordType) -> bool {
    record.record_type() == record_type && record.name == *name
}

/// A TTL within bounds. One with the highest bit set counts as zero (RFC 2181 section 8).
pub(crate) fn usable_ttl(ttl: u32) -> u32 {
    if ttl > i32::MAX.unsigned_abs() {
        0
    } else {
        ttl.min(MAX_TTL)
    }
}

/// The record with another TTL.
pub(crate) fn with_ttl(mut record: Record, ttl: u32) -> Record {
    record.ttl = ttl;
    record
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use hickory_proto::rr::rdata::{A, CNAME};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn address(owner: &str, ttl: u32, last: u8) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(A(Ipv4Addr::new(192, 0, 2, last))))
    }

    fn alias(owner: &str, ttl: u32, target: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
    }

    fn ask(text: &str) -> Question {
        Question::new(&name(text), RecordType::A)
    }

    /// Equality of records leaves the TTL out.
    fn with_ttls(records: &[Record]) -> Vec<(Record, u32)> {
        records
            .iter()
            .map(|record| (record.clone(), record.ttl))
            .collect()
    }

    #[test]
    fn aliases_come_in_order_however_the_reply_orders_them() {
        let answers = [
            address("c.example.", 60, 1),
            alias("b.example.", 50, "C.example."),
            address("c.example.", 60, 2),
            alias("a.example.", 40, "b.example."),
        ];
        let chain = follow(&ask("A.example."), vec![], &answers).unwrap();
        assert_eq!(
            with_ttls(&chain.records),
            with_ttls(&[
                alias("a.example.", 40, "b.example."),
                alias("b.example.", 50, "C.example."),
                address("c.example.", 60, 1),
                address("c.example.", 60, 2),
            ])
        );
        assert_eq!((chain.aliases, chain.end), (2, name("c.example.")));
    }

    #[test]
    fn what_stands_beside_the_chain_is_dropped() {
        let answers = [
            address("bank.example.", 60, 9),
            address("a.example.", 60, 1),
            alias("x.example.", 60, "a.example."),
        ];
        assert_eq!(
            follow(&ask("a.example."), vec![], &answers).unwrap().records,
            [address("a.example.", 60, 1)]
        );
    }

    #[test]
    fn records_of_one_set_have_its_least_ttl_and_stand_once() {
        let answers = [
            address("a.example.", 60, 1),
            address("a.example.", 30, 2),
            address("a.example.", 20, 1),
        ];
        assert_eq!(
            with_ttls(&follow(&ask("a.example."), vec![], &answers).unwrap().records),
            with_ttls(&[address("a.example.", 20, 1), address("a.example.", 20, 2)])
        );
    }

    #[test]
    fn a_chain_goes_on_where_an_earlier_reply_left_it() {
        let earlier = vec![alias("a.example.", 60, "b.example.")];
        let answers = [address("a.example.", 60, 9), address("b.example.", 60, 1)];
        let chain = follow(&ask("b.example."), earlier.clone(), &answers).unwrap();
        assert_eq!(chain.records, [earlier[0].clone(), answers[1].clone()]);
        let back = [alias("b.example.", 60, "a.example.")];
        assert_eq!(follow(&ask("b.example."), earlier, &back), Err(ChainError::Loop));
    }

    #[test]
    fn an_alias_without_records_ends_at_its_target() {
        let chain = follow(
            &ask("a.example."),
            vec![],
            &[alias("a.example.", 60, "b.example.")],
        )
        .unwrap();
        assert_eq!(
            (chain.records.len(), chain.aliases, chain.end),
            (1, 1, name("b.example."))
        );
    }

    #[test]
    fn asked_for_an_alias_it_is_the_answer() {
        let question = Question::new(&name("a.example."), RecordType::CNAME);
        let answers = [
            alias("a.example.", 60, "b.example."),
            alias("b.example.", 60, "c.example."),
        ];
        let chain = follow(&question, vec![], &answers).unwrap();
        assert_eq!((chain.records, chain.aliases), (vec![answers[0].clone()], 0));
    }

    #[test]
    fn loops_and_endless_and_forked_chains_are_refused() {
        let looped = [
            alias("a.example.", 60, "b.example."),
            alias("b.example.", 60, "A.example."),
        ];
        assert_eq!(follow(&ask("a.example."), vec![], &looped), Err(ChainError::Loop));
        let forked = [
            alias("a.example.", 60, "b.example."),
            alias("a.example.", 60, "c.example."),
        ];
        assert_eq!(
            follow(&ask("a.example."), vec![], &forked),
            Err(ChainError::Ambiguous)
        );
        let long: Vec<_> = (0..=MAX_ALIASES)
            .map(|n| alias(&format!("n{n}.example."), 60, &format!("n{}.example.", n + 1)))
            .collect();
        assert_eq!(
            follow(&ask("n0.example."), vec![], &long),
            Err(ChainError::TooManyAliases)
        );
        assert!(follow(&ask("n1.example."), vec![], &long).is_ok());
    }

    #[test]
    fn a_set_with_too_many_records_is_refused() {
        let many = |count: usize| -> Vec<_> {
            (0..count)
                .map(|n| {
                    let octets = u32::try_from(n).unwrap().to_be_bytes();
                    Record::from_rdata(name("a.example."), 60, RData::A(A(Ipv4Addr::from(octets))))
                })
                .collect()
        };
        assert_eq!(
            follow(&ask("a.example."), vec![], &many(MAX_RECORDS))
                .unwrap()
                .records
                .len(),
            MAX_RECORDS
        );
        assert_eq!(
            follow(&ask("a.example."), vec![], &many(MAX_RECORDS + 1)),
            Err(ChainError::TooManyRecords)
        );
    }

    #[test]
    fn ttls_are_kept_within_bounds() {
        assert_eq!(usable_ttl(0x8000_0000), 0);
        assert_eq!(usable_ttl(0x7fff_ffff), MAX_TTL);
        assert_eq!(usable_ttl(300), 300);
    }
}
