//! Mode `forward`: other resolvers are asked, through hickory's connection pools, UDP with TCP when a reply is truncated.
//!
//! One pool for each resolver, because a pool takes the first error response for the answer; here the next resolver is asked.
//! hickory draws query ids and source ports from a generator that the system seeds, and lets identical queries in flight share one.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use hickory_proto::{
    op::{DnsRequest, DnsRequestOptions, Edns, Message, ResponseCode},
    rr::RecordType,
};
use hickory_resolver::{
    NameServerPool, PoolContext, TlsConfig,
    config::{ConnectionConfig, NameServerConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider, xfer::DnsHandle},
};
use thiserror::Error;

use super::{Unobtainable, Work};
use crate::{
    engine::records::{question_of_validator, reply_for_validator},
    validate,
};

/// How long one resolver is waited for; UDP is repeated meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest UDP reply that is asked for: what passes every path unfragmented (RFC 9715).
const EDNS_PAYLOAD: u16 = 1232;

/// The resolvers that are asked.
pub(crate) struct Forward {
    servers: Vec<Server>,
    /// The one that answered last.
    preferred: AtomicUsize,
}

struct Server {
    address: SocketAddr,
    pool: NameServerPool<TokioRuntimeProvider>,
}

/// Why one resolver is of no use for a question.
#[derive(Debug, Error)]
enum ServerError {
    #[error("answers with {0}")]
    ResponseCode(ResponseCode),
    #[error("refers to other servers instead of resolving")]
    Referral,
    #[error("{0}")]
    Net(NetError),
    #[error("does not answer")]
    Silent,
}

impl Forward {
    /// Prepares to ask these resolvers; nothing is sent yet.
    pub(super) fn new(addresses: &[SocketAddr]) -> Result<Self, NetError> {
        let servers = addresses
            .iter()
            .map(|&address| {
                Ok(Server {
                    address,
                    pool: pool(address)?,
                })
            })
            .collect::<Result<_, NetError>>()?;
        Ok(Self {
            servers,
            preferred: AtomicUsize::new(0),
        })
    }

    /// Whether each of them was part of something bogus.
    pub(super) fn is_suspect(&self, work: &Work) -> bool {
        self.servers.iter().all(|server| work.is_suspect(server.address))
    }

    /// Asks one resolver after the other until one answers, suspects last.
    pub(super) async fn ask(
        &self,
        question: &validate::Question,
        work: &Work,
    ) -> Result<validate::Reply, Unobtainable> {
        let first = self.preferred.load(Ordering::Relaxed);
        let count = self.servers.len();
        let mut places: Vec<_> = (0..count).map(|offset| (first + offset) % count).collect();
        places.sort_by_key(|&place| {
            self.servers
                .get(place)
                .is_some_and(|server| work.is_suspect(server.address))
        });
        for place in places {
            let Some(server) = self.servers.get(place) else {
                continue;
            };
            if !work.spend_query() {
                return Err(Unobtainable::too_much_work());
            }
            match server.ask(question).await {
                Ok(reply) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    work.answered(server.address);
                    return Ok(reply);
                }
                Err(error) => {
                    tracing::debug!(upstream = %server.address, %question, %error, "an upstream resolver failed");
                }
            }
        }
        Err(Unobtainable::unreachable())
    }
}

impl Server {
    async fn ask(&self, question: &validate::Question) -> Result<validate::Reply, ServerError> {
        let query = question_of_validator(question).ok_or(ServerError::Silent)?;
        let mut message = Message::query();
        message.add_query(query);
        message.metadata.recursion_desired = true;
        // RFC 6840 section 5.9: signatures are asked for, and no opinion about them.
        message.metadata.checking_disabled = true;
        let mut edns = Edns::new();
        edns.set_max_payload(EDNS_PAYLOAD).set_dnssec_ok(true);
        message.set_edns(edns);
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        options.edns_payload_len = EDNS_PAYLOAD;
        options.edns_set_dnssec_ok = true;
        options.recursion_desired = true;
        match self.pool.send(DnsRequest::new(message, options)).next().await {
            Some(Ok(response)) => {
                let message = response.into_message();
                let response_code = message.metadata.response_code;
                if !matches!(response_code, ResponseCode::NoError | ResponseCode::NXDomain) {
                    return Err(ServerError::ResponseCode(response_code));
                }
                Ok(reply_for_validator(
                    response_code,
                    &message.answers,
                    &message.authorities,
                ))
            }
            Some(Err(NetError::Dns(DnsError::NoRecordsFound(nothing)))) => {
                let authorities = nothing.authorities.as_deref().unwrap_or_default();
                let has_soa = authorities
                    .iter()
                    .any(|record| record.record_type() == RecordType::SOA);
                if !has_soa && nothing.ns.is_some() {
                    return Err(ServerError::Referral);
                }
                Ok(reply_for_validator(nothing.response_code, &[], authorities))
            }
            Some(Err(NetError::Dns(DnsError::ResponseCode(code)))) => Err(ServerError::ResponseCode(code)),
            Some(Err(error)) => Err(ServerError::Net(error)),
            None => Err(ServerError::Silent),
        }
    }
}

fn pool(address: SocketAddr) -> Result<NameServerPool<TokioRuntimeProvider>, NetError> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections = connections.into();
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.edns_payload_len = EDNS_PAYLOAD;
    // The TCP connection after a truncated reply is shared: more than this wait on it at once only under attack.
    options.max_active_requests = 256;
    let context = Arc::new(PoolContext::new(options, TlsConfig::new()?));
    Ok(NameServerPool::from_config(
        [server],
        context,
        TokioRuntimeProvider::default(),
    ))
}
