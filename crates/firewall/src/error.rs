//! What can go wrong between this crate and the kernel, named by what the caller does about it.

use std::io;

use thiserror::Error;

/// Why a ruleset or a socket could not be had.
#[derive(Debug, Error)]
pub enum FirewallError {
    /// The program `nft` could not be started: it is not installed, or this process may not start it.
    #[error("the program nft cannot be run ({0}); install the package nftables")]
    NoNft(io::Error),
    /// The kernel refused the ruleset, and the one before it stays in force; the text is nft's.
    #[error("the kernel refused the ruleset: {0}")]
    Refused(String),
    /// The netlink socket failed.
    #[error("netlink to the kernel failed while {doing}: {error}")]
    Netlink {
        /// What was asked for.
        doing: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
}

/// Why addresses could not be made reachable. The resolver must not tell them to the Thing.
#[derive(Debug, Error)]
pub enum ElementError {
    /// The tables are gone, by `nft flush ruleset` for example: apply the snapshot again.
    #[error("the tables of Mudguard are no longer in the kernel")]
    TablesGone,
    /// One answer holds more addresses than are kept of a name, so not all of them would be reachable.
    #[error("the answer holds {0} addresses, and of a name 32 are kept")]
    TooManyAddresses(usize),
    /// The kernel refused the elements.
    #[error("the kernel refused the elements: {0}")]
    Refused(io::Error),
}
