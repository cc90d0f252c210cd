//! Lowering: from a snapshot to the tables of the kernel. Pure; the specification is `docs/security.md`.
//!
//! A rule becomes elements if sets can hold it. If the order of a policy matters, or a rule is about more than peer, protocol and one
//! of the ports, the Thing gets chains of its own; first match wins there as in RFC 8519. What cannot be installed is left out
//! and named: that permits less, never more, because only a rule that accepts is ever left out.

mod chains;
mod fit;
mod ground;
#[cfg(test)]
pub(crate) mod tests;
mod thing;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ipnet::IpNet;
use mudguard_manager::{Enforcement, Snapshot, Thing};
use mudguard_policy::{Family, MacAddress, Peer};
use nftables::types::NfFamily;
use serde_json::{Value, json};

use self::thing::ThingLowering;
pub(crate) use self::{
    ground::Ground,
    thing::{Index, ThingIndex},
};
use crate::{
    expression::{Expr, FAMILIES, address, goto_verdict, jump_verdict, mac, number, prefix, range, word},
    firewall::LeftOut,
    kernel::{Bridge, Kernel},
    sets::Plane,
    skeleton::{self, GUARDED, OBSERVED, bound},
    table::{Element, Table},
};

/// A snapshot, lowered.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) routed: Table,
    /// `None` if the kernel has no such tables.
    pub(crate) bridged: Option<Table>,
    /// What answers open.
    pub(crate) index: Index,
    pub(crate) left_out: Vec<LeftOut>,
}

/// One Thing, lowered: what stands in the tables because of it, and nothing else does.
#[derive(Debug)]
pub(crate) struct LoweredThing {
    pub(crate) routed: Table,
    /// Empty if the kernel has no such tables.
    pub(crate) bridged: Table,
    /// What answers open; `None` for a Thing that is not managed.
    pub(crate) index: Option<ThingIndex>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Lowers a snapshot.
pub(crate) fn lower(snapshot: &Snapshot, kernel: &Kernel) -> Lowered {
    let ground = Ground::of(snapshot);
    let mut lowered = skeleton(kernel);
    let mut take_over = |routed, bridged| {
        lowered.routed.take_over(routed);
        if let Some(table) = &mut lowered.bridged {
            table.take_over(bridged);
        }
    };
    let [routed, bridged] = lower_home(&ground);
    take_over(routed, bridged);
    for thing in snapshot.things.values() {
        let things_own = lower_thing(thing, &ground, kernel);
        take_over(things_own.routed, things_own.bridged);
        lowered
            .index
            .extend(things_own.index.map(|index| (thing.mac, Arc::new(index))));
        lowered.left_out.extend(things_own.left_out);
    }
    lowered
}

/// A home without Things, lowered.
pub(crate) fn skeleton(kernel: &Kernel) -> Lowered {
    #[cfg_attr(not(test), expect(unused_mut, reason = "only tests take rules out"))]
    let mut skeleton = Lowered {
        routed: skeleton::inet(kernel),
        bridged: (kernel.bridge != Bridge::Absent).then(|| skeleton::bridge(kernel)),
        index: Index::new(),
        left_out: Vec::new(),
    };
    #[cfg(test)]
    crate::tests::mutation::leave_out(&mut skeleton);
    skeleton
}

/// Lowers the networks of the home, for each table: where the LAN is, and which addresses are this router's.
pub(crate) fn lower_home(ground: &Ground<'_>) -> [Table; 2] {
    let (mut routed, mut bridged) = (Table::new(NfFamily::INet), Table::new(NfFamily::Bridge));
    for lan in &ground.home.lans {
        routed.add(skeleton::LANS, Element::key([word(lan.interface.clone())]));
        for network in &lan.prefixes {
            let family = Family::of(network.addr());
            let is_everywhere = network.prefix_len() == 0;
            let is_link_local =
                matches!(network, IpNet::V6(network) if network.addr().is_unicast_link_local());
            // Every link has the same link-local prefix.
            if !is_everywhere && !is_link_local {
                let all = range(number(0u8), number(u8::MAX));
                routed.add(
                    skeleton::prefixes(family),
                    Element::key([prefix(network.trunc()), all]),
                );
            }
        }
    }
    for at in &ground.gateway {
        let family = Family::of(*at);
        routed.add(skeleton::taken(family), Element::key([address(*at)]));
        bridged.add(skeleton::taken(family), Element::key([address(*at)]));
        bridged.add(skeleton::own(family), Element::key([address(*at)]));
    }
    [routed, bridged]
}

/// Lowers one Thing. What it reads of the home and of other Things, [`is_lowered_alike`] must compare.
pub(crate) fn lower_thing(thing: &Thing, ground: &Ground<'_>, kernel: &Kernel) -> LoweredThing {
    let mut index = ThingIndex {
        addresses: ground.addresses(thing.mac).to_vec(),
        openings: BTreeMap::new(),
    };
    let mut left_out = Vec::new();
    let is_managed = thing.enforcement != Enforcement::None;
    let mut table = |family, plane| {
        let mut table = Table::new(family);
        bindings(&mut table, ground, plane, thing);
        if is_managed {
            ThingLowering {
                ground,
                kernel,
                plane,
                thing,
                table: &mut table,
                index: &mut index,
                left_out: &mut left_out,
                names: BTreeSet::new(),
            }
            .lower();
        }
        table.seal();
        table
    };
    let routed = table(NfFamily::INet, Plane::Routed);
    let bridged = match kernel.bridge {
        Bridge::Absent => Table::new(NfFamily::Bridge),
        Bridge::Stateless | Bridge::Stateful => table(NfFamily::Bridge, Plane::Bridged),
    };
    LoweredThing {
        routed,
        bridged,
        index: is_managed.then_some(index),
        left_out,
    }
}

/// Whether a Thing is lowered to the same in two homes.
pub(crate) fn is_lowered_alike(one: (&Thing, &Ground<'_>), other: (&Thing, &Ground<'_>)) -> bool {
    let (things, grounds) = ([one.0, other.0], [one.1, other.1]);
    let addresses = |mac| grounds[0].addresses(mac) == grounds[1].addresses(mac);
    let is_same_policy =
        || Arc::ptr_eq(&things[0].policy, &things[1].policy) || things[0].policy == things[1].policy;
    let policy = &things[0].policy;
    let mut rules = policy.permits.iter().chain(&policy.vetoes);
    things[0].enforcement == things[1].enforcement
        && grounds[0].gateway == grounds[1].gateway
        && grounds[0].port(things[0]) == grounds[1].port(things[1])
        && addresses(things[0].mac)
        && (grounds[0].addresses(things[0].mac).iter())
            .all(|at| grounds[0].links(*at).eq(grounds[1].links(*at)))
        && is_same_policy()
        && rules.all(|rule| match &rule.peer {
            Peer::Things(peers) => peers.iter().all(|peer| addresses(*peer)),
            Peer::Anything | Peer::Gateway | Peer::Name(_) | Peer::Networks(_) => true,
        })
}

impl Lowered {
    /// Both tables, as far as the kernel can have them.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        [Some(&self.routed), self.bridged.as_ref()].into_iter().flatten()
    }

