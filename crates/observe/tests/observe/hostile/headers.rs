//! Ethernet, VLAN, IPv4 and UDP headers that lie.

use std::net::Ipv4Addr;

use mudguard_observe::Refusal;

use super::{
    super::frames::{BROADCAST, Dhcpv4, LAMP, URL, ethernet, seal_ipv4},
    Expected::{Drop, Nothing, Url},
    Row,
};

/// Where the IPv4 header and the UDP header begin in an untagged frame without IP options.
const IP: usize = 14;
const UDP: usize = 34;

fn good() -> Dhcpv4 {
    Dhcpv4::discover().option(161, URL).end()
}

/// A good message in a frame whose parts are changed.
fn changed(change: impl FnOnce(&mut Dhcpv4)) -> Vec<u8> {
    good().with(change).frame()
}

/// A good frame whose octets are changed.
fn octets(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut frame = good().frame();
    change(&mut frame);
    frame
}

/// The same, with the checksum of the IPv4 header made right afterwards.
fn sealed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    octets(|frame| {
        change(frame);
        seal_ipv4(&mut frame[IP..]);
    })
}

pub(crate) fn rows() -> Vec<Row> {
    [ethernet_rows(), ipv4_rows(), udp_rows()].concat()
}

fn ethernet_rows() -> Vec<Row> {
    vec![
        ("good", good().frame(), Url(URL)),
        ("empty frame", Vec::new(), Drop(Refusal::FrameTruncated)),
        (
            "the least frame",
            ethernet(BROADCAST, LAMP, &[], 0x0806, &[]),
            Nothing,
        ),
        (
            "source is a group",
            changed(|message| message.frame_from = BROADCAST),
            Drop(Refusal::SourceNotStation),
        ),
        (
            "source is zero",
            changed(|message| message.frame_from = [0; 6]),
            Drop(Refusal::SourceNotStation),
        ),
        (
            "IEEE 802.3 length instead of a type",
            octets(|frame| frame[12..14].copy_from_slice(&64_u16.to_be_bytes())),
            Nothing,
        ),
        (
            "another EtherType over a good packet",
            octets(|frame| frame[12] = 0x09),
            Nothing,
        ),
        (
            "one tag",
            changed(|message| message.tags = vec![(0x8100, 7)]),
            Url(URL),
        ),
        (
            "priority tag",
            changed(|message| message.tags = vec![(0x8100, 0xe000)]),
            Url(URL),
        ),
        (
            "two tags",
            changed(|message| message.tags = vec![(0x88a8, 5), (0x8100, 7)]),
            Url(URL),
        ),
        (
            "three tags",
            changed(|message| message.tags = vec![(0x88a8, 5), (0x8100, 7), (0x8100, 7)]),
            Drop(Refusal::TooManyTags),
        ),
        (
            "three hundred tags",
            changed(|message| message.tags = vec![(0x8100, 7); 300]),
            Drop(Refusal::TooManyTags),
        ),
        (
            "a tag that is cut",
            ethernet(BROADCAST, LAMP, &[], 0x8100, &[0]),
            Drop(Refusal::FrameTruncated),
        ),
        (
            "padding after the packet",
            octets(|frame| frame.extend([0xff; 40])),
            Url(URL),
        ),
    ]
}

