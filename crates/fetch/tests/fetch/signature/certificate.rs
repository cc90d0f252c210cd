//! A certificate of the signer that is made in another way than those of the [`matrix`](super::matrix).

use mudguard_fetch::SignatureRefusal as Refusal;

use super::{FILE, check};
use crate::openssl::{Identity, P256, Workshop, text};

#[test]
fn version_1() {
    let workshop = Workshop::new();
    let authority = workshop.authority();
    let (key, asked, certificate) = (workshop.key(P256), workshop.path("csr"), workshop.path("pem"));
    workshop.openssl(&format!(
        "req -new -key {} -subj /CN=old -out {}",
        text(&key),
        text(&asked)
    ));
    let by = format!(
        "-CA {} -CAkey {} -CAcreateserial",
        text(&authority.certificate),
        text(&authority.key)
    );
    workshop.openssl(&format!(
        "x509 -req -days 3650 -in {} -out {} {by}",
        text(&asked),
        text(&certificate)
    ));
    let verdict = check(&workshop.sign(FILE, &Identity { key, certificate }), &authority);
    assert_eq!(
        verdict,
        Err(Refusal::InvalidChain("a certificate in it is not of version 3"))
    );
}
