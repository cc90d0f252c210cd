//! The firewall: what the Things of a [`Snapshot`](mudguard_manager::Snapshot) may do, as nftables rules of the kernel (RFC 8520, RFC 9726).
//!
//! The crate lowers policies to a ruleset, loads it as one transaction, adds the addresses that the resolver tells, hears what the
//! kernel denies, and ends flows that are no longer permitted. Which packets pass in which state is specified in `docs/security.md`.
//!
//! What it is not: it decides no policy, and it touches no table but its own.

mod answers;
mod apply;
mod change;
mod comment;
mod counts;
mod denials;
mod elements;
mod encoded;
mod error;
mod expression;
mod firewall;
mod flows;
mod kernel;
mod key;
mod lower;
mod netlink;
mod nft;
mod own;
mod restore;
mod seal;
mod sets;
mod skeleton;
mod survey;
mod table;
mod tables;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use counts::{Counts, counts};
pub use denials::{Denials, Heard};
pub use elements::{Elements, Told};
pub use error::{ElementError, FirewallError};
pub use firewall::{Ending, Firewall, LeftOut, Removal, Restored, remove, restore, ruleset_text};
pub use kernel::{Bridge, BridgeSetting, Kernel};
pub use survey::{Flowtable, ForeignChain, Survey, survey};
pub use tables::Tables;

/// The name of our tables.
pub const TABLE: &str = "mudguard";

/// The group to which the kernel sends samples of what it denies.
pub const LOG_GROUP: u16 = 8520;