fn ipv4_rows() -> Vec<Row> {
    vec![
        (
            "IPv4 header cut",
            ethernet(BROADCAST, LAMP, &[], 0x0800, &[0x45; 19]),
            Drop(Refusal::IpTruncated),
        ),
        (
            "no packet",
            ethernet(BROADCAST, LAMP, &[], 0x0800, &[]),
            Drop(Refusal::IpTruncated),
        ),
        (
            "version 6 in an IPv4 frame",
            sealed(|frame| frame[IP] = 0x65),
            Drop(Refusal::IpVersion),
        ),
        (
            "version 0",
            sealed(|frame| frame[IP] = 0x05),
            Drop(Refusal::IpVersion),
        ),
        (
            "header of 16 octets",
            octets(|frame| frame[IP] = 0x44),
            Drop(Refusal::IpHeaderLength),
        ),
        (
            "header of no octets",
            octets(|frame| frame[IP] = 0x40),
            Drop(Refusal::IpHeaderLength),
        ),
        (
            "header longer than the frame",
            ethernet(BROADCAST, LAMP, &[], 0x0800, &[0x4f; 20]),
            Drop(Refusal::IpTruncated),
        ),
        (
            "header options",
            changed(|message| message.header_options = vec![1; 40]),
            Url(URL),
        ),
        (
            "total length of zero",
            sealed(|frame| frame[IP + 2..IP + 4].fill(0)),
            Drop(Refusal::IpLength),
        ),
        (
            "total length less than the header",
            sealed(|frame| frame[IP + 2..IP + 4].copy_from_slice(&[0, 19])),
            Drop(Refusal::IpLength),
        ),
        (
            "total length more than the frame",
            sealed(|frame| frame[IP + 3] += 1),
            Drop(Refusal::IpLength),
        ),
        (
            "total length of 65535",
            sealed(|frame| frame[IP + 2..IP + 4].fill(0xff)),
            Drop(Refusal::IpLength),
        ),
        (
            "wrong header checksum",
            octets(|frame| frame[IP + 10] ^= 1),
            Drop(Refusal::IpChecksum),
        ),
        (
            "header checksum of zero",
            octets(|frame| frame[IP + 10..IP + 12].fill(0)),
            Drop(Refusal::IpChecksum),
        ),
        (
            "first fragment",
            changed(|message| message.fragment = 0x2000),
            Drop(Refusal::IpFragment),
        ),
        (
            "last fragment",
            changed(|message| message.fragment = 0x0010),
            Drop(Refusal::IpFragment),
        ),
        (
            "do not fragment",
            changed(|message| message.fragment = 0x4000),
            Url(URL),
        ),
        (
            "the reserved flag",
            changed(|message| message.fragment = 0x8000),
            Url(URL),
        ),
        ("TCP", sealed(|frame| frame[IP + 9] = 6), Nothing),
        (
            "a fragment of TCP",
            sealed(|frame| {
                frame[IP + 9] = 6;
                frame[IP + 6] = 0x20;
            }),
            Nothing,
        ),
    ]
}

fn udp_rows() -> Vec<Row> {
    let length = |length: u16| octets(|frame| frame[UDP + 4..UDP + 6].copy_from_slice(&length.to_be_bytes()));
    let ports = |from: u16, to: u16| {
        changed(|message| {
            message.from.1 = from;
            message.to.1 = to;
        })
    };
    let cut = |octets: u16| {
        let mut frame = good().frame();
        frame.truncate(UDP + usize::from(octets));
        frame[IP + 2..IP + 4].copy_from_slice(&(20 + octets).to_be_bytes());
        seal_ipv4(&mut frame[IP..]);
        frame
    };
    vec![
        ("UDP header cut", cut(7), Drop(Refusal::UdpTruncated)),
        ("no UDP header", cut(0), Drop(Refusal::UdpTruncated)),
        ("UDP length of zero", length(0), Drop(Refusal::UdpLength)),
        ("UDP length of 7", length(7), Drop(Refusal::UdpLength)),
        ("UDP length of 65535", length(0xffff), Drop(Refusal::UdpLength)),
        (
            "UDP length of 8: the checksum does not hold",
            length(8),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "UDP ends before the packet, checksum missing",
            octets(|frame| {
                let length = u16::from_be_bytes([frame[UDP + 4], frame[UDP + 5]]) - 1;
                frame[UDP + 4..UDP + 6].copy_from_slice(&length.to_be_bytes());
                frame[UDP + 6..UDP + 8].fill(0);
            }),
            Url(URL),
        ),
        (
            "wrong UDP checksum",
            octets(|frame| frame[UDP + 7] ^= 1),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "no UDP checksum",
            octets(|frame| frame[UDP + 6..UDP + 8].fill(0)),
            Url(URL),
        ),
        (
            "a changed octet of the URL",
            octets(|frame| {
                let last = frame.len() - 2;
                frame[last] ^= 1;
            }),
            Drop(Refusal::UdpChecksum),
        ),
        (
            "UDP checksum left to the network card",
            octets(|frame| {
                let (source, destination) = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
                let length = u16::from_be_bytes([frame[UDP + 4], frame[UDP + 5]]);
                let sum = mudguard_observe::wire::checksum::pseudo_header_ipv4(source, destination, length);
                frame[UDP + 6..UDP + 8].copy_from_slice(&sum.to_be_bytes());
            }),
            Url(URL),
        ),
        ("another source port", ports(1024, 67), Url(URL)),
        (
            "to the client's port",
            ports(67, 68),
            Drop(Refusal::DhcpDirection),
        ),
        ("to a port between", ports(68, 69), Nothing),
    ]
}
