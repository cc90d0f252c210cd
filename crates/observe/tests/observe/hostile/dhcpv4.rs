//! DHCPv4 messages that lie.

use std::net::Ipv4Addr;

use mudguard_observe::Refusal;

use super::{
    super::frames::{BROADCAST, Dhcpv4, LAMP, URL, option},
    Expected::{BadUrl, Drop, Nothing, Url},
    Row,
};

pub(crate) fn rows() -> Vec<Row> {
    [fixed_part(), options(), overload()].concat()
}

fn good() -> Dhcpv4 {
    Dhcpv4::discover().option(161, URL).end()
}

fn changed(change: impl FnOnce(&mut Dhcpv4)) -> Vec<u8> {
    good().with(change).frame()
}

/// A DISCOVER with these octets as its options, after its type.
fn raw(options: &[u8]) -> Vec<u8> {
    Dhcpv4::discover()
        .with(|message| message.options.extend(options))
        .frame()
}

fn of_type(kind: u8) -> Vec<u8> {
    Dhcpv4::client(kind).option(161, URL).end().frame()
}

fn fixed_part() -> Vec<Row> {
    vec![
        (
            "hlen 255",
            changed(|m| m.hardware[1] = 255),
            Drop(Refusal::DhcpHardware),
        ),
        (
            "hlen 0",
            changed(|m| m.hardware[1] = 0),
            Drop(Refusal::DhcpHardware),
        ),
        (
            "hlen 16",
            changed(|m| m.hardware[1] = 16),
            Drop(Refusal::DhcpHardware),
        ),
        (
            "hlen 17",
            changed(|m| m.hardware[1] = 17),
            Drop(Refusal::DhcpHardware),
        ),
        (
            "htype 6",
            changed(|m| m.hardware[0] = 6),
            Drop(Refusal::DhcpHardware),
        ),
        (
            "htype of InfiniBand",
            changed(|m| m.hardware = [32, 0]),
            Drop(Refusal::DhcpHardware),
        ),
        ("op 0", changed(|m| m.operation = 0), Drop(Refusal::DhcpDirection)),
        (
            "op of a reply",
            changed(|m| m.operation = 2),
            Drop(Refusal::DhcpDirection),
        ),
        (
            "wrong cookie",
            changed(|m| m.cookie[3] = 98),
            Drop(Refusal::DhcpCookie),
        ),
        (
            "no cookie",
            changed(|m| m.cookie = [0; 4]),
            Drop(Refusal::DhcpCookie),
        ),
        (
            "chaddr of another",
            changed(|m| m.client = [2, 0, 0, 0, 0, 2]),
            Drop(Refusal::DhcpClientAddress),
        ),
        (
            "chaddr of a group",
            changed(|m| m.client = BROADCAST),
            Drop(Refusal::DhcpClientAddress),
        ),
        (
            "chaddr of zero",
            changed(|m| m.client = [0; 6]),
            Drop(Refusal::DhcpClientAddress),
        ),
        ("REQUEST", of_type(3), Url(URL)),
        ("INFORM", of_type(8), Url(URL)),
        ("RELEASE", of_type(7), Nothing),
        ("DECLINE", of_type(4), Nothing),
        ("type 0", of_type(0), Drop(Refusal::DhcpMessageType)),
        ("FORCERENEW", of_type(9), Drop(Refusal::DhcpMessageType)),
        ("type 255", of_type(255), Drop(Refusal::DhcpMessageType)),
        (
            "ACK with a MUD URL",
            Dhcpv4::ack(
                Ipv4Addr::new(192, 168, 77, 1),
                LAMP,
                Ipv4Addr::new(192, 168, 77, 9),
            )
            .option(161, URL)
            .end()
            .frame(),
            Nothing,
        ),
        (
            "ACK from a client's port",
            Dhcpv4::ack(
                Ipv4Addr::new(192, 168, 77, 1),
                LAMP,
                Ipv4Addr::new(192, 168, 77, 9),
            )
            .with(|m| m.from.1 = 68)
            .frame(),
            Drop(Refusal::DhcpDirection),
        ),
        (
            "ACK as a request",
            Dhcpv4::client(5).option(161, URL).frame(),
            Drop(Refusal::DhcpDirection),
        ),
    ]
}

