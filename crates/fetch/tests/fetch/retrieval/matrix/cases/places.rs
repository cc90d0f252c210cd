//! The rows about where a server is, who it is, and whose signature it has.

use mudguard_fetch::LookupError;

use super::{
    super::{Hostile, PATH, SIGNATURE},
    NO_PAUSE, Row,
};
use crate::{
    openssl::{Request, VALID},
    server::{Raw, Reply},
};

const NO_HANDSHAKE: &str = "the server did not agree to a TLS connection";

const FORGED: &str = "the file is not the one that was signed";

fn certificate(extensions: &'static str, validity: (&'static str, &'static str)) -> Hostile {
    Hostile::Certificate(Request {
        subject: "/CN=files.example.com",
        extensions,
        validity,
        ..Request::default()
    })
}

fn redirect(to: &str) -> Hostile {
    Hostile::File(Reply::redirect(to))
}

/// Where no server of the internet is.
pub(super) fn inwards() -> Vec<Row> {
    vec![
        (
            "a name in the home",
            Hostile::Leads(&["192.168.1.1"]),
            "(private use)",
        ),
        (
            "a name in the provider's network",
            Hostile::Leads(&["100.64.0.1"]),
            "(shared address space)",
        ),
        (
            "a name on the link",
            Hostile::Leads(&["169.254.169.254"]),
            "(link local)",
        ),
        (
            "a name of every address",
            Hostile::Leads(&["0.0.0.0"]),
            "(this network)",
        ),
        (
            "a name of a group",
            Hostile::Leads(&["224.0.0.251"]),
            "(multicast)",
        ),
        (
            "a name in the home, IPv6",
            Hostile::Leads(&["fd00::1"]),
            "(unique local)",
        ),
        (
            "a name on the link, IPv6",
            Hostile::Leads(&["fe80::1"]),
            "(link local)",
        ),
        (
            "a name on this router, IPv6",
            Hostile::Leads(&["::1"]),
            "(loopback)",
        ),
        (
            "IPv4-mapped",
            Hostile::Leads(&["::ffff:10.0.0.1"]),
            "(IPv4-mapped address)",
        ),
        (
            "IPv4-compatible",
            Hostile::Leads(&["::10.0.0.1"]),
            "(deprecated IPv4-compatible address)",
        ),
        ("NAT64", Hostile::Leads(&["64:ff9b::10.0.0.1"]), "(private use)"),
        (
            "NAT64 for local use",
            Hostile::Leads(&["64:ff9b:1::a00:1"]),
            "(local-use IPv4/IPv6 translation)",
        ),
        ("6to4", Hostile::Leads(&["2002:a00:1::1"]), "(6to4)"),
        ("Teredo", Hostile::Leads(&["2001:0:a00:1::1"]), "(Teredo)"),
        (
            "good addresses and a bad one",
            Hostile::Leads(&["93.184.215.14", "2600::1", "10.0.0.1"]),
            "(private use)",
        ),
        (
            "no addresses",
            Hostile::Leads(&[]),
            "the name of the server has no addresses",
        ),
        (
            "answers that are forged",
            Hostile::Unknown(LookupError::NotGenuine),
            "(DNSSEC)",
        ),
        (
            "a redirect to an address in the home",
            redirect("https://192.168.1.1/"),
            "redirect to a URL that is refused",
        ),
        (
            "a redirect to a number",
            redirect("https://3232235777/"),
            "redirect to a URL that is refused",
        ),
        (
            "a redirect to a mapped address",
            redirect("https://[::ffff:10.0.0.1]/"),
            "redirect to a URL that is refused",
        ),
        (
            "a redirect to this router",
            redirect("https://localhost/"),
            "redirect to a URL that is refused",
        ),
        (
            "a redirect to a file",
            redirect("file:///etc/passwd"),
            "redirect to a URL that is refused",
        ),
        (
            "a redirect without TLS",
            redirect("http://files.example.com/"),
            "redirect to a URL that is refused",
        ),
    ]
}

