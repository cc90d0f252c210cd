//! The table for frames between two ports of one bridge.

use mudguard_policy::{Family, Initiator};
use nftables::{
    expr::MetaKey,
    schema::SetType,
    types::{NfFamily, NfHook},
};

use super::{
    IN, OUT, by_family, common, denied_chain, fragments::fragments, guard, infrastructure, lookups,
    replies_chain, replies_map,
};
use crate::{
    expression::{
        Stmt, accept, connection_is, destination_mac, goto, icmp_types, is, lookup_chain, meta, number,
        one_of, source_mac, tcp_flags,
    },
    kernel::Kernel,
    sets::{Look, Plane},
    table::{Rule, SetKind, Table},
};

/// Ten before the filter priority of bridges.
const PRIORITY: i32 = -210;
/// Before a bridge looks at a frame: from one that is dropped here it does not learn where the sender is.
const FIRST: i32 = -300;
const EAPOL: u32 = 0x888e;
/// SYN, and the flags that a segment that opens a connection lacks: ACK, RST and FIN.
const SYN: u8 = 0x02;
const SYN_ACK_RST_FIN: u8 = 0x17;

/// The table without policies.
pub(crate) fn bridge(kernel: &Kernel) -> Table {
    let mut table = Table::new(NfFamily::Bridge);
    table.declare(IN, SetKind::Verdicts, &[SetType::EtherAddr]);
    common(&mut table, Plane::Bridged, kernel);
    let mut forward = vec![
        // What a link needs below IP; other protocols than IP are in no set and no chain, so they are denied as what is not permitted.
        Rule::new([
            is(
                meta(MetaKey::Protocol),
                one_of(vec![number(guard::ARP), number(EAPOL)]),
            ),
            accept(),
        ]),
    ];
    if !kernel.is_stateful_in_bridges() {
        forward.extend(fragments(&mut table));
    }
    forward.extend(infrastructure(Plane::Bridged));
    if kernel.is_stateful_in_bridges() {
        forward.push(Rule::new([connection_is(&["established", "related"]), accept()]));
    } else {
        forward.extend(errors().map(|error| Rule::new([error, accept()])));
        for initiator in [Initiator::Thing, Initiator::Peer] {
            replies(&mut table, initiator);
        }
    }
    forward.push(Rule::new([lookup_chain(source_mac(), OUT)]));
    forward.push(Rule::new([lookup_chain(destination_mac(), IN)]));
    table.base_chain("forward", NfHook::Forward, PRIORITY, forward);
    table.base_chain("arriving", NfHook::Prerouting, FIRST, guard::arriving());
    table.base_chain("leaving", NfHook::Output, FIRST, guard::leaving());
    table
}

/// Packets that may be replies of a permitted flow, told by their ports. A segment that opens a connection is none.
fn replies(table: &mut Table, initiator: Initiator) {
    let look = Look::replies(Plane::Bridged, initiator);
    let denied = denied_chain(initiator.other());
    let map = replies_map(initiator);
    table.declare(map.clone(), SetKind::Verdicts, &[SetType::EtherAddr]);
    let opens = tcp_flags(SYN_ACK_RST_FIN, SYN, false);
    let rules = [
        Rule::new([opens, goto(denied.clone())]),
        Rule::new([lookup_chain(look.thing_key(Family::Ipv4), &map)]),
        Rule::new([goto(replies_sets(initiator))]),
    ];
    table.chain(replies_chain(initiator), rules);
    lookups(table, &replies_sets(initiator), look, &denied, false);
    by_family(table, &replies_sets(initiator), look, &denied);
}

/// The chain that looks a reply up in the sets.
pub(crate) fn replies_sets(initiator: Initiator) -> String {
    format!("{}_sets", replies_chain(initiator))
}

/// Errors, which belong to some flow; without knowledge of connections nobody can say to which.
fn errors() -> [Stmt; 2] {
    [
        icmp_types(Family::Ipv4, &[3, 11, 12]),
        icmp_types(Family::Ipv6, &[1, 2, 3, 4]),
    ]
}
