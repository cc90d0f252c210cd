//! What must change in the kernel: between two snapshots, or between a snapshot and whatever the kernel has. Pure.
//!
//! Lowering is a function of the snapshot, so what stands in the kernel because of a Thing need not be kept: it is lowered again when the
//! Thing changes. Of Things that do not change nothing is lowered, compared or sent.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use mudguard_manager::{Snapshot, Thing};
use mudguard_policy::MacAddress;
use serde_json::Value;

use crate::{
    encoded::{Content, Spot, encode},
    firewall::LeftOut,
    kernel::Kernel,
    lower::{Ground, Index, Lowered, ThingIndex, is_lowered_alike, lower, lower_home, lower_thing, skeleton},
    sets::Plane,
    table::Table,
};

/// The name of a chain or a set, with its table.
pub(crate) type Name = (Plane, String);

/// The tables of a home without Things, which all homes have in common.
#[derive(Debug)]
pub(crate) struct Frame {
    kernel: Kernel,
    tables: Vec<(Plane, Table)>,
    names: HashMap<Name, Arc<str>>,
}

/// An element of a kind that [`encode`] does not know: a mistake in the skeleton, which a test would find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// What changes between two snapshots.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// The commands for nft that add chains and sets to which nothing leads yet.
    pub(crate) additions: Vec<Value>,
    pub(crate) gone: Vec<Spot>,
    pub(crate) new: Vec<(Spot, Content)>,
    pub(crate) chains_gone: BTreeSet<Name>,
    pub(crate) sets_gone: BTreeSet<Name>,
    /// The Things that are lowered to something else than before.
    pub(crate) things: BTreeMap<MacAddress, Lowering>,
}

/// What of a lowered Thing is not in the kernel; nothing for one that is gone.
#[derive(Debug, Default)]
pub(crate) struct Lowering {
    pub(crate) index: Option<Arc<ThingIndex>>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// All that the kernel should have.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) lowered: Lowered,
    pub(crate) elements: HashMap<Spot, Content>,
    pub(crate) chains: BTreeSet<Name>,
    pub(crate) sets: BTreeSet<Name>,
}

/// Some Things, lowered.
#[derive(Default)]
struct Part {
    elements: BTreeMap<Spot, Content>,
    chains: BTreeSet<Name>,
    sets: BTreeSet<Name>,
    tables: Vec<(Plane, Table)>,
}

impl Frame {
    pub(crate) fn new(kernel: Kernel) -> Self {
        let mut frame = Self {
            kernel,
            tables: planes(skeleton(&kernel)).collect(),
            names: HashMap::new(),
        };
        for (plane, table) in &frame.tables {
            for name in table.sets.keys() {
                let key = (*plane, name.clone().into_owned());
                frame.names.insert(key, Arc::from(&**name));
            }
        }
        frame
    }

    /// The planes of which the kernel has tables.
    pub(crate) fn planes(&self) -> impl Iterator<Item = Plane> {
        self.tables.iter().map(|(plane, _)| *plane)
    }

    /// What must change.
    pub(crate) fn change(&self, before: &Snapshot, now: &Snapshot) -> Result<Change, Unknown> {
        let grounds = [Ground::of(before), Ground::of(now)];
        let (mut old, mut new) = (Part::default(), Part::default());
        let mut change = Change::default();
        if before.home != now.home {
            self.take(lower_home(&grounds[0]), &mut old)?;
            self.take(lower_home(&grounds[1]), &mut new)?;
        }
        let macs: BTreeSet<_> = before.things.keys().chain(now.things.keys()).collect();
        for mac in macs {
            let things = [before.things.get(mac), now.things.get(mac)];
            if let [Some(one), Some(other)] = things
                && is_lowered_alike((one, &grounds[0]), (other, &grounds[1]))
            {
                continue;
            }
            let [one, other] = things;
            if let Some(thing) = one {
                self.lower(thing, &grounds[0], &mut old)?;
            }
            let lowering = other.map(|thing| self.lower(thing, &grounds[1], &mut new));
            change
                .things
                .insert(*mac, lowering.transpose()?.unwrap_or_default());
        }
        for (plane, table) in &mut new.tables {
            table
                .chains
                .retain(|name, _| !old.chains.contains(&(*plane, name.clone())));
            table
                .sets
                .retain(|name, _| !old.sets.contains(&(*plane, name.clone().into_owned())));
            change.additions.extend(table.addition());
        }
        change.chains_gone = old.chains.difference(&new.chains).cloned().collect();
        change.sets_gone = old.sets.difference(&new.sets).cloned().collect();
        for (spot, content) in &old.elements {
            if new.elements.get(spot) != Some(content) {
                change.gone.push(spot.clone());
            }
        }
        new.elements
            .retain(|spot, content| old.elements.get(spot) != Some(content));
        change.new = new.elements.into_iter().collect();
        Ok(change)
    }

