//! What is read of X.509 certificates beside path building: names, dates, key usage, keys (RFC 5280 section 4).

use const_oid::{AssociatedOid, ObjectIdentifier, db};
use der::{Decode, Reader, SliceReader, asn1::UintRef};
use jiff::Timestamp;
use rustls_pki_types::UnixTime;
use x509_cert::{Certificate, ext::pkix::KeyUsage, name::Name, spki::SubjectPublicKeyInfoOwned, time::Time};

use super::SignatureRefusal;

/// How many characters of a name from a certificate are kept.
const MAX_NAME_LENGTH: usize = 256;
const MIN_RSA_BITS: u32 = 2048;

/// A name as text (RFC 4514), clipped. Characters that would change how a line looks are left out.
pub(crate) fn name_text(name: &Name) -> String {
    name.to_string()
        .chars()
        .filter(|c| !c.is_control() && !is_format_character(*c))
        .take(MAX_NAME_LENGTH)
        .collect()
}

/// The first and the last second in which a certificate is valid.
pub(super) fn validity(certificate: &Certificate) -> (Timestamp, Timestamp) {
    let validity = &certificate.tbs_certificate.validity;
    (timestamp(&validity.not_before), timestamp(&validity.not_after))
}

/// `99991231235959Z`, which RFC 5280 uses for "no end", lies past what [`Timestamp`] holds.
fn timestamp(time: &Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Times before 1970 are cut to 1970.
pub(crate) fn unix_time(time: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(time.as_second()).unwrap_or(0),
    ))
}

/// The first second in which a certificate is valid; `None` if the octets are no certificate.
pub(crate) fn first_second(der: &[u8]) -> Option<Timestamp> {
    Certificate::from_der(der)
        .ok()
        .map(|certificate| validity(&certificate).0)
}

/// The key usage extension, if there is one; an error if it is doubled or malformed.
pub(super) fn key_usage(certificate: &Certificate) -> Result<Option<KeyUsage>, SignatureRefusal> {
    extension(certificate).map_err(|()| SignatureRefusal::InvalidChain("a key usage extension is malformed"))
}

/// An extension of which there may be only one.
pub(super) fn extension<'a, T: Decode<'a> + AssociatedOid>(
    certificate: &'a Certificate,
) -> Result<Option<T>, ()> {
    certificate
        .tbs_certificate
        .get::<T>()
        .map(|found| found.map(|(_critical, value)| value))
        .map_err(|_| ())
}

/// Refuses keys that are too weak, or of a kind that cannot be checked.
pub(super) fn check_key(key: &SubjectPublicKeyInfoOwned) -> Result<(), SignatureRefusal> {
    match key.algorithm.oid {
        db::rfc5912::RSA_ENCRYPTION => match rsa_bits(key) {
            Some(bits) if bits >= MIN_RSA_BITS => Ok(()),
            Some(bits) => Err(SignatureRefusal::ShortKey(bits)),
            None => Err(SignatureRefusal::PublicKey("a malformed RSA key".to_owned())),
        },
        db::rfc5912::ID_EC_PUBLIC_KEY => {
            let curve = key
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| parameters.decode_as().ok());
            match curve {
                Some(db::rfc5912::SECP_256_R_1 | db::rfc5912::SECP_384_R_1) => Ok(()),
                Some(other) => Err(SignatureRefusal::PublicKey(format!(
                    "the elliptic curve {}",
                    oid_text(other)
                ))),
                None => Err(SignatureRefusal::PublicKey(
                    "an elliptic curve without a name".to_owned(),
                )),
            }
        }
        db::rfc8410::ID_ED_25519 => Ok(()),
        other => Err(SignatureRefusal::PublicKey(format!(
            "the algorithm {}",
            oid_text(other)
        ))),
    }
}

/// The name of an object identifier where it is known, else its numbers.
pub(super) fn oid_text(oid: ObjectIdentifier) -> String {
    db::DB
        .by_oid(&oid)
        .map_or_else(|| oid.to_string(), ToOwned::to_owned)
}

fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<u32> {
    let mut reader = SliceReader::new(key.subject_public_key.as_bytes()?).ok()?;
    let modulus = reader
        .sequence(|parts| {
            let modulus = UintRef::decode(parts)?;
            UintRef::decode(parts)?;
            Ok(modulus)
        })
        .ok()?;
    let octets = modulus.as_bytes();
    let length = u32::try_from(octets.len()).ok()?;
    Some(length * 8 - octets.first()?.leading_zeros())
}

/// Zero-width characters and those that turn the direction of text.
fn is_format_character(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}
