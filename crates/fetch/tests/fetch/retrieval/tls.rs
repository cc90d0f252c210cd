//! Whether the file server is the one that the URL names.

use mudguard_fetch::{
    Clock, FetchError, Limits, Retriever, TlsRoots, TlsRootsError, TransientCause, UntrustedCause,
};

use super::{Internet, Shared, WEB_SERVER, laboratory, request, roots, verified};
use crate::openssl::{Request, now};

const SERVER: Request<'static> = Request {
    subject: "/CN=files.example.com",
    key: crate::openssl::P256,
    extensions: WEB_SERVER,
    validity: crate::openssl::VALID,
    digest: "sha256",
};

/// How a retrieval fails from a server with this certificate, and how many requests the server saw.
async fn failure(certificate: Request<'_>) -> (FetchError, usize) {
    let internet = Internet::with_certificate(Limits::default(), certificate).await;
    internet.publish();
    (
        internet.retrieve().await.unwrap_err(),
        internet.server.log().requests.len(),
    )
}

#[track_caller]
fn untrusted((error, requests): (FetchError, usize), expected: UntrustedCause) {
    assert!(
        matches!(&error, FetchError::Untrusted { cause, .. } if *cause == expected),
        "{error}"
    );
    assert_eq!(requests, 0, "nothing is asked of a server that is not trusted");
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let extensions = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:www.example.com";
    untrusted(
        failure(Request { extensions, ..SERVER }).await,
        UntrustedCause::WrongName,
    );
    let only_a_common_name = Request {
        extensions: "extendedKeyUsage=serverAuth",
        ..SERVER
    };
    untrusted(failure(only_a_common_name).await, UntrustedCause::WrongName);
}

#[tokio::test]
async fn a_certificate_whose_time_is_over() {
    let validity = ("20250101000000Z", "20260601115959Z");
    untrusted(
        failure(Request { validity, ..SERVER }).await,
        UntrustedCause::Expired,
    );
}

#[tokio::test]
async fn a_certificate_whose_time_has_not_come() {
    let validity = ("20260601120001Z", "20270101000000Z");
    untrusted(
        failure(Request { validity, ..SERVER }).await,
        UntrustedCause::NotYetValid,
    );
}

#[tokio::test]
async fn a_certificate_for_mail() {
    let extensions = "extendedKeyUsage=emailProtection\nsubjectAltName=DNS:files.example.com";
    untrusted(
        failure(Request { extensions, ..SERVER }).await,
        UntrustedCause::Invalid,
    );
}

#[tokio::test]
async fn an_authority_that_the_web_does_not_trust() {
    let internet = Internet::new().await;
    internet.publish();
    // The authority for MUD files is none for servers, either.
    let other = roots(&internet.authority);
    let retriever = Retriever::new(
        other,
        Box::new(Shared(internet.names.clone())),
        laboratory(),
        Limits::default(),
    );
    let anchors = internet.authority.as_anchor();
    let result = retriever
        .retrieve(&request(&internet.url()), &anchors, Clock::Valid(now()))
        .await;
    untrusted(
        (result.unwrap_err(), internet.server.log().requests.len()),
        UntrustedCause::UnknownIssuer,
    );
}

#[tokio::test]
async fn while_the_clock_is_not_known_dates_are_no_reason_to_refuse_but_names_are() {
    let clock = Clock::Provisional {
        floor: "2010-01-01T00:00:00Z".parse().unwrap(),
    };
    for validity in [
        ("20250101000000Z", "20250201000000Z"),
        ("20300101000000Z", "20310101000000Z"),
    ] {
        let internet = Internet::with_certificate(Limits::default(), Request { validity, ..SERVER }).await;
        internet.publish();
        assert!(verified(internet.retrieve_at(clock).await).provisional);
    }
    let extensions = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:www.example.com";
    let internet = Internet::with_certificate(Limits::default(), Request { extensions, ..SERVER }).await;
    internet.publish();
    let error = internet.retrieve_at(clock).await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Untrusted {
                cause: UntrustedCause::WrongName,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_without_tls() {
    let internet = Internet::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    let url = format!("https://files.example.com:{port}/lamp").parse().unwrap();
    let anchors = internet.authority.as_anchor();
    let error = internet
        .retriever
        .retrieve(&request(&url), &anchors, Clock::Valid(now()))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Transient {
                cause: TransientCause::Handshake,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn roots_without_a_certificate_are_none() {
    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(matches!(
            TlsRoots::from_pem(pem.as_bytes()),
            Err(TlsRootsError::NoCertificate)
        ));
    }
}
