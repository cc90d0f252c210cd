//! File servers on the loopback interface that speak real TLS and answer each request as a test says, however wrong.

mod counted;

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mudguard_mud::MudUrl;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Barrier,
};
use tokio_rustls::TlsAcceptor;

use self::counted::Counted;
use crate::openssl::Identity;

type TlsStream = tokio_rustls::server::TlsStream<Counted>;

/// How much of what a server has sent the kernel keeps until the client takes it; it doubles this.
const KERNEL_OCTETS: u32 = 64 * 1024;

/// A server; it ends with the runtime of its test.
pub(crate) struct Server {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    replies: Mutex<BTreeMap<String, Vec<Reply>>>,
    log: Mutex<Log>,
    sent: AtomicUsize,
}

/// What happened at a server.
#[derive(Clone, Default)]
pub(crate) struct Log {
    /// TCP connections that came.
    pub(crate) connections: usize,
    /// The heads of the requests.
    pub(crate) requests: Vec<String>,
    /// Requests that were under way at once, at most.
    pub(crate) most_at_once: usize,
    at_once: usize,
}

/// What a server does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Sends these octets and keeps the connection.
    Whole(Vec<u8>),
    /// Sends these octets and closes the connection.
    Last(Vec<u8>),
    /// Sends these octets and closes the connection without a word of TLS, as somebody in between can.
    Cut(Vec<u8>),
    /// Sends these octets, and nothing more for ever.
    Stall(Vec<u8>),
    /// Sends the first octets, and then the second ones again and again, with a pause before each.
    Endless(Vec<u8>, Vec<u8>, Duration),
    /// Waits, and then does something else.
    After(Duration, Box<Self>),
    /// Waits until so many requests wait, and then does something else.
    Together(Arc<Barrier>, Box<Self>),
}

/// What a server does that speaks no TLS, or bad TLS.
#[derive(Clone)]
pub(crate) enum Raw {
    /// Nothing at all.
    Mute,
    /// Sends these octets and closes the connection.
    Last(Vec<u8>),
    /// Sends the first octets, and then the second ones again and again, with a pause before each.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

impl Reply {
    /// Status 200 with a body.
    pub(crate) fn body(body: &[u8]) -> Self {
        Self::with_headers("200 OK", "", body)
    }

    /// A status without a body.
    pub(crate) fn status(status: &str) -> Self {
        Self::with_headers(status, "", b"")
    }

    /// A status with headers, each ended by CRLF, and a body.
    pub(crate) fn with_headers(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        Self::Whole([head.as_bytes(), body].concat())
    }

    /// A redirect.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::with_headers("302 Found", &format!("Location: {to}\r\n"), b"")
    }
}

impl Server {
    /// Starts a server with this certificate.
    pub(crate) fn start(identity: &Identity) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), identity)
    }

    /// The same, at an address.
    pub(crate) fn start_at(address: IpAddr, identity: &Identity) -> Self {
        let certificates = CertificateDer::pem_file_iter(&identity.certificate)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let key = PrivateKeyDer::from_pem_slice(&fs::read(&identity.key).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Self::listen(address, move |stream, state| {
            drop(tokio::spawn(connection(tls.clone(), stream, state)));
        })
    }

    /// Starts a server that does the same with every connection.
    pub(crate) fn raw(address: IpAddr, raw: Raw) -> Self {
        Self::listen(address, move |stream, state| {
            drop(tokio::spawn(without_tls(Counted { stream, state }, raw.clone())));
        })
    }

    fn listen(address: IpAddr, serve: impl Fn(TcpStream, Arc<State>) + Send + 'static) -> Self {
        let socket = match address {
            IpAddr::V4(_) => TcpSocket::new_v4(),
            IpAddr::V6(_) => TcpSocket::new_v6(),
        }
        .unwrap();
        socket.set_send_buffer_size(KERNEL_OCTETS).unwrap();
        socket.bind(SocketAddr::new(address, 0)).unwrap();
        let listener: TcpListener = socket.listen(64).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let of_server = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_server.log.lock().unwrap().connections += 1;
                serve(stream, Arc::clone(&of_server));
            }
        });
        Self { port, state }
    }

    /// How many octets the kernel has taken from the server.
    pub(crate) fn sent(&self) -> usize {
        self.state.sent.load(Ordering::Relaxed)
    }

    /// The URL of a path on this server.
    pub(crate) fn url(&self, path: &str) -> MudUrl {
        self.url_of("files.example.com", path)
    }

    pub(crate) fn url_of(&self, host: &str, path: &str) -> MudUrl {
        MudUrl::parse(&format!("https://{host}:{}{path}", self.port)).unwrap()
    }

    /// From now on, requests for a path are answered so.
    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.replies(path, vec![reply]);
    }

    /// The same, each reply once, the last one again and again.
    pub(crate) fn replies(&self, path: &str, replies: Vec<Reply>) {
        self.state
            .replies
            .lock()
            .unwrap()
            .insert(path.to_owned(), replies);
    }

    pub(crate) fn log(&self) -> Log {
        self.state.log.lock().unwrap().clone()
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        let line = format!("GET {path} ");
        self.log()
            .requests
            .iter()
            .filter(|request| request.starts_with(&line))
            .count()
    }
}

