//! Rules as chains of one Thing, for what sets cannot hold.

use ipnet::IpNet;
use mudguard_policy::{Action, Family, HeaderCondition, IcmpType, Peer, PortSet, Ports, Protocol, Rule};
use nftables::expr::{FibFlag, FibResult};

use super::{Ground, fit::families};
use crate::{
    expression::{
        Expr, ICMP, ICMPV6, Stmt, TCP, UDP, address, field, header, icmp_header, is, is_not, is_protocol,
        mac, number, of_family, one_of, prefix, range, route, set, tcp_flags, word,
    },
    sets::{Look, PeerKey, Plane},
};

/// The matches of a rule: one list for each family. `names` is the set that holds the addresses of its name.
pub(crate) fn matches(
    rule: &Rule,
    look: Look,
    ground: &Ground<'_>,
    names: impl Fn(Family) -> String,
) -> Vec<Vec<Stmt>> {
    let of = |family| {
        let mut matches = vec![of_family(family)];
        matches.extend(peer(&rule.peer, family, look, ground, &names)?);
        matches.extend(protocol(rule, family, look)?);
        let mut by_hops = vec![Vec::new()];
        // A reply has other header fields than the packet that opened the flow; the address of the Thing it has.
        let conditions = rule.conditions.iter();
        let kept = conditions
            .filter(|condition| !look.reply || matches!(condition, HeaderCondition::ThingAddress(_)));
        for condition in kept {
            let is_of_tcp = matches!(condition, HeaderCondition::TcpFlags(_));
            if is_of_tcp && !matches!(rule.protocol, Protocol::Any | Protocol::Tcp(_)) {
                return None;
            }
            if let HeaderCondition::Ttl(ttl) = condition
                && look.plane == Plane::Routed
            {
                by_hops = each(&by_hops, &routed_ttl(*ttl, family));
            } else {
                matches.extend(header_field(*condition, family, look)?);
            }
        }
        Some(each(&[matches], &by_hops))
    };
    families(rule).filter_map(of).flatten().collect()
}

/// Each of one with each of the other.
fn each(one: &[Vec<Stmt>], other: &[Vec<Stmt>]) -> Vec<Vec<Stmt>> {
    let with = |first: &Vec<Stmt>| {
        let first = first.clone();
        other
            .iter()
            .map(move |second| [first.clone(), second.clone()].concat())
    };
    one.iter().flat_map(with).collect()
}

/// A packet had this TTL when it was sent: of what goes on, this router has taken one hop before its rules see it.
fn routed_ttl(ttl: u8, family: Family) -> Vec<Vec<Stmt>> {
    let goes_on = |operator: fn(Expr, Expr) -> Stmt| {
        operator(route(FibResult::Type, &[FibFlag::Daddr]), word("unicast"))
    };
    let mut cases = vec![vec![goes_on(is_not), ttl_is(ttl, family)]];
    cases.extend(
        ttl.checked_sub(1)
            .map(|left| vec![goes_on(is), ttl_is(left, family)]),
    );
    cases
}

fn ttl_is(ttl: u8, family: Family) -> Stmt {
    let name = match family {
        Family::Ipv4 => "ttl",
        Family::Ipv6 => "hoplimit",
    };
    is(field(header(family), name), number(ttl))
}

/// `None` if the rule has no such peer in this family: it matches nothing.
fn peer(
    peer: &Peer,
    family: Family,
    look: Look,
    ground: &Ground<'_>,
    names: impl Fn(Family) -> String,
) -> Option<Option<Stmt>> {
    let at = PeerKey::Address(family);
    let addresses = match peer {
        Peer::Anything => return Some(None),
        Peer::Name(_) => return Some(Some(is(look.peer(at), set(&names(family))))),
        Peer::Networks(networks) => {
            let same: Vec<_> = networks
                .iter()
                .filter(|network| Family::of(network.addr()) == family)
                .copied()
                .collect();
            return within(look.peer(at), &same);
        }
        Peer::Things(things) if look.plane == Plane::Bridged => {
            let macs = things.iter().map(|thing| mac(*thing)).collect();
            return Some(Some(is(look.peer(PeerKey::Mac(family)), one_of(macs))));
        }
        Peer::Things(things) => {
            let addresses = things
                .iter()
                .flat_map(|thing| ground.addresses_of(*thing, family));
            addresses.map(address).collect::<Vec<_>>()
        }
        Peer::Gateway => {
            let same = ground
                .gateway
                .iter()
                .filter(|address| Family::of(**address) == family);
            same.map(|gateway| address(*gateway)).collect()
        }
    };
    (!addresses.is_empty()).then(|| Some(is(look.peer(at), one_of(addresses))))
}