    fn lower(&self, thing: &Thing, ground: &Ground<'_>, part: &mut Part) -> Result<Lowering, Unknown> {
        let lowered = lower_thing(thing, ground, &self.kernel);
        self.take([lowered.routed, lowered.bridged], part)?;
        Ok(Lowering {
            index: lowered.index.map(Arc::new),
            left_out: lowered.left_out,
        })
    }

    fn take(&self, [routed, bridged]: [Table; 2], part: &mut Part) -> Result<(), Unknown> {
        let tables = [(Plane::Routed, routed), (Plane::Bridged, bridged)];
        for ((plane, table), (_, skeleton)) in tables.into_iter().zip(&self.tables) {
            for (set, elements) in &table.of_other_sets {
                // What no table declares, nothing looks up.
                let Some(declared) = skeleton.sets.get(set) else {
                    continue;
                };
                let name = self
                    .names
                    .get(&(plane, set.clone().into_owned()))
                    .ok_or(Unknown)?;
                for element in elements {
                    let (spot, content) = encode(plane, declared, name, element).ok_or(Unknown)?;
                    part.elements.entry(spot).or_insert(content);
                }
            }
            part.chains
                .extend(table.chains.keys().map(|name| (plane, name.clone())));
            part.sets
                .extend(table.sets.keys().map(|name| (plane, name.clone().into_owned())));
            part.tables.push((plane, table));
        }
        Ok(())
    }

    /// All that the kernel should have.
    pub(crate) fn whole(&self, now: &Snapshot) -> Result<Whole, Unknown> {
        let mut whole = Whole {
            lowered: lower(now, &self.kernel),
            elements: HashMap::new(),
            chains: BTreeSet::new(),
            sets: BTreeSet::new(),
        };
        for (table, plane) in whole.lowered.tables().zip(self.planes()) {
            for (name, set) in &table.sets {
                let shared = Arc::from(&**name);
                for element in &set.elements {
                    let (spot, content) = encode(plane, set, &shared, element).ok_or(Unknown)?;
                    whole.elements.entry(spot).or_insert(content);
                }
            }
            whole
                .chains
                .extend(table.chains.keys().map(|name| (plane, name.clone())));
            whole
                .sets
                .extend(table.sets.keys().map(|name| (plane, name.clone().into_owned())));
        }
        Ok(whole)
    }
}

impl Whole {
    /// The commands that bring rules, chains and sets of the kernel's tables to these where they stand.
    pub(crate) fn in_place(&self) -> Vec<Value> {
        self.lowered.tables().flat_map(Table::in_place).collect()
    }
}

fn planes(lowered: Lowered) -> impl Iterator<Item = (Plane, Table)> {
    let bridged = lowered.bridged.map(|table| (Plane::Bridged, table));
    [(Plane::Routed, lowered.routed)].into_iter().chain(bridged)
}

impl Change {
    /// Takes what is known of the changed Things over into what is known of all.
    pub(crate) fn take_over(self, index: &mut Index, left_out: &mut BTreeMap<MacAddress, Vec<LeftOut>>) {
        for (mac, lowering) in self.things {
            match lowering.index {
                Some(of_thing) => index.insert(mac, of_thing),
                None => index.remove(&mac),
            };
            if lowering.left_out.is_empty() {
                left_out.remove(&mac);
            } else {
                left_out.insert(mac, lowering.left_out);
            }
        }
    }
}