fn options() -> Vec<Row> {
    let type_is = |value: &[u8]| {
        good()
            .with(|message| {
                message.options = [option(53, value), option(161, URL)].concat();
            })
            .frame()
    };
    vec![
        (
            "no options",
            changed(|m| m.options.clear()),
            Drop(Refusal::DhcpMessageType),
        ),
        (
            "only the end",
            changed(|m| m.options = vec![255]),
            Drop(Refusal::DhcpMessageType),
        ),
        (
            "only padding",
            changed(|m| m.options = vec![0; 400]),
            Drop(Refusal::DhcpMessageType),
        ),
        (
            "type without a value",
            type_is(&[]),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "type of two octets",
            type_is(&[1, 1]),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "two types",
            raw(&[53, 1, 3, 255]),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "a code without a length",
            raw(&[161]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "a length past the end",
            raw(&[161, 200, b'h']),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "an unknown option past the end",
            raw(&[200, 1]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "no end option",
            Dhcpv4::discover().option(161, URL).frame(),
            Url(URL),
        ),
        (
            "a MUD URL after the end",
            Dhcpv4::discover().end().option(161, URL).frame(),
            Nothing,
        ),
        (
            "padding between options",
            raw(&[&[0; 30][..], &option(161, URL), &[0; 30], &[255]].concat()),
            Url(URL),
        ),
        (
            "a requested address of three octets",
            raw(&option(50, [192, 168, 77])),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "a lease time of eight octets",
            raw(&option(51, [0; 8])),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "a server of no octets",
            raw(&option(54, [])),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "a host name that is no text",
            raw(&[option(12, [0xff, 0, 0x1b, b'[', b'2', b'J']), option(161, URL)].concat()),
            Url(URL),
        ),
        (
            "a MUD string of no octets",
            raw(&option(161, [])),
            BadUrl("empty"),
        ),
        ("four hundred empty options", raw(&[200, 0].repeat(400)), Nothing),
    ]
}

fn overload() -> Vec<Row> {
    let overloaded = |value: &[u8], file: Vec<u8>, server_name: Vec<u8>| {
        Dhcpv4::discover()
            .option(52, value)
            .end()
            .with(|message| {
                message.file = file;
                message.server_name = server_name;
            })
            .frame()
    };
    let mud = || option(161, URL);
    let url = URL.as_bytes();
    vec![
        ("MUD URL in file", overloaded(&[1], mud(), Vec::new()), Url(URL)),
        ("MUD URL in sname", overloaded(&[2], Vec::new(), mud()), Url(URL)),
        (
            "MUD URL in file, overload says sname",
            overloaded(&[2], mud(), Vec::new()),
            Nothing,
        ),
        (
            "MUD URL in file without overload",
            changed(|m| {
                m.options = option(53, [1]);
                m.file = mud();
            }),
            Nothing,
        ),
        (
            "split over options, file and sname",
            Dhcpv4::discover()
                .option(52, [3])
                .option(161, &url[..8])
                .end()
                .with(|message| {
                    message.file = option(161, &url[8..20]);
                    message.server_name = option(161, &url[20..]);
                })
                .frame(),
            Url(URL),
        ),
        (
            "split in the wrong order",
            overloaded(&[3], option(161, &url[4..]), option(161, &url[..4])),
            BadUrl("not-https"),
        ),
        (
            "two MUD URLs, in file and sname",
            overloaded(&[3], mud(), option(161, "https://evil.example/")),
            BadUrl("mud-url-twice"),
        ),
        (
            "overload 0",
            overloaded(&[0], mud(), Vec::new()),
            Drop(Refusal::DhcpOverload),
        ),
        (
            "overload 4",
            overloaded(&[4], mud(), Vec::new()),
            Drop(Refusal::DhcpOverload),
        ),
        (
            "overload of no octets",
            overloaded(&[], mud(), Vec::new()),
            Drop(Refusal::DhcpOverload),
        ),
        (
            "overload of two octets",
            overloaded(&[1, 2], mud(), Vec::new()),
            Drop(Refusal::DhcpOverload),
        ),
        (
            "overload twice",
            raw(&[option(52, [1]), option(52, [1])].concat()),
            Drop(Refusal::DhcpOverload),
        ),
        (
            "overload in an overloaded field leads nowhere",
            overloaded(&[1], [option(52, [3]), vec![255]].concat(), mud()),
            Nothing,
        ),
        (
            "overload that points at itself",
            overloaded(&[3], option(52, [1]), option(52, [2])),
            Nothing,
        ),
        (
            "an option past the end of file",
            overloaded(&[1], vec![161, 127], Vec::new()),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "an option past the end of sname",
            overloaded(&[2], Vec::new(), vec![161, 63]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "the type in file",
            changed(|m| {
                m.options = [option(52, [1]), option(161, URL)].concat();
                m.file = option(53, [1]);
            }),
            Url(URL),
        ),
    ]
}
