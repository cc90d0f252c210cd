//! Which algorithms are used, and the checks themselves, through ring.
//!
//! What is recommended for validation today (RFC 9904): RSASHA256, RSASHA512, ECDSAP256SHA256, ECDSAP384SHA384 and ED25519; SHA-256
//! and SHA-384 for DS records. RSASHA1 and RSASHA1-NSEC3-SHA1 count as unsupported, as RFC 9905 wants operators to treat them, and so
//! does ED448, which ring does not have: a zone signed with nothing else is insecure.

use ring::{digest, signature};

use super::{
    Name,
    rdata::{Dnskey, Ds},
};

/// The most octets of an RSA modulus: 4096 bits (RFC 5702 section 2). Longer ones would cost time to check and nothing else.
const MAX_RSA_OCTETS: usize = 512;

const RSASHA256: u8 = 8;
const RSASHA512: u8 = 10;
const ECDSAP256SHA256: u8 = 13;
const ECDSAP384SHA384: u8 = 14;
const ED25519: u8 = 15;

const SHA256: u8 = 2;
const SHA384: u8 = 4;

/// Whether signatures of this algorithm are checked.
pub(crate) fn is_supported(algorithm: u8) -> bool {
    matches!(
        algorithm,
        RSASHA256 | RSASHA512 | ECDSAP256SHA256 | ECDSAP384SHA384 | ED25519
    )
}

/// Whether DS records with this digest are used.
pub(crate) fn is_supported_digest(digest_type: u8) -> bool {
    digest_of(digest_type).is_some()
}

fn digest_of(digest_type: u8) -> Option<&'static digest::Algorithm> {
    match digest_type {
        SHA256 => Some(&digest::SHA256),
        SHA384 => Some(&digest::SHA384),
        _ => None,
    }
}

/// Whether a DS record is that of a key (RFC 4034 section 5.1.4).
pub(crate) fn is_digest_of(ds: &Ds, owner: &Name, key_data: &[u8]) -> bool {
    let Some(algorithm) = digest_of(ds.digest_type) else {
        return false;
    };
    let mut context = digest::Context::new(algorithm);
    context.update(owner.as_wire());
    context.update(key_data);
    context.finish().as_ref() == &*ds.digest
}

/// Whether a key made this signature over this data.
pub(crate) fn verifies(key: &Dnskey, data: &[u8], signature: &[u8]) -> bool {
    let public_key = &*key.public_key;
    match key.algorithm {
        RSASHA256 => verifies_rsa(
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            public_key,
            data,
            signature,
        ),
        RSASHA512 => verifies_rsa(
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            public_key,
            data,
            signature,
        ),
        // RFC 6605 section 4: the two numbers of the point without the octet that says so.
        ECDSAP256SHA256 => {
            let point = [&[4], public_key].concat();
            signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                .verify(data, signature)
                .is_ok()
        }
        ECDSAP384SHA384 => {
            let point = [&[4], public_key].concat();
            signature::UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                .verify(data, signature)
                .is_ok()
        }
        ED25519 => signature::UnparsedPublicKey::new(&signature::ED25519, public_key)
            .verify(data, signature)
            .is_ok(),
        _ => false,
    }
}

/// Checks an RSA signature with a key as RFC 3110 section 2 writes it.
fn verifies_rsa(
    parameters: &'static signature::RsaParameters,
    public_key: &[u8],
    data: &[u8],
    signature: &[u8],
) -> bool {
    let Some((e, n)) = exponent_and_modulus(public_key) else {
        return false;
    };
    n.len() <= MAX_RSA_OCTETS
        && signature::RsaPublicKeyComponents { n, e }
            .verify(parameters, data, signature)
            .is_ok()
}

fn exponent_and_modulus(public_key: &[u8]) -> Option<(&[u8], &[u8])> {
    match public_key {
        [0, high, low, rest @ ..] => rest.split_at_checked(u16::from_be_bytes([*high, *low]).into()),
        [length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        [] => None,
    }
}
