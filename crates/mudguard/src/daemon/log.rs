//! The log: to standard error, where the supervisor collects it. `MUDGUARD_LOG` sets what is said, such as `debug` or
//! `info,mudguard_resolver=debug`. What names a Thing looks up is said at `debug` only.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Starts the log of the gateway.
pub(crate) fn start() {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var("MUDGUARD_LOG")
        .from_env_lossy();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
    if let Err(error) = started {
        eprintln!("mudguard: the log does not start: {error}");
    }
}
