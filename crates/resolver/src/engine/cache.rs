//! The cache of answers: bounded in octets, pure (time is an argument).
//!
//! Two generations: new and used entries are in the young one; when it has taken half of the memory, the old one is dropped and the
//! young one becomes old. So what is asked for stays, and nothing has to be sorted or swept.

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_proto::{
    rr::Record,
    serialize::binary::{BinEncodable, BinEncoder},
};

use super::{Answer, Question};

/// Answers by question.
#[derive(Debug)]
pub(crate) struct Cache {
    generation_octets: usize,
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    entries: HashMap<Question, Entry>,
    octets: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    answer: Arc<Answer>,
    came: Instant,
    octets: usize,
}

impl Cache {
    /// A cache that takes about so much memory, in octets.
    pub(crate) fn new(octets: usize) -> Self {
        Self {
            generation_octets: octets / 2,
            young: Generation::default(),
            old: Generation::default(),
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.young = Generation::default();
        self.old = Generation::default();
    }

    /// The answer to a question and its age in seconds, if there is one and it still holds.
    pub(crate) fn get(&mut self, question: &Question, now: Instant) -> Option<(Arc<Answer>, u32)> {
        let (entry, is_old) = match self.young.entries.get(question) {
            Some(entry) => (entry.clone(), false),
            None => (self.old.entries.get(question)?.clone(), true),
        };
        let age = now.saturating_duration_since(entry.came);
        if age >= Duration::from_secs(entry.answer.lifetime.into()) {
            return None;
        }
        let answer = Arc::clone(&entry.answer);
        if is_old {
            self.old.remove(question);
            self.put(question.clone(), entry);
        }
        Some((answer, u32::try_from(age.as_secs()).unwrap_or(u32::MAX)))
    }

    /// Keeps an answer that came now. One that takes more than a sixteenth of the memory is not kept.
    pub(crate) fn insert(&mut self, question: Question, answer: Arc<Answer>, now: Instant) {
        let octets = octets_of(&question, &answer);
        if answer.lifetime == 0 || octets > self.generation_octets / 8 {
            return;
        }
        self.young.remove(&question);
        self.old.remove(&question);
        self.put(
            question,
            Entry {
                answer,
                came: now,
                octets,
            },
        );
    }

    fn put(&mut self, question: Question, entry: Entry) {
        if self.young.octets.saturating_add(entry.octets) > self.generation_octets {
            self.old = mem::take(&mut self.young);
        }
        self.young.octets += entry.octets;
        self.young.entries.insert(question, entry);
    }
}

impl Generation {
    fn remove(&mut self, question: &Question) {
        if let Some(entry) = self.entries.remove(question) {
            self.octets -= entry.octets;
        }
    }
}

/// About how much memory an entry takes: the structures, and twice the wire form for what hangs on them.
fn octets_of(question: &Question, answer: &Answer) -> usize {
    const ENTRY: usize = 512;
    let mut wire = Vec::new();
    let mut encoder = BinEncoder::new(&mut wire);
    for record in answer.all_records() {
        // What cannot be encoded is not told either.
        if record.emit(&mut encoder).is_err() {
            return usize::MAX;
        }
    }
    let records = answer.all_records().count() * size_of::<Record>();
    ENTRY + 2 * question.name.len() + records + 2 * wire.len()
}

#[cfg(test)]
mod tests {
    use hickory_proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType, rdata::A},
    };
    use mudguard_policy::SpecialPurpose;

    use super::{super::chain::Chain, *};

    fn question(number: usize) -> Question {
        Question::new(
            &Name::from_ascii(format!("n{number}.example.")).unwrap(),
            RecordType::A,
        )
    }

    fn answer(question: &Question, ttl: u32) -> Arc<Answer> {
        let record = Record::from_rdata(question.name.clone(), ttl, RData::A(A([9, 9, 9, 9].into())));
        let chain = Chain {
            records: vec![record],
            aliases: 0,
            end: question.name.clone(),
        };
        Arc::new(Answer::new(
            question,
            chain,
            ResponseCode::NoError,
            None,
            &SpecialPurpose::default(),
        ))
    }

    fn insert(cache: &mut Cache, number: usize, now: Instant) {
        let question = question(number);
        let answer = answer(&question, 3600);
        cache.insert(question, answer, now);
    }

    #[test]
    fn an_answer_grows_old_and_ends_with_its_ttl() {
        let mut cache = Cache::new(1 << 20);
        let start = Instant::now();
        cache.insert(question(1), answer(&question(1), 10), start);
        let age_after = |cache: &mut Cache, millis| {
            cache
                .get(&question(1), start + Duration::from_millis(millis))
                .map(|(_, age)| age)
        };
        assert_eq!(age_after(&mut cache, 0), Some(0));
        assert_eq!(age_after(&mut cache, 9_999), Some(9));
        assert_eq!(age_after(&mut cache, 10_000), None);
    }

    #[test]
    fn an_answer_with_a_ttl_of_zero_is_not_kept() {
        let mut cache = Cache::new(1 << 20);
        let now = Instant::now();
        cache.insert(question(1), answer(&question(1), 0), now);
        assert!(cache.get(&question(1), now).is_none());
    }

    #[test]
    fn the_case_of_a_name_does_not_matter() {
        let mut cache = Cache::new(1 << 20);
        let now = Instant::now();
        insert(&mut cache, 1, now);
        let shouted = Question::new(&Name::from_ascii("N1.EXAMPLE.").unwrap(), RecordType::A);
        assert!(cache.get(&shouted, now).is_some());
    }

    #[test]
    fn a_flood_of_names_stays_within_the_memory_and_leaves_what_is_asked_for() {
        let octets = 64 * 1024;
        let mut cache = Cache::new(octets);
        let now = Instant::now();
        for number in 0..10_000 {
            insert(&mut cache, number, now);
            assert!(cache.get(&question(0), now).is_some(), "after {number}");
            let entries = cache.young.entries.values().chain(cache.old.entries.values());
            let kept: usize = entries.map(|entry| entry.octets).sum();
            assert_eq!(kept, cache.young.octets + cache.old.octets);
            assert!(kept <= octets, "after {number}");
        }
        assert!(cache.get(&question(1), now).is_none());
        assert!(cache.get(&question(9_999), now).is_some());
    }

    #[test]
    fn an_answer_that_is_too_large_is_not_kept() {
        let mut cache = Cache::new(8 * 1024);
        let now = Instant::now();
        insert(&mut cache, 1, now);
        assert!(cache.get(&question(1), now).is_none());
    }
}
