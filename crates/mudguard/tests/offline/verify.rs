//! `mudguard verify`, with signatures that openssl makes while the tests run.

use std::{fs, path::PathBuf};

use expect_test::expect;

use crate::{
    Ended, mudguard,
    openssl::{NOW, Request, Workshop, text},
};

/// A signed file, and a folder with the anchor.
struct Signed {
    workshop: Workshop,
    file: PathBuf,
    signature: PathBuf,
    anchors: PathBuf,
}

impl Signed {
    fn new() -> Self {
        let workshop = Workshop::new();
        let authority = workshop.authority();
        let content = b"{\n  \"ietf-mud:mud\": {}\n}\n";
        let file = workshop.file(content);
        let signature = workshop.file(&workshop.sign(content, &workshop.signer(&authority)));
        let anchors = workshop.path("anchors");
        fs::create_dir(&anchors).unwrap();
        fs::copy(&authority.certificate, anchors.join("authority.pem")).unwrap();
        Self {
            workshop,
            file,
            signature,
            anchors,
        }
    }

    fn verify(&self, options: &[&str]) -> Ended {
        let mut arguments = vec!["verify", text(&self.file), text(&self.signature)];
        arguments.extend(["--anchors", text(&self.anchors)]);
        arguments.extend(options);
        mudguard(&arguments)
    }
}

#[test]
fn a_good_signature_ends_with_0_and_names_the_signer() {
    let signed = Signed::new();
    let ended = signed.verify(&["--at", NOW]);
    let (told, key) = ended.out.trim_end().rsplit_once('\n').unwrap();
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(key.starts_with("key ") && key.len() == 68, "{key}");
    expect![[r#"
        verified: signed by CN=MUD signer,O=Example Lighting, until 2027-01-01T00:00:00Z
        issued by CN=MUD authority,O=Example Trust
        trust anchor CN=MUD authority,O=Example Trust"#]]
    .assert_eq(told);
    let json = signed.verify(&["--at", NOW, "--json"]).json();
    assert_eq!((&json["verdict"], &json["at"]), (&"verified".into(), &NOW.into()));
    assert_eq!(json["signer"]["anchor"], "CN=MUD authority,O=Example Trust");
    assert!(json["reason"].is_null());
}

#[test]
fn another_file_ends_with_1_and_the_reason() {
    let signed = Signed::new();
    fs::write(&signed.file, b"{}").unwrap();
    signed.verify(&["--at", NOW]).prints(
        1,
        &expect![[r#"
        not verified: the file is not the one that was signed
    "#]],
    );
    let json = signed.verify(&["--at", NOW, "--json"]).json();
    assert_eq!(json["verdict"], "not-verified");
    assert_eq!(json["reason"], "the file is not the one that was signed");
    assert!(json["signer"].is_null());
}

#[test]
fn the_file_must_be_that_of_the_url_and_signed_by_whom_the_thing_names() {
    let signed = Signed::new();
    let url = signed.verify(&["--at", NOW, "--url", "https://lighting.example.com/lamp"]);
    assert_eq!(url.code, Some(1), "{}", url.err);
    assert!(url.out.contains("it has no mud-url"), "{}", url.out);
    let wrong = signed.verify(&["--url", "http://lighting.example.com/lamp"]);
    assert_eq!(wrong.code, Some(2));
    // The name CN=MUD, which is not the signer's.
    let thing = signed.workshop.issue(
        &signed.workshop.authority(),
        Request {
            extensions: "1.3.6.1.5.5.7.1.30=DER:30:0e:31:0c:30:0a:06:03:55:04:03:0c:03:4d:55:44",
            ..Request::default()
        },
    );
    let other = signed.verify(&["--at", NOW, "--thing", text(&thing.certificate)]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(other.out.contains("CN=MUD"), "{}", other.out);
    let nothing = signed.verify(&["--at", NOW, "--thing", "lamp.json"]);
    assert_eq!(nothing.code, Some(2), "{}", nothing.out);
}

#[test]
fn dates_are_judged_at_the_time_that_is_given() {
    let signed = Signed::new();
    signed
        .verify(&["--at", "2027-06-01T00:00:00Z"])
        .prints(1, &expect![[r#"
            not verified: the certificate of the signer CN=MUD signer,O=Example Lighting expired on 2027-01-01T00:00:00Z
        "#]]);
    signed
        .verify(&["--at", "2025-06-01T02:00:00+02:00"])
        .prints(1, &expect![[r#"
            not verified: the certificate of the signer CN=MUD signer,O=Example Lighting is not valid before 2026-01-01T00:00:00Z
        "#]]);
    let wrong = signed.verify(&["--at", "yesterday"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
}

#[test]
fn without_anchors_nothing_is_believed() {
    let signed = Signed::new();
    fs::remove_file(signed.anchors.join("authority.pem")).unwrap();
    signed.verify(&["--at", NOW]).prints(
        1,
        &expect![[r#"
        not verified: no trust anchor for MUD files is configured
    "#]],
    );
}

#[test]
fn what_is_no_anchor_is_told_and_the_others_count() {
    let signed = Signed::new();
    fs::write(signed.anchors.join("broken.pem"), "broken").unwrap();
    let ended = signed.verify(&["--at", NOW]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(
        ended.err.contains("broken.pem: no trust anchor: "),
        "{}",
        ended.err
    );
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let signed = Signed::new();
    let (file, signature) = (text(&signed.file), text(&signed.signature));
    mudguard(&[
        "verify",
        "nowhere.json",
        signature,
        "--anchors",
        text(&signed.anchors),
    ])
    .fails(
        2,
        &expect![[r#"
        mudguard: nowhere.json: No such file or directory (os error 2)
    "#]],
    );
    mudguard(&["verify", file, "nowhere.p7s", "--anchors", text(&signed.anchors)]).fails(
        2,
        &expect![[r#"
        mudguard: nowhere.p7s: No such file or directory (os error 2)
    "#]],
    );
    mudguard(&["verify", file, signature, "--anchors", "nowhere"]).fails(
        2,
        &expect![[r#"
        mudguard: nowhere: No such file or directory (os error 2)
    "#]],
    );
    mudguard(&["verify", "-", "-"]).fails(
        2,
        &expect![[r#"
        mudguard: -: file and signature cannot both be standard input
    "#]],
    );
    let long = signed.workshop.file(&[b' '; 262_145]);
    let ended = mudguard(&[
        "verify",
        text(&long),
        signature,
        "--anchors",
        text(&signed.anchors),
    ]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.err.contains("longer than 262144 octets"), "{}", ended.err);
}

/// A signature that was really published. It is no part of the project: the test runs where it lies beside the checkout.
#[test]
fn the_file_that_nist_signed_leads_to_no_anchor_here() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/mudfiles/handwritten");
    let (file, signature) = (folder.join("ciscopi2.json"), folder.join("ciscopi2.p7s"));
    if !signature.is_file() {
        println!("LEFT OUT: there is no signature at {}", signature.display());
        return;
    }
    let signed = Signed::new();
    let verify = |anchors: &str| {
        mudguard(&[
            "verify",
            text(&file),
            text(&signature),
            "--anchors",
            anchors,
            "--at",
            "2019-06-01T00:00:00Z",
        ])
    };
    let other = verify(text(&signed.anchors));
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(other.out.contains("leads to no trust anchor"), "{}", other.out);
}
