//! The only way from the HTTPS client to file servers: every connection is dialled here, and every octet that a server sends is counted
//! here before anything reads it, TLS and HTTP framing included (RFC 8520 section 16, RFC 8305).
//!
//! What it is not: it looks into nothing. The client is given a socket of this process in place of the network, so it can dial nothing
//! by itself, and what it does with octets (headers, interim answers, the framing of chunks) costs the server its allowance.

use std::{
    io,
    net::SocketAddr,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream, UnixListener, UnixStream, tcp, unix},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// How long one address is tried alone before the next one is tried beside it (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How many addresses of a host are tried.
const MAX_ADDRESSES: usize = 8;
/// How much the kernel may take from a server before it is read; it doubles this.
const KERNEL_OCTETS: u32 = 64 * 1024;
/// How much is read at once.
const READ_OCTETS: usize = 16 * 1024;

/// What servers may still send in one retrieval, and how the last attempt to reach one went.
pub(super) struct Meter {
    state: Mutex<State>,
}

struct State {
    left: usize,
    refused: Option<io::ErrorKind>,
}

impl Meter {
    pub(super) fn new(octets: usize) -> Self {
        let state = Mutex::new(State {
            left: octets,
            refused: None,
        });
        Self { state }
    }

    /// How many octets may still be read.
    pub(super) fn left(&self) -> usize {
        self.state().left
    }

    /// Why the server could not be reached, if it could not.
    pub(super) fn refused(&self) -> Option<io::ErrorKind> {
        self.state().refused
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that leads to one server, and nowhere else. Its connections are closed when it is dropped.
pub(super) struct Wire {
    name: PathBuf,
    relay: JoinHandle<()>,
}

impl Wire {
    /// Opens a socket that leads to the first of these addresses that answers.
    pub(super) fn open(addresses: Vec<SocketAddr>, meter: Arc<Meter>) -> io::Result<Self> {
        // An abstract name leaves nothing behind. It is no secret: who connects is looked at.
        let mut name = *b"\0mudguard-fetch-................";
        let mut octets = [0; 16];
        SystemRandom::new()
            .fill(&mut octets)
            .map_err(|_| io::Error::other("there are no random numbers"))?;
        for (letter, octet) in name[16..].iter_mut().zip(octets) {
            *letter = b'a' + octet % 26;
        }
        let name = PathBuf::from(std::ffi::OsString::from_vec(name.to_vec()));
        let listener = UnixListener::bind(&name)?;
        let relay = tokio::spawn(serve(listener, in_turns(addresses).into(), meter));
        Ok(Self { name, relay })
    }

    /// Where the client connects to.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

/// IPv6 and IPv4 in turns, so that a way that is closed for one family does not hide the other.
fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let turns = 0..six.len().max(four.len());
    turns
        .flat_map(|turn| [six.get(turn), four.get(turn)])
        .flatten()
        .copied()
        .take(MAX_ADDRESSES)
        .collect()
}

async fn serve(listener: UnixListener, addresses: Arc<[SocketAddr]>, meter: Arc<Meter>) {
    // Its connections end with it.
    let mut connections = JoinSet::new();
    let own = i32::try_from(std::process::id()).ok();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if client.peer_cred().is_ok_and(|peer| peer.pid() == own) {
            connections.spawn(carry(client, Arc::clone(&addresses), Arc::clone(&meter)));
        }
    }
}

/// Dials, and carries octets both ways until the client closes.
async fn carry(client: UnixStream, addresses: Arc<[SocketAddr]>, meter: Arc<Meter>) {
    let dialled = dial(&addresses).await;
    meter.state().refused = dialled.as_ref().err().map(io::Error::kind);
    let Ok(server) = dialled else {
        return;
    };
    let ((mut from_client, mut to_client), (from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let up = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    };
    let down = async {
        let _ = read(&from_server, &mut to_client, &meter).await;
        // The client may still have something to say of what it was told.
        let _ = to_client.shutdown().await;
        std::future::pending().await
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// Passes on what a server sends, until it ends or has sent all that it may.
async fn read(
    server: &tcp::OwnedReadHalf,
    client: &mut unix::OwnedWriteHalf,
    meter: &Meter,
) -> io::Result<()> {
    let mut buffer = vec![0; READ_OCTETS];
    loop {
        server.readable().await?;
        let read = {
            let mut state = meter.state();
            let room = buffer.len().min(state.left);
            match server.try_read(&mut buffer[..room]) {
                Ok(read) => {
                    state.left -= read;
                    read
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
        };
        // The server has ended, or there is no room left.
        if read == 0 {
            return Ok(());
        }
        client.write_all(&buffer[..read]).await?;
    }
}

/// The first connection that stands.
async fn dial(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut attempts = JoinSet::new();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(connect(*address));
        } else if attempts.is_empty() {
            return Err(last);
        }
        let head_start = async {
            if waiting.len() == 0 {
                std::future::pending().await
            }
            sleep(HEAD_START).await;
        };
        tokio::select! {
            Some(Ok(attempt)) = attempts.join_next() => match attempt {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            },
            () = head_start => {}
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    // What has arrived and is not read is bounded, too.
    socket.set_recv_buffer_size(KERNEL_OCTETS)?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests;
