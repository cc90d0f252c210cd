//! Where the names of file servers lead. Every address is checked before it is dialled, and only checked addresses are dialled.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
};

use mudguard_policy::SpecialPurpose;
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

/// The addresses of the host of a URL, each checked: no others are dialled. One special-purpose address among them refuses them all, for
/// no server of the internet has one.
pub(super) async fn checked_addresses(
    place: &Place,
    lookup: &dyn NameLookup,
    special_purpose: &SpecialPurpose,
) -> Result<Vec<SocketAddr>, FetchError> {
    let unknown = |error| place.transient(TransientCause::Lookup(error));
    let addresses = lookup.addresses(place.url.host()).await.map_err(unknown)?;
    if addresses.is_empty() {
        return Err(unknown(LookupError::NoAddresses));
    }
    for address in addresses.iter().copied() {
        if let Some(kind) = special_purpose.reason(address) {
            return Err(place.refused(Refusal::SpecialPurpose { address, kind }));
        }
    }
    let port = place.url.port();
    Ok(addresses
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect())
}
