//! The client's side of TLS: who the other side is, judged by name and authority, or by the digest of its key (RFC 8310, RFC 7858).
//!
//! There is no verdict "somebody": only a resolver at a private address that designates itself (RFC 9462 section 4.3) need not prove
//! anything. As long as the clock is not valid a date is no reason to refuse; connections made meanwhile are made again then.

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use ring::digest::{SHA256, digest};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use webpki::EndEntityCert;

use crate::Proof;

/// The protocols within TLS, as ALPN names them.
pub(super) const DOT: &[u8] = b"dot";
pub(super) const HTTP2: &[u8] = b"h2";

/// The longest file of certification authorities that is read, in octets.
const MAX_ROOTS: u64 = 4 * 1024 * 1024;

/// What certificates are judged by. Shared by all upstream resolvers.
#[derive(Debug)]
pub(super) struct Trust {
    file: Option<PathBuf>,
    roots: OnceLock<Option<Arc<RootCertStore>>>,
    clock_is_valid: AtomicBool,
}

/// Whom we want to speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Who proves it so.
    Proven(Proof),
    /// A resolver that another designates: its certificate holds the address of that one. The name is what is sent.
    Designated { by: IpAddr, name: String },
    /// Whoever listens there.
    Anybody,
}

/// Opens TLS connections to one resolver.
pub(super) struct Tls {
    address: SocketAddr,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl Trust {
    /// The file of certification authorities is read when it is needed first.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            roots: OnceLock::new(),
            clock_is_valid: AtomicBool::new(false),
        }
    }

    /// Says whether dates can be judged; whether that is new.
    pub(super) fn set_clock_valid(&self, is_valid: bool) -> bool {
        !self.clock_is_valid.swap(is_valid, Ordering::Relaxed) && is_valid
    }

    fn roots(&self) -> io::Result<Arc<RootCertStore>> {
        let none = || {
            let file = self.file.as_deref().unwrap_or_else(|| "".as_ref());
            io::Error::other(format!("no certification authorities in {}", file.display()))
        };
        let roots = self.roots.get_or_init(|| {
            let file = self.file.as_ref()?;
            let is_short = fs::metadata(file).is_ok_and(|data| data.len() <= MAX_ROOTS);
            let pem = is_short.then(|| fs::read(file).ok())??;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
            (!roots.is_empty()).then(|| Arc::new(roots))
        });
        roots.clone().ok_or_else(none)
    }
}

impl Tls {
    /// Prepares to connect; nothing is sent yet.
    ///
    /// # Errors
    /// The certification authorities cannot be read, or a name is none.
    pub(super) fn new(
        address: SocketAddr,
        peer: &Peer,
        protocol: &[u8],
        trust: &Arc<Trust>,
    ) -> io::Result<Self> {
        let provider = Arc::new(default_provider());
        let sent = match peer {
            Peer::Proven(Proof::Name(name) | Proof::Pins { name: Some(name), .. })
            | Peer::Designated { name, .. } => {
                ServerName::try_from(name.clone()).map_err(io::Error::other)?
            }
            Peer::Proven(Proof::Pins { name: None, .. }) | Peer::Anybody => address.ip().into(),
        };
        let judge = match peer {
            Peer::Proven(Proof::Name(_)) => Judge::Name(sent.clone()),
            Peer::Proven(Proof::Pins { pins, .. }) => Judge::Pins(pins.clone()),
            Peer::Designated { by, .. } => Judge::Name((*by).into()),
            Peer::Anybody => Judge::Nothing,
        };
        let authorities = match &judge {
            Judge::Name(_) => Some(
                WebPkiServerVerifier::builder_with_provider(trust.roots()?, Arc::clone(&provider))
                    .build()
                    .map_err(io::Error::other)?,
            ),
            Judge::Pins(_) | Judge::Nothing => None,
        };
        let verifier = Verifier {
            judge,
            authorities,
            provider: Arc::clone(&provider),
            trust: Arc::clone(trust),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        // What is judged is judged at each connection: a resumed one shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Self {
            address,
            name: sent,
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Connects, and judges the other side.
    pub(super) async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.connector.connect(self.name.clone(), stream).await
    }
}

#[derive(Debug)]
enum Judge {
    Name(ServerName<'static>),
    Pins(Vec<[u8; 32]>),
    Nothing,
}

#[derive(Debug)]
struct Verifier {
    judge: Judge,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    trust: Arc<Trust>,
}

impl Verifier {
    /// Judges by authorities. Without a valid clock the time is moved to where the certificates hold, one after the other.
    fn by_authority(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        mut now: UnixTime,
    ) -> Result<(), Error> {
        let authorities = self.authorities.as_ref();
        let authorities = authorities.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        for _ in 0..4 {
            let verdict = authorities.verify_server_cert(certificate, intermediates, name, &[], now);
            let is_date = !self.trust.clock_is_valid.load(Ordering::Relaxed);
            now = match verdict {
                Ok(_) => return Ok(()),
                Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }))
                    if is_date =>
                {
                    not_after
                }
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before, ..
                })) if is_date => not_before,
                Err(error) => return Err(error),
            };
        }
        Err(Error::InvalidCertificate(CertificateError::Expired))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.judge {
            Judge::Name(name) => self.by_authority(certificate, intermediates, name, now)?,
            Judge::Pins(pins) => {
                let wrong = |_| Error::InvalidCertificate(CertificateError::BadEncoding);
                let key = EndEntityCert::try_from(certificate)
                    .map_err(wrong)?
                    .subject_public_key_info();
                let found = digest(&SHA256, &key);
                if !pins.iter().any(|pin| pin == found.as_ref()) {
                    return Err(Error::General("its key is not the one that is pinned".to_owned()));
                }
            }
            Judge::Nothing => {}
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
