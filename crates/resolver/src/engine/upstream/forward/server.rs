//! One resolver, and the way in which it is asked: UDP and TCP, TCP, TLS or HTTPS.
//!
//! No way leads to another: what is to be asked over TLS is asked over TLS or not at all (RFC 8310 section 5).

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hickory_proto::op::ResponseCode;
use thiserror::Error;
use tokio::{net::TcpStream, sync::Mutex, time::timeout};

use super::{
    super::{
        message::{Fit, Query, Response},
        network::{datagram, stream},
    },
    https::Https,
    pipe::Pipe,
    tls::{DOT, HTTP2, Peer, Tls, Trust},
};
use crate::{
    Transport, UpstreamServer,
    validate::{Question, Record, RecordType, Reply},
};

/// How long a resolver is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long before a question is sent by UDP again.
const REPEAT: Duration = Duration::from_millis(600);

/// A way to ask.
pub(super) enum Way {
    /// UDP, and TCP where it must be.
    Cleartext {
        address: SocketAddr,
        /// It returns the name with the letters in another case than they were sent.
        changes_case: AtomicBool,
    },
    /// TCP or TLS.
    Connection(Connection),
    /// HTTPS.
    Https(Https),
}

/// A connection that is opened when it is needed.
pub(super) struct Connection {
    opens: Opens,
    pipe: Mutex<Option<Pipe>>,
    /// The other side is to be judged anew.
    is_outdated: AtomicBool,
}

enum Opens {
    Tcp(SocketAddr),
    Tls(Tls),
}

/// Why one resolver is of no use for a question.
#[derive(Debug, Error)]
pub(super) enum ServerError {
    #[error("answers with {0}")]
    ResponseCode(ResponseCode),
    #[error("refers to other servers instead of resolving")]
    Referral,
    #[error("answers with what is no message")]
    Unreadable,
    #[error("cannot be asked: {0}")]
    Io(#[from] io::Error),
    #[error("does not answer")]
    Silent,
}

impl Way {
    /// As it is configured.
    ///
    /// # Errors
    /// TLS cannot be prepared.
    pub(super) fn new(server: &UpstreamServer, trust: &Arc<Trust>) -> io::Result<Self> {
        let address = server.address;
        Ok(match &server.transport {
            Transport::Cleartext => Self::Cleartext {
                address,
                changes_case: AtomicBool::new(false),
            },
            Transport::Tcp => Self::Connection(Connection::new(Opens::Tcp(address))),
            Transport::Tls(proof) => Self::tls(address, &Peer::Proven(proof.clone()), trust)?,
            Transport::Https {
                proof,
                authority,
                path,
            } => Self::https(address, &Peer::Proven(proof.clone()), authority, path, trust)?,
        })
    }

    /// Over TLS.
    pub(super) fn tls(address: SocketAddr, peer: &Peer, trust: &Arc<Trust>) -> io::Result<Self> {
        let tls = Tls::new(address, peer, DOT, trust)?;
        Ok(Self::Connection(Connection::new(Opens::Tls(tls))))
    }

    /// Over HTTPS.
    pub(super) fn https(
        address: SocketAddr,
        peer: &Peer,
        authority: &str,
        path: &str,
        trust: &Arc<Trust>,
    ) -> io::Result<Self> {
        let tls = Tls::new(address, peer, HTTP2, trust)?;
        Ok(Self::Https(Https::new(tls, authority, path)?))
    }

    /// Asks, for as long as one resolver is waited for.
    pub(super) async fn ask(&self, question: &Question) -> Result<Reply, ServerError> {
        let reply = timeout(PATIENCE, self.exchange(question)).await;
        let octets = reply.map_err(|_| ServerError::Silent)??;
        let response = Response::read(&octets).ok_or(ServerError::Unreadable)?;
        reply_of(response)
    }

    async fn exchange(&self, question: &Question) -> io::Result<Vec<u8>> {
        match self {
            Self::Cleartext {
                address,
                changes_case,
            } => cleartext(*address, changes_case, question).await,
            Self::Connection(connection) => {
                let is_encrypted = matches!(connection.opens, Opens::Tls(_));
                connection
                    .exchange(Query::for_resolver(question, is_encrypted))
                    .await
            }
            Self::Https(https) => https.exchange(&Query::for_resolver(question, true)).await,
        }
    }

