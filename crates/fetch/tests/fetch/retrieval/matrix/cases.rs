//! The table of hostile file servers.

mod places;

use std::time::Duration;

use super::{Case, Hostile, PATH};
use crate::server::{Raw, Reply};

const NO_PAUSE: Duration = Duration::ZERO;
const A_PAUSE: Duration = Duration::from_millis(100);
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\n";

const BROKEN: &str = "later: the MUD file";
const TOO_MUCH: &str = "the server sent more than 327680 octets in all";
const TOO_LARGE: &str = "it is longer than 262144 octets";
const STALLED: &str = "the server said nothing for 3 s";
const TOO_SLOW: &str = "it did not arrive within 6 s";

fn last(octets: impl AsRef<[u8]>) -> Hostile {
    Hostile::File(Reply::Last(octets.as_ref().to_vec()))
}

fn stall(octets: impl AsRef<[u8]>) -> Hostile {
    Hostile::File(Reply::Stall(octets.as_ref().to_vec()))
}

fn endless(first: impl AsRef<[u8]>, again: impl AsRef<[u8]>, pause: Duration) -> Reply {
    Reply::Endless(first.as_ref().to_vec(), again.as_ref().to_vec(), pause)
}

/// A kilobyte that becomes a megabyte.
fn bomb() -> Vec<u8> {
    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    bomb.extend([0x4b, 0x4c, 0x1c, 0x05, 0xa3, 0x60, 0x14].repeat(150));
    bomb
}

/// All of them.
pub(super) fn cases() -> Vec<Case> {
    [
        silent(),
        without_end(),
        too_long(),
        no_http(),
        places::inwards(),
        places::elsewhere(),
        places::tls(),
        places::swapped(),
    ]
    .into_iter()
    .flatten()
    .map(|(name, server, told)| Case { name, server, told })
    .collect()
}

type Row = (&'static str, Hostile, &'static str);

