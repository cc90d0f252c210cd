//! The seam to the firewall: who hears of an answer before the Thing does.
//!
//! The trait is defined here and implemented above, so that the resolver knows neither Things nor rules.

use std::{error::Error, future::Future, net::IpAddr};

use thiserror::Error;

use crate::{ExtendedError, Validated};

/// Hears of every answer before it is told.
pub trait AnswerSink: Send + Sync + 'static {
    /// Makes the addresses of `answer` reachable for the Thing behind `client` before the reply leaves.
    ///
    /// Called for every answer to a LAN client, from the cache too, and also when it holds no address; names answered by the resolver
    /// itself (localhost and the like) are not shown. A bogus answer is shown if the client asked for it to be told all the same (the CD
    /// bit); none of its addresses may be made reachable. It has 2 seconds: then it is dropped and counts as failed.
    ///
    /// # Errors
    /// Any error means that no address is told: the client receives SERVFAIL.
    fn answered(
        &self,
        client: Client,
        answer: &Validated,
    ) -> impl Future<Output = Result<Release, SinkError>> + Send;
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address from which the query came.
    pub address: IpAddr,
    /// The MAC address of the client for which a forwarder of this house asks, as that says.
    pub mac: Option<[u8; 6]>,
}

/// What becomes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// It is told.
    Tell {
        /// No record is told with a longer TTL than this, in seconds: the Thing must ask again before the way is closed.
        ttl_at_most: u32,
    },
    /// It is not told: the client receives REFUSED with this reason.
    Refuse(ExtendedError),
}

/// The addresses could not be made reachable.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct SinkError(Box<dyn Error + Send + Sync>);

impl SinkError {
    /// Wraps the reason, which is logged and not told to the client.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}
