//! IPv6 headers and DHCPv6 messages that lie.

use std::net::Ipv6Addr;

use mudguard_observe::Refusal;

use super::{
    super::frames::{Dhcpv6, LAMP, URL, association, option_v6},
    Expected::{BadUrl, Drop, Nothing, Url},
    Row,
};

/// Where the IPv6 header and the UDP header begin.
const IP: usize = 14;
const UDP: usize = 54;

pub(crate) fn rows() -> Vec<Row> {
    [headers(), extensions(), messages(), options(), relays()].concat()
}

fn good() -> Dhcpv6 {
    Dhcpv6::client(1).option(112, URL)
}

fn changed(change: impl FnOnce(&mut Dhcpv6)) -> Vec<u8> {
    good().with(change).frame()
}

fn octets(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = good().frame();
    change(&mut frame);
    frame
}

/// A SOLICIT with these octets as its options.
fn raw(options: &[u8]) -> Vec<u8> {
    changed(|message| message.options = options.to_vec())
}

fn headers() -> Vec<Row> {
    vec![
        ("SOLICIT", good().frame(), Url(URL)),
        (
            "version 4 in an IPv6 frame",
            octets(|frame| frame[IP] = 0x45),
            Drop(Refusal::IpVersion),
        ),
        (
            "IPv6 header cut",
            octets(|frame| frame.truncate(IP + 39)),
            Drop(Refusal::IpTruncated),
        ),
        (
            "IPv6 length of zero",
            octets(|frame| frame[IP + 4..IP + 6].fill(0)),
            Drop(Refusal::UdpTruncated),
        ),
        (
            "IPv6 length of 65535",
            octets(|frame| frame[IP + 4..IP + 6].fill(0xff)),
            Drop(Refusal::IpLength),
        ),
        (
            "IPv6 with padding",
            octets(|frame| frame.extend([0; 40])),
            Url(URL),
        ),
        ("TCP over IPv6", octets(|frame| frame[IP + 6] = 6), Nothing),
        (
            "UDP over IPv6 without a checksum",
            octets(|frame| frame[UDP + 6..UDP + 8].fill(0)),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "UDP over IPv6 with a wrong checksum",
            octets(|frame| frame[UDP + 7] ^= 1),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "UDP over IPv6 longer than the packet",
            octets(|frame| frame[UDP + 4] = 0xff),
            Drop(Refusal::UdpLength),
        ),
        (
            "a source address that is changed",
            octets(|frame| frame[IP + 23] ^= 1),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "SOLICIT to the client's port",
            changed(|m| m.to.1 = 546),
            Drop(Refusal::DhcpDirection),
        ),
        ("SOLICIT to another port", changed(|m| m.to.1 = 548), Nothing),
        (
            "SOLICIT from another port",
            changed(|m| m.from.1 = 4000),
            Url(URL),
        ),
        (
            "SOLICIT from a group",
            changed(|m| m.frame_from = [0x33, 0x33, 0, 0, 0, 1]),
            Drop(Refusal::SourceNotStation),
        ),
    ]
}

fn extensions() -> Vec<Row> {
    let extended = |first: u8, headers: &[u8]| changed(|m| m.extensions = (first, headers.to_vec()));
    let hop_by_hop = [17, 0, 1, 4, 0, 0, 0, 0];
    let chain: Vec<_> = (0..8)
        .flat_map(|number| [if number == 7 { 17 } else { 60 }, 0, 1, 4, 0, 0, 0, 0])
        .collect();
    let endless: Vec<_> = (0..100).flat_map(|_| [60, 0, 1, 4, 0, 0, 0, 0]).collect();
    vec![
        (
            "hop-by-hop options before DHCPv6",
            extended(0, &hop_by_hop),
            Drop(Refusal::IpExtensionHeader),
        ),
        (
            "eight extension headers",
            extended(60, &chain),
            Drop(Refusal::IpExtensionHeader),
        ),
        (
            "a hundred extension headers",
            extended(60, &endless),
            Drop(Refusal::IpExtensionHeader),
        ),
        (
            "an extension header past the end",
            extended(0, &[17, 255, 1, 4, 0, 0, 0, 0]),
            Drop(Refusal::IpTruncated),
        ),
        (
            "a routing header before TCP",
            extended(43, &[6, 0, 0, 0, 0, 0, 0, 0]),
            Nothing,
        ),
        (
            "a fragment of UDP",
            extended(44, &[17, 0, 0, 1, 0, 0, 0, 1]),
            Drop(Refusal::IpFragment),
        ),
        (
            "a fragment of TCP over IPv6",
            extended(44, &[6, 0, 0, 1, 0, 0, 0, 1]),
            Nothing,
        ),
        ("no next header", extended(59, &[]), Nothing),
        ("ESP", extended(50, &[0; 8]), Nothing),
    ]
}

