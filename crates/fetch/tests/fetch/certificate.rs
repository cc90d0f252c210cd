//! What certificates of Things say of their MUD file and its signer.

use std::fs;

use der::{Decode, Encode};
use mudguard_fetch::{CertificateClaims, CertificateError as Error, SignerSubject, mud_url_of_certificate};
use mudguard_mud::MudUrlError;

use crate::openssl::{Identity, Request, SIGNER, Workshop};

const LAMP: &str = "https://lighting.example.com/lamp";
const URL: &str = "1.3.6.1.5.5.7.1.25";
const MUD_SIGNER: &str = "1.3.6.1.5.5.7.1.30";

/// A certificate of a Thing with these extensions, and the folder in which it lies.
fn thing(extensions: &str) -> (Workshop, Identity) {
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
    (workshop, thing)
}

fn claims(extensions: &str) -> Result<CertificateClaims, Error> {
    let (_workshop, thing) = thing(extensions);
    mud_url_of_certificate(&fs::read(&thing.certificate).unwrap())
}

fn ia5(url: &str) -> String {
    format!("{URL}=ASN1:IA5STRING:{url}")
}

/// An extension with these octets as its value.
fn raw(oid: &str, octets: &[u8]) -> String {
    let octets: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{oid}=DER:{}", octets.join(":"))
}

/// The serial number, as openssl prints it.
fn serial(identity: &Identity) -> String {
    let mut openssl = std::process::Command::new("openssl");
    openssl
        .args(["x509", "-noout", "-serial", "-in"])
        .arg(&identity.certificate);
    let printed = String::from_utf8(openssl.output().unwrap().stdout).unwrap();
    printed.trim().strip_prefix("serial=").unwrap().to_lowercase()
}

/// A string of this ASN.1 type.
fn string(tag: u8, octets: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(octets.len()).unwrap()], octets].concat()
}

#[test]
fn url_and_signer_are_read_from_pem_and_from_der() {
    let workshop = Workshop::new();
    let signer = workshop.signer(&workshop.authority());
    let name = x509_cert::Certificate::from_der(&workshop.der(&signer))
        .unwrap()
        .tbs_certificate
        .subject
        .to_der()
        .unwrap();
    let (shop, thing) = thing(&format!("{}\n{}", ia5(LAMP), raw(MUD_SIGNER, &name)));
    let expected = CertificateClaims {
        subject: "CN=Lamp 4711,O=Example Lighting".to_owned(),
        serial: serial(&thing),
        url: Some(LAMP.parse().unwrap()),
        signer: Some(SignerSubject::from_der(&name).unwrap()),
    };
    let pem = fs::read(&thing.certificate).unwrap();
    assert_eq!(mud_url_of_certificate(&pem), Ok(expected.clone()));
    assert_eq!(mud_url_of_certificate(&shop.der(&thing)), Ok(expected.clone()));
    let subject = expected.signer.unwrap().to_string();
    assert_eq!(subject, "CN=MUD signer,O=Example Lighting");
}

#[test]
fn a_certificate_that_says_nothing_is_no_error() {
    let claims = claims("").unwrap();
    assert_eq!((claims.url, claims.signer), (None, None));
}

#[test]
fn of_a_chain_the_first_certificate_speaks() {
    let (workshop, lamp) = thing(&ia5(LAMP));
    let other = workshop.authority();
    let url = |identities: &[&Identity]| {
        let chain = fs::read(workshop.bundle(identities)).unwrap();
        mud_url_of_certificate(&chain).unwrap().url
    };
    assert_eq!(url(&[&lamp, &other]), Some(LAMP.parse().unwrap()));
    assert_eq!(url(&[&other, &lamp]), None);
}

#[test]
fn critical_extensions_are_refused() {
    let url = format!("{URL}=critical,ASN1:IA5STRING:{LAMP}");
    assert_eq!(claims(&url), Err(Error::Critical("id-pe-mud-url")));
    let signer = format!("{MUD_SIGNER}=critical,DER:30:00");
    assert_eq!(claims(&signer), Err(Error::Critical("id-pe-mudsigner")));
}

