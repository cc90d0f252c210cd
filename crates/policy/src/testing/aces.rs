//! Random files, as typed values.

mod transport;

use ipnet::{Ipv4Net, Ipv6Net};
use mudguard_mud::{
    Ace, Acl, AclType, Action, Code, EthMatch, Host, IpFields, Ipv4Flags, Ipv4Match, Ipv6Match, L3Match,
    L4Match, MacMatch, Matches, MatchesPresence, MudFile, MudMatch, NotUnderstood,
};
use proptest::{collection::vec, prelude::*};

use self::transport::l4;
use super::pools::{
    CONTROLLERS, HOSTS, IPV4_NETWORKS, IPV6_NETWORKS, NAMES, OWN_URL, PROTOCOLS, STATIONS, URLS, name,
    one_of, sometimes, url,
};

/// What a file is like. The weights stand against ten.
#[derive(Clone, Copy, Debug)]
struct Taste {
    /// Of what no rule can say.
    odd: u32,
    /// Of header fields that are seldom tested.
    headers: u32,
    /// Of conditions that do not go together.
    mixed: u32,
}

/// As makers write.
const PLAIN: Taste = Taste {
    odd: 0,
    headers: 0,
    mixed: 0,
};
/// As a maker may write who has read RFC 8519 to its end.
const LEARNED: Taste = Taste {
    odd: 0,
    headers: 1,
    mixed: 1,
};
/// As nobody should write.
const ODD: Taste = Taste {
    odd: 1,
    headers: 1,
    mixed: 2,
};

/// A file.
pub fn file() -> impl Strategy<Value = MudFile> {
    prop_oneof![3 => Just(PLAIN), 1 => Just(LEARNED), 1 => Just(ODD)].prop_flat_map(file_with)
}

fn file_with(taste: Taste) -> impl Strategy<Value = MudFile> {
    let lists = move |side| vec(acl(side, taste), 1..=2);
    (lists("from"), lists("to"), any::<bool>()).prop_map(|(mut from_device, mut to_device, is_shared)| {
        for acls in [&mut from_device, &mut to_device] {
            for (place, acl) in acls.iter_mut().enumerate() {
                acl.name = format!("{}{place}", acl.name);
                for ace in &mut acl.aces {
                    ace.acl.clone_from(&acl.name);
                }
            }
        }
        // Nothing forbids to name a list in both policies.
        if is_shared && from_device.len() > 1 {
            to_device.push(from_device[1].clone());
        }
        MudFile {
            mud_url: url(OWN_URL),
            last_update: "2026-01-01T00:00:00Z".parse().unwrap(),
            mud_signature: None,
            cache_validity: 48,
            is_supported: true,
            systeminfo: None,
            mfg_name: None,
            model_name: None,
            firmware_rev: None,
            software_rev: None,
            documentation: None,
            extensions: Vec::new(),
            transparency: None,
            licenses: Vec::new(),
            is_tls_dtls_profile_supported: false,
            unknown_nodes: Vec::new(),
            from_device,
            to_device,
        }
    })
}

fn acl(side: &'static str, taste: Taste) -> impl Strategy<Value = Acl> {
    let acl_type = one_of(&[
        AclType::Ipv4,
        AclType::Ipv6,
        AclType::Ipv4,
        AclType::Ipv6,
        AclType::Eth,
        AclType::MixedEthIpv4,
        AclType::MixedEthIpv6,
        AclType::MixedEthIpv4Ipv6,
    ]);
    let is_agreeing = prop_oneof![10 => Just(true), taste.mixed => Just(false)];
    (sometimes(4, acl_type), vec(ace(side, taste), 0..=4), is_agreeing).prop_map(
        move |(acl_type, mut aces, is_agreeing)| {
            for (index, ace) in aces.iter_mut().enumerate() {
                ace.index = index;
                ace.name = format!("ace{index}");
            }
            let admits_all = |kind: &AclType| aces.iter().all(|ace| admits(*kind, &ace.matches));
            let acl_type = acl_type.filter(|kind| !is_agreeing || admits_all(kind));
            Acl {
                name: side.to_owned(),
                acl_type,
                aces,
            }
        },
    )
}

fn admits(kind: AclType, matches: &Matches) -> bool {
    let l3 = match &matches.l3 {
        None => true,
        Some(L3Match::Ipv4(_)) => kind.holds_ipv4(),
        Some(L3Match::Ipv6(_)) => kind.holds_ipv6(),
    };
    l3 && (matches.eth.is_none() || kind.holds_eth())
}