/// Within one of these prefixes; nothing to test if they are everything, `None` if there are none.
fn within(left: Expr, networks: &[IpNet]) -> Option<Option<Stmt>> {
    let networks = IpNet::aggregate(&networks.to_vec());
    if networks.is_empty() {
        return None;
    }
    if networks.iter().any(|network| network.prefix_len() == 0) {
        return Some(None);
    }
    Some(Some(is(left, one_of(networks.into_iter().map(prefix).collect()))))
}

/// `None` if a reply of this kind does not exist.
fn protocol(rule: &Rule, family: Family, look: Look) -> Option<Vec<Stmt>> {
    Some(match &rule.protocol {
        Protocol::Any => Vec::new(),
        Protocol::Number(protocol) => vec![is_protocol(*protocol)],
        Protocol::Tcp(ports) => with_ports(TCP, ports, look),
        Protocol::Udp(ports) => with_ports(UDP, ports, look),
        Protocol::Icmp(None) => vec![is_protocol(ICMP)],
        Protocol::Icmpv6(None) => vec![is_protocol(ICMPV6)],
        Protocol::Icmp(Some(icmp)) | Protocol::Icmpv6(Some(icmp)) => {
            let kind = match (look.reply, answer_to(family, *icmp), rule.action) {
                (false, ..) => icmp.kind,
                (true, Some(answer), _) => answer,
                (true, None, Action::Accept) => return None,
                // What is no question is nothing that an answer could be taken for.
                (true, None, Action::Drop) => question_of(family, icmp.kind),
            };
            let mut matches = vec![is(field(icmp_header(family), "type"), number(kind))];
            matches.extend(
                icmp.code
                    .map(|code| is(field(icmp_header(family), "code"), number(code))),
            );
            matches
        }
    })
}

/// The type of the answer to a query.
pub(crate) fn answer_to(family: Family, query: IcmpType) -> Option<u8> {
    match (family, query.kind) {
        (Family::Ipv4, 8) => Some(0),
        (Family::Ipv4, kind @ (13 | 15 | 17)) | (Family::Ipv6, kind @ (128 | 139)) => Some(kind + 1),
        (Family::Ipv4 | Family::Ipv6, _) => None,
    }
}

/// The type of the query to which this is the answer; itself if there is none.
fn question_of(family: Family, answer: u8) -> u8 {
    match (family, answer) {
        (Family::Ipv4, 0) => 8,
        (Family::Ipv4, kind @ (14 | 16 | 18)) | (Family::Ipv6, kind @ (129 | 140)) => kind - 1,
        (Family::Ipv4 | Family::Ipv6, other) => other,
    }
}

fn with_ports(protocol: u8, ports: &Ports, look: Look) -> Vec<Stmt> {
    let mut matches = vec![is_protocol(protocol)];
    for (left, ports) in [
        (look.source_port(), &ports.source),
        (look.destination_port(), &ports.destination),
    ] {
        if !ports.is_all() {
            matches.push(is(left, one_of_ports(ports)));
        }
    }
    matches
}

fn one_of_ports(ports: &PortSet) -> Expr {
    one_of(
        ports
            .ranges()
            .map(|ports| range(number(*ports.start()), number(*ports.end())))
            .collect(),
    )
}

/// `None` if the condition cannot hold in this family.
fn header_field(condition: HeaderCondition, family: Family, look: Look) -> Option<Option<Stmt>> {
    let of_header = |name, value: u32| is(field(header(family), name), number(value));
    Some(Some(match condition {
        HeaderCondition::Dscp(dscp) => of_header("dscp", dscp.into()),
        HeaderCondition::Ecn(ecn) => of_header("ecn", ecn.into()),
        HeaderCondition::Ttl(ttl) => ttl_is(ttl, family),
        HeaderCondition::Length(length) => of_header("length", length.into()),
        HeaderCondition::FlowLabel(label) => match family {
            Family::Ipv4 => return None,
            Family::Ipv6 => of_header("flowlabel", label),
        },
        HeaderCondition::TcpFlags(flags) => tcp_flags(flags, flags, false),
        HeaderCondition::ThingAddress(network) => {
            if Family::of(network.addr()) != family {
                return None;
            }
            return within(look.thing_address(family), &[network]);
        }
    }))
}
