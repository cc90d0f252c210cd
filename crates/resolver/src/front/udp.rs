//! One UDP socket: who may ask is decided before anything is read or begun.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::poll_immediate;
use tokio::{net::UdpSocket, task::JoinSet, time::sleep};

use super::{Desk, ListenError, sender::send_to};
use crate::AnswerSink;

/// The largest query, in octets. A longer one is cut, and then malformed.
const MAX_QUERY: usize = 4096;

/// Errors in a row after which a socket counts as broken.
const MAX_ERRORS: u32 = 100;

/// The pause after an error, so that a broken socket does not take the whole processor.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves a socket until it is broken.
pub(super) async fn serve<S: AnswerSink>(socket: Arc<UdpSocket>, desk: Arc<Desk<S>>) -> ListenError {
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0; MAX_QUERY];
    let mut errors = 0;
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            Some(_) = tasks.join_next() => continue,
        };
        match received {
            Ok((length, client)) => {
                errors = 0;
                let message = buffer.get(..length).unwrap_or_default();
                begin(message, client, &socket, &desk, &mut tasks).await;
            }
            Err(error) if errors < MAX_ERRORS => {
                errors += 1;
                tracing::debug!(%error, "a datagram could not be received");
                sleep(PAUSE).await;
            }
            Err(source) => return ListenError::new(socket.local_addr(), "UDP", source),
        }
    }
}

async fn begin<S: AnswerSink>(
    message: &[u8],
    client: SocketAddr,
    socket: &Arc<UdpSocket>,
    desk: &Arc<Desk<S>>,
    tasks: &mut JoinSet<()>,
) {
    if !desk.lets_in(client) {
        return;
    }
    let Some(admitted) = desk.admit_query(client) else {
        return;
    };
    let message = message.to_vec();
    let (socket, desk) = (Arc::clone(socket), Arc::clone(desk));
    let mut answering = Box::pin(async move {
        if let Some(reply) = desk.handler.reply(&message, client.ip(), true).await {
            send_to(&socket, &reply, client).await;
        }
        drop(admitted);
    });
    // What the cache knows is told at once; only what has to wait takes a task.
    if poll_immediate(&mut answering).await.is_none() {
        tasks.spawn(answering);
    }
}

impl ListenError {
    /// A socket that is broken. It had an address, or it would not have been bound.
    pub(super) fn new(address: io::Result<SocketAddr>, transport: &'static str, source: io::Error) -> Self {
        let address = address.unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        Self {
            address,
            transport,
            source,
        }
    }
}
