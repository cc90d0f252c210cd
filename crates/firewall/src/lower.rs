//! Lowering: from a snapshot to the tables of the kernel. Pure; the specification is `docs/security.md`.
//!
//! A rule becomes elements if sets can hold it. If the order of a policy matters, or a rule is about more than peer, protocol and one
//! of the ports, the Thing gets chains of its own; first match wins there as in RFC 8519. What cannot be installed is left out
//! and named: that permits less, never more, because only a rule that accepts is ever left out.

mod chains;
mod fit;
mod ground;
#[cfg(test)]
mod tests;
mod thing;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::{Family, MacAddress};
use serde_json::{Value, json};

use self::thing::ThingLowering;
pub(crate) use self::{
    ground::Ground,
    thing::{Index, ThingIndex},
};
use crate::{
    expression::{FAMILIES, address, goto_verdict, mac},
    firewall::LeftOut,
    kernel::{Bridge, Kernel},
    sets::Plane,
    skeleton::{self, GUARDED, OBSERVED, TAKEN, bound},
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
    /// Who has which address.
    pub(crate) owner: HashMap<IpAddr, MacAddress>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Lowers a snapshot.
pub(crate) fn lower(snapshot: &Snapshot, kernel: &Kernel) -> Lowered {
    let ground = Ground::of(snapshot);
    let mut index = BTreeMap::new();
    for thing in &ground.managed {
        let things_own = ThingIndex {
            addresses: ground.addresses(thing.mac).to_vec(),
            openings: HashMap::new(),
        };
        index.insert(thing.mac, things_own);
    }
    let mut left_out = Vec::new();
    let mut table = |mut table: Table, plane| {
        bindings(&mut table, &ground, plane);
        for thing in &ground.managed {
            if let Some(things_own) = index.get_mut(&thing.mac) {
                ThingLowering {
                    ground: &ground,
                    kernel,
                    plane,
                    thing,
                    table: &mut table,
                    index: things_own,
                    left_out: &mut left_out,
                    names: HashMap::new(),
                }
                .lower();
            }
        }
        table
    };
    let routed = table(skeleton::inet(kernel), Plane::Routed);
    let bridged = (kernel.bridge != Bridge::Absent).then(|| table(skeleton::bridge(kernel), Plane::Bridged));
    Lowered {
        routed,
        bridged,
        index,
        owner: ground.owner,
        left_out,
    }
}

impl Lowered {
    /// The table of a plane.
    pub(crate) fn table_mut(&mut self, plane: Plane) -> Option<&mut Table> {
        match plane {
            Plane::Routed => Some(&mut self.routed),
            Plane::Bridged => self.bridged.as_mut(),
        }
    }

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

/// Who is guarded, who is observed, and who has which address.
fn bindings(table: &mut Table, ground: &Ground<'_>, plane: Plane) {
    for thing in &ground.managed {
        let set = match thing.enforcement {
            Enforcement::Enforce => GUARDED,
            Enforcement::Observe | Enforcement::None => OBSERVED,
        };
        table.add(set, Element::key([mac(thing.mac)]));
        if plane == Plane::Routed && set == OBSERVED {
            for at in ground.addresses(thing.mac) {
                let set = skeleton::observed_addresses(Family::of(*at));
                table.add(&set, Element::key([address(*at)]));
            }
        }
    }
    for (thing, at) in ground.bound() {
        table.add(&bound(Family::of(at)), Element::key([mac(thing), address(at)]));
        if at.is_ipv6() {
            table.add(TAKEN, Element::key([address(at)]));
        }
    }
}

/// Sends the flows that are opened to a Thing to this chain.
fn inbound_to(table: &mut Table, ground: &Ground<'_>, plane: Plane, thing: MacAddress, chain: &str) {
    let to = |key| Element {
        verdict: Some(goto_verdict(chain)),
        ..Element::key([key])
    };
    if plane == Plane::Bridged {
        table.add(skeleton::IN, to(mac(thing)));
        return;
    }
    for family in FAMILIES {
        for at in ground.addresses_of(thing, family) {
            table.add(&skeleton::in_map(family), to(address(at)));
        }
    }
}
