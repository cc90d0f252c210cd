//! hickory's request handler: resolve, let the sink make the addresses reachable, and only then answer.
//!
//! This order is the reason for which the product exists: there is one way to a reply with an address, and it leads through
//! [`Handler::released`].

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hickory_proto::{
    op::{Header, HeaderCounts, MessageType, Metadata, ResponseCode},
    rr::{DNSClass, RecordType},
    serialize::binary::BinDecoder,
};
use hickory_resolver::net::{
    runtime::{Time, TokioTime},
    xfer::Protocol,
};
use hickory_server::{
    server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
    zone_handler::{MessageResponseBuilder, Queries},
};
use std::net::SocketAddr;
use tokio::time::timeout;

use super::{
    message::{Inspected, inspect},
    reply::{Reply, is_meta},
    sender::Sender,
};
use crate::{
    AnswerSink, ExtendedError, Release,
    counters::Counting,
    engine::{Engine, Failure, Question, Resolved},
};

/// How long the sink may take. The firewall takes microseconds; after this the client has given up anyway.
const SINK_PATIENCE: Duration = Duration::from_secs(2);

/// Answers the queries of the LAN.
pub(crate) struct Handler<S> {
    pub(crate) engine: Arc<Engine>,
    pub(crate) sink: Arc<S>,
    pub(crate) counting: Arc<Counting>,
}

impl<S: AnswerSink> Handler<S> {
    /// Answers a message of a LAN client, if it is to be answered.
    pub(crate) async fn handle(
        &self,
        message: Vec<u8>,
        client: SocketAddr,
        protocol: Protocol,
        sender: Sender,
    ) {
        match inspect(&message) {
            Inspected::Drop => self.counting.count(|counters| counters.malformed += 1),
            Inspected::Reject(metadata, code) => self.reject(&metadata, code, sender).await,
            Inspected::Query(metadata) => match Request::from_bytes(message, client, protocol) {
                Ok(request) => {
                    self.counting.count(|counters| counters.queries += 1);
                    self.handle_request::<_, TokioTime>(&request, sender).await;
                }
                Err(_) => self.reject(&metadata, ResponseCode::FormErr, sender).await,
            },
        }
    }

    /// Sends back the header with a response code.
    async fn reject(&self, metadata: &Metadata, response_code: ResponseCode, mut sender: Sender) {
        self.counting.count(|counters| counters.malformed += 1);
        let Ok(no_queries) = Queries::read(&mut BinDecoder::new(&[]), 0) else {
            return;
        };
        let response = MessageResponseBuilder::new(&no_queries, None).error_msg(metadata, response_code);
        if let Err(error) = sender.send_response(response).await {
            tracing::debug!(%error, "a reply could not be sent");
        }
    }

    async fn reply_to(&self, request: &Request) -> Reply {
        let [query] = request.queries.queries() else {
            return Reply::error(ResponseCode::FormErr, None);
        };
        if request.version() > 0 {
            return Reply::error(ResponseCode::BADVERS, None);
        }
        let asked = query.original().name();
        if query.query_class() != DNSClass::IN {
            return self.refused(ExtendedError::new(
                ExtendedError::NOT_SUPPORTED,
                "only class IN is served",
            ));
        }
        if query.query_type() == RecordType::ANY {
            self.counting.count(|counters| counters.answered += 1);
            return Reply::any(asked);
        }
        if is_meta(query.query_type()) {
            return Reply::error(ResponseCode::NotImp, None);
        }
        if !request.metadata.recursion_desired {
            let text = "this resolver holds no zones; ask with the RD bit";
            return self.refused(ExtendedError::new(ExtendedError::NOT_AUTHORITATIVE, text));
        }
        let question = Question::new(asked, query.query_type());
        match self.engine.resolve(&question).await {
            Ok(resolved) => match self.released(request, &question, &resolved).await {
                Ok(ttl_at_most) => {
                    self.counting.count(|counters| counters.answered += 1);
                    let dnssec_ok = request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
                    Reply::answer(asked, &resolved, ttl_at_most, dnssec_ok)
                }
                Err(reply) => reply,
            },
            Err(failure) => {
                let error = match failure {
                    Failure::Overloaded => ExtendedError::new(ExtendedError::OTHER, "too many queries wait"),
                    Failure::Bogus(error) | Failure::Unobtainable(error) => error,
                };
                Reply::error(ResponseCode::ServFail, Some(error))
            }
        }
    }

    /// Waits until the sink has made the addresses reachable; the longest TTL that may be told, or the reply that tells nothing.
    async fn released(
        &self,
        request: &Request,
        question: &Question,
        resolved: &Resolved,
    ) -> Result<u32, Reply> {
        if resolved.is_special {
            return Ok(u32::MAX);
        }
        let client = request.src().ip().to_canonical();
        let validated = resolved.answer.validated(resolved.age);
        let failure = match timeout(SINK_PATIENCE, self.sink.answered(client, &validated)).await {
            Ok(Ok(Release::Tell { ttl_at_most })) => return Ok(ttl_at_most),
            Ok(Ok(Release::Refuse(error))) => return Err(self.refused(error)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("took longer than {} seconds", SINK_PATIENCE.as_secs()),
        };
        self.counting.count(|counters| counters.sink_failures += 1);
        tracing::warn!(%client, failure, "addresses could not be made reachable, so they are not told");
        tracing::debug!(%question, "not told");
        let text = "the addresses could not be made reachable";
        Err(Reply::error(
            ResponseCode::ServFail,
            Some(ExtendedError::new(ExtendedError::OTHER, text)),
        ))
    }

    fn refused(&self, error: ExtendedError) -> Reply {
        self.counting.count(|counters| counters.refused += 1);
        Reply::error(ResponseCode::Refused, Some(error))
    }
}

#[async_trait]
impl<S: AnswerSink> RequestHandler for Handler<S> {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        sender: R,
    ) -> ResponseInfo {
        let reply = self.reply_to(request).await;
        reply.send(request, sender).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a reply could not be sent");
            let metadata = Metadata::new(
                request.metadata.id,
                MessageType::Response,
                request.metadata.op_code,
            );
            ResponseInfo::from(Header {
                metadata,
                counts: HeaderCounts::default(),
            })
        })
    }
}
