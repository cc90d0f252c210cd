//! MUD strings of DHCPv4 that lie, whole and split (RFC 3396).

use super::{
    super::frames::{Dhcpv4, URL, option},
    Expected::{BadUrl, Nothing, Url},
    Row,
};

pub(crate) fn rows() -> Vec<Row> {
    [split(), urls()].concat()
}

/// A DISCOVER with these octets as its options, after its type.
fn raw(options: &[u8]) -> Vec<u8> {
    Dhcpv4::discover()
        .with(|message| message.options.extend(options))
        .frame()
}

fn split() -> Vec<Row> {
    let parts = |parts: &[&[u8]]| {
        raw(&parts
            .iter()
            .flat_map(|part| option(161, part))
            .collect::<Vec<_>>())
    };
    let url = URL.as_bytes();
    let octets: Vec<_> = url.chunks(1).collect();
    let long = |length: usize| {
        let mut text = b"https://lamp.example/".to_vec();
        text.resize(length, b'a');
        text
    };
    vec![
        ("split in two", parts(&[&url[..9], &url[9..]]), Url(URL)),
        ("split into octets", parts(&octets), Url(URL)),
        (
            "split with an empty part",
            parts(&[&url[..9], b"", &url[9..]]),
            Url(URL),
        ),
        (
            "split before the reserved part",
            parts(&[url, b" reserved"]),
            Url(URL),
        ),
        (
            "split with other options between",
            raw(&[option(161, &url[..5]), option(12, "lamp"), option(161, &url[5..])].concat()),
            Url(URL),
        ),
        (
            "two MUD URLs",
            parts(&[url, b"https://evil.example/"]),
            BadUrl("mud-url-twice"),
        ),
        (
            "the same MUD URL twice",
            parts(&[url, url]),
            BadUrl("mud-url-twice"),
        ),
        (
            "two MUD URLs in capitals",
            parts(&[url, b"HTTPS://evil.example/"]),
            BadUrl("mud-url-twice"),
        ),
        (
            "256 octets in two parts",
            parts(&[&long(200), &[b'a'; 56]]),
            BadUrl("too-long"),
        ),
        (
            "a thousand octets in parts",
            parts(&[&long(255), &[b'a'; 255], &[b'a'; 255], &[b'a'; 255]]),
            BadUrl("too-long"),
        ),
        (
            "a type that is split into nothing and one octet",
            raw(&option(53, [])),
            Nothing,
        ),
    ]
}

fn urls() -> Vec<Row> {
    let said = |text: &[u8]| Dhcpv4::discover().option(161, text).end().frame();
    let long = |length: usize| {
        let mut text = b"https://lamp.example/".to_vec();
        text.resize(length, b'a');
        said(&text)
    };
    vec![
        ("http", said(b"http://lamp.example/"), BadUrl("not-https")),
        (
            "capitals",
            said(b"HTTPS://lamp.example/"),
            Url("HTTPS://lamp.example/"),
        ),
        ("ftp", said(b"ftp://lamp.example/"), BadUrl("not-https")),
        ("file", said(b"file:///etc/passwd"), BadUrl("not-https")),
        ("javascript", said(b"javascript:alert(1)"), BadUrl("not-https")),
        ("no scheme", said(b"lamp.example/lamp"), BadUrl("not-absolute")),
        (
            "user information",
            said(b"https://user:secret@lamp.example/"),
            BadUrl("user-information"),
        ),
        ("fragment", said(b"https://lamp.example/#x"), BadUrl("fragment")),
        (
            "IPv4 literal",
            said(b"https://192.0.2.1/"),
            BadUrl("address-literal"),
        ),
        (
            "IPv6 literal",
            said(b"https://[2001:db8::1]/"),
            BadUrl("address-literal"),
        ),
        (
            "IPv4 literal as a number",
            said(b"https://3221225985/"),
            BadUrl("address-literal"),
        ),
        ("localhost", said(b"https://localhost/"), BadUrl("not-qualified")),
        ("a space first", said(b" https://lamp.example/"), BadUrl("empty")),
        ("only spaces", said(b"   "), BadUrl("empty")),
        ("only NULs", said(&[0; 9]), BadUrl("empty")),
        (
            "NUL at the end",
            said(b"https://lamp.example/\0"),
            Url("https://lamp.example/"),
        ),
        (
            "NUL inside",
            said(b"https://lamp.example/\0x"),
            BadUrl("not-ascii"),
        ),
        ("tab", said(b"https://lamp.example/\tx"), BadUrl("not-ascii")),
        (
            "line feed",
            said(b"https://lamp.example/\nx"),
            BadUrl("not-ascii"),
        ),
        (
            "escape sequence",
            said(b"https://lamp.example/\x1b[2J"),
            BadUrl("not-ascii"),
        ),
        (
            "not UTF-8",
            said(b"https://lamp.example/\xff\xfe"),
            BadUrl("not-ascii"),
        ),
        (
            "UTF-8",
            said("https://lämp.example/".as_bytes()),
            BadUrl("not-ascii"),
        ),
        (
            "markup",
            said(b"https://lamp.example/<script>"),
            BadUrl("not-ascii"),
        ),
        (
            "backslash",
            said(b"https://lamp.example\\@evil.example/"),
            BadUrl("not-ascii"),
        ),
        (
            "reserved part",
            said(b"https://lamp.example/ reserved"),
            Url("https://lamp.example/"),
        ),
        (
            "reserved part that is no text",
            said(b"https://lamp.example/ \xff\0\x80"),
            Url("https://lamp.example/"),
        ),
        (
            "a second URL in the reserved part",
            said(b"https://lamp.example/ https://evil.example/"),
            Url("https://lamp.example/"),
        ),
        ("255 octets", long(255), {
            let text = format!("https://lamp.example/{}", "a".repeat(234));
            Url(text.leak())
        }),
    ]
}
