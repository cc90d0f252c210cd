//! Connections: TCP with several queries on their way, and TLS.

use std::{sync::Arc, time::Duration};

use hickory_proto::{
    op::{Message, Query},
    rr::{Name, RecordType},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::house::{HONEST, House};
use crate::TlsIdentity;

/// Made for these tests and known to everybody.
const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");

/// Sends all queries at once and reads as many replies: the number of each, and how many answers it has.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, names: &[&str]) -> Vec<(u16, usize)> {
    let mut octets = Vec::new();
    for (id, name) in names.iter().enumerate() {
        let mut message = Message::query();
        message.metadata.id = id as u16;
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        let query = message.to_vec().unwrap();
        octets.extend((query.len() as u16).to_be_bytes());
        octets.extend(query);
    }
    stream.write_all(&octets).await.unwrap();
    stream.flush().await.unwrap();
    let mut said = Vec::new();
    for _ in names {
        let length = stream.read_u16().await.unwrap();
        let mut reply = vec![0; length.into()];
        stream.read_exact(&mut reply).await.unwrap();
        let reply = Message::from_vec(&reply).unwrap();
        said.push((reply.metadata.id, reply.answers.len()));
    }
    said.sort_unstable();
    said
}

const NAMES: [&str; 3] = ["www.good.nsec.", "nothing.good.nsec.", "www.insecure.nsec."];
const SAID: [(u16, usize); 3] = [(0, 1), (1, 0), (2, 1)];

#[tokio::test]
async fn several_queries_are_on_their_way_on_one_connection() {
    let house = House::new(&[HONEST]).await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    assert_eq!(converse(stream, &NAMES).await, SAID);
}

async fn house_with_tls() -> House {
    House::with(&[HONEST], |config| {
        config.tls = Some(TlsIdentity {
            certificates: CERTIFICATE.to_vec(),
            key: KEY.to_vec(),
            port: 0,
        });
    })
    .await
}

#[tokio::test]
async fn who_comes_by_tls_is_answered_under_the_certificate() {
    let house = house_with_tls().await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(CERTIFICATE).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(house.tls.unwrap()).await.unwrap();
    let name = ServerName::try_from("resolver.example").unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    assert_eq!(converse(stream, &NAMES).await, SAID);
}

#[tokio::test]
async fn where_tls_is_spoken_nothing_else_is_answered() {
    let house = house_with_tls().await;
    let mut stream = TcpStream::connect(house.tls.unwrap()).await.unwrap();
    stream
        .write_all(&[0, 12, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut octets = Vec::new();
    // An alert of TLS at most, and the end.
    let end = timeout(Duration::from_secs(10), stream.read_to_end(&mut octets)).await;
    assert!(
        end.is_ok() && octets.first().is_none_or(|&kind| kind == 21),
        "{octets:?}"
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_named() {
    let wrong = TlsIdentity {
        certificates: CERTIFICATE.to_vec(),
        key: b"nothing".to_vec(),
        port: 0,
    };
    let error = super::super::tls::acceptor(&wrong).err().unwrap().to_string();
    assert!(error.contains("the key cannot be read"), "{error}");
}
