//! An HTTP and HTTPS server that answers each URL as the test says, however wrong.
//!
//! What it is not: a web server. It reads the head of a request, answers it, and closes the connection (RFC 9112).

use std::{
    collections::BTreeMap,
    fmt, io,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use crate::home::pki::{Authority, Identity};

/// The longest head of a request that is read, in octets.
const LONGEST_HEAD: usize = 1 << 16;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these octets and closes the connection.
    Whole(Vec<u8>),
    /// Sends these octets, and then nothing for ever.
    Stall(Vec<u8>),
    /// Sends the first octets, and then the second again and again.
    Endless(Vec<u8>, Vec<u8>),
}

impl Reply {
    /// A file of this media type.
    pub fn content(media_type: &str, content: &[u8]) -> Self {
        Self::with_headers("200 OK", &format!("Content-Type: {media_type}\r\n"), content)
    }

    /// A MUD file (RFC 8520 section 17.4).
    pub fn mud_file(content: &[u8]) -> Self {
        Self::content("application/mud+json", content)
    }

    /// A status without content, such as `404 Not Found`.
    pub fn status(status: &str) -> Self {
        Self::with_headers(status, "", b"")
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self::with_headers("302 Found", &format!("Location: {to}\r\n"), b"")
    }

    /// Content that is said to be in this coding, such as `gzip`.
    pub fn encoded(coding: &str, content: &[u8]) -> Self {
        let headers = format!("Content-Type: application/mud+json\r\nContent-Encoding: {coding}\r\n");
        Self::with_headers("200 OK", &headers, content)
    }

    /// A file that is said to have so many octets, of which few come.
    pub fn claims(length: u64) -> Self {
        Self::Stall(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{").into_bytes())
    }

    /// Nothing at all.
    pub fn nothing() -> Self {
        Self::Stall(Vec::new())
    }

    /// A file that never ends.
    pub fn endless() -> Self {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/mud+json\r\nConnection: close\r\n\r\n";
        Self::Endless(head.to_vec(), vec![b' '; 1 << 14])
    }

    /// A status with headers, each ended by CRLF, and content.
    pub fn with_headers(status: &str, headers: &str, content: &[u8]) -> Self {
        let length = content.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
        Self::Whole([head.as_bytes(), content].concat())
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Request {
    /// What was asked for, as a whole URL.
    pub url: String,
    /// The head of the request, with its empty line.
    pub head: String,
}

/// Which certificate a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// A good one.
    Good,
    /// One for another name.
    OtherName,
    /// One of an authority that nobody trusts.
    OtherAuthority,
    /// One whose last day is over.
    Expired,
}

/// The server.
pub struct FileServer {
    web: Authority,
    tls: TlsAcceptor,
    certificates: Arc<Certificates>,
    replies: Mutex<BTreeMap<String, Reply>>,
    requests: Mutex<Vec<Request>>,
    more: Condvar,
}

impl fmt::Debug for FileServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileServer")
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

impl FileServer {
    /// A server with good certificates for these host names.
    pub(super) fn new(web: Authority, hosts: &[String]) -> anyhow::Result<Self> {
        let good = certified_key(&web.server(hosts)?)?;
        let certificates = Arc::new(Certificates {
            good,
            others: Mutex::default(),
        });
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let resolver = Arc::clone(&certificates);
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        Ok(Self {
            web,
            tls: TlsAcceptor::from(Arc::new(config)),
            certificates,
            replies: Mutex::default(),
            requests: Mutex::default(),
            more: Condvar::new(),
        })
    }

    /// The certificate of the authority that certifies the servers, in PEM form: what a client must trust.
    pub fn roots(&self) -> &Path {
        self.web.certificate()
    }

    /// From now on, requests for a URL (`https://HOST/PATH`) are answered so. Others are answered with 404.
    pub fn reply(&self, url: &str, reply: Reply) {
        lock(&self.replies).insert(url.to_owned(), reply);
    }

    /// From now on, a host shows this certificate.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn certificate(&self, host: &str, certificate: Certificate) -> anyhow::Result<()> {
        let key = match certificate {
            Certificate::Good => None,
            Certificate::OtherName => Some(self.web.server(&["other-name.example".to_owned()])?),
            Certificate::Expired => Some(self.web.expired_server(host)?),
            Certificate::OtherAuthority => {
                let folder = self.web.folder().join(format!("not-trusted-{host}"));
                Some(Authority::new(folder, "An authority that nobody trusts")?.server(&[host.to_owned()])?)
            }
        };
        let mut others = lock(&self.certificates.others);
        match key {
            None => others.remove(host),
            Some(identity) => others.insert(host.to_owned(), certified_key(&identity)?),
        };
        Ok(())
    }

    /// The requests that came, in their order.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    /// Waits until a URL has been asked for so many times in all.
    ///
    /// # Errors
    /// If that does not happen within the limit.
    pub fn wait_for_requests(&self, url: &str, count: usize, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        let mut requests = lock(&self.requests);
        loop {
            let came = requests.iter().filter(|request| request.url == url).count();
            if came >= count {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{url} was asked for {came} instead of {count} times within {limit:?}");
            }
            requests = self
                .more
                .wait_timeout(requests, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub(super) async fn http(&self, stream: TcpStream) -> io::Result<()> {
        self.serve(stream, "http").await
    }

    pub(super) async fn https(&self, stream: TcpStream) -> io::Result<()> {
        self.serve(self.tls.accept(stream).await?, "https").await
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin, scheme: &str) -> io::Result<()> {
        let head = head(&mut stream).await?;
        let url = url(scheme, &head);
        let reply = lock(&self.replies)
            .get(&url)
            .cloned()
            .unwrap_or_else(|| Reply::status("404 Not Found"));
        lock(&self.requests).push(Request { url, head });
        self.more.notify_all();
        match reply {
            Reply::Whole(octets) => stream.write_all(&octets).await?,
            Reply::Stall(octets) => {
                stream.write_all(&octets).await?;
                stream.flush().await?;
                // Until the client gives up.
                let _ = stream.read_u8().await;
            }
            Reply::Endless(first, again) => {
                stream.write_all(&first).await?;
                loop {
                    stream.write_all(&again).await?;
                }
            }
        }
        stream.shutdown().await
    }
}

/// Certificates by the host name that the client says in its first message.
struct Certificates {
    good: Arc<CertifiedKey>,
    others: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let other = hello
            .server_name()
            .and_then(|host| lock(&self.others).get(host).cloned());
        Some(other.unwrap_or_else(|| Arc::clone(&self.good)))
    }
}

fn certified_key(identity: &Identity) -> anyhow::Result<Arc<CertifiedKey>> {
    let chain = CertificateDer::pem_file_iter(&identity.certificate)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&identity.key)?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key).context("the key that openssl made")?;
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST_HEAD {
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// What a request asks for: the path of its first line at the host of its `Host` line, without a port.
fn url(scheme: &str, head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
    };
    let host = head.lines().skip(1).find_map(named).unwrap_or_default();
    format!("{scheme}://{}{path}", host.split(':').next().unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_asks_for_the_path_at_the_host() {
        let head = "GET /lamp.json HTTP/1.1\r\naccept: */*\r\nHOST: mud.lamp-maker.example:443\r\n\r\n";
        assert_eq!(url("https", head), "https://mud.lamp-maker.example/lamp.json");
        assert_eq!(url("http", "\r\n\r\n"), "http://");
    }
}
