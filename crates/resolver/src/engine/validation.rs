//! The validator at work: it is given a reply, what it asks for is obtained through the seam to upstream, and its verdict is made an
//! answer.
//!
//! What it is not: it judges nothing itself ([`crate::validate`] does).

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::{
    Answer, Names,
    answer::{Builder, Grade, Place, keep_all, usable_ttl},
    upstream::{Unobtainable, Upstream},
    work::Work,
};
use crate::{
    ExtendedError,
    validate::{
        Clock, Denials, LinkKind, Name, Overall, Question, Record, RecordType, Reply, Rollover, Step,
        TrustAnchors, Validator, Verdict, ZoneCuts,
    },
};

/// How long a bogus answer is not asked for again, in seconds (RFC 9520 section 3.2).
const BOGUS_TTL: u32 = 15;

/// How often an answer is obtained before it is given up as bogus: one bad reply says little.
const ATTEMPTS: usize = 2;

/// By how many seconds a clock may differ from what was expected before it counts as moved.
const MOVED: u64 = 60;

/// What stays from query to query.
pub(super) struct Validation {
    /// Without what was learned since.
    configured: TrustAnchors,
    anchors: Mutex<Arc<TrustAnchors>>,
    cuts: Mutex<ZoneCuts>,
    denials: Mutex<Denials>,
    clock: Mutex<(Clock, Instant)>,
}

/// What is found of a question.
pub(super) struct Judged {
    /// The answer, which may be bogus.
    pub(super) answer: Answer,
    /// What it was made of.
    pub(super) verdict: Verdict,
}

/// Tells whether an address is one of the home, which no name of the internet may have.
pub(super) type IsHome<'a> = &'a (dyn Fn(IpAddr) -> bool + Sync);

impl Validation {
    pub(super) fn new(anchors: TrustAnchors, now: Instant) -> Self {
        Self {
            anchors: Mutex::new(Arc::new(anchors.clone())),
            configured: anchors,
            cuts: Mutex::new(ZoneCuts::default()),
            denials: Mutex::default(),
            clock: Mutex::new((Clock::Unknown, now)),
        }
    }

    /// Tells what time it is now; whether what was judged before is to be judged again: dates can be judged now and could not, or the
    /// clock was moved.
    pub(super) fn set_clock(&self, clock: Clock, now: Instant) -> bool {
        let expected = self.clock(now);
        *lock(&self.clock) = (clock, now);
        let is_other = match (expected, clock) {
            (Clock::Valid(expected), Clock::Valid(seconds)) => expected.abs_diff(seconds) > MOVED,
            (Clock::Unknown | Clock::Floor(_), Clock::Valid(_)) => true,
            (_, Clock::Unknown | Clock::Floor(_)) => false,
        };
        if is_other {
            lock(&self.cuts).clear();
            lock(&self.denials).clear();
        }
        is_other
    }

    /// The trust anchors without what was learned.
    pub(super) fn configured(&self) -> &TrustAnchors {
        &self.configured
    }

    /// What was learned of the keys of these zones counts from now on (RFC 5011).
    pub(super) fn apply(&self, rollovers: &[Rollover]) {
        let mut anchors = self.configured.clone();
        for rollover in rollovers {
            rollover.apply(&mut anchors);
        }
        *lock(&self.anchors) = Arc::new(anchors);
        lock(&self.cuts).clear();
    }

    /// What time it is.
    pub(super) fn clock(&self, now: Instant) -> Clock {
        let (clock, then) = *lock(&self.clock);
        let passed = now.saturating_duration_since(then).as_secs();
        match clock {
            Clock::Unknown => Clock::Unknown,
            Clock::Floor(seconds) => Clock::Floor(seconds.saturating_add(passed)),
            Clock::Valid(seconds) => Clock::Valid(seconds.saturating_add(passed)),
        }
    }

    /// What is known of the names on the way down to this one, in words.
    pub(super) fn way_to(&self, name: &Name, now: Instant) -> Vec<(Name, String)> {
        lock(&self.cuts).way_to(name, now)
    }

    /// What is proven already not to exist (RFC 8198).
    pub(super) fn denied(&self, question: &Question, now: Instant) -> Option<Answer> {
        let verdict = lock(&self.denials).deny(question, now)?;
        answer(question, &verdict, &keep_all)
    }

