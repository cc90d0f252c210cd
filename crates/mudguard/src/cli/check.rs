//! Arguments of `mudguard check`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/mudguard/mudguard.toml")]
    pub(crate) config: PathBuf,
    /// Send nothing: do not ask the LAN for other DHCP servers and routers
    #[arg(long)]
    pub(crate) silent: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