fn ace(side: &'static str, taste: Taste) -> BoxedStrategy<Ace> {
    let action = prop_oneof![6 => Just(Action::Accept), 3 => Just(Action::Drop), 1 => Just(Action::Reject)];
    (matches(side, taste), action, sometimes(taste.odd, Just(())))
        .prop_map(|(matches, action, odd)| Ace {
            acl: String::new(),
            name: String::new(),
            index: 0,
            pointer: String::new(),
            matches,
            action,
            not_understood: odd
                .map(|()| NotUnderstood {
                    name: "x".to_owned(),
                    pointer: String::new(),
                    code: Code::UnknownNode,
                })
                .into_iter()
                .collect(),
        })
        .boxed()
}

fn matches(side: &'static str, taste: Taste) -> impl Strategy<Value = Matches> {
    let odd = (sometimes(taste.odd, Just(())), sometimes(taste.odd, Just(())));
    let is_mixed = prop_oneof![10 => Just(false), taste.mixed => Just(true)];
    let layers = (
        eth(taste),
        l3(side, taste),
        sometimes(20, l4(taste)),
        sometimes(8, mud()),
    );
    (layers, odd, is_mixed).prop_map(|((eth, mut l3, l4, mud), (interface, profile), is_mixed)| {
        if let Some(l3) = &mut l3 {
            agree(l3, l4.as_ref(), mud.is_some() && !is_mixed);
        }
        Matches {
            presence: MatchesPresence::Present,
            eth: eth.filter(|_| is_mixed || (l3.is_none() && mud.is_none())),
            l3,
            l4,
            mud,
            egress_interface: interface.map(|()| "eth0".to_owned()),
            ingress_interface: None,
            client_profiles: profile.map(|()| Vec::new()),
        }
    })
}

/// Makers state the protocol that fits the container, and describe the other end once.
fn agree(l3: &mut L3Match, l4: Option<&L4Match>, is_of_class: bool) {
    if is_of_class {
        match l3 {
            L3Match::Ipv4(ipv4) => (ipv4.source_network, ipv4.destination_network) = (None, None),
            L3Match::Ipv6(ipv6) => (ipv6.source_network, ipv6.destination_network) = (None, None),
        }
    }
    let is_ipv4 = matches!(l3, L3Match::Ipv4(_));
    let ip = match l3 {
        L3Match::Ipv4(ipv4) => &mut ipv4.ip,
        L3Match::Ipv6(ipv6) => &mut ipv6.ip,
    };
    if is_of_class {
        (ip.src_dnsname, ip.dst_dnsname) = (None, None);
    }
    let fitting = match l4 {
        None => return,
        Some(L4Match::Tcp(_)) => 6,
        Some(L4Match::Udp(_)) => 17,
        Some(L4Match::Icmp(_)) if is_ipv4 => 1,
        Some(L4Match::Icmp(_)) => 58,
    };
    // One number stays as it is: makers err too.
    if ip.protocol != Some(47) {
        ip.protocol = ip.protocol.map(|_| fitting);
    }
}

fn eth(taste: Taste) -> impl Strategy<Value = Option<EthMatch>> {
    let mac = || {
        prop_oneof![
            4 => Just(MacMatch { address: [0xff; 6], mask: None }),
            1 => Just(MacMatch { address: [0xff; 6], mask: Some([0xff; 6]) }),
            1 => one_of(&STATIONS).prop_map(|mac| MacMatch { address: mac.0, mask: None }),
            1 => Just(MacMatch { address: [1, 0, 0, 0, 0, 0], mask: Some([1, 0, 0, 0, 0, 0]) }),
            1 => Just(MacMatch { address: [0; 6], mask: Some([0; 6]) }),
        ]
    };
    let ethertype = sometimes(
        10,
        one_of(&[0x0800, 0x86dd, 0x0800, 0x86dd, 0x0806, 0x888e, 0x0006]),
    );
    let eth = (
        sometimes(taste.mixed, mac()),
        sometimes(taste.odd, mac()),
        ethertype,
    )
        .prop_map(|(destination, source, ethertype)| EthMatch {
            destination,
            source,
            ethertype,
        });
    sometimes(2, eth)
}

