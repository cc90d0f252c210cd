//! The validator at work: it is given a reply, what it asks for is fetched from the upstream resolvers, and its verdict is made an
//! answer.
//!
//! What it is not: it judges nothing itself ([`crate::validate`] does).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hickory_proto::{op::ResponseCode, rr::Record};
use mudguard_policy::SpecialPurpose;

use super::{
    Answer, Question,
    answer::Signed,
    chain::{Chain, MAX_RECORDS},
    records::{question_for_validator, question_of_validator, record_of_validator},
    special_names::special_answer,
    upstream::{Unobtainable, Upstream},
    work::Work,
};
use crate::{
    ExtendedError, Security,
    validate::{
        self, Clock, Link, LinkKind, Overall, RecordType, Step, TrustAnchors, Validator, Verdict, ZoneCuts,
    },
};

/// How long a bogus answer is not asked for again (RFC 9520 section 3.2).
const BOGUS_TTL: Duration = Duration::from_secs(15);

/// The most bogus answers that are remembered.
const MAX_BOGUS: usize = 1024;

/// How often an answer is obtained before it is given up as bogus: one bad reply says little.
const ATTEMPTS: usize = 2;

/// What stays from query to query.
pub(super) struct Validation {
    anchors: Arc<TrustAnchors>,
    cuts: Mutex<ZoneCuts>,
    clock: Mutex<(Clock, Instant)>,
    bogus: Mutex<HashMap<Question, (ExtendedError, Instant)>>,
}

/// Why there is no validated answer.
pub(super) enum Unusable {
    /// Nobody gave a usable one.
    Unobtainable(Unobtainable),
    /// It is bogus.
    Bogus(ExtendedError),
}

impl Validation {
    pub(super) fn new(anchors: TrustAnchors, now: Instant) -> Self {
        Self {
            anchors: Arc::new(anchors),
            cuts: Mutex::new(ZoneCuts::default()),
            clock: Mutex::new((Clock::Unknown, now)),
            bogus: Mutex::new(HashMap::new()),
        }
    }

    /// Tells what time it is now; whether dates can be judged now and could not before.
    pub(super) fn set_clock(&self, clock: Clock, now: Instant) -> bool {
        let mut known = lock(&self.clock);
        let became_valid = clock.is_valid() && !known.0.is_valid();
        *known = (clock, now);
        drop(known);
        // What was right or wrong by another clock is to be seen anew.
        lock(&self.bogus).clear();
        became_valid
    }

    fn clock(&self, now: Instant) -> Clock {
        let (clock, then) = *lock(&self.clock);
        let passed = now.saturating_duration_since(then).as_secs();
        match clock {
            Clock::Unknown => Clock::Unknown,
            Clock::Floor(seconds) => Clock::Floor(seconds.saturating_add(passed)),
            Clock::Valid(seconds) => Clock::Valid(seconds.saturating_add(passed)),
        }
    }

    /// Resolves a question through these upstream resolvers and validates what they say.
    pub(super) async fn resolve(
        &self,
        question: &Question,
        upstream: &Upstream,
        work: &Work,
        special: &SpecialPurpose,
        forward_test: bool,
        now: Instant,
    ) -> Result<Answer, Unusable> {
        if let Some(error) = self.known_bogus(question, now) {
            return Err(Unusable::Bogus(error));
        }
        let asked = question_for_validator(question).ok_or_else(unreachable)?;
        let mut error = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                upstream.distrust(&asked, work);
                lock(&self.cuts).forget(&asked.name);
            }
            let verdict = self.judge(&asked, upstream, work, forward_test, now).await?;
            if verdict.overall() != Overall::Bogus {
                return answer(question, &verdict, special).ok_or_else(unreachable);
            }
            tracing::debug!(%question, attempt, bogus = ?verdict.bogus(), "an answer is bogus");
            error = verdict.extended_error();
        }
        let error = error.unwrap_or_else(|| ExtendedError::new(ExtendedError::DNSSEC_BOGUS, "bogus"));
        self.remember_bogus(question, &error, now);
        Err(Unusable::Bogus(error))
    }

    async fn judge(
        &self,
        question: &validate::Question,
        upstream: &Upstream,
        work: &Work,
        forward_test: bool,
        now: Instant,
    ) -> Result<Verdict, Unusable> {
        let reply = upstream
            .ask(question, work)
            .await
            .map_err(Unusable::Unobtainable)?;
        let mut validator = Validator::new(
            question.clone(),
            reply,
            Arc::clone(&self.anchors),
            self.clock(now),
        );
        loop {
            let step = validator.step(&mut lock(&self.cuts), now);
            match step {
                Step::Done(verdict) => return Ok(verdict),
                Step::Need(needed) => {
                    let reply = match question_of_validator(&needed) {
                        // Such a name is not sent upstream, whatever leads to it.
                        Some(question) if special_answer(&question, forward_test).is_some() => None,
                        Some(_) => upstream.ask(&needed, work).await.ok(),
                        None => None,
                    };
                    validator.supply(needed, reply);
                }
            }
        }
    }

    fn known_bogus(&self, question: &Question, now: Instant) -> Option<ExtendedError> {
        lock(&self.bogus)
            .get(question)
            .filter(|(_, until)| now < *until)
            .map(|(error, _)| error.clone())
    }

    fn remember_bogus(&self, question: &Question, error: &ExtendedError, now: Instant) {
        let mut bogus = lock(&self.bogus);
        if bogus.len() >= MAX_BOGUS {
            bogus.retain(|_, (_, until)| now < *until);
        }
        if bogus.len() < MAX_BOGUS {
            bogus.insert(question.clone(), (error.clone(), now + BOGUS_TTL));
        }
    }
}

