//! Whether a file server is the one that its URL names: TLS with the certification authorities of the web, and with a clock that may
//! not be known yet (RFC 8520 sections 1.6 and 10.2, RFC 5280, RFC 6125).

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::ring,
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use thiserror::Error;

use crate::{
    Clock,
    signature::{first_second, unix_time},
};

/// How many certificates of a server are looked at for their dates.
const MAX_DATED: usize = 8;

/// The certification authorities of the web, under which file servers are believed. They say nothing about who may sign MUD files.
#[derive(Clone, Debug)]
pub struct TlsRoots {
    verifier: Arc<WebPkiServerVerifier>,
    config: ClientConfig,
}

/// Why there are no TLS roots.
#[derive(Debug, Error)]
pub enum TlsRootsError {
    /// Nothing in it can be used.
    #[error(
        "it holds no certificate of a certification authority; a PEM file such as /etc/ssl/certs/ca-certificates.crt is expected"
    )]
    NoCertificate,
    /// A defect of the TLS library's configuration.
    #[error("the TLS library refuses its configuration")]
    Library(#[source] Error),
}

impl TlsRoots {
    /// Reads a PEM file of certificates, such as that of the system. What in it is no usable certificate is left out.
    ///
    /// # Errors
    /// Nothing in it can be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsRootsError> {
        Self::from_der(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok))
    }

    /// Takes certificates in DER form. What is no usable certificate is left out.
    ///
    /// # Errors
    /// None of them can be used.
    pub fn from_der(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TlsRootsError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates);
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|_| TlsRootsError::NoCertificate)?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsRootsError::Library)?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        // A ticket would let a server recognise the home.
        config.resumption = Resumption::disabled();
        Ok(Self { verifier, config })
    }

    /// The configuration of a client at a time.
    pub(super) fn client(&self, clock: Clock) -> ClientConfig {
        let mut config = self.config.clone();
        // "Dangerous" is the library's word for another verifier; this one only chooses the time for the usual one.
        config.dangerous().set_certificate_verifier(Arc::new(AtTime {
            verifier: Arc::clone(&self.verifier),
            clock,
        }));
        config
    }
}

/// The usual verifier, with the time that it is given. While the clock is not known, a certificate may be valid at any time.
#[derive(Debug)]
struct AtTime {
    verifier: Arc<WebPkiServerVerifier>,
    clock: Clock,
}

impl ServerCertVerifier for AtTime {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |time| {
            self.verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                unix_time(time),
            )
        };
        let mut verdict = verify(self.clock.now());
        if self.clock.is_provisional() {
            let dated = [end_entity].into_iter().chain(intermediates).take(MAX_DATED);
            for start in dated.filter_map(|certificate| first_second(certificate)) {
                if !matches!(&verdict, Err(Error::InvalidCertificate(error)) if is_of_dates(error)) {
                    break;
                }
                verdict = verify(start);
            }
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn is_of_dates(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}
