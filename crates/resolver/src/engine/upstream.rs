//! The resolvers that are asked: hickory's connection pools, UDP with TCP when a reply is truncated.
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
    op::{DnsRequest, DnsRequestOptions, Edns, Message, Query, ResponseCode},
    rr::{Record, RecordType},
};
use hickory_resolver::{
    NameServerPool, PoolContext, TlsConfig,
    config::{ConnectionConfig, NameServerConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider, xfer::DnsHandle},
};
use thiserror::Error;

use super::Question;

/// How long one resolver is waited for; UDP is repeated meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest UDP reply that is asked for: what passes every path unfragmented (RFC 9715).
const EDNS_PAYLOAD: u16 = 1232;

/// The resolvers that are asked.
pub(crate) struct Upstreams {
    servers: Vec<Server>,
    /// Whether signatures are asked for, and no opinion about them (the DO and CD bits; RFC 6840 section 5.9).
    with_signatures: bool,
    /// The one that answered last.
    preferred: AtomicUsize,
}

struct Server {
    address: SocketAddr,
    pool: NameServerPool<TokioRuntimeProvider>,
}

/// What a resolver said.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// No error, or no such name.
    pub(crate) response_code: ResponseCode,
    /// The answer section, as it came.
    pub(crate) answers: Vec<Record>,
    /// The SOA record of the authority section.
    pub(crate) soa: Option<Record>,
    /// The authority section, as it came.
    pub(crate) authorities: Vec<Record>,
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

impl Upstreams {
    /// Prepares to ask these resolvers; nothing is sent yet.
    pub(crate) fn new(addresses: &[SocketAddr], with_signatures: bool) -> Result<Self, NetError> {
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
            with_signatures,
            preferred: AtomicUsize::new(0),
        })
    }

    /// Asks one resolver after the other until one answers; `None` if none does.
    pub(crate) async fn ask(&self, question: &Question) -> Option<Reply> {
        let first = self.preferred.load(Ordering::Relaxed);
        let count = self.servers.len();
        for place in (0..count).map(|offset| (first + offset) % count) {
            let server = self.servers.get(place)?;
            match server.ask(question, self.with_signatures).await {
                Ok(reply) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return Some(reply);
                }
                Err(error) => {
                    tracing::debug!(upstream = %server.address, %question, %error, "an upstream resolver failed");
                }
            }
        }
        None
    }

    /// Asks another resolver first from now on, because what this one says is bogus.
    pub(crate) fn prefer_another(&self) {
        let next = (self.preferred.load(Ordering::Relaxed) + 1) % self.servers.len().max(1);
        self.preferred.store(next, Ordering::Relaxed);
    }
}

impl Server {
    async fn ask(&self, question: &Question, with_signatures: bool) -> Result<Reply, ServerError> {
        let mut message = Message::query();
        message.add_query(Query::query(question.name.clone(), question.record_type));
        message.metadata.recursion_desired = true;
        message.metadata.checking_disabled = with_signatures;
        let mut edns = Edns::new();
        edns.set_max_payload(EDNS_PAYLOAD).set_dnssec_ok(with_signatures);
        message.set_edns(edns);
        let mut options = DnsRequestOptions::default();
        options.use_edns = true;
        options.edns_payload_len = EDNS_PAYLOAD;
        options.edns_set_dnssec_ok = with_signatures;
        options.recursion_desired = true;
        match self.pool.send(DnsRequest::new(message, options)).next().await {
            Some(Ok(response)) => {
                let message = response.into_message();
                let response_code = message.metadata.response_code;
                if !matches!(response_code, ResponseCode::NoError | ResponseCode::NXDomain) {
                    return Err(ServerError::ResponseCode(response_code));
                }
                Ok(Reply {
                    response_code,
                    soa: soa_of(&message.authorities),
                    answers: message.answers,
                    authorities: message.authorities,
                })
            }
            Some(Err(NetError::Dns(DnsError::NoRecordsFound(nothing)))) => {
                let soa = nothing.authorities.as_deref().and_then(soa_of);
                if soa.is_none() && nothing.ns.is_some() {
                    return Err(ServerError::Referral);
                }
                Ok(Reply {
                    response_code: nothing.response_code,
                    answers: Vec::new(),
                    soa,
                    authorities: nothing.authorities.as_deref().unwrap_or_default().to_vec(),
                })
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

fn soa_of(authorities: &[Record]) -> Option<Record> {
    authorities
        .iter()
        .find(|record| record.record_type() == RecordType::SOA)
        .cloned()
}
