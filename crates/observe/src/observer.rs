//! The thread that captures on the LAN interfaces and follows their links, addresses and neighbours.

mod capture;
mod filter;
mod hearing;
mod lan;
mod live;
mod neighbours;
mod packet_socket;
mod questions;
mod watch;

use std::{
    io::{self, PipeWriter},
    sync::Arc,
    thread::{self, JoinHandle},
};

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

pub use self::live::LiveFrames;
use self::watch::Watch;
use crate::{Counters, Sighting, counters::Counting};

/// Observes the LAN until it is dropped.
#[derive(Debug)]
pub struct Observer {
    counting: Arc<Counting>,
    end: oneshot::Receiver<ObserveError>,
    /// The thread ends when this is dropped.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

/// Why the LAN cannot be observed, or no longer.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The kernel gives no socket, which needs CAP_NET_RAW.
    #[error("frames on {interface} cannot be captured (this needs CAP_NET_RAW): {source}")]
    Capture {
        /// The interface.
        interface: String,
        /// Why.
        source: io::Error,
    },
    /// There is no such interface, or no longer.
    #[error("there is no network interface {0}")]
    NoInterface(String),
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
    /// Starts to observe these interfaces, in the network namespace of the calling thread. Of a bridge, each port is observed. Interfaces
    /// and ports may come and go; one that is not there yet is no error. When this returns, no frame is missed any more; addresses that
    /// changed before are not told.
    ///
    /// Sightings that the receiver is too slow for are lost and counted, except [`Sighting::AddressesChanged`], which then comes later.
    ///
    /// # Errors
    /// If the kernel does not allow it.
    pub fn start(
        lan_interfaces: Vec<String>,
        sightings: mpsc::Sender<Sighting>,
    ) -> Result<Self, ObserveError> {
        let counting = Arc::new(Counting::default());
        let (stopped, stop) = io::pipe().map_err(ObserveError::Thread)?;
        let (told, end) = oneshot::channel();
        let mut watch = Watch::start(lan_interfaces, sightings, Arc::clone(&counting))?;
        let thread = thread::Builder::new()
            .name("observe".to_owned())
            .spawn(move || {
                if let Err(error) = watch.run(&stopped) {
                    // The observer may be gone already.
                    let _ = told.send(error);
                }
            })
            .map_err(ObserveError::Thread)?;
        Ok(Self {
            counting,
            end,
            stop: Some(stop),
            thread: Some(thread),
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

impl Drop for Observer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was printed already.
            let _ = thread.join();
        }
    }
}
