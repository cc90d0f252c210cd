//! The owner of the tables: it brings the kernel to each snapshot.

use std::{fmt, sync::Arc};

use mudguard_manager::Snapshot;
use mudguard_policy::{MacAddress, Origin};
use nftables::types::NfFamily;
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};
use tracing::warn;

use crate::{
    BridgeSetting, Denials, Elements, FirewallError, Kernel, Tables, apply::apply, change::Frame,
    elements::Shared, lower::lower, nft, table::Table, tables,
};

/// The owner of our tables; there is one.
#[derive(Debug)]
pub struct Firewall {
    kernel: Kernel,
    frame: Arc<Frame>,
    shared: Arc<Shared>,
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

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::comment::comment(self.thing, &self.origin))
    }
}

/// The end of the flows that new rules forbid.
#[derive(Debug)]
pub struct Ending(JoinHandle<()>);

impl Ending {
    /// Waits until they have ended.
    pub async fn ended(self) {
        if let Err(error) = self.0.await {
            warn!("flows that are no longer permitted could not be ended: {error}");
        }
    }
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
        Self::start_with(BridgeSetting::Auto).await
    }

    /// The same, and frames within a bridge are filtered as the operator set it.
    ///
    /// # Errors
    /// There is no nft, or no right to speak netlink to netfilter.
    pub async fn start_with(bridge: BridgeSetting) -> Result<(Self, Elements, Denials), FirewallError> {
        let mut kernel = blocking(Kernel::probe).await?.used_as(bridge);
        let netlink = |error| FirewallError::Netlink {
            doing: "opening the socket for elements",
            error,
        };
        let shared = Arc::new(Shared::new().map_err(netlink)?);
        let denials = Denials::listen(&kernel, Arc::clone(&shared));
        kernel.samples = denials.is_listening();
        let firewall = Self {
            kernel,
            frame: Arc::new(Frame::new(kernel)),
            shared: Arc::clone(&shared),
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
    pub async fn left_out(&self) -> Vec<LeftOut> {
        let state = self.shared.state.lock().await;
        state.left_out.values().flatten().cloned().collect()
    }

    /// Brings the kernel to this snapshot. Learned elements that are still permitted stay with the time they have left; flows that are no
    /// longer permitted end.
    ///
    /// # Errors
    /// The kernel did not take the rules: those before stay in force.
    pub async fn apply(&mut self, snapshot: &Snapshot) -> Result<(), FirewallError> {
        self.apply_rules(snapshot).await?.ended().await;
        Ok(())
    }

    /// The same, but it returns as soon as the rules hold; flows end meanwhile. The next snapshot waits for that.
    ///
    /// # Errors
    /// The kernel did not take the rules: those before stay in force.
    pub async fn apply_rules(&mut self, snapshot: &Snapshot) -> Result<Ending, FirewallError> {
        let snapshot = snapshot.clone();
        let frame = Arc::clone(&self.frame);
        let shared = Arc::clone(&self.shared);
        let (tell, told) = oneshot::channel();
        // The work goes on to its end even if nobody awaits it any more, so kernel and index never part.
        let work = tokio::task::spawn_blocking(move || {
            apply(&snapshot, &frame, &shared, |result| {
                // Who asked may have gone.
                let _ = tell.send(result);
            });
        });
        match told.await {
            Ok(result) => result.map(|()| Ending(work)),
            Err(_) => Err(FirewallError::Refused("the work was broken off".to_owned())),
        }
    }

    /// Hears of changes that others make to our tables, or of their loss; to be called from within a runtime.
    ///
    /// # Errors
    /// The kernel tells this process nothing.
    pub fn tables(&self) -> Result<Tables, FirewallError> {
        Tables::watch(Arc::clone(&self.shared))
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
        nft::run(&json!({ "nftables": commands }).to_string(), |_| {})?;
    }
    Ok(removal)
}

/// What became of rules that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// They are in the kernel.
    Loaded,
    /// Tables of ours were there, and were left alone.
    AlreadyThere,
}

/// Loads what [`ruleset_text`] gave, if no table of ours is in the kernel. It needs no daemon.
///
/// # Errors
/// There is no nft, or the kernel refused.
pub fn restore(ruleset: &str) -> Result<Restored, FirewallError> {
    if tables::there()? != Removal::default() {
        return Ok(Restored::AlreadyThere);
    }
    nft::run(ruleset, |_| {})?;
    if tables::there()?.bridge {
        crate::netlink::targets::load().map_err(|error| FirewallError::Netlink {
            doing: "loading the rules of neighbour discovery",
            error,
        })?;
    }
    Ok(Restored::Loaded)
}

/// The commands that put the ruleset of a snapshot into the kernel, as nft reads them with `nft -j -f`.
#[must_use]
pub fn ruleset_text(snapshot: &Snapshot, kernel: &Kernel) -> String {
    lower(snapshot, kernel).commands().to_string()
}
