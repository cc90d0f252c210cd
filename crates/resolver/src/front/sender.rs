//! The way back to a client.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::UdpSocket,
    sync::Mutex,
    time::timeout,
};

/// How long a client may take to receive a reply on a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection; several replies may be on their way (RFC 7766 section 6.2.1.1).
pub(super) type Connection = Mutex<Box<dyn AsyncWrite + Send + Unpin>>;

/// Sends a datagram from the socket that was asked.
pub(super) async fn send_to(socket: &UdpSocket, reply: &[u8], client: SocketAddr) {
    if let Err(error) = socket.send_to(reply, client).await {
        tracing::debug!(%error, "a reply could not be sent");
    }
}

/// Sends a message on the connection on which was asked.
pub(super) async fn send_on(connection: &Arc<Connection>, reply: &[u8]) {
    if let Err(error) = write(connection, reply).await {
        tracing::debug!(%error, "a reply could not be sent");
    }
}

async fn write(connection: &Arc<Connection>, reply: &[u8]) -> io::Result<()> {
    let length = u16::try_from(reply.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    let framed = [&length.to_be_bytes(), reply].concat();
    let mut connection = connection.lock().await;
    let sending = async {
        connection.write_all(&framed).await?;
        connection.flush().await
    };
    match timeout(PATIENCE, sending).await {
        Ok(sent) => sent,
        // What follows half a message could not be read.
        Err(elapsed) => {
            connection.shutdown().await?;
            Err(elapsed.into())
        }
    }
}
