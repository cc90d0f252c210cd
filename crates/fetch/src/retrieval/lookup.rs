//! Where the names of file servers lead. Every address is checked before it is dialled, and only checked addresses are dialled.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
};

use mudguard_policy::SpecialPurpose;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::{FetchError, Place, Refusal, TransientCause};

/// The future that [`NameLookup::addresses`] returns.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, LookupError>> + Send + 'a>>;

/// Resolves names of file servers; Mudguard's own validating resolver does it.
pub trait NameLookup: Send + Sync {
    /// The IPv4 and IPv6 addresses of a host. Nothing need be left out: addresses are checked by the caller.
    fn addresses<'a>(&'a self, host: &'a str) -> Lookup<'a>;
}

/// Why a name has no addresses now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LookupError {
    /// There is no such name, or it has no addresses.
    #[error("the name of the server has no addresses")]
    NoAddresses,
    /// The answers are forged or wrongly signed (DNSSEC).
    #[error("the answers about the name of the server are not genuine (DNSSEC)")]
    NotGenuine,
    /// Nobody answered.
    #[error("the name of the server could not be looked up")]
    NoAnswer,
}

/// The only addresses that a client may dial, and the only name that leads to them.
#[derive(Clone, Debug)]
pub(super) struct Pinned {
    host: String,
    addresses: Vec<IpAddr>,
}

impl Pinned {
    /// Looks the host of a URL up. One special-purpose address among others refuses them all: no server of the internet has one.
    pub(super) async fn look_up(
        place: &Place,
        lookup: &dyn NameLookup,
        special_purpose: &SpecialPurpose,
    ) -> Result<Self, FetchError> {
        let unknown = |error| place.transient(TransientCause::Lookup(error));
        let host = place.url.host();
        let addresses = lookup.addresses(host).await.map_err(unknown)?;
        if addresses.is_empty() {
            return Err(unknown(LookupError::NoAddresses));
        }
        for address in addresses.iter().copied() {
            if let Some(kind) = special_purpose.reason(address) {
                return Err(place.refused(Refusal::SpecialPurpose { address, kind }));
            }
        }
        Ok(Self {
            host: host.to_owned(),
            addresses,
        })
    }
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        // Port 0 stands for the port of the URL.
        let known = if name.as_str() == self.host {
            &self.addresses[..]
        } else {
            &[]
        };
        let addresses: Vec<_> = known.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(std::future::ready(Ok(Box::new(addresses.into_iter()) as Addrs)))
    }
}
