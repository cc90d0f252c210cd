//! The way back to a client: what hickory's request handler sends its response through.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use hickory_proto::{rr::Record, serialize::binary::BinEncoder};
use hickory_resolver::net::NetError;
use hickory_server::{
    server::{ResponseHandler, ResponseInfo},
    zone_handler::MessageResponse,
};
use tokio::{
    io::AsyncWriteExt,
    net::{UdpSocket, tcp::OwnedWriteHalf},
    sync::Mutex,
    time::timeout,
};

/// How long a client may take to receive a reply by TCP.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way back to a client.
#[derive(Clone, Debug)]
pub(crate) enum Sender {
    /// A datagram from the socket that was asked.
    Udp(Arc<UdpSocket>, SocketAddr),
    /// A message on the connection on which was asked; several may be on their way (RFC 7766 section 6.2.1.1).
    Tcp(Arc<Mutex<OwnedWriteHalf>>),
}

#[async_trait]
impl ResponseHandler for Sender {
    async fn send_response<'a>(
        &mut self,
        response: MessageResponse<
            '_,
            'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
            impl Iterator<Item = &'a Record> + Send + 'a,
        >,
    ) -> Result<ResponseInfo, NetError> {
        let mut octets = Vec::with_capacity(512);
        let mut encoder = BinEncoder::new(&mut octets);
        encoder.set_max_size(u16::MAX);
        let info = response.destructive_emit(&mut encoder)?;
        self.send(&octets).await?;
        Ok(info)
    }
}

impl Sender {
    async fn send(&self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket, client) => socket.send_to(octets, client).await.map(|_| ()),
            Self::Tcp(connection) => {
                let length = u16::try_from(octets.len()).map_err(|_| io::ErrorKind::InvalidData)?;
                let framed = [&length.to_be_bytes(), octets].concat();
                let mut connection = connection.lock().await;
                match timeout(PATIENCE, connection.write_all(&framed)).await {
                    Ok(sent) => sent,
                    // What follows half a message could not be read.
                    Err(elapsed) => {
                        connection.shutdown().await?;
                        Err(elapsed.into())
                    }
                }
            }
        }
    }
}
