//! One TCP listener: a bounded number of connections, each with a bounded number of queries in flight (RFC 7766).

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, split},
    net::TcpListener,
    sync::Mutex,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Desk, ListenError,
    sender::{Connection, send_on},
};
use crate::AnswerSink;

/// How long a client may take from one query to the end of the next.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest query, in octets. A client that announces a longer one is disconnected.
const MAX_QUERY: usize = 4096;

/// Queries in flight on one connection; then nothing more is read from it.
const QUERIES_PER_CONNECTION: usize = 16;

/// Errors in a row after which a listener counts as broken.
const MAX_ERRORS: u32 = 100;

/// The pause after an error: without file descriptors every attempt fails at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a listener until it is broken.
pub(super) async fn serve<S: AnswerSink>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    desk: Arc<Desk<S>>,
) -> ListenError {
    let mut connections = JoinSet::new();
    let mut errors = 0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, client)) => {
                errors = 0;
                if !desk.lets_in(client) {
                    continue;
                }
                let Some(admitted) = desk.connections.admit(client.ip().to_canonical()) else {
                    desk.counting.count(|counters| counters.connections_refused += 1);
                    continue;
                };
                let (tls, desk) = (tls.clone(), Arc::clone(&desk));
                connections.spawn(async move {
                    if let Some(tls) = tls {
                        // Half a handshake takes no more time than half a query.
                        if let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await {
                            let (reader, writer) = split(stream);
                            converse(reader, writer, client, &desk).await;
                        }
                    } else {
                        let (reader, writer) = stream.into_split();
                        converse(reader, writer, client, &desk).await;
                    }
                    drop(admitted);
                });
            }
            Err(error) if errors < MAX_ERRORS => {
                errors += 1;
                tracing::debug!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
            Err(source) => return ListenError::new(listener.local_addr(), "TCP", source),
        }
    }
}

/// Answers what comes on one connection, until the client has nothing more to say or says it too slowly.
async fn converse<S: AnswerSink>(
    mut reader: impl AsyncRead + Send + Unpin,
    writer: impl AsyncWrite + Send + Unpin + 'static,
    client: SocketAddr,
    desk: &Arc<Desk<S>>,
) {
    let writer: Arc<Connection> = Arc::new(Mutex::new(Box::new(writer)));
    let mut in_flight = JoinSet::new();
    while let Ok(Ok(message)) = timeout(PATIENCE, read_message(&mut reader)).await {
        let Some(admitted) = desk.admit_query(client) else {
            continue;
        };
        while in_flight.len() >= QUERIES_PER_CONNECTION {
            in_flight.join_next().await;
        }
        let (writer, desk) = (Arc::clone(&writer), Arc::clone(desk));
        in_flight.spawn(async move {
            if let Some(reply) = desk.handler.reply(&message, client.ip(), false).await {
                send_on(&writer, &reply).await;
            }
            drop(admitted);
        });
    }
    // A client may close its side at once and still wait for replies.
    while in_flight.join_next().await.is_some() {}
}

async fn read_message(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = usize::from(reader.read_u16().await?);
    if length > MAX_QUERY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length];
    reader.read_exact(&mut message).await?;
    Ok(message)
}
