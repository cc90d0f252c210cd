//! A question answered anew, with all that was found on the way.

use std::net::IpAddr;

use super::{Engine, PATIENCE, Told, Unobtainable, Work, answer::text_of, records::record_of_validator};
use crate::{
    ExtendedError, Trace,
    validate::{Link, LinkKind, Question, Status, Verdict},
    wire::code,
};

impl Engine {
    /// Answers a question without the cache of answers.
    pub(crate) async fn trace(&self, question: &Question) -> Trace {
        let mut trace = Trace {
            names: vec![text_of(&question.name)],
            record_type: question.record_type.to_string(),
            response_code: code::SERVER_FAILURE,
            security: None,
            error: None,
            records: Vec::new(),
            addresses: Vec::new(),
            links: Vec::new(),
            cuts: Vec::new(),
        };
        if let Some(answer) = self.names.answer(question) {
            let shown = answer.validated(question, &Told::fresh(0));
            trace.response_code = answer.response_code;
            trace.addresses = shown.addresses.iter().map(|known| known.address).collect();
            trace
                .links
                .push("answered here: it is a name of this home, or one that is asked nobody".to_owned());
            return trace;
        }
        let work = Work::new(PATIENCE);
        let now = (self.clock)();
        let is_home = |address: IpAddr| self.rebinding.is_home(question, address);
        let judging = self
            .validation
            .resolve(question, &self.upstream, &work, &self.names, &is_home, now);
        let judged = match tokio::time::timeout_at(work.deadline(), judging).await {
            Ok(Ok(judged)) => judged,
            Ok(Err(Unobtainable(error))) => {
                trace.error = Some(error);
                return trace;
            }
            Err(_) => {
                let Unobtainable(error) = Unobtainable::unreachable();
                trace.error = Some(error);
                return trace;
            }
        };
        let (answer, verdict) = (judged.answer, judged.verdict);
        let shown = answer.validated(question, &Told::fresh(0));
        trace.response_code = answer.response_code;
        trace.security = Some(shown.security);
        trace.error = answer.note.as_deref().cloned();
        if answer.is_filtered && trace.error.is_none() {
            let text = "addresses that no name of the internet may have were taken from it (DNS rebinding)";
            trace.error = Some(ExtendedError::new(ExtendedError::BLOCKED, text));
        }
        trace.names.extend(shown.aliases.iter().cloned());
        trace.addresses = shown.addresses.iter().map(|known| known.address).collect();
        trace.records = records_of(&verdict);
        trace.links = verdict.links.iter().map(words).collect();
        for link in &verdict.links {
            for (name, what) in self.validation.way_to(&link.owner, now) {
                let step = (name.to_string(), what);
                if !trace.cuts.contains(&step) {
                    trace.cuts.push(step);
                }
            }
        }
        trace
    }
}

fn records_of(verdict: &Verdict) -> Vec<String> {
    let links = verdict.links.iter().filter(|link| link.kind != LinkKind::Denial);
    links
        .flat_map(|link| link.records.iter().map(|record| (record, link.ttl)))
        .filter_map(|(record, ttl)| record_of_validator(record, ttl))
        .map(|record| record.to_string())
        .collect()
}

fn words(link: &Link) -> String {
    let what = match link.kind {
        LinkKind::Denial => "that there is nothing",
        LinkKind::Alias | LinkKind::Redirection | LinkKind::Answer => "what is there",
    };
    let found = match &link.status {
        Status::Secure => "secure".to_owned(),
        Status::Insecure(insecurity) => format!("insecure: {insecurity}"),
        Status::Bogus(bogus) => format!("bogus: {bogus}"),
    };
    format!("{} {}: {what} is {found}", link.owner, link.record_type)
}
