//! The LAN side: sockets on each LAN address, and who is let in.
//!
//! The DNS library's accept loops are not used: they answer strangers (REFUSED, FORMERR) and take any number of TCP connections, so that
//! one client could use up the file descriptors of the whole daemon.

mod admission;
mod handler;
mod rates;
mod sender;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
mod udp;

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use ipnet::IpNet;
use thiserror::Error;
use tokio::{
    net::{TcpListener, UdpSocket},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

pub(crate) use self::handler::Handler;
use self::{
    admission::{Admission, Admitted},
    rates::Rates,
};
use crate::{AnswerSink, Config, StartError, counters::Counting, engine::Engine};

/// Queries in flight of one client; more are dropped.
const QUERIES_PER_CLIENT: usize = 64;

/// Queries in flight in all; more are dropped.
const QUERIES: usize = 1024;

/// TCP connections of one client; more are closed at once.
const CONNECTIONS_PER_CLIENT: usize = 16;

/// TCP connections in all; more are closed at once.
const CONNECTIONS: usize = 128;

/// The bound sockets of the LAN side.
#[must_use = "clients are answered only while `run` runs"]
pub struct FrontEnd<S> {
    sockets: Vec<Sockets>,
    desk: Arc<Desk<S>>,
}

/// The sockets of one address.
struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    tls: Option<TcpListener>,
}

/// Opens further addresses while others are served: a router's addresses change, and clients must not notice.
pub struct MoreAddresses<S>(Arc<Desk<S>>);

/// A socket is broken for good; the others were closed too.
#[derive(Debug, Error)]
#[error("{address} ({transport}) no longer works: {source}")]
pub struct ListenError {
    /// The address.
    address: SocketAddr,
    /// `UDP` or `TCP`.
    transport: &'static str,
    /// Why.
    source: io::Error,
}

/// What all sockets share.
pub(crate) struct Desk<S> {
    lan: RwLock<Vec<IpNet>>,
    handler: Handler<S>,
    queries: Arc<Admission>,
    connections: Arc<Admission>,
    rates: Rates,
    tls: Option<(TlsAcceptor, u16)>,
    counting: Arc<Counting>,
}

impl<S: AnswerSink> FrontEnd<S> {
    pub(crate) async fn bind(
        config: &Config,
        engine: Arc<Engine>,
        sink: Arc<S>,
        counting: Arc<Counting>,
    ) -> Result<Self, StartError> {
        let tls = match &config.tls {
            Some(identity) => Some((tls::acceptor(identity)?, identity.port)),
            None => None,
        };
        let sockets = bind(&config.listen, tls.as_ref().map(|(_, port)| *port)).await?;
        let handler = Handler {
            engine,
            sink,
            counting: Arc::clone(&counting),
            forwarders: config.forwarders.clone(),
        };
        let desk = Arc::new(Desk {
            lan: RwLock::new(config.lan.clone()),
            handler,
            queries: Admission::new(QUERIES_PER_CLIENT, QUERIES),
            connections: Admission::new(CONNECTIONS_PER_CLIENT, CONNECTIONS),
            rates: Rates::new(config.queries_per_second),
            tls,
            counting,
        });
        Ok(Self { sockets, desk })
    }

    /// What opens further addresses later; all of them together keep the limits of one.
    #[must_use]
    pub fn more(&self) -> MoreAddresses<S> {
        MoreAddresses(Arc::clone(&self.desk))
    }

    /// The addresses on which it listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets
            .iter()
            .filter_map(|sockets| sockets.udp.local_addr().ok())
            .collect()
    }

    /// The addresses on which it listens for TLS.
    #[must_use]
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        let listeners = self.sockets.iter().filter_map(|sockets| sockets.tls.as_ref());
        listeners
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }

    /// Answers clients until `shutdown` is ready; what is in flight then is not answered.
    ///
    /// # Errors
    /// A socket that stopped working.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), ListenError> {
        let mut loops = JoinSet::new();
        for Sockets { udp, tcp, tls } in self.sockets {
            loops.spawn(udp::serve(Arc::new(udp), Arc::clone(&self.desk)));
            loops.spawn(tcp::serve(tcp, None, Arc::clone(&self.desk)));
            if let Some((listener, (acceptor, _))) = tls.zip(self.desk.tls.clone()) {
                loops.spawn(tcp::serve(listener, Some(acceptor), Arc::clone(&self.desk)));
            }
        }
        tokio::select! {
            () = shutdown => Ok(()),
            ended = loops.join_next() => match ended {
                Some(Ok(error)) => Err(error),
                // A loop neither panics nor is it aborted, and there is at least one.
                Some(Err(_)) | None => Ok(()),
            },
        }
    }
}

async fn bind(listen: &[SocketAddr], tls_port: Option<u16>) -> Result<Vec<Sockets>, StartError> {
    let mut sockets = Vec::with_capacity(listen.len());
    for &address in listen {
        let bind_error = |transport| {
            move |source| StartError::Bind {
                address,
                transport,
                source,
            }
        };
        let udp = UdpSocket::bind(address).await.map_err(bind_error("UDP"))?;
        // Port 0 is for tests: TCP takes the port that UDP was given.
        let address = udp.local_addr().map_err(bind_error("UDP"))?;
        let tcp = TcpListener::bind(address).await.map_err(bind_error("TCP"))?;
        let mut secure = address;
        let tls = match tls_port {
            Some(port) => {
                secure.set_port(port);
                let bind_error = |source| StartError::Bind {
                    address: secure,
                    transport: "TLS",
                    source,
                };
                Some(TcpListener::bind(secure).await.map_err(bind_error)?)
            }
            None => None,
        };
        sockets.push(Sockets { udp, tcp, tls });
    }
    Ok(sockets)
}

impl<S: AnswerSink> MoreAddresses<S> {
    /// Binds further addresses; their clients are answered once [`FrontEnd::run`] runs.
    ///
    /// # Errors
    /// The address that could not be bound.
    pub async fn bind(&self, listen: &[SocketAddr]) -> Result<FrontEnd<S>, StartError> {
        Ok(FrontEnd {
            sockets: bind(listen, self.0.tls.as_ref().map(|(_, port)| *port)).await?,
            desk: Arc::clone(&self.0),
        })
    }

    /// The LAN has these prefixes from now on, for every address that is open already too.
    pub fn lan(&self, prefixes: Vec<IpNet>) {
        *self.0.lan.write().unwrap_or_else(PoisonError::into_inner) = prefixes;
    }
}

impl<S> Desk<S> {
    /// Whether a client belongs to the LAN; others receive nothing.
    fn lets_in(&self, client: SocketAddr) -> bool {
        let address = client.ip().to_canonical();
        // Nobody can receive at port 0.
        let lan = self.lan.read().unwrap_or_else(PoisonError::into_inner);
        let lets_in = client.port() != 0 && lan.iter().any(|prefix| prefix.contains(&address));
        if !lets_in {
            self.counting.count(|counters| counters.strangers += 1);
        }
        lets_in
    }

    /// Lets a query begin, unless the client asks too often or too many are in flight: then it is dropped, and the client asks again.
    fn admit_query(&self, client: SocketAddr) -> Option<Admitted> {
        let client = client.ip().to_canonical();
        // Whoever asks for others is many.
        let keeps_rate =
            self.handler.forwarders.contains(&client) || self.rates.admit(client, Instant::now());
        let admitted = keeps_rate.then(|| self.queries.admit(client)).flatten();
        if admitted.is_none() {
            self.counting.count(|counters| counters.dropped += 1);
        }
        admitted
    }
}