    /// The commands that put the tables into the kernel, in place of what it has of ours.
    pub(crate) fn commands(&self) -> Value {
        let commands: Vec<_> = self.tables().flat_map(Table::replacement).collect();
        json!({ "nftables": commands })
    }
}

/// The chain that judges the flows of a Thing.
enum Chain {
    /// One that all Things share, with a part for each family.
    Shared(String),
    Own(String),
}

impl Chain {
    fn name(&self) -> String {
        let (Self::Shared(name) | Self::Own(name)) = self;
        name.clone()
    }

    fn of(&self, family: Family) -> String {
        match self {
            Self::Shared(name) => skeleton::part_of(name, family),
            Self::Own(name) => name.clone(),
        }
    }
}

/// Whether a Thing is guarded or observed, and which addresses it has.
fn bindings(table: &mut Table, ground: &Ground<'_>, plane: Plane, thing: &Thing) {
    let addresses = ground.addresses(thing.mac);
    let set = match thing.enforcement {
        Enforcement::Enforce => Some(GUARDED),
        Enforcement::Observe => Some(OBSERVED),
        Enforcement::None => None,
    };
    if let Some(set) = set {
        table.add(set, Element::key([mac(thing.mac)]));
    }
    for at in addresses {
        let family = Family::of(*at);
        if plane == Plane::Routed && set == Some(OBSERVED) {
            table.add(skeleton::observed_addresses(family), Element::key([address(*at)]));
        }
        table.add(bound(family), Element::key([mac(thing.mac), address(*at)]));
        table.add(skeleton::taken(family), Element::key([address(*at)]));
    }
    if plane == Plane::Bridged
        && set == Some(GUARDED)
        && let Some(port) = ground.port(thing)
    {
        table.add(skeleton::PLACED, Element::key([mac(thing.mac)]));
        table.add(skeleton::PORTS, Element::key([mac(thing.mac), word(port)]));
        for at in addresses {
            let place = Element::key([mac(thing.mac), word(port), address(*at)]);
            table.add(skeleton::placed(Family::of(*at)), place);
        }
    }
}

/// Sends the flows that a Thing opens to this chain.
fn outbound_to(table: &mut Table, ground: &Ground<'_>, plane: Plane, thing: MacAddress, chain: &Chain) {
    if plane == Plane::Bridged {
        // The other end is judged after it.
        let element = Element::key([mac(thing)]);
        let verdict = Some(jump_verdict(chain.name()));
        table.add(skeleton::OUT, Element { verdict, ..element });
        return;
    }
    let to = |key: Vec<Expr>, chain| Element {
        verdict: Some(goto_verdict(chain)),
        ..Element::key(key)
    };
    table.add(skeleton::OUT, to(vec![mac(thing)], chain.name()));
    for at in ground.addresses(thing) {
        let family = Family::of(*at);
        for link in ground.links(*at) {
            let key = vec![mac(thing), word(link), address(*at)];
            table.add(skeleton::out_map(family), to(key, chain.of(family)));
        }
    }
}

/// Sends the flows that are opened to a Thing to this chain.
fn inbound_to(table: &mut Table, ground: &Ground<'_>, plane: Plane, thing: MacAddress, chain: &Chain) {
    let to = |key, chain| Element {
        verdict: Some(jump_verdict(chain)),
        ..Element::key([key])
    };
    if plane == Plane::Bridged {
        table.add(skeleton::IN, to(mac(thing), chain.name()));
        return;
    }
    for family in FAMILIES {
        for at in ground.addresses_of(thing, family) {
            table.add(skeleton::in_map(family), to(address(at), chain.of(family)));
        }
    }
}
