//! Fragments other than the first, where the kernel does not follow connections within bridges and so does not put them together.
//!
//! They have no ports. What stands in their place is chosen by whoever sends them, and kernels (6.18 is one) read it as ports in tables
//! of bridges. So they are judged before all others, by the rules that say nothing of ports alone, and pass no chain of a Thing.

use mudguard_policy::Initiator;
use nftables::expr::{Expression, Exthdr, NamedExpression};

use super::{GUARDED, OBSERVED, denied_chain};
use crate::{
    expression::{
        concatenation, destination_mac, field, go_back, goto, is, is_not, jump, masked, number, of_family,
        set, source_mac,
    },
    sets::{Look, PeerKey, Plane, Shape, static_set, static_sets, way},
    table::{Rule, Table},
};

/// The chain that judges them.
const FRAGMENTS: &str = "fragments";
/// The bits of the IPv4 header's field that are the offset.
const OFFSET: u32 = 0x1fff;

/// Declares their chains, and gives the rules that lead to them.
pub(super) fn fragments(table: &mut Table) -> [Rule; 2] {
    let mut rules = Vec::new();
    for (sender, mac) in [
        (Initiator::Thing, source_mac()),
        (Initiator::Peer, destination_mac()),
    ] {
        let chain = format!("{}_{FRAGMENTS}", way(sender));
        for things in [GUARDED, OBSERVED] {
            rules.push(Rule::new([is(mac.clone(), set(things)), jump(chain.clone())]));
        }
        table.chain(chain, of_things(sender));
    }
    table.chain(FRAGMENTS, rules);
    let ipv6 = Expression::Named(NamedExpression::Exthdr(Exthdr {
        name: "frag".into(),
        field: Some("frag-off".into()),
        offset: None,
    }));
    [masked(field("ip", "frag-off"), OFFSET), ipv6]
        .map(|offset| Rule::new([is_not(offset, number(0u32)), goto(FRAGMENTS)]))
}

/// Those that a Thing sends, or that are sent to one. They may belong to a flow that either side opened.
fn of_things(sender: Initiator) -> Vec<Rule> {
    let looks = [
        Look::opening(Plane::Bridged, sender),
        Look::replies(Plane::Bridged, sender.other()),
    ];
    let mut rules = Vec::new();
    for look in looks {
        let sets = static_sets(Plane::Bridged).into_iter();
        for (peer, shape) in sets.filter(|(_, shape)| *shape == Shape::Protocol) {
            let found = is(
                concatenation(look.key(peer, shape)),
                set(&static_set(look.initiator, peer, shape)),
            );
            rules.push(match peer {
                PeerKey::Address(_) => Rule::new([found, go_back()]),
                PeerKey::Mac(family) => Rule::new([of_family(family), found, go_back()]),
            });
        }
    }
    rules.push(Rule::new([goto(denied_chain(sender))]));
    rules
}
