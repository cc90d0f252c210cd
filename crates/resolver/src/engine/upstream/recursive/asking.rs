//! One question to one authoritative server: by UDP, and where it must be by TCP and without EDNS (RFC 6891, RFC 7766).
//!
//! What it is not: it chooses no server, and does not look into what one says.

use std::{io, net::SocketAddr, time::Duration};

use tokio::time::timeout;

use super::{
    super::{
        message::{Query, Response},
        network::Protocol,
    },
    Recursive, Work,
    reading::Useless,
};
use crate::validate::Question;

/// How long a TCP connection and the reply over it may take.
const TCP_PATIENCE: Duration = Duration::from_secs(3);

/// How long an address family without a route is not tried.
const WITHOUT_ROUTE: Duration = Duration::from_secs(60);

/// Why a server gave nothing of use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("does not answer")]
    Silent,
    #[error("answers with what is no message")]
    Unreadable,
    #[error(transparent)]
    Useless(#[from] Useless),
    #[error("cannot be asked: {0}")]
    Io(#[from] io::Error),
}

impl Recursive {
    /// One server, by UDP and, where it must be, by TCP and without EDNS.
    pub(super) async fn ask_server(
        &self,
        server: SocketAddr,
        asked: &Question,
        work: &Work,
    ) -> Result<Response, ServerError> {
        let with_edns = self.known().servers.takes_edns(server, self.now());
        let response = self.ask_once(server, asked, with_edns, work).await?;
        // FORMERR and NOTIMP without EDNS are how servers answer that never heard of it (RFC 6891 section 7).
        if with_edns && !response.has_edns && matches!(response.response_code, 1 | 4) {
            self.known().servers.lacks_edns(server, self.now());
            return self.ask_once(server, asked, false, work).await;
        }
        Ok(response)
    }

    async fn ask_once(
        &self,
        server: SocketAddr,
        asked: &Question,
        with_edns: bool,
        work: &Work,
    ) -> Result<Response, ServerError> {
        let query = Query::new(asked, with_edns);
        let patience = self.known().servers.patience(server);
        match self.exchange(server, Protocol::Udp, &query, patience, work).await {
            Ok(response) if !response.is_truncated => return Ok(response),
            Ok(_) => {}
            Err(ServerError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(error) => return Err(error),
        }
        let response = self
            .exchange(server, Protocol::Tcp, &query, TCP_PATIENCE, work)
            .await?;
        // What is cut there is whole nowhere.
        if response.is_truncated {
            return Err(ServerError::Unreadable);
        }
        Ok(response)
    }

    async fn exchange(
        &self,
        server: SocketAddr,
        protocol: Protocol,
        query: &Query,
        patience: Duration,
        work: &Work,
    ) -> Result<Response, ServerError> {
        if !work.spend_query() {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
        }
        let begin = self.now();
        let reply = timeout(patience, self.network.exchange(server, protocol, query)).await;
        let now = self.now();
        let mut known = self.known();
        match reply {
            Ok(Ok(octets)) => {
                known
                    .servers
                    .answered(server, now.saturating_duration_since(begin), now);
                Response::read(&octets).ok_or(ServerError::Unreadable)
            }
            Ok(Err(error)) => {
                let no_route = [io::ErrorKind::NetworkUnreachable, io::ErrorKind::AddrNotAvailable];
                if server.is_ipv6() && no_route.contains(&error.kind()) {
                    known.without_ipv6_until = Some(now + WITHOUT_ROUTE);
                } else {
                    known.servers.silent(server, now);
                }
                Err(error.into())
            }
            Err(_) => {
                known.servers.silent(server, now);
                Err(ServerError::Silent)
            }
        }
    }
}
