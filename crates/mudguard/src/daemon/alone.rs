//! The resolver by itself: no Things, no firewall, no store. For tests, measurements, and whoever wants nothing else.

use std::{future::pending, sync::Arc, time::Duration};

use anyhow::Context;
use ipnet::IpNet;
use jiff::Timestamp;
use mudguard_resolver::{AnswerSink, Client, Release, Resolver, SinkError, Validated};
use tokio::{runtime, time::sleep};
use tracing::info;

use super::{
    Signals,
    clock::{Past, reading},
    log, notify,
};
use crate::config::Config;

/// Whom it answers if nothing is configured: the machine itself, and addresses that no host of the internet has.
const CLIENTS: [&str; 8] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// How often it is looked what time it is.
const LATER: Duration = Duration::from_secs(60);

/// There is no firewall that must hear first.
pub(crate) struct NoFirewall;

impl AnswerSink for NoFirewall {
    async fn answered(&self, _client: Client, _answer: &Validated) -> Result<Release, SinkError> {
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

/// Answers until it is told to stop.
///
/// # Errors
/// Why it cannot start, or go on.
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    log::start();
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(async {
            let mut signals = Signals::new().context("signals cannot be received")?;
            let lan = if config.resolver.clients.is_empty() {
                CLIENTS
                    .iter()
                    .filter_map(|prefix| prefix.parse::<IpNet>().ok())
                    .collect()
            } else {
                config.resolver.clients.clone()
            };
            let listen = config.resolver.listen.get_ref().clone();
            let treat_as_global = config.laboratory.treat_as_global.clone();
            let config =
                config
                    .resolver
                    .to_config(listen, lan, treat_as_global, config.fetch.tls_roots.get_ref())?;
            let (resolver, front_end) = Resolver::start(config, Arc::new(NoFirewall)).await?;
            set_clock(&resolver);
            for address in front_end.addresses() {
                info!(%address, "names are answered here");
            }
            notify::ready();
            tokio::select! {
                name = signals.stop() => info!(signal = name, "stopping"),
                ended = front_end.run(pending()) => ended?,
                () = follow_clock(&resolver) => {}
            }
            notify::stopping();
            Ok(())
        })
}

async fn follow_clock(resolver: &Resolver) {
    loop {
        sleep(LATER).await;
        set_clock(resolver);
    }
}

/// Without a store nothing is known to have passed but the making of this program.
pub(crate) fn set_clock(resolver: &Resolver) {
    let (past, now) = (Past::new(None), Timestamp::now());
    resolver.set_clock(reading(past, past.judge(now), now));
}