fn messages() -> Vec<Row> {
    let of_type = |kind: u8| Dhcpv6::client(kind).option(112, URL).frame();
    let cut = |length: usize| {
        let whole = good();
        let message = whole.message();
        super::super::frames::ethernet(
            whole.frame_to,
            LAMP,
            &[],
            0x86dd,
            &super::super::frames::ipv6(whole.from, whole.to, &message[..length]),
        )
    };
    vec![
        ("DHCPv6 REQUEST", of_type(3), Url(URL)),
        ("DHCPv6 CONFIRM", of_type(4), Url(URL)),
        ("DHCPv6 RENEW", of_type(5), Url(URL)),
        ("DHCPv6 REBIND", of_type(6), Url(URL)),
        ("DHCPv6 INFORMATION-REQUEST", of_type(11), Url(URL)),
        ("DHCPv6 RELEASE", of_type(8), Nothing),
        ("DHCPv6 DECLINE", of_type(9), Nothing),
        (
            "DHCPv6 REPLY to a server",
            of_type(7),
            Drop(Refusal::DhcpDirection),
        ),
        (
            "DHCPv6 ADVERTISE to a server",
            of_type(2),
            Drop(Refusal::DhcpDirection),
        ),
        (
            "DHCPv6 REPLY with a MUD URL",
            Dhcpv6::reply(Ipv6Addr::LOCALHOST, 1).option(112, URL).frame(),
            Nothing,
        ),
        ("DHCPv6 RELAY-REPL", of_type(13), Nothing),
        ("DHCPv6 type 0", of_type(0), Drop(Refusal::DhcpMessageType)),
        ("DHCPv6 LEASEQUERY", of_type(14), Drop(Refusal::DhcpMessageType)),
        ("DHCPv6 type 255", of_type(255), Drop(Refusal::DhcpMessageType)),
        ("no DHCPv6 message", cut(0), Drop(Refusal::DhcpTruncated)),
        ("three octets of DHCPv6", cut(3), Drop(Refusal::DhcpTruncated)),
        ("DHCPv6 without options", cut(4), Nothing),
    ]
}

