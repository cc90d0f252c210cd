//! From a message to its reply: resolve, let the sink make the addresses reachable, and only then answer.
//!
//! This order is the reason for which the product exists: there is one way to a reply with an address, and it leads through
//! [`Handler::released`].

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    AnswerSink, Client, ExtendedError, Release,
    counters::Counting,
    engine::{Engine, Grade, Resolved},
    validate::{Name, Question, RecordType},
    wire::{self, Query, Read, Reply, code, flag},
};

/// How long the sink may take. The firewall takes microseconds; after this the client has given up anyway.
const SINK_PATIENCE: Duration = Duration::from_secs(2);

/// The data of the HINFO record for a query for every type: `RFC8482` and nothing, with their length (RFC 8482 section 4.2).
const HINFO: &[u8] = b"\x00\x09\x07RFC8482\x00";

/// Answers the queries of the LAN.
pub(crate) struct Handler<S> {
    pub(crate) engine: Arc<Engine>,
    pub(crate) sink: Arc<S>,
    pub(crate) counting: Arc<Counting>,
    /// Forwarders of this house, which may name the client behind them.
    pub(crate) forwarders: Vec<IpAddr>,
}

impl<S: AnswerSink> Handler<S> {
    /// The reply to a message of a LAN client, if it is to be answered.
    pub(crate) async fn reply(&self, message: &[u8], from: IpAddr, is_udp: bool) -> Option<Vec<u8>> {
        match wire::read(message) {
            Read::Drop => {
                self.counting.count(|counters| counters.malformed += 1);
                None
            }
            Read::Reject { id, flags, code } => {
                self.counting.count(|counters| counters.malformed += 1);
                Some(wire::header_only(id, flags, code))
            }
            Read::Query(query) => {
                self.counting.count(|counters| counters.queries += 1);
                Some(self.reply_to(&query, from.to_canonical(), is_udp).await)
            }
        }
    }

    async fn reply_to(&self, query: &Query<'_>, from: IpAddr, is_udp: bool) -> Vec<u8> {
        let error = |code, error: Option<ExtendedError>| {
            Reply::new(query).finish(query, code, false, error.as_ref(), is_udp)
        };
        let refused = |reason| {
            self.counting.count(|counters| counters.refused += 1);
            error(code::REFUSED, Some(reason))
        };
        if query.edns.is_some_and(|edns| edns.version > 0) {
            return error(code::BAD_VERSION, None);
        }
        if !query.is_in() {
            let text = "only class IN is served";
            return refused(ExtendedError::new(ExtendedError::NOT_SUPPORTED, text));
        }
        if query.record_type == RecordType::ANY {
            self.counting.count(|counters| counters.answered += 1);
            return every_type(query, is_udp);
        }
        if is_meta(query.record_type) {
            return error(code::NOT_IMPLEMENTED, None);
        }
        if !query.is_set(flag::RECURSION_DESIRED) {
            let text = "this resolver holds no zones; ask with the RD bit";
            return refused(ExtendedError::new(ExtendedError::NOT_AUTHORITATIVE, text));
        }
        let Ok((name, _)) = Name::from_wire(query.name) else {
            return error(code::FORMAT_ERROR, None);
        };
        let question = Question::new(name, query.record_type);
        let mut resolved = self.engine.resolve(&question).await;
        let answer = &resolved.answer;
        let is_bogus = answer.grade == Grade::Bogus;
        if is_bogus {
            self.counting.count(|counters| counters.bogus += 1);
        }
        // RFC 4035 section 3.2.2: who checks for himself is told what there is.
        if answer.is_failure() && !(is_bogus && query.is_set(flag::CHECKING_DISABLED)) {
            return error(code::SERVER_FAILURE, resolved.told.error);
        }
        match self.released(query, from, &question, &resolved).await {
            Ok(ttl_at_most) => resolved.told.ttl_at_most = resolved.told.ttl_at_most.min(ttl_at_most),
            Err(Refusal::Refused(reason)) if is_bogus => return error(code::SERVER_FAILURE, Some(reason)),
            Err(Refusal::Refused(reason)) => return refused(reason),
            Err(Refusal::Failed) => {
                let text = "the addresses could not be made reachable";
                return error(
                    code::SERVER_FAILURE,
                    Some(ExtendedError::new(ExtendedError::OTHER, text)),
                );
            }
        }
        self.counting.count(|counters| counters.answered += 1);
        let answer = &resolved.answer;
        if answer.is_filtered && answer.is_negative {
            let text = "only addresses that no name of the internet may have (DNS rebinding)";
            resolved.told.error = Some(ExtendedError::new(ExtendedError::BLOCKED, text));
        }
        answer.write(query, &resolved.told, is_udp)
    }

    /// Waits until the sink has made the addresses reachable; the longest TTL that may be told, or why nothing is told.
    async fn released(
        &self,
        query: &Query<'_>,
        from: IpAddr,
        question: &Question,
        resolved: &Resolved,
    ) -> Result<u32, Refusal> {
        if resolved.answer.grade == Grade::Local {
            return Ok(u32::MAX);
        }
        let named = query.edns.and_then(|edns| edns.client);
        let client = Client {
            address: from,
            mac: named.filter(|_| self.forwarders.contains(&from)),
        };
        let validated = resolved.answer.validated(question, &resolved.told);
        let failure = match timeout(SINK_PATIENCE, self.sink.answered(client, &validated)).await {
            Ok(Ok(Release::Tell { ttl_at_most })) => return Ok(ttl_at_most),
            Ok(Ok(Release::Refuse(error))) => return Err(Refusal::Refused(error)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("took longer than {} seconds", SINK_PATIENCE.as_secs()),
        };
        self.counting.count(|counters| counters.sink_failures += 1);
        tracing::warn!(client = %from, failure, "addresses could not be made reachable, so they are not told");
        tracing::debug!(%question, "not told");
        Err(Refusal::Failed)
    }
}

/// Why nothing is told.
enum Refusal {
    /// The sink does not want it.
    Refused(ExtendedError),
    /// The sink could not make the addresses reachable.
    Failed,
}

fn every_type(query: &Query<'_>, is_udp: bool) -> Vec<u8> {
    let mut reply = Reply::new(query);
    reply.owner(&wire::TO_QUESTION);
    // HINFO is 13.
    reply.rest(&[0, 13, 0, 1], 3600, HINFO);
    reply.count(false);
    reply.finish(query, code::NO_ERROR, false, None, is_udp)
}

/// Whether a type is no type of data (RFC 6895 section 3.1): transfers, transaction signatures and the like.
fn is_meta(RecordType(number): RecordType) -> bool {
    number == 0 || number == 41 || (128..=255).contains(&number)
}
