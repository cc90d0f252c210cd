//! What holds of every file, home and packet: shared by the fuzz target and by the replay of what it found.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use mudguard_mud::{Dialect, DomainName, Host, Limits, MudFile, parse};
use mudguard_policy::{
    IcmpHeader, Initiator, IpHeader, OtherEnd, Packet, Site, TcpHeader, Transport, UdpHeader, compile,
    oracle::may_open,
};

/// How many octets at the start of an input make the packet and the home; the rest is the file.
const PACKET: usize = 24;

/// Compiles a file and judges a packet by it, and by the oracle: the policy permits no more.
pub(crate) fn compile_and_evaluate(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first_chunk::<PACKET>() else {
        return;
    };
    let Some(file) = parse(bytes, &Limits::default(), Dialect::Community).file else {
        return;
    };
    let mut site = Site::with_a_member_of_each_class(&[&file]);
    site.addresses_approved = choice[0] & 1 != 0;
    let packet = packet(choice, &file, &site);
    let policy = compile(&file, &site);
    // A list that both policies name is one list, and each of its ACEs has one verdict.
    let lists = file.from_device.iter().chain(&file.to_device);
    let aces: BTreeSet<_> = lists
        .flat_map(|list| &list.aces)
        .map(|ace| (&ace.acl, ace.index))
        .collect();
    assert_eq!(policy.verdicts.len(), aces.len(), "each ACE has a verdict");
    let judged = policy.judge(&packet, &site.gateway);
    let expected = may_open(&file, &site, &packet);
    assert!(
        !judged.allowed || expected.allowed,
        "{packet:#?} is permitted by {judged:?}, not by {expected:?}"
    );
}

/// A packet that is likely to meet something in the file.
fn packet(choice: &[u8; PACKET], file: &MudFile, site: &Site) -> Packet {
    let [
        _,
        direction,
        end,
        name,
        transport,
        source_high,
        source_low,
        high,
        low,
        flags,
        dscp,
        ttl,
        address @ ..,
    ] = *choice;
    let own = |address: &IpAddr| address.is_ipv6() == (end & 1 != 0);
    let thing = site
        .gateway
        .iter()
        .copied()
        .find(own)
        .unwrap_or(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 23)));
    let peer = match (end >> 1) % 4 {
        0 => site.gateway.iter().copied().find(own),
        1 => site.local_networks.iter().map(|network| network.addr()).find(own),
        _ => None,
    };
    let octets: [u8; 12] = address;
    let peer = peer.unwrap_or_else(|| match end & 1 {
        0 => Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).into(),
        _ => {
            let [a, b, c, d, e, f, g, h, ..] = octets;
            Ipv6Addr::from([0x20, 0x01, a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 1]).into()
        }
    });
    let mac = site.things.get(usize::from(end >> 3)).map(|thing| thing.mac);
    let names: Vec<DomainName> = names(file);
    let names = names.get(usize::from(name)).cloned().into_iter().collect();
    let (source, destination) = (
        u16::from_be_bytes([source_high, source_low]),
        u16::from_be_bytes([high, low]),
    );
    let is_ipv6 = peer.is_ipv6();
    let transport = match transport {
        0..=99 => Transport::Tcp(TcpHeader {
            source,
            destination,
            flags,
            ..TcpHeader::default()
        }),
        100..=199 => Transport::Udp(UdpHeader {
            source,
            destination,
            length: 8,
        }),
        200..=229 if is_ipv6 => Transport::Icmpv6(IcmpHeader {
            kind: high,
            code: low,
            ..IcmpHeader::default()
        }),
        200..=229 => Transport::Icmp(IcmpHeader {
            kind: high,
            code: low,
            ..IcmpHeader::default()
        }),
        // TCP, UDP, ICMP and ICMPv6 are those above.
        number => Transport::Other(number),
    };
    Packet {
        initiator: if direction & 1 == 0 {
            Initiator::Thing
        } else {
            Initiator::Peer
        },
        thing,
        peer: OtherEnd {
            address: peer,
            mac,
            names,
        },
        transport,
        header: IpHeader {
            dscp: dscp & 63,
            ttl,
            ..IpHeader::default()
        },
    }
}

fn names(file: &MudFile) -> Vec<DomainName> {
    let aces = file
        .from_device
        .iter()
        .chain(&file.to_device)
        .flat_map(|list| &list.aces);
    let hosts = aces
        .filter_map(|ace| ace.matches.l3.as_ref())
        .flat_map(|l3| [&l3.ip().src_dnsname, &l3.ip().dst_dnsname]);
    let names = hosts.flatten().filter_map(|host| match host {
        Host::Name(name) => Some(name.clone()),
        Host::Address(_) => None,
    });
    names.collect()
}