fn silent() -> Vec<Row> {
    vec![
        ("silence before TLS", Hostile::Raw(Raw::Mute), STALLED),
        ("silence before the answer", stall(""), STALLED),
        (
            "silence in the headers",
            stall("HTTP/1.1 200 OK\r\nServer: x"),
            STALLED,
        ),
        (
            "silence in the body",
            stall("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
            STALLED,
        ),
        (
            "silence after an interim answer",
            stall("HTTP/1.1 100 Continue\r\n\r\n"),
            STALLED,
        ),
        (
            "silence instead of the last chunk",
            stall(format!("{CHUNKED}1\r\n{{\r\n")),
            STALLED,
        ),
        (
            "silence instead of the signature",
            Hostile::Signature(Reply::Stall(Vec::new())),
            "later: the signature",
        ),
        (
            "an octet of the body now and then",
            Hostile::File(endless(
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
                " ",
                A_PAUSE,
            )),
            TOO_SLOW,
        ),
        (
            "an octet of a header now and then",
            Hostile::File(endless(OK, "x", A_PAUSE)),
            STALLED,
        ),
        (
            "an octet of the signature now and then",
            Hostile::Signature(endless("HTTP/1.1 200 OK\r\n\r\n", "0", A_PAUSE)),
            TOO_SLOW,
        ),
        (
            "the zeros of a chunk's size now and then",
            Hostile::File(endless(CHUNKED, "0", A_PAUSE)),
            STALLED,
        ),
        (
            "an octet of the handshake now and then",
            Hostile::Raw(Raw::Endless(
                b"\x16\x03\x03\x3f\xff\x02".to_vec(),
                b"x".to_vec(),
                A_PAUSE,
            )),
            STALLED,
        ),
        (
            "redirects that are each just quick enough",
            Hostile::File(Reply::After(
                Duration::from_millis(2000),
                Box::new(Reply::redirect(PATH)),
            )),
            TOO_SLOW,
        ),
    ]
}

fn without_end() -> Vec<Row> {
    let chunk = |size: &str, octets: &[u8]| [size.as_bytes(), b"\r\n", octets, b"\r\n"].concat();
    vec![
        (
            "endless headers",
            Hostile::File(endless(OK, "X: y\r\n".repeat(100), NO_PAUSE)),
            BROKEN,
        ),
        (
            "an endless header",
            Hostile::File(endless(format!("{OK}X: "), "y".repeat(10_000), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "an endless reason",
            Hostile::File(endless("HTTP/1.1 200 ", "O".repeat(10_000), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "endless interim answers",
            Hostile::File(endless(
                "",
                "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100),
                NO_PAUSE,
            )),
            TOO_MUCH,
        ),
        (
            "endless empty lines before the answer",
            Hostile::File(endless("", "\r\n".repeat(5000), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "an endless body",
            Hostile::File(endless(format!("{OK}\r\n"), " ".repeat(10_000), NO_PAUSE)),
            TOO_LARGE,
        ),
        (
            "endless chunks",
            Hostile::File(endless(CHUNKED, chunk("1000", &[b' '; 0x1000]), NO_PAUSE)),
            TOO_LARGE,
        ),
        (
            "endless short chunks",
            Hostile::File(endless(CHUNKED, chunk("10", &[b' '; 0x10]).repeat(500), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "endless zeros of a chunk's size",
            Hostile::File(endless(CHUNKED, "0".repeat(10_000), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "an endless extension of a chunk",
            Hostile::File(endless(format!("{CHUNKED}1;"), "x".repeat(10_000), NO_PAUSE)),
            BROKEN,
        ),
        (
            "endless trailers",
            Hostile::File(endless(
                format!("{CHUNKED}1\r\n \r\n0\r\n"),
                "X: y\r\n".repeat(100),
                NO_PAUSE,
            )),
            BROKEN,
        ),
        (
            "an endless signature",
            Hostile::Signature(endless(format!("{OK}\r\n"), "0".repeat(10_000), NO_PAUSE)),
            "waits: the signature at",
        ),
        (
            "endless headers of the signature",
            Hostile::Signature(endless(format!("{OK}X: "), "y".repeat(10_000), NO_PAUSE)),
            TOO_MUCH,
        ),
        (
            "an endless body of an error",
            Hostile::File(endless("HTTP/1.1 404 No\r\n\r\n", " ".repeat(10_000), NO_PAUSE)),
            "absent: ",
        ),
        (
            "an endless body of a redirect",
            Hostile::File(endless(
                "HTTP/1.1 302 No\r\nLocation: /nowhere\r\n\r\n",
                " ".repeat(10_000),
                NO_PAUSE,
            )),
            "absent: ",
        ),
    ]
}

fn too_long() -> Vec<Row> {
    let gzip = "Content-Encoding: gzip\r\n";
    let header = format!("X: {}\r\nLocation: {PATH}\r\n", "y".repeat(100_000));
    vec![
        (
            "ten gigabytes, as it claims",
            stall(format!("{OK}Content-Length: 10000000000\r\n\r\n")),
            TOO_LARGE,
        ),
        (
            "all that 64 bits can claim",
            stall(format!("{OK}Content-Length: 18446744073709551613\r\n\r\n")),
            TOO_LARGE,
        ),
        (
            "one octet too many",
            Hostile::File(Reply::body(&vec![b' '; 262_145])),
            TOO_LARGE,
        ),
        (
            "a signature of one octet too many",
            Hostile::Signature(Reply::body(&vec![b'0'; 65_537])),
            "it is longer than 65536 octets",
        ),
        (
            "redirects with long headers",
            Hostile::File(Reply::with_headers("302 Found", &header, b"")),
            TOO_MUCH,
        ),
        (
            "a gzip bomb",
            Hostile::File(Reply::with_headers("200 OK", gzip, &bomb())),
            "it is encoded as gzip",
        ),
        (
            "a gzip bomb as the coding of the transfer",
            last(
                [
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n400\r\n".to_vec(),
                    bomb(),
                ]
                .concat(),
            ),
            BROKEN,
        ),
        (
            "a gzip bomb that does not say so",
            Hostile::File(Reply::body(&bomb())),
            "it is not a MUD file",
        ),
        (
            "a gzip bomb as the signature",
            Hostile::Signature(Reply::with_headers("200 OK", gzip, &bomb())),
            "it is encoded as gzip",
        ),
        (
            "brackets without an end",
            Hostile::File(Reply::body("[".repeat(200_000).as_bytes())),
            "it is not a MUD file",
        ),
    ]
}

fn no_http() -> Vec<Row> {
    vec![
        ("a greeting of SSH", last("SSH-2.0-OpenSSH_9.9\r\n\r\n"), BROKEN),
        ("HTTP/2", last("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), BROKEN),
        ("HTTP/0.9", last("<html>"), BROKEN),
        ("nothing", last(""), BROKEN),
        (
            "a body that is cut",
            last(format!("{OK}Content-Length: 100\r\n\r\n{{}}")),
            BROKEN,
        ),
        (
            "a body that anybody may have cut",
            Hostile::File(Reply::Cut(format!("{OK}\r\n{{").into())),
            BROKEN,
        ),
        (
            "two lengths",
            last(format!("{OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}")),
            BROKEN,
        ),
        (
            "a negative length",
            last(format!("{OK}Content-Length: -1\r\n\r\n")),
            BROKEN,
        ),
        (
            "a chunk beyond 64 bits",
            last(format!("{CHUNKED}10000000000000005\r\n{{")),
            BROKEN,
        ),
        (
            "another protocol",
            stall("HTTP/1.1 101 No\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
            "absent: ",
        ),
        (
            "half of what was asked for",
            Hostile::File(Reply::status("206 Partial Content")),
            "absent: ",
        ),
        (
            "not modified, although nobody asked",
            Hostile::File(Reply::status("304 Not Modified")),
            "absent: ",
        ),
        (
            "a web page",
            Hostile::File(Reply::body(b"<!DOCTYPE html>")),
            "it is not a MUD file",
        ),
    ]
}
