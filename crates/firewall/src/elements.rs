//! The way of an answer.

use std::net::IpAddr;

use mudguard_policy::MacAddress;

use crate::ElementError;

/// Makes addresses reachable.
#[derive(Clone, Debug)]
pub struct Elements;

/// What became of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Whether the Thing is managed.
    pub managed: bool,
    /// How many addresses its policy lets it reach by this name.
    pub opened: usize,
    /// How long the Thing may keep the answer, in seconds.
    pub ttl_at_most: u32,
}

impl Elements {
    /// The Thing to which this address is bound.
    #[must_use]
    pub fn thing_at(&self, _address: IpAddr) -> Option<MacAddress> {
        None
    }

    /// Makes the addresses that are about to be told to a Thing for `names` reachable for it, and returns when the kernel has them.
    pub async fn answered(
        &self,
        _thing: MacAddress,
        _names: &[&str],
        _addresses: &[(IpAddr, u32)],
    ) -> Result<Told, ElementError> {
        tokio::task::yield_now().await;
        Ok(Told::default())
    }
}