pub(super) fn elsewhere() -> Vec<Row> {
    vec![
        (
            "a redirect to another host",
            redirect("https://other.example.com/"),
            "redirect to another host",
        ),
        (
            "a redirect without a target",
            Hostile::File(Reply::status("302 Found")),
            "redirect without a target",
        ),
        ("redirects in a circle", redirect(PATH), "more than 3 redirects"),
        (
            "a redirect of the signature to another host",
            Hostile::Signature(Reply::redirect("https://other.example.com/")),
            "redirect to another host",
        ),
        (
            "a signature at an address in the home",
            Hostile::Names("https://192.168.1.1/s"),
            "the URL of the signature is refused",
        ),
        (
            "a signature without TLS",
            Hostile::Names("http://files.example.com/s"),
            "the URL of the signature is refused",
        ),
        (
            "a signature at a closed port",
            Hostile::Names("https://files.example.com:1/s"),
            "no connection to the server",
        ),
    ]
}

pub(super) fn tls() -> Vec<Row> {
    const NAME: &str = "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:files.example.com";
    vec![
        (
            "a certificate for another name",
            certificate(
                "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:www.example.com",
                VALID,
            ),
            "not for this name",
        ),
        (
            "a certificate without a name",
            certificate("extendedKeyUsage=serverAuth", VALID),
            "not for this name",
        ),
        (
            "a certificate for an address",
            certificate(
                "extendedKeyUsage=serverAuth\nsubjectAltName=IP:93.184.215.14",
                VALID,
            ),
            "not for this name",
        ),
        (
            "a certificate that has expired",
            certificate(NAME, ("20250101000000Z", "20260101000000Z")),
            "has expired",
        ),
        (
            "a certificate of the future",
            certificate(NAME, ("20261201000000Z", "20270101000000Z")),
            "not valid yet",
        ),
        (
            "a certificate for mail",
            certificate(
                "extendedKeyUsage=emailProtection\nsubjectAltName=DNS:files.example.com",
                VALID,
            ),
            "untrusted: ",
        ),
        (
            "HTTP without TLS",
            Hostile::Raw(Raw::Last(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
            NO_HANDSHAKE,
        ),
        (
            "an alert of TLS",
            Hostile::Raw(Raw::Last(b"\x15\x03\x03\0\x02\x02\x28".to_vec())),
            NO_HANDSHAKE,
        ),
        (
            "SSL 3",
            Hostile::Raw(Raw::Last(b"\x16\x03\0\0\x04\x02\0\0\0".to_vec())),
            NO_HANDSHAKE,
        ),
        (
            "an endless handshake",
            Hostile::Raw(Raw::Endless(
                b"\x16\x03\x03".to_vec(),
                [b"\x40\0".to_vec(), vec![2; 10_000]].concat(),
                NO_PAUSE,
            )),
            NO_HANDSHAKE,
        ),
    ]
}

pub(super) fn swapped() -> Vec<Row> {
    let signature = |body: &[u8]| Hostile::Signature(Reply::body(body));
    vec![
        (
            "the signature of another file",
            Hostile::Signed(|_| b"another file".to_vec()),
            FORGED,
        ),
        (
            "the signature of a longer file",
            Hostile::Signed(|file| [&file[..], b"\n"].concat()),
            FORGED,
        ),
        (
            "the signature of no file",
            Hostile::Signed(|_| Vec::new()),
            FORGED,
        ),
        (
            "an empty signature",
            signature(b""),
            "waits: the signature is not a CMS message",
        ),
        (
            "a web page as the signature",
            signature(b"<!DOCTYPE html>"),
            "waits: the signature is not a CMS message",
        ),
        (
            "no signature",
            Hostile::Signature(Reply::status("404 Not Found")),
            "waits: the signature at",
        ),
        (
            "a signature that is there later",
            Hostile::Signature(Reply::status("503 Later")),
            "later: the signature",
        ),
        (
            "the file as its own signature",
            Hostile::Paths(vec![(SIGNATURE, vec![Reply::redirect(PATH)])]),
            "waits: the signature is not a CMS message",
        ),
        (
            "another file the second time",
            Hostile::Paths(vec![
                (SIGNATURE, vec![Reply::body(b"0"), Reply::body(b"1")]),
                (
                    PATH,
                    vec![Reply::body(
                        b"{\"ietf-mud:mud\":{\"mud-url\":\"https://other.example.com/\"}}",
                    )],
                ),
            ]),
            "it says that it is the file of https://other.example.com/",
        ),
    ]
}
