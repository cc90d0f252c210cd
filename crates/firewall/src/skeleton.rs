//! The rules that every home has, whatever its Things and policies: the specification is `docs/security.md`.
//!
//! Every policy is elements of these sets and maps. Only a Thing whose policy sets cannot express has chains of its own, behind the
//! maps `out` and `in`. `accept` ends only our chains: other tables still judge the packet, so Mudguard only narrows.

mod bridge;
mod fragments;
mod guard;
mod inet;

use mudguard_policy::{Family, Initiator};
use nftables::schema::SetType;

pub(crate) use self::{
    bridge::{bridge, replies_sets},
    guard::{
        ADDRESS_SAMPLE, LANS, OWN_TARGETS, PLACED, PORT_SAMPLE, PORTS, SOURCE_SAMPLE, TARGETS, own, placed,
        prefixes, taken,
    },
    inet::inet,
};
use crate::{
    expression::{
        FAMILIES, IGMP, accept, at_most, concatenation, count, destination, destination_mac, digit,
        drop_packet, field, go_back, goto, icmp_types, is, is_protocol, jump, number, of_family, sample, set,
        source_mac,
    },
    kernel::Kernel,
    sets::{Look, PeerKey, Plane, TAILS, address_type, declare, learned_set, static_set, static_sets, way},
    table::{Rule, SetKind, Table},
};

/// The MAC addresses of Things of which nothing is dropped, only recorded.
pub(crate) const OBSERVED: &str = "observed";
/// The MAC addresses of Things whose sources are guarded.
pub(crate) const GUARDED: &str = "guarded";
/// From MAC addresses to the chain that judges the flows that a Thing opens.
pub(crate) const OUT: &str = "out";
/// From MAC addresses to the chain that judges the flows that are opened to a Thing, within a bridge.
pub(crate) const IN: &str = "in";
/// The chain that accepts what every network needs, where packets are routed.
const LINK_LOCAL: &str = "link_local";
/// The prefix of samples of flows that a Thing may not open.
pub(crate) const OUT_SAMPLE: &str = "mudguard out";
/// The prefix of samples of flows that may not be opened to a Thing.
pub(crate) const IN_SAMPLE: &str = "mudguard in";

/// The name of the set of bound (MAC, address) pairs.
pub(crate) fn bound(family: Family) -> String {
    format!("bound{}", digit(family))
}

/// From addresses to the chain that judges the flows that are opened to their Thing, where packets are routed.
pub(crate) fn in_map(family: Family) -> String {
    format!("in{}", digit(family))
}

/// From a MAC address, the link and an address to the chain that judges the flows that a Thing opens from where it belongs.
pub(crate) fn out_map(family: Family) -> String {
    format!("out{}", digit(family))
}

/// The addresses of observed Things.
pub(crate) fn observed_addresses(family: Family) -> String {
    format!("observed{}", digit(family))
}

/// The chain that looks a flow up in the sets.
pub(crate) fn sets_chain(initiator: Initiator) -> String {
    format!("{}_sets", way(initiator))
}

/// The same for a Thing whose policy permits no names, where packets are routed.
pub(crate) fn addresses_chain(initiator: Initiator) -> String {
    format!("{}_addresses", way(initiator))
}

/// The part of such a chain for a family.
pub(crate) fn part_of(chain: &str, family: Family) -> String {
    format!("{chain}{}", digit(family))
}

/// The chain for flows that are not permitted.
pub(crate) fn denied_chain(initiator: Initiator) -> String {
    format!("{}_denied", way(initiator))
}

/// The chain for packets that may be replies, where the kernel does not know connections. `initiator` opened the flow.
pub(crate) fn replies_chain(initiator: Initiator) -> String {
    format!("{}_replies", way(initiator))
}

/// From MAC addresses to the chain that judges replies of a Thing whose policy has an order.
pub(crate) fn replies_map(initiator: Initiator) -> String {
    format!("{}_replies_of", way(initiator))
}

/// What both tables have.
fn common(table: &mut Table, plane: Plane, kernel: &Kernel) {
    table.counters.extend(["out_denied", "in_denied"]);
    let mac = [SetType::EtherAddr];
    table.declare(GUARDED, SetKind::Exact, &mac);
    table.declare(OBSERVED, SetKind::Exact, &mac);
    table.declare(OUT, SetKind::Verdicts, &mac);
    for family in FAMILIES {
        let pair = [SetType::EtherAddr, address_type(family)];
        table.declare(bound(family), SetKind::Exact, &pair);
    }
    guard::guard(table, plane, kernel);
    for initiator in [Initiator::Thing, Initiator::Peer] {
        declare(table, plane, initiator);
        let rest = if plane == Plane::Bridged && !kernel.is_stateful_in_bridges() {
            // A packet of this Thing that opens nothing permitted may answer a flow that its peer opened, and the other way round.
            replies_chain(initiator.other())
        } else {
            denied_chain(initiator)
        };
        let look = Look::opening(plane, initiator);
        lookups(table, &sets_chain(initiator), look, &rest, plane == Plane::Routed);
        by_family(table, &sets_chain(initiator), look, &rest);
        if plane == Plane::Routed {
            lookups(table, &addresses_chain(initiator), look, &rest, false);
            // What is opened to a Thing is led to the part of its family at once.
            if initiator == Initiator::Thing {
                by_family(table, &addresses_chain(initiator), look, &rest);
            }
        }
        denied(table, plane, initiator, kernel);
    }
}

