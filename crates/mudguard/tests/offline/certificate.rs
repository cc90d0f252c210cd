//! `mudguard certificate`, with certificates that openssl makes while the tests run.

use expect_test::expect;

use crate::{
    Ended, mudguard,
    openssl::{Request, SIGNER, Workshop, text},
};

fn certificate(extensions: &str, options: &[&str]) -> Ended {
    let workshop = Workshop::new();
    let extensions = format!("{SIGNER}\n{extensions}");
    let thing = workshop.issue(
        &workshop.authority(),
        Request {
            subject: "/O=Example Lighting/CN=Lamp 4711",
            extensions: &extensions,
            ..Request::default()
        },
    );
    let mut arguments = vec!["certificate", text(&thing.certificate)];
    arguments.extend(options);
    mudguard(&arguments)
}

const URL: &str = "1.3.6.1.5.5.7.1.25=ASN1:IA5STRING:https://lighting.example.com/lamp";
/// The name CN=MUD.
const MUD_SIGNER: &str = "1.3.6.1.5.5.7.1.30=DER:30:0e:31:0c:30:0a:06:03:55:04:03:0c:03:4d:55:44";

#[test]
fn url_and_signer_are_shown() {
    let both = format!("{URL}\n{MUD_SIGNER}");
    certificate(&both, &[]).prints(
        0,
        &expect![[r#"
        subject: CN=Lamp 4711,O=Example Lighting
        MUD URL: https://lighting.example.com/lamp
        signer of the MUD file: CN=MUD
    "#]],
    );
    certificate(&both, &["--json"]).prints(
        0,
        &expect![[r#"
        {
          "subject": "CN=Lamp 4711,O=Example Lighting",
          "mud-url": "https://lighting.example.com/lamp",
          "mud-signer": "CN=MUD",
          "reason": null
        }
    "#]],
    );
}

#[test]
fn without_a_mud_url_it_ends_with_1() {
    certificate("", &[]).prints(
        1,
        &expect![[r#"
        subject: CN=Lamp 4711,O=Example Lighting
        refused: the certificate names no MUD URL
    "#]],
    );
    certificate(&URL.replace("ASN1", "critical,ASN1"), &[]).prints(
        1,
        &expect![[r#"
        refused: the certificate marks the extension id-pe-mud-url as critical; RFC 8520 wants it not to be
    "#]],
    );
    certificate(&URL.replace("https", "http"), &["--json"]).prints(
        1,
        &expect![[r#"
        {
          "subject": null,
          "mud-url": null,
          "mud-signer": null,
          "reason": "the MUD URL does not use https"
        }
    "#]],
    );
    mudguard(&["certificate", "lamp.json"]).prints(
        1,
        &expect![[r#"
        refused: no certificate is in it; a line -----BEGIN CERTIFICATE----- is expected
    "#]],
    );
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let ended = mudguard(&["certificate", "lamp.json", "--mac", "02:00:00:00:00:01"]);
    assert!(ended.err.contains("--announce"), "{}", ended.err);
    mudguard(&["certificate", "nowhere.pem"]).fails(
        2,
        &expect![[r#"
        mudguard: nowhere.pem: No such file or directory (os error 2)
    "#]],
    );
}
