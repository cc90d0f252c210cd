//! LLDP frames that lie.

use mudguard_observe::Refusal;

use super::{
    super::frames::{LAMP, URL, ethernet, lldp, lldp_value, mud_value},
    Expected::{BadUrl, Drop, Nothing, Url},
    Row,
};

pub(crate) fn rows() -> Vec<Row> {
    let raw = |values: &[Vec<u8>]| ethernet([1, 0x80, 0xc2, 0, 0, 0x0e], LAMP, &[], 0x88cc, &values.concat());
    let chassis = || lldp_value(1, &[4, 2, 0, 0, 0, 0, 1]);
    let port = || lldp_value(2, &[3, 2, 0, 0, 0, 0, 1]);
    let time = || lldp_value(3, &[0, 120]);
    let end = || vec![0, 0];
    let url = || mud_value(URL);
    let with = |values: &[u8]| lldp(LAMP, 120, values);
    let long = |length: usize| {
        let mut text = b"https://lamp.example/".to_vec();
        text.resize(length, b'a');
        with(&mud_value(text))
    };
    let long_url = |length: usize| {
        let text = format!("https://lamp.example/{}", "a".repeat(length - 21));
        Url(text.leak())
    };
    vec![
        ("LLDP", with(&url()), Url(URL)),
        (
            "LLDP reserved part",
            with(&mud_value("https://lamp.example/ reserved")),
            Url("https://lamp.example/"),
        ),
        ("LLDP string of 251 octets", long(251), long_url(251)),
        (
            "LLDP string of 252 octets: the length needs its ninth bit",
            long(252),
            long_url(252),
        ),
        ("LLDP string of 255 octets", long(255), long_url(255)),
        ("LLDP string of 256 octets is ignored", long(256), Nothing),
        ("LLDP string of no octets", with(&mud_value("")), BadUrl("empty")),
        (
            "LLDP http",
            with(&mud_value("http://lamp.example/")),
            BadUrl("not-https"),
        ),
        (
            "LLDP NUL at the end",
            with(&mud_value("https://lamp.example/\0")),
            BadUrl("not-ascii"),
        ),
        (
            "LLDP MUD URL twice",
            with(&[url(), url()].concat()),
            BadUrl("mud-url-twice"),
        ),
        ("LLDP without a MUD URL", with(&[]), Nothing),
        ("LLDP shutdown", lldp(LAMP, 0, &[]), Nothing),
        ("LLDP shutdown with a MUD URL", lldp(LAMP, 0, &url()), Nothing),
        (
            "LLDP subtype 2",
            with(&lldp_value(127, &[&[0, 0, 0x5e, 2][..], URL.as_bytes()].concat())),
            Nothing,
        ),
        (
            "LLDP of another organisation",
            with(&lldp_value(
                127,
                &[&[0, 0x80, 0xc2, 1][..], URL.as_bytes()].concat(),
            )),
            Nothing,
        ),
        (
            "LLDP organisation cut",
            with(&lldp_value(127, &[0, 0, 0x5e])),
            Drop(Refusal::LldpLength),
        ),
        ("LLDP of nothing", raw(&[]), Drop(Refusal::LldpOrder)),
        ("LLDP of only an end", raw(&[end()]), Drop(Refusal::LldpOrder)),
        (
            "LLDP without a chassis",
            raw(&[port(), time(), url(), end()]),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP without a port",
            raw(&[chassis(), time(), url(), end()]),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP without a time to live",
            raw(&[chassis(), port(), url(), end()]),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP in another order",
            raw(&[port(), chassis(), time(), url(), end()]),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP with two chassis",
            with(&[chassis(), url()].concat()),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP with two times to live",
            with(&[time(), url()].concat()),
            Drop(Refusal::LldpOrder),
        ),
        (
            "LLDP time to live of one octet",
            raw(&[chassis(), port(), lldp_value(3, &[1]), url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP time to live of three octets",
            raw(&[chassis(), port(), lldp_value(3, &[0, 1, 0]), url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP chassis of one octet",
            raw(&[lldp_value(1, &[4]), port(), time(), url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP port of no octets",
            raw(&[chassis(), lldp_value(2, &[]), time(), url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP chassis of 257 octets",
            raw(&[lldp_value(1, &[4; 257]), port(), time(), url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP end with a value",
            raw(&[chassis(), port(), time(), vec![0, 1, 9], url()]),
            Drop(Refusal::LldpLength),
        ),
        (
            "LLDP MUD URL after the end",
            with(&[end(), url()].concat()),
            Nothing,
        ),
        (
            "LLDP padding after the end",
            raw(&[chassis(), port(), time(), url(), end(), vec![0xff; 30]]),
            Url(URL),
        ),
        (
            "LLDP without an end",
            raw(&[chassis(), port(), time(), url()]),
            Url(URL),
        ),
        (
            "LLDP value past the end",
            raw(&[chassis(), port(), time(), vec![0xff, 0xff, 0, 0, 0x5e, 1]]),
            Drop(Refusal::LldpTruncated),
        ),
        (
            "LLDP value cut in its head",
            raw(&[chassis(), port(), time(), vec![0xfe]]),
            Drop(Refusal::LldpTruncated),
        ),
        (
            "LLDP reserved type",
            with(&[lldp_value(9, &[1; 511]), url()].concat()),
            Url(URL),
        ),
    ]
}