/// A chain that looks a flow up in all sets; what is found is permitted, and the rest goes to `rest`. Each
/// family has a part of its own, and what most flows need comes first: every look-up costs.
fn lookups(table: &mut Table, name: &str, look: Look, rest: &str, names: bool) {
    let way = look.initiator;
    for family in FAMILIES {
        let of_name = |tail| {
            let key = concatenation(look.learned_key(family, tail));
            let found = is(key, set(&learned_set(way, family, tail)));
            Rule::new([found, go_back()])
        };
        let mut rules = Vec::new();
        let mut tails = TAILS.into_iter().filter(|_| names).map(of_name);
        rules.extend(tails.next());
        let of_family_only = |peer: &PeerKey| peer.family() == family;
        let mut sets = static_sets(look.plane)
            .into_iter()
            .filter(|(peer, _)| of_family_only(peer))
            .map(|(peer, shape)| {
                let key = concatenation(look.key(peer, shape));
                let found = is(key, set(&static_set(way, peer, shape)));
                match peer {
                    PeerKey::Address(_) => Rule::new([found, go_back()]),
                    PeerKey::Mac(family) => Rule::new([of_family(family), found, go_back()]),
                }
            });
        rules.extend(sets.next());
        rules.extend(tails);
        rules.extend(sets);
        rules.push(Rule::new([goto(rest)]));
        table.chain(part_of(name, family), rules);
    }
}

/// The chain that leads to the part of a family.
fn by_family(table: &mut Table, name: &str, look: Look, rest: &str) {
    let mut whole: Vec<Rule> = FAMILIES
        .into_iter()
        .map(|family| Rule::new([of_family(family), goto(part_of(name, family))]))
        .collect();
    if look.plane == Plane::Bridged {
        // Neither of these, which only a bridge carries.
        whole.push(Rule::new([goto(rest)]));
    }
    table.chain(name, whole);
}

/// The end of what is not permitted: it is counted and some of it told; of an observed Thing it passes all the same.
fn denied(table: &mut Table, plane: Plane, initiator: Initiator, kernel: &Kernel) {
    let (counter, prefix) = match initiator {
        Initiator::Thing => ("out_denied", OUT_SAMPLE),
        Initiator::Peer => ("in_denied", IN_SAMPLE),
    };
    let mut rules = Vec::new();
    if plane == Plane::Routed {
        rules.push(Rule::new([jump(LINK_LOCAL)]));
    }
    rules.push(Rule::new([count(counter)]));
    if kernel.samples {
        rules.push(Rule::new([at_most(10, 20), sample(prefix)]));
    }
    match (initiator, plane) {
        (Initiator::Peer, Plane::Routed) => rules.extend(FAMILIES.map(|family| {
            let address = destination(family);
            Rule::new([is(address, set(&observed_addresses(family))), go_back()])
        })),
        (Initiator::Peer, Plane::Bridged) => {
            let observed = is(destination_mac(), set(OBSERVED));
            rules.push(Rule::new([observed, go_back()]));
        }
        (Initiator::Thing, _) => rules.push(Rule::new([is(source_mac(), set(OBSERVED)), go_back()])),
    }
    rules.push(Rule::new([drop_packet()]));
    table.chain(denied_chain(initiator), rules);
}

/// What every Thing needs to be in a network at all. `accept` here means that our tables have nothing against it.
fn infrastructure(plane: Plane) -> Vec<Rule> {
    let ports = |from: u32, to: u32| {
        Rule::new([
            is(field("udp", "sport"), number(from)),
            is(field("udp", "dport"), number(to)),
            accept(),
        ])
    };
    let mut rules = vec![
        ports(68, 67),
        ports(546, 547),
        // Listener queries, reports and done; router and neighbour solicitation, neighbour advertisement; version 2 reports.
        Rule::new([
            icmp_types(Family::Ipv6, &[130, 131, 132, 133, 135, 136, 143]),
            accept(),
        ]),
        Rule::new([of_family(Family::Ipv4), is_protocol(IGMP), accept()]),
    ];
    if plane == Plane::Bridged {
        rules.extend([ports(67, 68), ports(547, 546)]);
    }
    rules
}
