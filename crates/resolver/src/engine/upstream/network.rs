//! Sends a question to a server and waits for the reply: a UDP socket of its own for each, or a TCP connection.
//!
//! The system draws the source port; the socket is connected, so that nobody else's datagram is read (RFC 5452 section 9).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    sync::Semaphore,
};

use super::message::{Fit, Query};

/// The most questions that are on the way at once: each holds a socket.
const MAX_SOCKETS: usize = 256;

/// The longest datagram that is read, in octets; servers are asked for shorter ones.
const MAX_DATAGRAM: usize = 4096;

/// By which protocol a question is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

/// How a question reaches a server; tests have a network of their own.
pub(crate) trait Network: Send + Sync {
    /// Sends the question and waits for as long as it takes, for the message that belongs to it.
    ///
    /// # Errors
    /// `InvalidData` for a reply with the letters of the name in another case, which a server may send that copies no name, or a forger.
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a Query,
    ) -> BoxFuture<'a, io::Result<Vec<u8>>>;
}

/// The internet.
pub(super) struct Internet {
    sockets: Semaphore,
}

impl Internet {
    pub(super) fn new() -> Self {
        Self {
            sockets: Semaphore::new(MAX_SOCKETS),
        }
    }
}

impl Network for Internet {
    fn exchange<'a>(
        &'a self,
        server: SocketAddr,
        protocol: Protocol,
        query: &'a Query,
    ) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        Box::pin(async move {
            let _place = self.sockets.acquire().await.map_err(io::Error::other)?;
            match protocol {
                Protocol::Udp => datagram(server, query).await,
                Protocol::Tcp => stream(server, query).await,
            }
        })
    }
}

/// Asks by UDP.
pub(super) async fn datagram(server: SocketAddr, query: &Query) -> io::Result<Vec<u8>> {
    let any = match server.ip() {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(query.octets()).await?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        buffer.truncate(length);
        match query.fit(&buffer) {
            Fit::Reply => return Ok(buffer),
            Fit::OtherCase => return Err(io::ErrorKind::InvalidData.into()),
            Fit::No => buffer.resize(MAX_DATAGRAM, 0),
        }
    }
}

/// Asks by TCP, over a connection for this question alone.
pub(super) async fn stream(server: SocketAddr, query: &Query) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&query.framed()).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; length.into()];
    stream.read_exact(&mut reply).await?;
    // Over a connection nobody guesses: only the question must be the same.
    match query.fit(&reply) {
        Fit::Reply | Fit::OtherCase => Ok(reply),
        Fit::No => Err(io::ErrorKind::InvalidData.into()),
    }
}