fn l3(side: &'static str, taste: Taste) -> BoxedStrategy<Option<L3Match>> {
    let ipv4_network = || one_of(&IPV4_NETWORKS).prop_map(|text| text.parse::<Ipv4Net>().unwrap());
    let ipv6_network = || one_of(&IPV6_NETWORKS).prop_map(|text| text.parse::<Ipv6Net>().unwrap());
    let odd_u8 = || sometimes(taste.odd, 5..=7u8);
    let odd_u16 = || sometimes(taste.odd, 20..=22u16);
    let ipv4 = (
        ip_fields(side, taste),
        ends(side, taste.mixed, ipv4_network, ipv4_network),
        (odd_u8(), odd_u8(), odd_u16(), odd_u16()),
    )
        .prop_map(
            |(ip, (source_network, destination_network), (ihl, flags, offset, identification))| {
                L3Match::Ipv4(Ipv4Match {
                    ip,
                    ihl,
                    flags: flags.map(Ipv4Flags),
                    offset,
                    identification,
                    source_network,
                    destination_network,
                })
            },
        );
    let ipv6 = (
        ip_fields(side, taste),
        ends(side, taste.mixed, ipv6_network, ipv6_network),
        sometimes(taste.headers, 0..=2u32),
    )
        .prop_map(|(ip, (source_network, destination_network), flow_label)| {
            L3Match::Ipv6(Ipv6Match {
                ip,
                flow_label,
                source_network,
                destination_network,
            })
        });
    prop_oneof![3 => Just(None), 3 => ipv4.prop_map(Some).boxed(), 2 => ipv6.prop_map(Some).boxed()].boxed()
}

/// Often something about the other end, seldom about the Thing's own.
fn ends<T, S>(
    side: &str,
    own: u32,
    one: impl Fn() -> S,
    two: impl Fn() -> S,
) -> BoxedStrategy<(Option<T>, Option<T>)>
where
    T: Clone + std::fmt::Debug + 'static,
    S: Strategy<Value = T> + 'static,
{
    let (source, destination) = if side == "from" { (own, 8) } else { (8, own) };
    (sometimes(source, one()), sometimes(destination, two())).boxed()
}

fn ip_fields(side: &str, taste: Taste) -> impl Strategy<Value = IpFields> + use<> {
    let host = || {
        prop_oneof![
            6 => one_of(&NAMES).prop_map(|text| Host::Name(name(text))),
            1 => Just(Host::Address([203, 0, 113, 7].into())),
            1 => Just(Host::Address([0x2001, 0xdb8, 1, 0, 0, 0, 0, 7].into())),
        ]
    };
    let (source, destination) = if side == "from" {
        (taste.odd, 5)
    } else {
        (5, taste.odd)
    };
    (
        (
            sometimes(taste.headers, 0..=2u8),
            sometimes(taste.headers, 0..=2u8),
            sometimes(taste.headers, 0..=2u16),
            sometimes(taste.headers, 0..=2u8),
        ),
        sometimes(5, one_of(&PROTOCOLS)),
        (sometimes(source, host()), sometimes(destination, host())),
    )
        .prop_map(
            |((dscp, ecn, length, ttl), protocol, (src_dnsname, dst_dnsname))| IpFields {
                dscp,
                ecn,
                length,
                ttl,
                protocol,
                src_dnsname,
                dst_dnsname,
            },
        )
}

fn mud() -> impl Strategy<Value = MudMatch> {
    let none = MudMatch::default;
    prop_oneof![
        4 => Just(MudMatch { local_networks: true, ..none() }),
        3 => one_of(&CONTROLLERS).prop_map(move |uri| MudMatch { controller: Some(uri.to_owned()), ..none() }),
        2 => Just(MudMatch { same_manufacturer: true, ..none() }),
        2 => Just(MudMatch { my_controller: true, ..none() }),
        2 => one_of(&HOSTS).prop_map(move |host| MudMatch { manufacturer: Some(name(host)), ..none() }),
        2 => one_of(&URLS).prop_map(move |text| MudMatch { model: Some(url(text)), ..none() }),
        1 => any::<[bool; 6]>().prop_map(|[a, b, c, d, e, f]| MudMatch {
            local_networks: a,
            same_manufacturer: b,
            my_controller: c,
            manufacturer: d.then(|| name(HOSTS[0])),
            model: e.then(|| url(URLS[1])),
            controller: f.then(|| CONTROLLERS[0].to_owned()),
        }),
    ]
}
