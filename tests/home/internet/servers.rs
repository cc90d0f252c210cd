//! The servers of the internet that are ours: echo on a few ports, HTTP on port 80, HTTPS on port 443, all behind every address.
//!
//! They run on one thread in the namespace and end with it.

use std::{
    future::Future,
    io,
    net::{Ipv6Addr, SocketAddr},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    runtime,
    sync::oneshot,
};

use super::{
    contacts::{Contacts, Protocol},
    files::FileServer,
    names::Zones,
};
use crate::home::{namespace::Namespace, pki::Authority};

/// The TCP ports on which every server sends back what it gets.
pub const ECHO_TCP_PORTS: [u16; 5] = [22, 23, 1883, 8080, 8883];
/// The UDP ports on which every server sends back what it gets.
pub const ECHO_UDP_PORTS: [u16; 3] = [7, 123, 5683];

/// The servers; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Servers {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    contacts: Arc<Contacts>,
    files: Arc<FileServer>,
}

impl Servers {
    /// Starts them and returns when all of them listen.
    pub(super) fn start(namespace: &Namespace, zones: &Zones, web: Authority) -> anyhow::Result<Self> {
        let contacts = Arc::<Contacts>::default();
        let files = Arc::new(FileServer::new(web, &zones.host_names())?);
        let shared = Shared {
            contacts: Arc::clone(&contacts),
            files: Arc::clone(&files),
        };
        let (stop, stopped) = oneshot::channel();
        let (ready, listening) = mpsc::channel();
        let (namespace, addresses) = (namespace.clone(), zones.addresses());
        let thread = thread::spawn(move || {
            let listen = shared.listen(addresses);
            let served = serve(&namespace, listen, stopped, &ready);
            // The other side waits for the first word only.
            let _ = ready.send(served);
        });
        let servers = Self {
            stop: Some(stop),
            thread: Some(thread),
            contacts,
            files,
        };
        listening
            .recv()
            .context("the thread of the servers ended")?
            .context("the servers cannot listen")?;
        Ok(servers)
    }

    pub(super) fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    pub(super) fn files(&self) -> &FileServer {
        &self.files
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed already.
            let _ = thread.join();
        }
    }
}

/// Lets all listen, says so, and serves until it is to stop.
fn serve(
    namespace: &Namespace,
    listen: impl Future<Output = io::Result<()>>,
    stopped: oneshot::Receiver<()>,
    ready: &mpsc::Sender<io::Result<()>>,
) -> io::Result<()> {
    namespace.enter_for_ever()?;
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            listen.await?;
            let _ = ready.send(Ok(()));
            // It ends by being dropped, which is an error for the receiver and what is waited for here.
            let _ = stopped.await;
            Ok(())
        })
}

#[derive(Clone)]
struct Shared {
    contacts: Arc<Contacts>,
    files: Arc<FileServer>,
}

impl Shared {
    async fn listen(self, addresses: Vec<std::net::IpAddr>) -> io::Result<()> {
        for port in ECHO_TCP_PORTS {
            self.accept(port, |stream, _| echo(stream)).await?;
        }
        self.accept(80, |stream, files| async move { files.http(stream).await })
            .await?;
        self.accept(443, |stream, files| async move { files.https(stream).await })
            .await?;
        for address in addresses {
            for port in ECHO_UDP_PORTS {
                // A socket for each address: an answer must come from the address that was asked.
                let socket = UdpSocket::bind((address, port)).await?;
                tokio::spawn(echo_datagrams(socket, Arc::clone(&self.contacts)));
            }
        }
        Ok(())
    }

    /// Listens on a port of every address of both families, and serves each connection in its own task.
    async fn accept<F>(&self, port: u16, serve: fn(TcpStream, Arc<FileServer>) -> F) -> io::Result<()>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await?;
        let shared = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                if let Ok(server) = stream.local_addr() {
                    shared.contacts.add(Protocol::Tcp, server, peer);
                }
                tokio::spawn(serve(stream, Arc::clone(&shared.files)));
            }
        });
        Ok(())
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 14];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
    }
}

async fn echo_datagrams(socket: UdpSocket, contacts: Arc<Contacts>) -> io::Result<()> {
    let server = socket.local_addr()?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        // Errors are those of earlier answers, whose receiver has gone.
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        contacts.add(Protocol::Udp, server, peer);
        let _ = socket.send_to(&buffer[..length], peer).await;
    }
}
