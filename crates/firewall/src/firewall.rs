//! The owner of the tables.

use mudguard_manager::Snapshot;
use mudguard_policy::{MacAddress, Origin};

use crate::{Denials, Elements, FirewallError, Kernel};

/// The owner of our tables; there is one.
#[derive(Debug)]
pub struct Firewall;

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
    pub async fn start() -> Result<(Self, Elements, Denials), FirewallError> {
        tokio::task::yield_now().await;
        Ok((Self, Elements, Denials))
    }

    /// What this kernel does not allow, in words.
    #[must_use]
    pub fn limitations(&self) -> Vec<String> {
        Vec::new()
    }

    /// The rules that the last ruleset left out.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &[]
    }

    /// Brings the kernel to this snapshot in one transaction.
    pub async fn apply(&mut self, _snapshot: &Snapshot) -> Result<(), FirewallError> {
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// Removes our tables. It needs no daemon, and there may be nothing to remove.
pub fn remove() -> Result<Removal, FirewallError> {
    Ok(Removal::default())
}

/// The commands that load the ruleset of a snapshot into an empty kernel, as nft reads them with `nft -j -f`.
#[must_use]
pub fn ruleset_text(_snapshot: &Snapshot, _kernel: &Kernel) -> String {
    String::new()
}
