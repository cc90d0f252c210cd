//! The running gateway: the order of its start, the owners of its resources, and its end.
//!
//! At the start the rules of the store are in the kernel before anything else works. At the end they stay there: `mudguard off` removes
//! them. Each owner is a task; if one ends, the gateway ends with its reason, and its supervisor starts it again.

pub(crate) mod alone;
mod anchors;
mod answers;
pub(crate) mod clock;
mod control;
mod core;
mod errands;
mod firewall;
mod home;
mod hosts;
pub(crate) mod last_good;
mod learned;
mod limited;
mod log;
mod names;
mod notify;
pub(crate) mod off;
mod places;
mod retrievals;
mod sightings;
mod signers;
mod start;

use std::{fmt, future::Future, time::Duration};

use anyhow::{Context, anyhow};
use mudguard_store::Store;
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tracing::{error, info};

use crate::config::Config;
pub(crate) use home::Network;

/// How long the store may take to write what is left.
const FLUSH: Duration = Duration::from_secs(5);

/// The kernel did not take the rules, so that the gateway protects nobody: it has an exit code of its own.
#[derive(Debug)]
pub(crate) struct FirewallRefused;

impl fmt::Display for FirewallRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the kernel does not take the rules")
    }
}

/// Runs the gateway until it is told to stop.
///
/// # Errors
/// Why it cannot start, or which of its owners ended and why.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    log::start();
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(async {
            let signals = Signals::new().context("signals cannot be received")?;
            let running = start::start(config).await?;
            running.until_stopped(signals).await
        })
}

/// The gateway while it runs.
struct Running {
    owners: JoinSet<Ended>,
    store: Store,
    writer: JoinHandle<()>,
}

/// An owner that ended, which none should.
struct Ended {
    owner: &'static str,
    result: anyhow::Result<()>,
}

impl Running {
    fn own(&mut self, owner: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.owners.spawn(async move {
            Ended {
                owner,
                result: task.await,
            }
        });
    }

    async fn until_stopped(mut self, mut signals: Signals) -> anyhow::Result<()> {
        let result = tokio::select! {
            name = signals.stop() => {
                info!(signal = name, "stopping; the rules stay in the kernel");
                Ok(())
            }
            Some(ended) = self.owners.join_next() => Err(match ended {
                Ok(Ended { owner, result: Err(error) }) => error.context(format!("the {owner} has ended")),
                Ok(Ended { owner, result: Ok(()) }) => anyhow!("the {owner} has ended"),
                Err(error) => anyhow!(error).context("a part of the gateway is broken"),
            }),
            ended = &mut self.writer => {
                let error = ended.map_or_else(|error| anyhow!(error), |()| anyhow!("it was closed"));
                return Err(error.context("the store has ended"));
            }
        };
        notify::stopping();
        self.owners.shutdown().await;
        match timeout(FLUSH, self.store.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(%error, "not everything is stored"),
            Err(_) => error!("the store takes too long; not everything may be stored"),
        }
        drop(self.store);
        let _ = timeout(FLUSH, self.writer).await;
        result
    }
}

/// The signals that mean something.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a signal to stop.
    async fn stop(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hang_up.recv() => info!("SIGHUP: the configuration is read at the start only; restart to apply it"),
            }
        }
    }
}
