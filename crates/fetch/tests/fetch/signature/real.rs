//! A signature that was really published with a MUD file. It is not part of this repository: the test runs where a folder `shared` lies
//! beside the checkout, and says so where it does not.

use std::{fs, path::Path};

use mudguard_fetch::{Clock, SignatureRefusal as Refusal, TrustAnchors, verify};

use crate::openssl::{Workshop, text};

#[test]
fn the_file_that_nist_signed_in_its_laboratory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/mudfiles/handwritten");
    let path = folder.join("ciscopi2.p7s");
    let (Ok(file), Ok(signature)) = (fs::read(folder.join("ciscopi2.json")), fs::read(&path)) else {
        println!("LEFT OUT: there is no signature at {}", path.display());
        return;
    };
    let anchors = authorities_in(&path);
    let at = |time: &str| {
        verify(
            &file,
            &signature,
            &anchors,
            None,
            Clock::Valid(time.parse().unwrap()),
        )
    };
    let signer = at("2019-06-01T00:00:00Z").unwrap().signer;
    assert!(
        signer.subject.starts_with("CN=NCCoE MUD File Signing,"),
        "{}",
        signer.subject
    );
    assert_eq!(
        signer.anchor,
        "CN=DigiCert Assured ID Root CA,OU=www.digicert.com,O=DigiCert Inc,C=US"
    );
    let today = at("2026-06-01T00:00:00Z");
    assert!(matches!(today, Err(Refusal::SignerExpired { .. })), "{today:?}");
}

/// The self-signed certificates in a signature, as trust anchors.
fn authorities_in(signature: &Path) -> TrustAnchors {
    let certificates =
        Workshop::new().openssl(&format!("pkcs7 -inform DER -in {} -print_certs", text(signature)));
    let mut anchors = TrustAnchors::default();
    for section in String::from_utf8(certificates)
        .unwrap()
        .split_inclusive("-----END CERTIFICATE-----\n")
    {
        let name = |field: &str| {
            section
                .lines()
                .find_map(|line| line.strip_prefix(field).map(ToOwned::to_owned))
        };
        if name("subject=").is_some_and(|subject| name("issuer=") == Some(subject)) {
            anchors.add_pem(section.as_bytes()).unwrap();
        }
    }
    anchors
}
