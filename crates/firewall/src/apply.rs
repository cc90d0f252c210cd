//! Brings the kernel to a snapshot: by what has changed since the last, or as a whole.
//!
//! A change is sent in two steps. Chains and sets that are new go in first, through nft, where nothing leads to them. Then one transaction
//! over netlink switches elements and verdicts over and takes away what is no longer used: a packet that is judged meanwhile meets the
//! old rules or the new ones. Answers wait for that transaction alone; only those for Things with new chains wait for nft too.
//!
//! As a whole: nothing is assumed of what the kernel has of ours, as at the start or after somebody else has changed it. Its rules are
//! replaced where they stand, its elements are read, and what differs is sent.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use mudguard_manager::Snapshot;
use serde_json::{Value, json};
use tracing::{debug, warn};

use crate::{
    FirewallError,
    change::{Change, Frame, Name, Unknown, Whole},
    elements::{Shared, Standing, State, Waits},
    encoded::Spot,
    flows::{InForce, Revoked},
    lower::{Ground, ThingIndex},
    netlink::{batch::Said, listing::Listing, targets},
    nft,
    restore::restore,
    sets::Plane,
};

/// Another program may change the ruleset while nft reads it; the kernel then refuses what nft made of it.
const ATTEMPTS: u32 = 3;

/// An address that was lent stays bound for so long, though no snapshot says so yet.
const LENT: Duration = Duration::from_secs(60);

/// Applies a snapshot, tells whether its rules hold, and ends the flows that they forbid: the kernel's table of connections is large, and
/// its size alone makes a walk through it take milliseconds.
pub(crate) fn apply(
    snapshot: &Snapshot,
    frame: &Frame,
    shared: &Shared,
    tell: impl FnOnce(Result<(), FirewallError>),
) {
    // One that nobody awaits any more goes on to its end, so another may have begun.
    let _one = shared.applying.lock().unwrap_or_else(PoisonError::into_inner);
    let in_force = InForce::of(snapshot);
    let applied = match change(snapshot, frame, shared) {
        Ok(true) => Ok(()),
        Ok(false) => whole(snapshot, frame, shared),
        Err(error) => {
            debug!("everything is sent again, for a change could not be: {error}");
            whole(snapshot, frame, shared)
        }
    };
    let mut state = shared.state.blocking_lock();
    state.waits = Waits::None;
    state.answer_waiting(shared);
    shared.changed.notify_waiters();
    if let Err(error) = applied {
        state.standing = None;
        drop(state);
        return tell(Err(error));
    }
    let revoked = in_force.revoked_since(&state.in_force, &state.answers);
    state.in_force = in_force;
    drop(state);
    tell(Ok(()));
    if let Some(revoked) = revoked
        && let Err(error) = end_flows(revoked, shared)
    {
        warn!("flows that are no longer permitted could not be ended: {error}");
    }
}

/// Sends what has changed. `false` if it is not known what the kernel has.
fn change(snapshot: &Snapshot, frame: &Frame, shared: &Shared) -> Result<bool, FirewallError> {
    let listing = Listing::open().map_err(netlink)?;
    let Some(before) = shared.state.blocking_lock().standing.clone() else {
        return Ok(false);
    };
    if tables(&listing, frame)? != before.tables {
        return Ok(false);
    }
    let Ok(mut change) = frame.change(&before.snapshot, snapshot) else {
        return Ok(false);
    };
    let additions = std::mem::take(&mut change.additions);
    if !additions.is_empty() {
        let changing = change.things.keys().copied().collect();
        shared.state.blocking_lock().waits = Waits::For(changing);
        run(&json!({ "nftables": additions }), shared)?;
    }
    let mut state = shared.state.blocking_lock();
    let now = Instant::now();
    state.batch.begin();
    state.change_static(&change);
    state.change_learned(&change, now);
    state.return_lent(snapshot, now);
    state.remove(&change.chains_gone, &change.sets_gone);
    state.carry_out(shared).map_err(netlink)?;
    let State { index, left_out, .. } = &mut *state;
    change.take_over(index, left_out);
    state.has_now(snapshot, before.tables.clone(), shared, now);
    Ok(true)
}