    /// Resolves a question and validates what is said.
    pub(super) async fn resolve(
        &self,
        question: &Question,
        upstream: &Upstream,
        work: &Work,
        names: &Names,
        is_home: IsHome<'_>,
        now: Instant,
    ) -> Result<Judged, Unobtainable> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (verdict, reply) = self.judge(question, upstream, work, names, now).await?;
            if verdict.overall() != Overall::Bogus {
                let answer = answer(question, &verdict, is_home).ok_or_else(Unobtainable::unreachable)?;
                lock(&self.denials).learn(&verdict, now);
                return Ok(Judged { answer, verdict });
            }
            tracing::debug!(%question, attempt, bogus = ?verdict.bogus(), "an answer is bogus");
            if attempt == ATTEMPTS {
                let answer = bogus(question, &verdict, &reply, is_home);
                return Ok(Judged { answer, verdict });
            }
            upstream.distrust(question, work);
            lock(&self.cuts).forget(&question.name);
        }
    }

    async fn judge(
        &self,
        question: &Question,
        upstream: &Upstream,
        work: &Work,
        names: &Names,
        now: Instant,
    ) -> Result<(Verdict, Reply), Unobtainable> {
        let reply = upstream.ask(question, work).await?;
        let anchors = Arc::clone(&lock(&self.anchors));
        let mut validator = Validator::new(question.clone(), reply.clone(), anchors, self.clock(now));
        loop {
            let step = validator.step(&mut lock(&self.cuts), now);
            match step {
                Step::Done(verdict) => return Ok((verdict, reply)),
                Step::Need(needed) => {
                    // Such a name is not sent upstream, whatever leads to it.
                    let reply = if names.answer(&needed).is_some() {
                        None
                    } else {
                        upstream.ask(&needed, work).await.ok()
                    };
                    validator.supply(needed, reply);
                }
            }
        }
    }
}

/// The answer that a verdict allows: the links of its chain, and nothing that came beside them.
fn answer(question: &Question, verdict: &Verdict, is_home: IsHome<'_>) -> Option<Answer> {
    let mut answer = Builder::new(question);
    for link in &verdict.links {
        let ttl = usable_ttl(link.ttl);
        let is_denial = link.kind == LinkKind::Denial;
        for record in &link.records {
            let place = match link.kind {
                // Clients that do not validate are told the CNAME record that follows from it.
                LinkKind::Redirection => Place::SignedAnswer,
                LinkKind::Alias | LinkKind::Answer => Place::Answer,
                LinkKind::Denial if record.record_type == RecordType::SOA => Place::Authority,
                LinkKind::Denial => Place::SignedAuthority,
            };
            answer.push(place, record, ttl, &is_home)?;
        }
        let place = if is_denial {
            Place::SignedAuthority
        } else {
            Place::SignedAnswer
        };
        for signature in &link.signatures {
            answer.push(place, signature, ttl, &keep_all)?;
        }
        for record in &link.proof {
            answer.push(Place::SignedAuthority, record, ttl, &keep_all)?;
        }
    }
    let (grade, note) = match verdict.overall() {
        Overall::Bogus => return None,
        _ if verdict.is_provisional => {
            let text = "the clock is not set yet: signatures were checked, their dates were not";
            (
                Grade::Unchecked,
                Some(ExtendedError::new(ExtendedError::OTHER, text)),
            )
        }
        Overall::Secure => (Grade::Secure, verdict.extended_error()),
        Overall::Insecure => (Grade::Insecure, verdict.extended_error()),
    };
    Some(answer.finish(verdict.response_code, grade, verdict.ttl(), note))
}

/// What a server says, for clients that check it themselves (RFC 4035 section 3.2.2): the chain as it came.
fn bogus(question: &Question, verdict: &Verdict, reply: &Reply, is_home: IsHome<'_>) -> Answer {
    let mut answer = Builder::new(question);
    let names = chain(question, &reply.answers);
    for record in &reply.answers {
        let is_of_chain = names.contains(&record.owner)
            || (record.record_type == RecordType::DNAME
                && names.iter().any(|name| name.is_below(&record.owner)));
        if !is_of_chain {
            continue;
        }
        let place = match record.record_type {
            RecordType::RRSIG if question.record_type != RecordType::RRSIG => Place::SignedAnswer,
            RecordType::DNAME => Place::SignedAnswer,
            _ => Place::Answer,
        };
        if answer
            .push(place, record, usable_ttl(record.ttl), &is_home)
            .is_none()
        {
            break;
        }
    }
    for record in &reply.authorities {
        let place = match record.record_type {
            RecordType::SOA => Place::Authority,
            RecordType::NSEC | RecordType::NSEC3 | RecordType::RRSIG => Place::SignedAuthority,
            _ => continue,
        };
        if answer
            .push(place, record, usable_ttl(record.ttl), &keep_all)
            .is_none()
        {
            break;
        }
    }
    let error = verdict.extended_error();
    let error = error.unwrap_or_else(|| ExtendedError::new(ExtendedError::DNSSEC_BOGUS, "bogus"));
    answer.finish(reply.response_code, Grade::Bogus, BOGUS_TTL, Some(error))
}

/// The names to which aliases lead from the name asked for.
fn chain(question: &Question, answers: &[Record]) -> Vec<Name> {
    let mut names = vec![question.name.clone()];
    while let Some(target) = answers
        .iter()
        .filter(|record| record.record_type == RecordType::CNAME && names.last() == Some(&record.owner))
        .find_map(|record| Name::from_wire(&record.data).ok())
        .map(|(target, _)| target)
        .filter(|target| !names.contains(target))
    {
        names.push(target);
    }
    names
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
