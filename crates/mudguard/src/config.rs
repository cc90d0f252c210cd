//! The configuration file: what the operator sets. What the household decides is state in the store, never here.

mod check;
pub(crate) mod resolver;
mod upstream;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use mudguard_firewall::BridgeSetting;
use mudguard_manager::Mode;
use serde::Deserialize;
use toml::Spanned;

use crate::daemon::Network;
pub(crate) use check::ConfigError;
use resolver::ResolverConfig;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// What happens to what is not permitted: `watch`, `ask` or `protect`.
    pub(crate) mode: Mode,
    /// The LAN.
    pub(crate) lan: LanConfig,
    /// How MUD files are retrieved.
    pub(crate) fetch: FetchConfig,
    /// Whose signatures are believed.
    pub(crate) trust: TrustConfig,
    /// The rules in the kernel.
    pub(crate) firewall: FirewallConfig,
    /// The resolver of the LAN.
    pub(crate) resolver: ResolverConfig,
    /// The local page.
    pub(crate) page: PageConfig,
    /// Where things are kept.
    pub(crate) paths: PathsConfig,
    /// Settings for test laboratories only.
    pub(crate) laboratory: LaboratoryConfig,
}

/// The LAN.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct LanConfig {
    /// The layer 3 interfaces on which Things are; usually one bridge.
    pub(crate) interfaces: Spanned<Vec<String>>,
    /// The modes of single interfaces, where the mode of the whole home does not hold.
    pub(crate) modes: BTreeMap<Spanned<String>, Mode>,
}

/// The rules in the kernel.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FirewallConfig {
    /// How frames between two ports of one bridge are filtered: `auto`, `stateful`, `stateless` or `off`.
    pub(crate) bridge: WithinBridges,
}

/// How frames between two ports of one bridge are filtered.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WithinBridges {
    /// As well as the kernel can.
    #[default]
    Auto,
    /// By connection, where the kernel can.
    Stateful,
    /// Frame by frame.
    Stateless,
    /// Not at all.
    Off,
}

impl From<WithinBridges> for BridgeSetting {
    fn from(setting: WithinBridges) -> Self {
        match setting {
            WithinBridges::Auto => Self::Auto,
            WithinBridges::Stateful => Self::Stateful,
            WithinBridges::Stateless => Self::Stateless,
            WithinBridges::Off => Self::Off,
        }
    }
}

/// How MUD files are retrieved.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct FetchConfig {
    /// The certificates of the web's certification authorities, in PEM form.
    pub(crate) tls_roots: Spanned<PathBuf>,
}

/// Whose signatures are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct TrustConfig {
    /// A folder with the certificates (`*.pem`, `*.der`) under which MUD files may be signed. The web's authorities are never used.
    pub(crate) anchors: PathBuf,
}

/// The local page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PageConfig {
    /// Where the page listens; an empty list turns it off.
    pub(crate) listen: Vec<SocketAddr>,
    /// Further names by which browsers may call it, beside its addresses.
    pub(crate) names: Vec<String>,
}

/// Where things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct PathsConfig {
    /// The folder of the database.
    pub(crate) state: PathBuf,
    /// The socket of the command line.
    pub(crate) control: PathBuf,
}

/// Settings for test laboratories only. Each of them is shown loudly.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct LaboratoryConfig {
    /// Prefixes of special-purpose addresses (RFC 6890) that count as global, such as the documentation prefixes.
    pub(crate) treat_as_global: Vec<IpNet>,
}

impl LanConfig {
    /// The networks, each with its mode.
    pub(crate) fn networks(&self) -> Vec<Network> {
        let modes = |interface: &String| {
            let mut modes = self.modes.iter();
            modes
                .find(|(name, _)| name.get_ref() == interface)
                .map(|(_, mode)| *mode)
        };
        let interfaces = self.interfaces.get_ref().iter();
        interfaces
            .map(|interface| Network {
                interface: interface.clone(),
                mode: modes(interface),
            })
            .collect()
    }
}

impl Default for LanConfig {
    fn default() -> Self {
        Self {
            interfaces: unplaced(vec!["br-lan".to_owned()]),
            modes: BTreeMap::new(),
        }
    }
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            tls_roots: unplaced(PathBuf::from("/etc/ssl/certs/ca-certificates.crt")),
        }
    }
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self {
            anchors: PathBuf::from("/etc/mudguard/anchors"),
        }
    }
}

impl Default for PageConfig {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8520))],
            names: Vec::new(),
        }
    }
}

impl Default for PathsConfig {
    fn default() -> Self {
        Self {
            state: PathBuf::from("/var/lib/mudguard"),
            control: PathBuf::from("/run/mudguard/control.sock"),
        }
    }
}

/// A default stands nowhere in the file.
fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}
