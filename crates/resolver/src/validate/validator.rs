//! The validator: a question and the reply to it go in, then whatever else it asks for, and a verdict comes out. No IO; time is an
//! argument.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use super::{
    Bogus, BogusReason, Clock, Link, LinkKind, Name, Question, RecordType, Reply, Status, TrustAnchors,
    Verdict, ZoneCuts,
    budget::{Budget, Exhausted},
    cuts::Cut,
};

/// What the validator wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The reply to this question, through [`Validator::supply`]. It is asked with the DO and CD bits.
    Need(Question),
    /// Nothing more.
    Done(Verdict),
}

/// Validates one answer.
#[derive(Clone, Debug)]
pub struct Validator {
    pub(super) question: Question,
    pub(super) anchors: Arc<TrustAnchors>,
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    /// The replies that were asked for; `None` for what could not be obtained.
    pub(super) supplied: BTreeMap<Question, Option<Arc<Reply>>>,
    /// The cuts that were found for this query: they hold for it, however short their time is.
    pub(super) found: BTreeMap<Name, Cut>,
    /// The reply in which the chain is followed.
    pub(super) reply: Arc<Reply>,
    /// The name that this reply is about.
    pub(super) reply_to: Name,
    /// The links so far.
    pub(super) links: Vec<Link>,
    /// The name to which they lead.
    pub(super) end: Name,
    pub(super) is_provisional: bool,
    verdict: Option<Verdict>,
}

/// Why the validator cannot go on at this point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// It needs the reply to this question.
    Need(Question),
    /// What it looks at is bogus.
    Bogus(Bogus),
}

/// What the validator works with during one step.
pub(super) struct Known<'a> {
    pub(super) cuts: &'a mut ZoneCuts,
    pub(super) now: Instant,
}

impl Validator {
    /// Prepares to validate the reply to a question. The reply was asked for with the DO and CD bits.
    #[must_use]
    pub fn new(question: Question, reply: Reply, anchors: Arc<TrustAnchors>, clock: Clock) -> Self {
        Self {
            reply_to: question.name.clone(),
            end: question.name.clone(),
            question,
            anchors,
            clock,
            budget: Budget::new(),
            supplied: BTreeMap::new(),
            found: BTreeMap::new(),
            reply: Arc::new(reply),
            links: Vec::new(),
            is_provisional: false,
            verdict: None,
        }
    }

    /// Goes on as far as possible. `now` is the time by which `cuts` are kept; it never steps.
    pub fn step(&mut self, cuts: &mut ZoneCuts, now: Instant) -> Step {
        if let Some(verdict) = &self.verdict {
            return Step::Done(verdict.clone());
        }
        let mut known = Known { cuts, now };
        let response_code = match self.follow(&mut known) {
            Ok(response_code) => response_code,
            Err(Halt::Need(question)) if self.budget.spend_question().is_ok() => return Step::Need(question),
            Err(Halt::Need(question)) => {
                let reason = BogusReason::TooMuchWork;
                self.end_with(Bogus::new(&question.name, question.record_type, reason))
            }
            Err(Halt::Bogus(bogus)) => self.end_with(bogus),
        };
        let verdict = Verdict {
            links: std::mem::take(&mut self.links),
            response_code,
            end: self.end.clone(),
            is_provisional: self.is_provisional,
        };
        self.supplied.clear();
        self.found.clear();
        self.verdict = Some(verdict.clone());
        Step::Done(verdict)
    }

    /// Hands over the reply to a question that was needed; `None` if it cannot be obtained.
    pub fn supply(&mut self, question: Question, reply: Option<Reply>) {
        let is_answer = |reply: &Reply| matches!(reply.response_code, Reply::NO_ERROR | Reply::NO_SUCH_NAME);
        self.supplied
            .insert(question, reply.filter(is_answer).map(Arc::new));
    }

    /// The reply to a question, once it is there.
    pub(super) fn reply_to(&self, question: Question) -> Result<Arc<Reply>, Halt> {
        match self.supplied.get(&question) {
            Some(Some(reply)) => Ok(Arc::clone(reply)),
            Some(None) => Err(Halt::bogus(
                &question.name,
                question.record_type,
                BogusReason::Unobtainable,
            )),
            None => Err(Halt::Need(question)),
        }
    }

    fn end_with(&mut self, bogus: Bogus) -> u16 {
        self.links.push(Link {
            kind: LinkKind::Answer,
            owner: self.end.clone(),
            record_type: self.question.record_type,
            status: Status::Bogus(bogus),
            ttl: 0,
            records: Vec::new(),
            signatures: Vec::new(),
            proof: Vec::new(),
        });
        self.reply.response_code
    }

    #[cfg(test)]
    pub(crate) fn spent(&self) -> super::budget::Spent {
        self.budget.spent()
    }
}

impl Bogus {
    pub(super) fn new(name: &Name, record_type: RecordType, reason: BogusReason) -> Self {
        Self {
            name: name.clone(),
            record_type,
            reason,
        }
    }
}

impl Halt {
    pub(super) fn bogus(name: &Name, record_type: RecordType, reason: BogusReason) -> Self {
        Self::Bogus(Bogus::new(name, record_type, reason))
    }
}

impl From<Exhausted> for BogusReason {
    fn from(_: Exhausted) -> Self {
        Self::TooMuchWork
    }
}
