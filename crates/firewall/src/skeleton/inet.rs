//! The table for what this router routes and receives.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use mudguard_policy::Family;
use nftables::{
    schema::SetType,
    types::{NfFamily, NfHook},
};

use super::{LINK_LOCAL, OUT, common, guard, in_map, infrastructure, observed_addresses, out_map};
use crate::{
    expression::{
        Expr, FAMILIES, IGMP, Stmt, accept, concatenation, connection_is, destination, field, goto,
        icmp_types, incoming, is, is_protocol, jump, lookup_chain, number, of_family, prefix, source,
        source_mac, word,
    },
    kernel::Kernel,
    sets::{Plane, address_type},
    table::{Rule, SetKind, Table},
};

/// Before the filter chains of others.
const PRIORITY: i32 = -10;

/// The table without policies.
pub(crate) fn inet(kernel: &Kernel) -> Table {
    let mut table = Table::new(NfFamily::INet);
    for family in FAMILIES {
        table.declare(in_map(family), SetKind::Verdicts, &[address_type(family)]);
        table.declare(
            observed_addresses(family),
            SetKind::Exact,
            &[address_type(family)],
        );
    }
    common(&mut table, Plane::Routed, kernel);
    // Errors of ICMP, path MTU discovery among them, are related to their flow.
    let known = || connection_is(&["established", "related"]);
    let outbound = || Rule::new([lookup_chain(source_mac(), OUT)]);
    table.chain(LINK_LOCAL, FAMILIES.into_iter().flat_map(link_local));
    table.chain("known", guard::of_things());
    table.chain("known", [Rule::new([accept()])]);
    // Every look-up costs each packet that opens a flow. One tells that a Thing sends from where it belongs, and leads to its policy;
    // only other sources are looked at more closely.
    let mut forward = vec![Rule::new([known(), goto("known")])];
    forward.extend(FAMILIES.map(|family| Rule::new([lookup_chain(destination(family), &in_map(family))])));
    for family in FAMILIES {
        let key = [SetType::EtherAddr, SetType::Ifname, address_type(family)];
        table.declare(out_map(family), SetKind::Verdicts, &key);
        let key = concatenation(vec![source_mac(), incoming(), source(family)]);
        forward.push(Rule::new([lookup_chain(key, &out_map(family))]));
    }
    forward.extend(guard::of_things());
    forward.extend([guard::astray(), outbound()]);
    table.base_chain("forward", NfHook::Forward, PRIORITY, forward);
    let mut input = infrastructure(Plane::Routed);
    input.extend(guard::of_things());
    input.extend([
        Rule::new([known(), accept()]),
        Rule::new([jump(guard::SOURCES)]),
        outbound(),
    ]);
    table.base_chain("input", NfHook::Input, PRIORITY, input);
    table
}

/// What every network needs, within a bridge of which `br_netfilter` shows the frames here too. Nothing that is routed looks so:
/// a hop has been taken from it, so that 255 are not left, and its destination is no group of the link. It is asked where a packet
/// would be dropped.
fn link_local(family: Family) -> Vec<Rule> {
    let to = |network: &str| is(destination(family), word(network));
    let ports = |from: u32, to: u32| {
        [
            is(field("udp", "sport"), number(from)),
            is(field("udp", "dport"), number(to)),
        ]
    };
    // What had two hops left has one when it is routed.
    let to_group = || is(destination(family), groups(family));
    let hops = |hops: u32| is(field("ip6", "hoplimit"), number(hops));
    let rule = |statements: Vec<Stmt>| Rule::new(statements.into_iter().chain([accept()]));
    match family {
        Family::Ipv4 => {
            let [from_client, to_server] = ports(68, 67);
            vec![
                rule(vec![
                    of_family(family),
                    is_protocol(IGMP),
                    is(field("ip", "ttl"), number(1u8)),
                    to_group(),
                ]),
                rule(vec![to("255.255.255.255"), from_client, to_server]),
            ]
        }
        Family::Ipv6 => {
            let [from_client, to_server] = ports(546, 547);
            vec![
                rule(vec![icmp_types(family, &[133, 135, 136]), hops(255)]),
                rule(vec![
                    icmp_types(family, &[130, 131, 132, 143]),
                    hops(1),
                    to_group(),
                ]),
                rule(vec![to("ff02::1:2"), from_client, to_server]),
            ]
        }
    }
}

/// Every group.
fn groups(family: Family) -> Expr {
    let (first, length) = match family {
        Family::Ipv4 => (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), 4),
        Family::Ipv6 => (IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), 8),
    };
    prefix(IpNet::new_assert(first, length))
}
