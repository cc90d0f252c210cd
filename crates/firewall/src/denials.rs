//! What the kernel denies.

use mudguard_manager::Denial;

use crate::FirewallError;

/// Samples of what the kernel denies.
#[derive(Debug)]
pub struct Denials;

impl Denials {
    /// The next sample.
    pub async fn next(&mut self) -> Result<Denial, FirewallError> {
        std::future::pending().await
    }
}