impl State {
    fn next_reply(&self, request: &str) -> Reply {
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        match self.replies.lock().unwrap().get_mut(&path) {
            None => Reply::status("404 Not Found"),
            Some(replies) if replies.len() > 1 => replies.remove(0),
            Some(replies) => replies[0].clone(),
        }
    }

    fn begins(&self, request: &str) {
        let mut log = self.log.lock().unwrap();
        log.requests.push(request.to_owned());
        log.at_once += 1;
        log.most_at_once = log.most_at_once.max(log.at_once);
    }

    fn ends(&self) {
        self.log.lock().unwrap().at_once -= 1;
    }
}

async fn connection(tls: TlsAcceptor, stream: TcpStream, state: Arc<State>) {
    let counted = Counted {
        stream,
        state: Arc::clone(&state),
    };
    let Ok(mut stream) = tls.accept(counted).await else {
        return;
    };
    while let Some(request) = head(&mut stream).await {
        state.begins(&request);
        let goes_on = answer(&mut stream, state.next_reply(&request)).await;
        state.ends();
        if !goes_on {
            break;
        }
    }
    let _ = stream.shutdown().await;
}

async fn without_tls(mut stream: Counted, raw: Raw) {
    match raw {
        Raw::Mute => drop(stream.read_u8().await),
        Raw::Last(octets) => drop(stream.write_all(&octets).await),
        Raw::Endless(first, again, pause) => {
            let mut sent = stream.write_all(&first).await;
            while sent.is_ok() {
                tokio::time::sleep(pause).await;
                sent = stream.write_all(&again).await;
            }
        }
    }
    // Until the client gives up.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

/// The head of a request; `None` when the client is gone.
async fn head(stream: &mut TlsStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// Answers; whether the connection goes on.
async fn answer(stream: &mut TlsStream, reply: Reply) -> bool {
    match reply {
        Reply::Whole(octets) => stream.write_all(&octets).await.is_ok() && stream.flush().await.is_ok(),
        Reply::Last(octets) => {
            let _ = stream.write_all(&octets).await;
            false
        }
        Reply::Cut(octets) => {
            let _ = stream.write_all(&octets).await;
            let _ = stream.flush().await;
            let _ = stream.get_mut().0.shutdown().await;
            false
        }
        Reply::Stall(octets) => {
            let _ = stream.write_all(&octets).await;
            let _ = stream.flush().await;
            // Until the client gives up.
            let _ = stream.read_u8().await;
            false
        }
        Reply::Endless(first, again, pause) => {
            let mut sent = stream.write_all(&first).await;
            while sent.is_ok() {
                tokio::time::sleep(pause).await;
                sent = stream.write_all(&again).await;
                let _ = stream.flush().await;
            }
            false
        }
        Reply::After(pause, then) => {
            tokio::time::sleep(pause).await;
            Box::pin(answer(stream, *then)).await
        }
        Reply::Together(barrier, then) => {
            barrier.wait().await;
            Box::pin(answer(stream, *then)).await
        }
    }
}
