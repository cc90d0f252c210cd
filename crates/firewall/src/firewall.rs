//! The owner of the tables: one transaction for each snapshot.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mudguard_manager::Snapshot;
use mudguard_policy::{MacAddress, Origin};
use nftables::types::NfFamily;
use serde_json::{Value, json};
use tracing::{debug, warn};

use crate::{
    Denials, Elements, FirewallError, Kernel, TABLE,
    elements::{Shared, State},
    flows::{InForce, Revoked},
    lower::{Lowered, lower},
    nft,
    restore::restore,
    table::{Element, Standing, Table},
    tables,
};

/// The owner of our tables; there is one.
#[derive(Debug)]
pub struct Firewall {
    kernel: Kernel,
    shared: Arc<Shared>,
    left_out: Arc<Mutex<Vec<LeftOut>>>,
}

/// A rule of a policy that this kernel cannot hold. It is left out, which permits less and never more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Whose rule it is.
    pub thing: MacAddress,
    /// Where it stands.
    pub origin: Origin,
    /// Why it is left out.
    pub reason: &'static str,
}

/// Which tables were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The table for routed packets.
    pub inet: bool,
    /// The table for frames within a bridge.
    pub bridge: bool,
}

impl Firewall {
    /// Finds out what the kernel can do and opens the sockets. No table changes before the first [`apply`](Self::apply).
    ///
    /// # Errors
    /// There is no nft, or no right to speak netlink to netfilter.
    pub async fn start() -> Result<(Self, Elements, Denials), FirewallError> {
        let mut kernel = blocking(Kernel::probe).await?;
        let netlink = |error| FirewallError::Netlink {
            doing: "opening the socket for elements",
            error,
        };
        let shared = Arc::new(Shared::new().map_err(netlink)?);
        let denials = Denials::listen(&kernel, Arc::clone(&shared));
        kernel.samples = denials.is_listening();
        let firewall = Self {
            kernel,
            shared: Arc::clone(&shared),
            left_out: Arc::default(),
        };
        Ok((firewall, Elements::new(shared), denials))
    }

    /// What the kernel can do.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// What this kernel does not allow, in words.
    #[must_use]
    pub fn limitations(&self) -> Vec<String> {
        self.kernel.limitations()
    }

    /// The rules that the last ruleset left out.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        self.left_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Brings the kernel to this snapshot in one transaction, whatever stands there of ours. Learned elements that are still permitted
    /// go over with the time they have left; flows that are no longer permitted end.
    ///
    /// # Errors
    /// The kernel did not take the ruleset: the one before stays in force.
    pub async fn apply(&mut self, snapshot: &Snapshot) -> Result<(), FirewallError> {
        let snapshot = snapshot.clone();
        let kernel = self.kernel;
        let shared = Arc::clone(&self.shared);
        let left_out = Arc::clone(&self.left_out);
        // The work goes on to its end even if nobody awaits it any more, so kernel and index never part.
        blocking(move || apply(&snapshot, &kernel, &shared, &left_out)).await
    }
}

