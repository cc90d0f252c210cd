//! Algorithms and keys that are not accepted.

use mudguard_fetch::SignatureRefusal as Refusal;

use super::{with_key, with_options};
use crate::openssl::{Key, P256};

#[test]
fn weak_digests() {
    for digest in ["md5", "sha1", "sha224"] {
        let verdict = with_key(Key::Rsa(2048), &format!("-md {digest}"));
        assert_eq!(verdict, Err(Refusal::DigestAlgorithm(format!("id-{digest}"))));
    }
    assert_eq!(
        with_options("-md sha1"),
        Err(Refusal::DigestAlgorithm("id-sha1".to_owned()))
    );
}

#[test]
fn short_rsa_keys() {
    for bits in [1024, 2040] {
        assert_eq!(
            with_key(Key::Rsa(bits), "-md sha256"),
            Err(Refusal::ShortKey(bits))
        );
    }
}

#[test]
fn other_curves() {
    let curves = [
        ("secp256k1", "1.3.132.0.10"),
        ("P-521", "secp521r1"),
        ("brainpoolP256r1", "1.3.36.3.3.2.8.1.1.7"),
    ];
    for (curve, name) in curves {
        let refused = Refusal::PublicKey(format!("the elliptic curve {name}"));
        assert_eq!(with_key(Key::Curve(curve), "-md sha256"), Err(refused), "{curve}");
    }
}

#[test]
fn ecdsa_with_a_digest_that_is_not_in_the_table() {
    let refused = Refusal::SignatureAlgorithm("ecdsa-with-SHA512".to_owned());
    assert_eq!(with_key(P256, "-md sha512"), Err(refused));
}

#[test]
fn rsa_pss_with_another_salt() {
    let options = "-md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20";
    let refused = Refusal::SignatureAlgorithm("id-RSASSA-PSS".to_owned());
    assert_eq!(with_key(Key::Rsa(2048), options), Err(refused));
}