/// Brings the kernel to a snapshot, whatever it has.
fn whole(snapshot: &Snapshot, frame: &Frame, shared: &Shared) -> Result<(), FirewallError> {
    shared.state.blocking_lock().waits = Waits::All;
    let whole = match frame.whole(snapshot) {
        Ok(whole) => whole,
        Err(Unknown) => return Err(FirewallError::Refused("an element of an unknown kind".to_owned())),
    };
    if let Err(error) = run(&json!({ "nftables": whole.in_place() }), shared) {
        debug!("the tables are replaced, for they could not be changed where they stand: {error}");
        run(&whole.lowered.commands(), shared)?;
    }
    let listing = Listing::open().map_err(netlink)?;
    let mut state = shared.state.blocking_lock();
    let now = Instant::now();
    state.batch.begin();
    if whole.lowered.bridged.is_some() {
        targets::rules(&mut state.batch);
    }
    state.reconcile(whole, &listing, snapshot, now).map_err(netlink)?;
    state.carry_out(shared).map_err(netlink)?;
    let tables = tables(&listing, frame)?;
    state.has_ruleset = true;
    state.has_now(snapshot, tables, shared, now);
    Ok(())
}

impl State {
    /// Elements that were written with policies.
    fn change_static(&mut self, change: &Change) {
        for spot in &change.gone {
            self.batch.delete(spot.at());
        }
        for (spot, content) in &change.new {
            self.batch.add(spot.at(), content.said());
        }
    }

    /// Elements that were learned: those of which nothing changes stay as they are.
    fn change_learned(&mut self, change: &Change, now: Instant) {
        for (thing, lowering) in &change.things {
            let keys = |index: Option<&Arc<ThingIndex>>| {
                index.map_or_else(BTreeMap::new, |index| self.answers.all_keys(*thing, index, now))
            };
            let (before, index) = (self.index.get(thing), lowering.index.as_ref());
            if before == index {
                continue;
            }
            let (old, new) = (keys(before), keys(index));
            for key in old.keys().filter(|key| !new.contains_key(key)) {
                // A set that goes takes its elements along.
                if !change.sets_gone.contains(&(key.plane, key.set.to_string())) {
                    self.batch.make_sure_it_is_not_there(Spot::from(key).at());
                }
            }
            for (key, (ends, comment)) in &new {
                if old.get(key).is_none_or(|(_, known)| known != comment) {
                    let said = Said {
                        chain: None,
                        comment: Some(comment),
                        lifetime: Some(ends.saturating_duration_since(now)),
                    };
                    self.batch.refresh(Spot::from(key).at(), said);
                }
            }
        }
    }

    /// Takes back what was bound because it was lent, if after a minute no snapshot says so.
    fn return_lent(&mut self, snapshot: &Snapshot, now: Instant) {
        let Self { lent, batch, .. } = self;
        if lent.is_empty() {
            return;
        }
        let ground = Ground::of(snapshot);
        lent.retain(|lent| {
            if ground.owner.get(&lent.address) == Some(&lent.thing) {
                return false;
            }
            let keep = now.duration_since(lent.at) < LENT;
            if !keep {
                batch.add(Spot::from(&lent.key).at(), Said::default());
                batch.delete(Spot::from(&lent.key).at());
            }
            keep
        });
    }

    fn remove(&mut self, chains: &BTreeSet<Name>, sets: &BTreeSet<Name>) {
        for (plane, name) in chains {
            self.batch.flush_chain(*plane, name);
        }
        for (plane, name) in chains {
            self.batch.delete_chain(*plane, name);
        }
        for (plane, name) in sets {
            self.batch.delete_set(*plane, name);
        }
    }