#[test]
fn two_urls_are_refused_in_two_extensions_and_in_one() {
    // openssl writes no extension twice, so another one is made the same.
    let second = raw(MUD_SIGNER, &string(0x16, b"https://lighting.example.com/lamp2"));
    let (workshop, thing) = thing(&format!("{}\n{second}", ia5(LAMP)));
    let mut twice = workshop.der(&thing);
    let number = b"\x2b\x06\x01\x05\x05\x07\x01\x1e";
    let at = twice.windows(8).position(|window| window == number).unwrap();
    twice[at + 7] = 0x19;
    assert_eq!(mud_url_of_certificate(&twice), Err(Error::Twice("id-pe-mud-url")));
    let url = string(0x16, LAMP.as_bytes());
    assert_eq!(claims(&raw(URL, &[&url[..], &url].concat())), Err(Error::UrlType));
    let sequence = string(0x30, &[&url[..], &url].concat());
    assert_eq!(claims(&raw(URL, &sequence)), Err(Error::UrlType));
}

#[test]
fn a_url_of_another_type_is_refused() {
    // UTF8String, PrintableString, VisibleString, OCTET STRING, and a constructed IA5String.
    for tag in [0x0c, 0x13, 0x1a, 0x04, 0x36] {
        let claims = claims(&raw(URL, &string(tag, LAMP.as_bytes())));
        assert_eq!(claims, Err(Error::UrlType), "{tag:x}");
    }
    for octets in [&b"\x16"[..], b"\x16\x80\0\0", b"\x16\x05https"] {
        let expected = if octets.ends_with(b"https") {
            Error::Url(MudUrlError::NotAbsolute)
        } else {
            Error::UrlType
        };
        assert_eq!(claims(&raw(URL, octets)), Err(expected), "{octets:x?}");
    }
}

#[test]
fn what_is_no_mud_url_is_refused_with_its_reason() {
    for (url, reason) in [
        ("http://lighting.example.com/lamp", MudUrlError::NotHttps),
        ("https://192.0.2.1/lamp", MudUrlError::AddressLiteral),
        ("https://lighting/lamp", MudUrlError::NotQualified),
        ("https://me@lighting.example.com/", MudUrlError::UserInformation),
    ] {
        assert_eq!(claims(&ia5(url)), Err(Error::Url(reason)), "{url}");
    }
}

/// RFC 8520 section 11: an IRI must have been mapped to a URI.
#[test]
fn an_iri_is_refused() {
    for iri in [
        "https://lämpchen.example.com/",
        "https://lighting.example.com/lämpchen",
    ] {
        let extension = raw(URL, &string(0x16, iri.as_bytes()));
        assert_eq!(
            claims(&extension),
            Err(Error::Url(MudUrlError::NotAscii)),
            "{iri}"
        );
    }
    let latin = raw(URL, &string(0x16, b"https://lighting.example.com/l\xe4mpchen"));
    assert_eq!(claims(&latin), Err(Error::Url(MudUrlError::NotAscii)));
}

#[test]
fn a_signer_that_is_no_name_is_refused() {
    for value in [
        string(0x16, b"CN=MUD signer"),
        vec![0x30, 0x05, 0x31],
        vec![0x30, 0, 0],
    ] {
        let claims = claims(&format!("{}\n{}", ia5(LAMP), raw(MUD_SIGNER, &value)));
        assert_eq!(claims, Err(Error::SignerType), "{value:x?}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let (workshop, thing) = thing("");
    let key = fs::read(&thing.key).unwrap();
    assert_eq!(mud_url_of_certificate(&key), Err(Error::NoCertificate));
    assert_eq!(mud_url_of_certificate(b""), Err(Error::NoCertificate));
    assert_eq!(mud_url_of_certificate(&[b'-'; 65_537]), Err(Error::TooLong));
    let der = workshop.der(&thing);
    for length in 2..der.len() {
        assert_eq!(
            mud_url_of_certificate(&der[..length]),
            Err(Error::Malformed),
            "{length}"
        );
    }
}
