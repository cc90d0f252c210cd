//! The cache of answers: bounded in octets, pure (time is an argument).
//!
//! Two generations: new and used entries are in the young one; when it has taken half of the memory, the old one is dropped and the
//! young one becomes old. So what is asked for stays, and nothing has to be sorted or swept.
//!
//! An answer whose time is over is kept for a day longer: it is told if no new one can be obtained (RFC 8767). That nobody answered is
//! kept too, longer each time (RFC 9520).

use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use super::Answer;
use crate::{ExtendedError, validate::Question};

/// How long an answer may be told after its time (RFC 8767 section 5 recommends one to three days).
const MAX_STALE: Duration = Duration::from_secs(86_400);

/// How long nobody is asked again after that failed while there is a stale answer (RFC 8767 section 5).
const RETRY: Duration = Duration::from_secs(30);

/// For how long a failure is kept at first, in seconds, and at most (RFC 9520 section 3.2).
const FAILURE: u32 = 5;
const MAX_FAILURE: u32 = 300;

/// An answer that was asked for so often is obtained anew before its time is over.
const POPULAR: u8 = 3;

/// The part of its time that is left then.
const LAST_PART: u32 = 10;

/// About what an entry takes beside its name and its answer, in octets: its place in the table and what allocations cost.
const ENTRY: usize = 128;

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
    /// Before this nobody is asked again.
    retry: Instant,
    used: u8,
}

/// An answer that is known.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) answer: Arc<Answer>,
    /// How many seconds ago it came.
    pub(crate) age: u32,
    pub(crate) state: Freshness,
}

/// Whether an answer still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It does.
    Fresh,
    /// It does, and is worth being obtained anew now.
    Ending,
    /// Its time is over.
    Stale,
    /// Its time is over, and nobody answered just now.
    StaleUntilRetry,
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

    /// What is known of a question.
    pub(crate) fn get(&mut self, question: &Question, now: Instant) -> Option<Found> {
        if let Some(entry) = self.young.entries.get_mut(question) {
            return entry.found(now);
        }
        let mut entry = self.old.entries.get(question)?.clone();
        let found = entry.found(now);
        self.old.remove(question);
        if found.is_some() {
            self.put(question.clone(), entry);
        }
        found
    }

    /// Keeps an answer that came now. One that takes more than a sixteenth of the memory is not kept.
    pub(crate) fn insert(&mut self, question: Question, answer: Arc<Answer>, now: Instant) {
        let used = self.entry(&question).map_or(0, |entry| entry.used / 2);
        if answer.lifetime == 0 || octets_of(&question, &answer) > self.generation_octets / 8 {
            return;
        }
        self.young.remove(&question);
        self.old.remove(&question);
        let entry = Entry {
            answer,
            came: now,
            retry: now,
            used,
        };
        self.put(question, entry);
    }

    /// Keeps that nobody answered. A stale answer stays, and is told for a while without asking.
    pub(crate) fn insert_failure(
        &mut self,
        question: &Question,
        error: ExtendedError,
        now: Instant,
    ) -> Arc<Answer> {
        let young = self.young.entries.get_mut(question);
        let known = young.or_else(|| self.old.entries.get_mut(question));
        let mut lifetime = FAILURE;
        if let Some(entry) = known {
            if entry.answer.is_failure() {
                lifetime = entry
                    .answer
                    .lifetime
                    .saturating_mul(2)
                    .clamp(FAILURE, MAX_FAILURE);
            } else if entry.found(now).is_some() {
                entry.retry = now + RETRY;
                return Arc::new(Answer::failure(error, 0));
            }
        }
        let failure = Arc::new(Answer::failure(error, lifetime));
        self.insert(question.clone(), Arc::clone(&failure), now);
        failure
    }

    /// The questions that are asked most often, at most so many.
    pub(crate) fn popular(&self, most: usize) -> Vec<Question> {
        let entries = self.young.entries.iter().chain(&self.old.entries);
        let mut questions: Vec<_> = entries
            .filter(|(_, entry)| !entry.answer.is_failure())
            .map(|(question, entry)| (entry.used, question))
            .collect();
        questions.sort_unstable_by(|left, right| right.cmp(left));
        questions
            .into_iter()
            .take(most)
            .map(|(_, question)| question.clone())
            .collect()
    }

    fn entry(&self, question: &Question) -> Option<&Entry> {
        let young = self.young.entries.get(question);
        young.or_else(|| self.old.entries.get(question))
    }

    fn put(&mut self, question: Question, entry: Entry) {
        let octets = octets_of(&question, &entry.answer);
        if self.young.octets.saturating_add(octets) > self.generation_octets {
            self.old = mem::take(&mut self.young);
        }
        self.young.octets += octets;
        self.young.entries.insert(question, entry);
    }
}

impl Entry {
    fn found(&mut self, now: Instant) -> Option<Found> {
        let age = now.saturating_duration_since(self.came);
        let lifetime = Duration::from_secs(self.answer.lifetime.into());
        let state = if age < lifetime {
            self.used = self.used.saturating_add(1);
            let is_ending = lifetime - age <= lifetime / LAST_PART;
            if is_ending && self.used > POPULAR && !self.answer.is_failure() {
                Freshness::Ending
            } else {
                Freshness::Fresh
            }
        } else if self.answer.is_failure() || age >= lifetime + MAX_STALE {
            return None;
        } else if now < self.retry {
            Freshness::StaleUntilRetry
        } else {
            Freshness::Stale
        };
        Some(Found {
            answer: Arc::clone(&self.answer),
            age: u32::try_from(age.as_secs()).unwrap_or(u32::MAX),
            state,
        })
    }
}