    /// Compares what the kernel has with what it should have.
    fn reconcile(
        &mut self,
        mut whole: Whole,
        listing: &Listing,
        snapshot: &Snapshot,
        now: Instant,
    ) -> io::Result<()> {
        let (mut chains_gone, mut sets_gone) = (BTreeSet::new(), BTreeSet::new());
        let mut there = HashMap::new();
        let planes: BTreeSet<_> = whole.chains.iter().map(|(plane, _)| *plane).collect();
        for plane in planes {
            let names = |names: Vec<String>| names.into_iter().map(move |name| (plane, name));
            chains_gone.extend(names(listing.chains(plane)?).filter(|name| !whole.chains.contains(name)));
            for name in names(listing.sets(plane)?) {
                if !whole.sets.contains(&name) {
                    sets_gone.insert(name);
                    continue;
                }
                let set: Arc<str> = name.1.as_str().into();
                for element in listing.elements(plane, &set)? {
                    let (spot, content) = element.at(plane, &set);
                    there.insert(spot, content);
                }
            }
        }
        if !self.has_ruleset {
            restore(&mut self.answers, &there, &Ground::of(snapshot).owner, now);
        }
        for lent in &self.lent {
            whole.elements.entry(Spot::from(&lent.key)).or_default();
        }
        let mut learned = BTreeMap::new();
        for (thing, index) in &whole.lowered.index {
            let keys = self.answers.all_keys(*thing, index, now);
            learned.extend(keys.into_iter().map(|(key, value)| (Spot::from(&key), value)));
        }
        for (spot, (content, left)) in &there {
            let stays = match learned.get(spot) {
                Some((_, comment)) => left.is_some() && content.comment.as_ref() == Some(comment),
                None => left.is_none() && whole.elements.get(spot) == Some(content),
            };
            match (stays, left) {
                (true, _) => {}
                (false, Some(_)) => self.batch.make_sure_it_is_not_there(spot.at()),
                (false, None) => self.batch.delete(spot.at()),
            }
        }
        let is_there = |spot: &Spot, comment: Option<&Arc<str>>| {
            there
                .get(spot)
                .is_some_and(|(content, _)| content.comment.as_ref() == comment)
        };
        let mut new: Vec<_> = whole.elements.iter().collect();
        new.retain(|(spot, content)| {
            there
                .get(*spot)
                .is_none_or(|(known, left)| known != *content || left.is_some())
        });
        new.sort_unstable_by_key(|(spot, _)| *spot);
        for (spot, content) in new {
            self.batch.add(spot.at(), content.said());
        }
        for (spot, (ends, comment)) in &learned {
            if !is_there(spot, Some(comment)) {
                let said = Said {
                    chain: None,
                    comment: Some(comment),
                    lifetime: Some(ends.saturating_duration_since(now)),
                };
                self.batch.add(spot.at(), said);
            }
        }
        self.remove(&chains_gone, &sets_gone);
        self.index = whole.lowered.index;
        self.left_out = BTreeMap::new();
        for left_out in whole.lowered.left_out {
            self.left_out.entry(left_out.thing).or_default().push(left_out);
        }
        Ok(())
    }

    fn carry_out(&mut self, shared: &Shared) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.socket.carry_out(&mut self.batch)?;
        shared.own.carried_out();
        Ok(())
    }

    /// The kernel has this snapshot now.
    fn has_now(&mut self, snapshot: &Snapshot, tables: Vec<Option<u64>>, shared: &Shared, now: Instant) {
        self.standing = Some(Arc::new(Standing {
            snapshot: snapshot.clone(),
            tables,
        }));
        let Self { answers, index, .. } = self;
        answers.forget(index, now);
        shared.set_owner(Ground::of(snapshot).owner);
    }
}

/// The numbers of our tables; there is one for each plane.
fn tables(listing: &Listing, frame: &Frame) -> Result<Vec<Option<u64>>, FirewallError> {
    let numbers = frame.planes().map(|plane: Plane| listing.table(plane));
    numbers.collect::<io::Result<_>>().map_err(netlink)
}

fn run(commands: &Value, shared: &Shared) -> Result<(), FirewallError> {
    let commands = commands.to_string();
    let mut attempt = 1;
    loop {
        match nft::run(&commands, |process| shared.own.begins(process)) {
            Ok(()) => {
                shared.own.carried_out();
                return Ok(());
            }
            Err(error) if attempt == ATTEMPTS || !matches!(error, FirewallError::Refused(_)) => {
                return Err(error);
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10 * u64::from(attempt))),
        }
        attempt += 1;
    }
}

/// Ends the flows that the new policies forbid.
fn end_flows(mut revoked: Revoked, shared: &Shared) -> io::Result<usize> {
    let flows = revoked.forbidden()?;
    if flows.is_empty() {
        return Ok(0);
    }
    // Answers go on meanwhile. Who opened a flow to an address was told it before, so it is remembered by now.
    revoked.learn_names(&shared.state.blocking_lock().answers);
    revoked.end(flows)
}

fn netlink(error: io::Error) -> FirewallError {
    FirewallError::Netlink {
        doing: "changing the tables",
        error,
    }
}
