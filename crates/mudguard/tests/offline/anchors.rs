//! `mudguard anchors`, with certificates that openssl makes while the tests run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use expect_test::expect;
use serde_json::Value;

use crate::{
    Ended, mudguard,
    openssl::{Identity, Key, Request, Workshop, text},
};

/// Valid for as long as these tests are run.
const LONG: (&str, &str) = ("20200101000000Z", "20990101000000Z");

struct Lab {
    workshop: Workshop,
    folder: PathBuf,
}

impl Lab {
    fn new() -> Self {
        let workshop = Workshop::new();
        let folder = workshop.path("anchors");
        Self { workshop, folder }
    }

    fn authority(&self, subject: &str) -> Identity {
        self.workshop.root(Request {
            validity: LONG,
            ..Request::authority(subject)
        })
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut all = vec!["anchors"];
        all.extend(arguments);
        all.extend(["--folder", text(&self.folder)]);
        mudguard(&all)
    }

    fn add(&self, file: &Path) -> Ended {
        self.run(&["add", text(file)])
    }

    /// What is listed: subjects, and all of it.
    fn list(&self) -> (Vec<String>, Value) {
        let json = self.run(&["list", "--json"]).json();
        let subjects = json["anchors"].as_array().unwrap().iter();
        let subjects = subjects.map(|anchor| anchor["subject"].as_str().unwrap().to_owned());
        let mut subjects: Vec<_> = subjects.collect();
        subjects.sort();
        (subjects, json)
    }