fn options() -> Vec<Row> {
    let said = |text: &[u8]| raw(&option_v6(112, text));
    let long = |length: usize| {
        let mut text = b"https://lamp.example/".to_vec();
        text.resize(length, b'a');
        said(&text)
    };
    let identified = |value: &[u8]| raw(&[option_v6(1, value), option_v6(112, URL)].concat());
    vec![
        (
            "a DHCPv6 option cut in its code",
            raw(&[0]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "a DHCPv6 option cut in its length",
            raw(&[0, 112, 0]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "a DHCPv6 option past the end",
            raw(&[0, 112, 0, 9, b'h']),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "a DHCPv6 option of 65535 octets",
            raw(&[0, 200, 0xff, 0xff, 0]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        ("DHCPv6 MUD string of no octets", said(b""), BadUrl("empty")),
        (
            "DHCPv6 reserved part",
            said(b"https://lamp.example/ reserved"),
            Url("https://lamp.example/"),
        ),
        (
            "DHCPv6 NUL at the end",
            said(b"https://lamp.example/\0"),
            BadUrl("not-ascii"),
        ),
        ("DHCPv6 http", said(b"http://lamp.example/"), BadUrl("not-https")),
        (
            "DHCPv6 user information",
            said(b"https://a@lamp.example/"),
            BadUrl("user-information"),
        ),
        (
            "DHCPv6 IP literal",
            said(b"https://[::1]/"),
            BadUrl("address-literal"),
        ),
        ("DHCPv6 256 octets", long(256), BadUrl("too-long")),
        ("DHCPv6 a thousand octets", long(1000), BadUrl("too-long")),
        (
            "DHCPv6 MUD URL twice",
            good().option(112, URL).frame(),
            BadUrl("mud-url-twice"),
        ),
        (
            "DHCPv6 MUD URL split, which DHCPv6 does not know",
            raw(&[option_v6(112, &URL[..9]), option_v6(112, &URL[9..])].concat()),
            BadUrl("mud-url-twice"),
        ),
        (
            "DHCPv6 client without an identifier",
            raw(&option_v6(112, URL)),
            Url(URL),
        ),
        (
            "DHCPv6 client identifier of no octets",
            identified(&[]),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "DHCPv6 client identifier of 131 octets",
            identified(&[1; 131]),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "DHCPv6 client identifier twice",
            good().option(1, [0, 3, 0, 1]).frame(),
            Drop(Refusal::Dhcpv6Option),
        ),
        (
            "IA_NA of eleven octets",
            good().option(3, [0; 11]).frame(),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "IA_TA of three octets",
            good().option(4, [0; 3]).frame(),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "an address past the end of its IA_NA",
            good().option(3, [&[0; 12][..], &[0, 5, 0, 24]].concat()).frame(),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "an address of 23 octets",
            good()
                .option(3, [&[0; 12][..], &option_v6(5, [0; 23])].concat())
                .frame(),
            Drop(Refusal::DhcpOptionLength),
        ),
        (
            "more addresses than are kept",
            good()
                .with(|message| {
                    for _ in 0..20 {
                        message.options.extend(association(Ipv6Addr::LOCALHOST, 1));
                    }
                })
                .frame(),
            Url(URL),
        ),
        (
            "a name whose labels lie",
            good().option(39, [0, 63, b'a']).frame(),
            Url(URL),
        ),
        (
            "a name with a compression pointer",
            good().option(39, [0, 0xc0, 0]).frame(),
            Url(URL),
        ),
    ]
}

fn relays() -> Vec<Row> {
    let relay = |inner: &[u8]| {
        let mut message = vec![0; 33];
        message.extend(inner);
        changed(|whole| {
            // RELAY-FORW, whose first four octets take the place of type and transaction.
            whole.kind = 12;
            whole.transaction = 0;
            whole.options = message[3..].to_vec();
        })
    };
    let inner = good().message();
    vec![
        ("relayed once", good().relayed(1).frame(), Url(URL)),
        ("relayed eight times", good().relayed(8).frame(), Url(URL)),
        (
            "relayed nine times",
            good().relayed(9).frame(),
            Drop(Refusal::Dhcpv6Relays),
        ),
        (
            "relayed twenty times",
            good().relayed(20).frame(),
            Drop(Refusal::Dhcpv6Relays),
        ),
        (
            "a relay that relays nothing",
            relay(&[]),
            Drop(Refusal::Dhcpv6Option),
        ),
        (
            "a relay that relays an empty message",
            relay(&option_v6(9, [])),
            Drop(Refusal::DhcpTruncated),
        ),
        (
            "a relay that relays two messages",
            relay(&[option_v6(9, &inner), option_v6(9, &inner)].concat()),
            Drop(Refusal::Dhcpv6Option),
        ),
        (
            "a relay's header cut",
            relay(&[])[..UDP + 8 + 20].to_vec(),
            Drop(Refusal::IpLength),
        ),
        (
            "a relay's option past the end",
            relay(&[0, 9, 0, 50, 1]),
            Drop(Refusal::DhcpOptionTruncated),
        ),
        (
            "a relay whose link-layer address is of another kind",
            relay(&[option_v6(79, [0, 6, 1]), option_v6(9, &inner)].concat()),
            Url(URL),
        ),
        (
            "a relayed REPLY",
            relay(&option_v6(9, Dhcpv6::reply(Ipv6Addr::LOCALHOST, 1).message())),
            Drop(Refusal::DhcpDirection),
        ),
        (
            "a MUD URL of the relay, not of the client",
            relay(&[option_v6(112, URL), option_v6(9, Dhcpv6::client(1).message())].concat()),
            Nothing,
        ),
    ]
}
