//! The program nft, through the `nftables` crate.

use nftables::helper::{self, DEFAULT_NFT, NftablesError};

use crate::FirewallError;

/// Runs commands as one transaction. Blocks for some milliseconds.
pub(crate) fn run(commands: &str, arguments: &[&str]) -> Result<(), NftablesError> {
    helper::apply_ruleset_raw(commands, DEFAULT_NFT, arguments.iter().copied()).map(drop)
}

/// What nft says to a question.
pub(crate) fn ask(arguments: &[&str]) -> Result<String, FirewallError> {
    helper::get_current_ruleset_raw(DEFAULT_NFT, arguments.iter().copied()).map_err(error)
}

/// At most so many letters of nft's answer are kept.
const LENGTH: usize = 500;

/// What the caller does about it.
pub(crate) fn error(error: NftablesError) -> FirewallError {
    match error {
        NftablesError::NftExecution { inner, .. } => FirewallError::NoNft(inner),
        NftablesError::NftFailed { stdout, stderr, .. } => {
            let text = if stderr.trim().is_empty() { stdout } else { stderr };
            FirewallError::Refused(text.trim().chars().take(LENGTH).collect())
        }
        NftablesError::NftOutputEncoding { inner, .. } => FirewallError::Refused(inner.to_string()),
        NftablesError::NftInvalidJson(error) => FirewallError::Refused(error.to_string()),
    }
}
