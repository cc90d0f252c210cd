//! DNS over TLS for the LAN (RFC 7858): what is needed to accept it. The conversation is that of TCP.

use std::sync::Arc;

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{StartError, TlsIdentity};

/// The protocol as TLS names it (RFC 7858 section 3.1 asks for none; the name is registered).
const ALPN: &[u8] = b"dot";

/// Prepares to accept connections.
pub(super) fn acceptor(identity: &TlsIdentity) -> Result<TlsAcceptor, StartError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&identity.certificates)
        .collect::<Result<_, _>>()
        .map_err(|error| StartError::Tls(format!("the certificates cannot be read: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key)
        .map_err(|error| StartError::Tls(format!("the key cannot be read: {error}")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map(|mut config| {
            config.alpn_protocols = vec![ALPN.to_vec()];
            config
        })
        .map_err(|error| StartError::Tls(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
