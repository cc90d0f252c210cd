//! The listeners: connections, and how much of them and how long.
//!
//! One request per connection and a deadline for the whole of it: whoever reads or writes slowly is cut off, wherever they dawdle.

use std::{io, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use crate::{Web, api, guard::Caller, page};

/// The most connections of one listener; more wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 64;

/// How long a connection may last.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The most octets of a request's head.
const MOST_HEADER_OCTETS: usize = 8 * 1024;

/// The most header fields of a request.
const MOST_HEADERS: usize = 64;

/// How long to wait when no connection can be accepted, for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Why the page cannot be served.
#[derive(Debug, Error)]
pub enum WebError {
    /// The system gave no random octets.
    #[error("the system gave no random octets")]
    NoRandom,
    /// The listener is of no use.
    #[error("the address of the listener cannot be read")]
    Listener(#[source] io::Error),
}

/// Serves the page, and the API for reading, until the sender of snapshots is gone.
///
/// # Errors
/// If the listener is of no use.
pub async fn serve_page(listener: TcpListener, web: Web) -> Result<(), WebError> {
    let port = listener.local_addr().map_err(WebError::Listener)?.port();
    let places = Places::new();
    let router = page::router(web.clone());
    let mut end = web.snapshot.clone();
    loop {
        let permit = places.take().await;
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ended(&mut end) => return Ok(()),
        };
        let addresses = accepted.and_then(|(stream, peer)| {
            let local = stream.local_addr()?;
            Ok((stream, local.ip().to_canonical(), peer.ip().to_canonical()))
        });
        match addresses {
            Ok((stream, local, peer)) => serve(stream, &router, Caller::Tcp { local, port, peer }, permit),
            Err(error) => pause(&error).await,
        }
    }
}

/// Serves the API for reading and deciding, until the sender of snapshots is gone. Who may connect is set by the file mode.
///
/// # Errors
/// None yet; the type is that of [`serve_page`].
pub async fn serve_control(listener: UnixListener, web: Web) -> Result<(), WebError> {
    let places = Places::new();
    let router = api::control(web.clone());
    let mut end = web.snapshot.clone();
    loop {
        let permit = places.take().await;
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ended(&mut end) => return Ok(()),
        };
        match accepted {
            Ok((stream, _)) => serve(stream, &router, Caller::Control, permit),
            Err(error) => pause(&error).await,
        }
    }
}

/// Resolves when no snapshot will come any more.
async fn ended<T>(snapshot: &mut watch::Receiver<T>) {
    while snapshot.changed().await.is_ok() {}
}

async fn pause(error: &io::Error) {
    warn!(%error, "a connection could not be accepted");
    sleep(BREATH).await;
}

fn serve<S>(stream: S, router: &Router, caller: Caller, permit: Option<OwnedSemaphorePermit>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = TowerToHyperService::new(router.clone().layer(Extension(caller)));
    tokio::spawn(async move {
        let connection = http1::Builder::new()
            .keep_alive(false)
            .max_headers(MOST_HEADERS)
            .max_header_size(MOST_HEADER_OCTETS)
            .max_buf_size(2 * MOST_HEADER_OCTETS)
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        match timeout(TIME_LIMIT, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "a connection ended early"),
            Err(_) => debug!("a slow connection was cut off"),
        }
        drop(permit);
    });
}

/// Places for connections.
struct Places(Arc<Semaphore>);

impl Places {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST_CONNECTIONS)))
    }

    /// `None` only if the semaphore is closed, which nobody does.
    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests;
