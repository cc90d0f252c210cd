//! The file and its signature.

use mudguard_fetch::{
    Clock, Doubt, FetchError, Outcome, Refusal, Request, Resource, SignatureRefusal, SignerSubject,
    TransientCause, UnverifiedFile,
};
use mudguard_mud::MudUrlError;

use super::{Internet, PATH, SIGNATURE, mud_file, request, verified};
use crate::{
    openssl::{self, now},
    server::Reply,
};

#[track_caller]
fn unverified(result: Result<Outcome, FetchError>) -> UnverifiedFile {
    match result {
        Ok(Outcome::Unverified(file)) => file,
        Ok(Outcome::Verified(_) | Outcome::Unchanged) => panic!("no doubt about it"),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_signed_file_is_verified() {
    let internet = Internet::new().await;
    let bytes = internet.publish();
    let file = verified(internet.retrieve().await);
    assert_eq!(file.file.url, internet.url());
    assert_eq!(file.file.bytes[..], bytes);
    assert_eq!(file.file.retrieved, now());
    let sum = internet.workshop.openssl(&format!(
        "dgst -sha256 -binary {}",
        openssl::text(&internet.workshop.file(&bytes))
    ));
    assert_eq!(file.file.sha256[..], sum);
    assert_eq!(file.signer.subject, "CN=MUD signer,O=Example Lighting");
    assert!(!file.provisional);
    assert_eq!(
        internet.server.log().connections,
        1,
        "file and signature come over one connection"
    );
}

#[tokio::test]
async fn a_signature_may_be_on_another_host() {
    let internet = Internet::new().await;
    let elsewhere = internet.server.url_of("other.example.com", "/s");
    let file = mud_file(&internet.url(), Some(elsewhere.as_str()));
    internet.server.reply(PATH, Reply::body(&file));
    internet.server.reply(
        "/s",
        Reply::body(&internet.workshop.sign(&file, &internet.signer)),
    );
    verified(internet.retrieve().await);
    assert_eq!(
        *internet.names.asked.lock().unwrap(),
        ["files.example.com", "other.example.com"]
    );
}

/// SIG-7: `mud-signature` is a URI reference, which is resolved against the MUD URL (RFC 3986 section 5).
#[tokio::test]
async fn a_relative_mud_signature_is_resolved_against_the_mud_url() {
    let internet = Internet::new().await;
    for (reference, path) in [
        ("lamp.p7s", "/lamp.p7s"),
        ("./odd/lamp.p7s", "/odd/lamp.p7s"),
        ("../lamp-of-above.p7s", "/lamp-of-above.p7s"),
        ("?signature", "/lamp?signature"),
        ("//other.example.com:PORT/elsewhere", "/elsewhere"),
    ] {
        let url = internet.url();
        let port = url
            .as_str()
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next());
        let reference = reference.replace("PORT", port.unwrap());
        let file = mud_file(&url, Some(&reference));
        internet.server.reply(PATH, Reply::body(&file));
        let signature = internet.workshop.sign(&file, &internet.signer);
        internet.server.reply(path, Reply::body(&signature));
        verified(internet.retrieve().await);
        assert_eq!(internet.server.count(path), 1, "{reference}");
    }
}

/// SIG-9: the signature is found by an outline of the file, and all else of the file waits until it was judged.
#[tokio::test]
async fn what_a_file_permits_is_not_read_before_its_signature_was_judged() {
    let internet = Internet::new().await;
    let mut file: serde_json::Value =
        serde_json::from_slice(&mud_file(&internet.url(), Some(SIGNATURE))).unwrap();
    file["ietf-access-control-list:acls"] = "no access lists at all".into();
    let file = serde_json::to_vec(&file).unwrap();
    internet.server.reply(PATH, Reply::body(&file));
    let sign = |signed: &[u8]| Reply::body(&internet.workshop.sign(signed, &internet.signer));
    internet.server.reply(SIGNATURE, sign(b"another file"));
    let error = internet.retrieve().await.unwrap_err();
    assert!(
        matches!(
            &error,
            FetchError::Refused {
                reason: Refusal::Forged(_),
                ..
            }
        ),
        "its signature is the reason, not what stands in it: {error}"
    );
    internet.server.reply(SIGNATURE, sign(&file));
    assert_eq!(verified(internet.retrieve().await).file.bytes[..], file);
}

#[tokio::test]
async fn a_file_that_names_no_signature_waits_for_the_owner_and_no_signature_is_guessed() {
    let internet = Internet::new().await;
    let bytes = mud_file(&internet.url(), None);
    internet.server.reply(PATH, Reply::body(&bytes));
    let file = unverified(internet.retrieve().await);
    assert!(matches!(file.doubt, Doubt::Unsigned));
    assert_eq!(file.file.bytes[..], bytes);
    assert_eq!(internet.server.log().requests.len(), 1);
}

#[tokio::test]
async fn a_signature_that_proves_nothing_waits_for_the_owner() {
    let internet = Internet::new().await;
    let file = internet.publish();
    let rogue = internet.workshop.root(openssl::Request {
        subject: "/CN=rogue",
        ..openssl::Request::default()
    });
    internet
        .server
        .reply(SIGNATURE, Reply::body(&internet.workshop.sign(&file, &rogue)));
    let doubt = unverified(internet.retrieve().await).doubt;
    let reason = SignatureRefusal::UnknownIssuer {
        issuer: "CN=rogue".to_owned(),
    };
    assert!(
        matches!(&doubt, Doubt::Signature(refusal) if *refusal == reason),
        "{doubt}"
    );
}

#[tokio::test]
async fn a_signature_at_a_url_that_is_refused_waits_for_the_owner() {
    let internet = Internet::new().await;
    for (reference, reason) in [
        ("http://files.example.com/s", MudUrlError::NotHttps),
        ("https://192.0.2.1/s", MudUrlError::AddressLiteral),
        ("https://me@files.example.com/s", MudUrlError::UserInformation),
    ] {
        internet
            .server
            .reply(PATH, Reply::body(&mud_file(&internet.url(), Some(reference))));
        let doubt = unverified(internet.retrieve().await).doubt;
        assert!(
            matches!(doubt, Doubt::SignatureUrl(error) if error == reason),
            "{reference}: {doubt}"
        );
    }
}

#[tokio::test]
async fn a_signature_that_is_not_there_waits_for_the_owner() {
    let internet = Internet::new().await;
    internet.publish();
    internet.server.reply(SIGNATURE, Reply::status("404 Not Found"));
    let doubt = unverified(internet.retrieve().await).doubt;
    let Doubt::SignatureUnavailable(FetchError::Absent { place, status: 404 }) = &doubt else {
        panic!("{doubt}")
    };
    assert_eq!(place.resource, Resource::Signature);
    assert_eq!(
        doubt.to_string(),
        format!(
            "the signature at {}: the server does not give it (HTTP status 404)",
            internet.server.url(SIGNATURE)
        )
    );
}

#[tokio::test]
async fn a_signature_that_may_be_there_later_is_no_question_to_the_owner() {
    let internet = Internet::new().await;
    internet.publish();
    internet
        .server
        .reply(SIGNATURE, Reply::status("503 Service Unavailable"));
    let error = internet.retrieve().await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Transient {
                cause: TransientCause::Status(503),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_tampered_file_is_refused_after_both_were_asked_for_once_more() {
    let internet = Internet::new().await;
    let mut file = internet.publish();
    let lamp = file.windows(6).position(|window| window == b"A lamp").unwrap();
    file[lamp] = b'B';
    internet.server.reply(PATH, Reply::body(&file));
    let error = internet.retrieve().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the signature at {}: the file is not the one that was signed",
            internet.server.url(SIGNATURE)
        )
    );
    assert!(matches!(
        error,
        FetchError::Refused {
            reason: Refusal::Forged(SignatureRefusal::DigestMismatch),
            ..
        }
    ));
    assert_eq!(
        (internet.server.count(PATH), internet.server.count(SIGNATURE)),
        (2, 2)
    );
    let again = internet.server.log().requests.split_off(2);
    assert!(
        again
            .iter()
            .all(|request| request.contains("\r\ncache-control: no-cache\r\n")),
        "{again:?}"
    );
}

#[tokio::test]
async fn a_file_and_a_signature_of_two_versions_come_together_the_second_time() {
    let internet = Internet::new().await;
    let file = internet.publish();
    let (old, new) = (
        internet.workshop.sign(b"the file as it was", &internet.signer),
        internet.workshop.sign(&file, &internet.signer),
    );
    internet
        .server
        .replies(SIGNATURE, vec![Reply::body(&old), Reply::body(&new)]);
    verified(internet.retrieve().await);
}

#[tokio::test]
async fn when_the_second_time_fails_the_first_verdict_stands() {
    let internet = Internet::new().await;
    let file = internet.publish();
    internet
        .server
        .replies(PATH, vec![Reply::body(&file), Reply::status("500 Oh")]);
    internet.server.reply(
        SIGNATURE,
        Reply::body(&internet.workshop.sign(b"another file", &internet.signer)),
    );
    let error = internet.retrieve().await.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Refused {
                reason: Refusal::Forged(_),
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn the_signed_file_of_another_thing_is_refused() {
    let internet = Internet::new().await;
    let other = internet.server.url("/washing-machine");
    let file = mud_file(&other, Some(SIGNATURE));
    internet.server.reply(PATH, Reply::body(&file));
    internet.server.reply(
        SIGNATURE,
        Reply::body(&internet.workshop.sign(&file, &internet.signer)),
    );
    let error = internet.retrieve().await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Refused { reason: Refusal::OtherMudUrl(url), .. } if *url == other),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_mud_file_is_refused() {
    let internet = Internet::new().await;
    for body in [
        "",
        "<html>",
        "{}",
        "[]",
        "{\"ietf-mud:mud\":{\"mud-url\":7}}",
        "\u{feff}{}",
    ] {
        let error = internet.failure(Reply::body(body.as_bytes())).await;
        assert!(
            matches!(
                error,
                FetchError::Refused {
                    reason: Refusal::NotAMudFile(_),
                    ..
                }
            ),
            "{body}: {error}"
        );
    }
}

#[tokio::test]
async fn the_signer_that_the_things_certificate_names_must_have_signed() {
    use der::{Decode, Encode};
    let internet = Internet::new().await;
    internet.publish();
    let certificate = x509_cert::Certificate::from_der(&internet.workshop.der(&internet.web)).unwrap();
    let other = SignerSubject::from_der(&certificate.tbs_certificate.subject.to_der().unwrap()).unwrap();
    let request = Request {
        signer: Some(other),
        ..request(&internet.url())
    };
    let anchors = internet.authority.as_anchor();
    let result = internet
        .retriever
        .retrieve(&request, &anchors, Clock::Valid(now()))
        .await;
    let doubt = unverified(result).doubt;
    assert!(
        matches!(doubt, Doubt::Signature(SignatureRefusal::OtherSigner { .. })),
        "{doubt}"
    );
}