fn apply(
    snapshot: &Snapshot,
    kernel: &Kernel,
    shared: &Shared,
    left_out: &Mutex<Vec<LeftOut>>,
) -> Result<(), FirewallError> {
    let mut lowered = lower(snapshot, kernel);
    let in_force = InForce::of(snapshot);
    let mut state = Arc::clone(&shared.state).blocking_lock_owned();
    let now = Instant::now();
    if !state.has_ruleset
        && let Err(error) = restore(&mut state.answers, &lowered.owner, now)
    {
        warn!("what Things were told before the start could not be read from the kernel: {error}");
    }
    write_learned(&mut lowered, &mut state, now);
    state.standing = load_over(&lowered, std::mem::take(&mut state.standing))?;
    state.has_ruleset = true;
    state.index = lowered.index;
    shared.set_owner(lowered.owner);
    *left_out.lock().unwrap_or_else(PoisonError::into_inner) = lowered.left_out;
    let revoked = in_force.revoked_since(&state.in_force, &state.answers);
    state.in_force = in_force;
    drop(state);
    // The rules hold; flows that they forbid are a second matter, which must not make the caller believe that they do not.
    if let Some(revoked) = revoked
        && let Err(error) = end_flows(revoked, shared)
    {
        warn!("flows that are no longer permitted could not be ended: {error}");
    }
    Ok(())
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

/// Puts the learned elements that the new policies permit into the new tables.
fn write_learned(lowered: &mut Lowered, state: &mut State, now: Instant) {
    state.answers.forget(&lowered.index, now);
    let index = std::mem::take(&mut lowered.index);
    for (thing, things_own) in &index {
        for (key, (ends, comment)) in state.answers.all_keys(*thing, things_own, now) {
            let left = ends.saturating_duration_since(now).as_secs() + 1;
            if let Some(table) = lowered.table_mut(key.plane) {
                let element = Element {
                    timeout: Some(u32::try_from(left).unwrap_or(u32::MAX)),
                    comment: Some(comment.to_string()),
                    ..Element::key(key.parts.iter().map(|part| part.expression()))
                };
                table.add(&key.set, element);
            }
        }
    }
    lowered.index = index;
}

/// Loads a ruleset over the one before, and says what stands then. Tables that cannot be brought to it are replaced: they were made by
/// another version, or are not there.
fn load_over(lowered: &Lowered, before: Vec<Standing>) -> Result<Vec<Standing>, FirewallError> {
    let before = if before.is_empty() {
        standing(lowered)
    } else {
        Some(before)
    };
    let updated = before.is_some_and(|before| {
        let tables = lowered.tables().zip(&before);
        let commands: Vec<_> = tables
            .flat_map(|(table, standing)| table.update(standing))
            .collect();
        let result = nft::run(&json!({ "nftables": commands }).to_string(), &[]);
        if let Err(error) = &result {
            debug!("the tables are replaced, for they could not be changed where they stand: {error}");
        }
        result.is_ok()
    });
    if !updated {
        load(&lowered.commands())?;
    }
    Ok(lowered.tables().map(Table::standing).collect())
}

/// What an earlier daemon left in the kernel; `None` if a table is not there.
fn standing(lowered: &Lowered) -> Option<Vec<Standing>> {
    let listed = |table: &Table| {
        let family = if table.family == NfFamily::Bridge {
            "bridge"
        } else {
            "inet"
        };
        let text = nft::ask(&["--terse", "list", "table", family, TABLE]).ok()?;
        Some(Standing::listed(&serde_json::from_str(&text).ok()?))
    };
    lowered.tables().map(listed).collect()
}

/// Another program may change the ruleset while nft reads it; the kernel then refuses what nft made of it.
const ATTEMPTS: u32 = 3;

fn load(commands: &Value) -> Result<(), FirewallError> {
    let commands = commands.to_string();
    let mut attempt = 1;
    loop {
        match nft::run(&commands, &[]) {
            Ok(()) => return Ok(()),
            Err(error) if attempt == ATTEMPTS || !matches!(error, FirewallError::Refused(_)) => {
                return Err(error);
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10 * u64::from(attempt))),
        }
        attempt += 1;
    }
}

/// Runs what blocks for some milliseconds beside the runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FirewallError> + Send + 'static,
) -> Result<T, FirewallError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(FirewallError::Refused(error.to_string())),
    }
}

/// Removes our tables. It needs no daemon, and there may be nothing to remove.
///
/// # Errors
/// There is no nft, or the kernel refused.
pub fn remove() -> Result<Removal, FirewallError> {
    let removal = tables::there()?;
    let families = [(removal.inet, NfFamily::INet), (removal.bridge, NfFamily::Bridge)];
    let there = families.into_iter().filter(|(is_there, _)| *is_there);
    let commands: Vec<_> = there.flat_map(|(_, family)| Table::removal(family)).collect();
    if !commands.is_empty() {
        load(&json!({ "nftables": commands }))?;
    }
    Ok(removal)
}

/// The commands that put the ruleset of a snapshot into the kernel, as nft reads them with `nft -j -f`.
#[must_use]
pub fn ruleset_text(snapshot: &Snapshot, kernel: &Kernel) -> String {
    lower(snapshot, kernel).commands().to_string()
}