    fn fingerprint(&self, subject: &str) -> String {
        let (_, json) = self.list();
        let mut anchors = json["anchors"].as_array().unwrap().iter();
        let anchor = anchors.find(|anchor| anchor["subject"] == subject).unwrap();
        anchor["fingerprint"].as_str().unwrap().to_owned()
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn what_is_added_is_listed_with_subject_fingerprint_and_validity() {
    let lab = Lab::new();
    let authority = lab.authority("/O=Example Trust/CN=one");
    assert_eq!(lab.add(&authority.certificate).code, Some(0));
    let sum = lab.workshop.openssl(&format!(
        "x509 -noout -fingerprint -sha256 -in {}",
        text(&authority.certificate)
    ));
    let sum = String::from_utf8(sum).unwrap();
    let sum = sum
        .trim()
        .rsplit('=')
        .next()
        .unwrap()
        .replace(':', "")
        .to_lowercase();
    assert_eq!(lab.fingerprint("CN=one,O=Example Trust"), sum);
    assert_eq!(lab.files(), [format!("{sum}.der")]);
    let listed = lab.run(&["list"]);
    let listed = listed
        .out
        .replace(&sum, "FINGERPRINT")
        .replace(text(&lab.folder), "FOLDER");
    expect![[r#"
        CN=one,O=Example Trust
          SHA-256 FINGERPRINT
          valid 2020-01-01T00:00:00Z to 2099-01-01T00:00:00Z
          in FOLDER/FINGERPRINT.der
    "#]]
    .assert_eq(&listed);
}

#[test]
fn der_and_several_in_one_file_are_taken_and_what_is_known_is_not_added_again() {
    let lab = Lab::new();
    let (one, two) = (lab.authority("/CN=one"), lab.authority("/CN=two"));
    assert_eq!(lab.add(&lab.workshop.file(&lab.workshop.der(&one))).code, Some(0));
    let json = lab
        .run(&["add", text(&lab.workshop.bundle(&[&one, &two])), "--json"])
        .json();
    assert_eq!(json["added"][0]["subject"], "CN=two");
    assert_eq!(json["known"][0]["subject"], "CN=one");
    assert_eq!(lab.list().0, ["CN=one", "CN=two"]);
}

#[test]
fn what_can_be_no_anchor_is_refused_and_nothing_is_written() {
    let lab = Lab::new();
    let good = lab.authority("/CN=good");
    assert_eq!(lab.add(&good.certificate).code, Some(0));
    let before = lab.files();
    let signer = lab.workshop.signer(&good);
    let expired = lab.workshop.root(Request {
        validity: ("20100101000000Z", "20110101000000Z"),
        ..Request::authority("/CN=old")
    });
    let short = lab.workshop.root(Request {
        key: Key::Rsa(1024),
        validity: LONG,
        ..Request::authority("/CN=short")
    });
    let other = lab.authority("/CN=other");
    for (file, reason) in [
        (
            signer.certificate.clone(),
            "is not that of a certification authority",
        ),
        (
            expired.certificate,
            "the certificate of CN=old expired on 2011-01-01T00:00:00Z",
        ),
        (
            short.certificate,
            "its RSA key has 1024 bits; at least 2048 are needed",
        ),
        (good.key.clone(), "no certificate is in it"),
        (
            lab.workshop.bundle(&[&other, &signer]),
            "is not that of a certification authority",
        ),
        (lab.workshop.path("nowhere"), "No such file"),
    ] {
        let ended = lab.add(&file);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
        assert!(ended.err.contains(reason), "{reason}: {}", ended.err);
    }
    assert_eq!(lab.files(), before);
}

#[test]
fn only_the_one_with_the_fingerprint_is_removed() {
    let lab = Lab::new();
    let bundle = ["/CN=one", "/CN=two", "/CN=three"].map(|name| lab.authority(name));
    let [one, two, three] = &bundle;
    assert_eq!(lab.add(&two.certificate).code, Some(0));
    // By hand, with a word of the owner's before each, and with the second twice.
    let text_of = |identity: &Identity| fs::read_to_string(&identity.certificate).unwrap();
    let before = format!("the first\n{}the second\n", text_of(one));
    let after = format!("the third\r\n{}", text_of(three));
    let by_hand = lab.folder.join("by-hand.pem");
    fs::write(&by_hand, format!("{before}{}{after}", text_of(two))).unwrap();

    let two = lab.fingerprint("CN=two");
    let colons: Vec<_> = two
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).unwrap())
        .collect();
    let ended = lab.run(&["remove", &colons.join(":").to_uppercase()]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(lab.list().0, ["CN=one", "CN=three"]);
    assert_eq!(fs::read_to_string(&by_hand).unwrap(), format!("{before}{after}"));
    assert_eq!(lab.files(), ["by-hand.pem"]);

    for name in ["CN=one", "CN=three"] {
        assert_eq!(lab.run(&["remove", &lab.fingerprint(name)]).code, Some(0));
    }
    assert_eq!(lab.files(), Vec::<String>::new());
    lab.run(&["list"]).prints(
        0,
        &expect![[r#"
        no trust anchors: every MUD file waits for the owner
    "#]],
    );
}

#[test]
fn a_wrong_fingerprint_is_told() {
    let lab = Lab::new();
    fs::create_dir(&lab.folder).unwrap();
    lab.run(&["remove", "12:34"]).fails(2, &expect![[r#"
        mudguard: 12:34: this is no fingerprint; it has 64 hexadecimal digits, as mudguard anchors list shows them
    "#]]);
    let unknown = lab.run(&["remove", &"0".repeat(64)]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.err.contains("no trust anchor has the fingerprint"),
        "{}",
        unknown.err
    );
}

#[test]
fn a_folder_that_is_not_there_is_told_and_made_only_where_something_is_added() {
    let lab = Lab::new();
    for arguments in [&["list"][..], &["remove", &"0".repeat(64)]] {
        let ended = lab.run(arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(!lab.folder.exists());
    }
    let authority = lab.authority("/CN=one");
    let deep = lab.folder.join("deep");
    let ended = mudguard(&[
        "anchors",
        "add",
        text(&authority.certificate),
        "--folder",
        text(&deep),
    ]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(!lab.folder.exists());
    assert_eq!(lab.add(&authority.certificate).code, Some(0));
}

#[test]
fn files_that_hold_none_are_named() {
    let lab = Lab::new();
    fs::create_dir(&lab.folder).unwrap();
    fs::write(lab.folder.join("broken.pem"), "broken").unwrap();
    let (subjects, json) = lab.list();
    assert!(subjects.is_empty());
    let unusable = json["unusable"][0]["file"].as_str().unwrap();
    assert!(unusable.ends_with("broken.pem"), "{unusable}");
}

#[test]
fn no_more_files_are_made_than_are_read() {
    let lab = Lab::new();
    fs::create_dir(&lab.folder).unwrap();
    for number in 0..64 {
        fs::write(lab.folder.join(format!("{number}.pem")), "").unwrap();
    }
    let ended = lab.add(&lab.authority("/CN=one").certificate);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("holds 64 files already"), "{}", ended.err);
    assert_eq!(lab.files().len(), 64);
}