    /// Has the other side judged anew before anything else is asked.
    pub(super) fn forget(&self) {
        match self {
            Self::Cleartext { .. } => {}
            Self::Connection(connection) => connection.is_outdated.store(true, Ordering::Relaxed),
            Self::Https(https) => https.forget(),
        }
    }
}

impl Connection {
    fn new(opens: Opens) -> Self {
        Self {
            opens,
            pipe: Mutex::default(),
            is_outdated: AtomicBool::new(false),
        }
    }

    async fn exchange(&self, query: Query) -> io::Result<Vec<u8>> {
        let (pipe, is_new) = self.pipe().await?;
        let heard = pipe.heard();
        // A connection that is dead without our knowledge is not waited for until the end.
        match timeout(PATIENCE / 2, pipe.exchange(query.clone())).await {
            Ok(Err(error)) if !is_new => tracing::debug!(%error, "a connection is opened anew"),
            Ok(reply) => return reply,
            Err(_) if is_new || pipe.heard() != heard => return pipe.exchange(query).await,
            Err(_) => tracing::debug!("a connection on which nothing is heard is opened anew"),
        }
        self.is_outdated.store(true, Ordering::Relaxed);
        let (pipe, _) = self.pipe().await?;
        pipe.exchange(query).await
    }

    async fn pipe(&self) -> io::Result<(Pipe, bool)> {
        let mut open = self.pipe.lock().await;
        if self.is_outdated.swap(false, Ordering::Relaxed) {
            *open = None;
        }
        if let Some(pipe) = open.as_ref().filter(|pipe| !pipe.is_closed()) {
            return Ok((pipe.clone(), false));
        }
        let pipe = match &self.opens {
            Opens::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Pipe::new(stream)
            }
            Opens::Tls(tls) => Pipe::new(tls.connect().await?),
        };
        *open = Some(pipe.clone());
        Ok((pipe, true))
    }
}

/// By UDP, a second time if nothing comes, and by TCP where the reply is cut off or has the name in another case.
async fn cleartext(
    address: SocketAddr,
    changes_case: &AtomicBool,
    question: &Question,
) -> io::Result<Vec<u8>> {
    let query = || {
        let query = Query::for_resolver(question, false);
        if changes_case.load(Ordering::Relaxed) {
            query.in_lower_case()
        } else {
            query
        }
    };
    let first = query();
    let reply = match timeout(REPEAT, datagram(address, &first)).await {
        Ok(reply) => reply,
        Err(_) => datagram(address, &query()).await,
    };
    let is_other_case = match reply {
        Ok(octets) if octets.get(2).is_some_and(|flags| flags & 0x02 == 0) => return Ok(octets),
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => true,
        Err(error) => return Err(error),
    };
    let query = query();
    let octets = stream(address, &query).await?;
    // Nobody beside the path can have written this: it is the resolver that does not keep the case.
    if is_other_case && query.fit(&octets) == Fit::OtherCase {
        changes_case.store(true, Ordering::Relaxed);
    }
    Ok(octets)
}

/// What a resolver says, if it is an answer.
fn reply_of(response: Response) -> Result<Reply, ServerError> {
    if !matches!(response.response_code, Reply::NO_ERROR | Reply::NO_SUCH_NAME) {
        return Err(ServerError::ResponseCode(response.response_code.into()));
    }
    let has = |records: &[Record], record_type| {
        records
            .iter()
            .any(|record: &Record| record.record_type == record_type)
    };
    let refers = response.answers.is_empty()
        && response.response_code == Reply::NO_ERROR
        && !has(&response.authorities, RecordType::SOA)
        && has(&response.authorities, RecordType::NS);
    if refers {
        return Err(ServerError::Referral);
    }
    Ok(Reply {
        response_code: response.response_code,
        answers: response.answers,
        authorities: response.authorities,
    })
}