impl Generation {
    fn remove(&mut self, question: &Question) {
        if let Some(entry) = self.entries.remove(question) {
            self.octets -= octets_of(question, &entry.answer);
        }
    }
}

/// About how much memory an entry takes.
fn octets_of(question: &Question, answer: &Answer) -> usize {
    ENTRY + question.name.as_wire().len() + answer.octets()
}

#[cfg(test)]
mod tests {
    use super::{
        super::answer::{Builder, Grade, Place, keep_all, record},
        *,
    };
    use crate::validate::RecordType;

    fn question(number: usize) -> Question {
        Question::new(format!("n{number}.example.").parse().unwrap(), RecordType::A)
    }

    fn answer(question: &Question, ttl: u32) -> Arc<Answer> {
        let mut builder = Builder::new(question);
        let record = record(&question.name, RecordType::A, &[9, 9, 9, 9]);
        builder.push(Place::Answer, &record, ttl, &keep_all).unwrap();
        Arc::new(builder.finish(0, Grade::Insecure, ttl, None))
    }

    fn insert(cache: &mut Cache, number: usize, ttl: u32, now: Instant) {
        let question = question(number);
        let answer = answer(&question, ttl);
        cache.insert(question, answer, now);
    }

    fn state(cache: &mut Cache, number: usize, now: Instant) -> Option<Freshness> {
        cache.get(&question(number), now).map(|found| found.state)
    }

    const MIB: usize = 1 << 20;
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_answer_grows_old_and_is_stale_for_a_day_after_its_time() {
        let (mut cache, start) = (Cache::new(MIB), Instant::now());
        insert(&mut cache, 1, 10, start);
        let mut at = |millis| {
            let found = cache.get(&question(1), start + Duration::from_millis(millis));
            found.map(|found| (found.age, found.state))
        };
        assert_eq!(at(0), Some((0, Freshness::Fresh)));
        assert_eq!(at(8_999), Some((8, Freshness::Fresh)));
        assert_eq!(at(10_000), Some((10, Freshness::Stale)));
        assert_eq!(at(86_409_999), Some((86_409, Freshness::Stale)));
        assert_eq!(at(86_410_000), None);
    }

    #[test]
    fn what_is_asked_for_often_is_worth_obtaining_before_its_time_is_over() {
        let (mut cache, start) = (Cache::new(MIB), Instant::now());
        insert(&mut cache, 1, 100, start);
        let ending = start + 95 * SECOND;
        let asked: Vec<_> = (0..4).map(|_| state(&mut cache, 1, ending).unwrap()).collect();
        use Freshness::{Ending, Fresh};
        assert_eq!(asked, [Fresh, Fresh, Fresh, Ending]);
    }

    #[test]
    fn an_answer_with_a_ttl_of_zero_is_not_kept() {
        let (mut cache, now) = (Cache::new(MIB), Instant::now());
        insert(&mut cache, 1, 0, now);
        assert_eq!(state(&mut cache, 1, now), None);
    }

    #[test]
    fn that_nobody_answers_is_kept_longer_each_time() {
        let (mut cache, mut now) = (Cache::new(MIB), Instant::now());
        let error = ExtendedError::new(22, "");
        for lifetime in [5, 10, 20, 40, 80, 160, 300, 300] {
            let failure = cache.insert_failure(&question(1), error.clone(), now);
            assert_eq!(failure.lifetime, lifetime);
            now += u32::max(lifetime, 1) * SECOND;
            assert_eq!(state(&mut cache, 1, now - SECOND / 2), Some(Freshness::Fresh));
            // Expired, it is no stale answer; but it is remembered how long it was.
            assert!(cache.young.entries[&question(1)].clone().found(now).is_none());
        }
    }

    #[test]
    fn a_stale_answer_stays_when_nobody_answers() {
        let (mut cache, start) = (Cache::new(MIB), Instant::now());
        insert(&mut cache, 1, 10, start);
        let later = start + 20 * SECOND;
        cache.insert_failure(&question(1), ExtendedError::new(22, ""), later);
        assert_eq!(state(&mut cache, 1, later), Some(Freshness::StaleUntilRetry));
        assert_eq!(state(&mut cache, 1, later + RETRY), Some(Freshness::Stale));
    }

    #[test]
    fn a_flood_of_names_stays_within_the_memory_and_leaves_what_is_asked_for() {
        let octets = 64 * 1024;
        let (mut cache, now) = (Cache::new(octets), Instant::now());
        for number in 0..10_000 {
            insert(&mut cache, number, 3600, now);
            assert!(state(&mut cache, 0, now).is_some(), "after {number}");
            let entries = cache.young.entries.iter().chain(&cache.old.entries);
            let kept: usize = entries
                .map(|(question, entry)| octets_of(question, &entry.answer))
                .sum();
            assert_eq!(kept, cache.young.octets + cache.old.octets);
            assert!(kept <= octets, "after {number}");
        }
        assert_eq!(state(&mut cache, 1, now), None);
        assert!(state(&mut cache, 9_999, now).is_some());
        assert_eq!(cache.popular(1), [question(0)]);
    }

    #[test]
    fn an_answer_that_is_too_large_is_not_kept() {
        let (mut cache, now) = (Cache::new(2 * 1024), Instant::now());
        insert(&mut cache, 1, 3600, now);
        assert_eq!(state(&mut cache, 1, now), None);
    }
}