fn unreachable() -> Unusable {
    Unusable::Unobtainable(Unobtainable::unreachable())
}

/// The answer that a verdict allows: the links of its chain, and nothing that came beside them.
fn answer(question: &Question, verdict: &Verdict, special: &SpecialPurpose) -> Option<Answer> {
    let mut records = Vec::new();
    let mut aliases = 0;
    let mut soa = None;
    for link in &verdict.links {
        match link.kind {
            LinkKind::Redirection => {}
            LinkKind::Alias => {
                records.extend(records_of(link)?);
                aliases += 1;
            }
            LinkKind::Answer => records.extend(records_of(link)?),
            LinkKind::Denial => soa = soa_of(link),
        }
    }
    // Asked for itself, an alias is what was asked for.
    if question.record_type == hickory_proto::rr::RecordType::CNAME && records.len() == aliases {
        aliases = 0;
    }
    if records.len() - aliases > MAX_RECORDS {
        return None;
    }
    let end = records
        .get(aliases.checked_sub(1).unwrap_or(usize::MAX))
        .and_then(super::chain::target_of)
        .map_or_else(|| question.name.clone(), hickory_proto::rr::Name::to_lowercase);
    let chain = Chain {
        records,
        aliases,
        end,
    };
    let security = match verdict.overall() {
        _ if verdict.is_provisional => Security::Unchecked,
        Overall::Secure => Security::Secure,
        Overall::Insecure => Security::Insecure,
        Overall::Bogus => return None,
    };
    let response_code = ResponseCode::from(0, u8::try_from(verdict.response_code).ok()?);
    let mut answer = Answer::new(question, chain, response_code, soa, special);
    answer.set_security(security, signed(verdict)?);
    answer.note = if verdict.is_provisional {
        let text = "the clock is not set yet: signatures were checked, their dates were not";
        Some(ExtendedError::new(ExtendedError::OTHER, text))
    } else {
        verdict.extended_error()
    };
    Some(answer)
}

/// The same for clients that validate: with DNAME records, signatures and proofs.
fn signed(verdict: &Verdict) -> Option<Signed> {
    let mut signed = Signed::default();
    for link in &verdict.links {
        let ttl = super::chain::usable_ttl(link.ttl);
        let section = if link.kind == LinkKind::Denial {
            &mut signed.authorities
        } else {
            &mut signed.answers
        };
        for record in link.records.iter().chain(&link.signatures) {
            section.push(record_of_validator(record, ttl)?);
        }
        for record in &link.proof {
            signed.authorities.push(record_of_validator(record, ttl)?);
        }
    }
    Some(signed)
}

fn records_of(link: &Link) -> Option<Vec<Record>> {
    let ttl = super::chain::usable_ttl(link.ttl);
    link.records
        .iter()
        .map(|record| record_of_validator(record, ttl))
        .collect()
}

fn soa_of(link: &Link) -> Option<Record> {
    let soa = link
        .records
        .iter()
        .find(|record| record.record_type == RecordType::SOA)?;
    record_of_validator(soa, link.ttl)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
