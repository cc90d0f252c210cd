//! What the kernel can do, as far as the rules depend on it. It is asked, not guessed from its version.

use serde_json::{Value, json};

use crate::{FirewallError, LOG_GROUP, nft};

/// What the kernel can do, as far as the rules depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// How it filters frames between two ports of one bridge.
    pub bridge: Bridge,
    /// Whether it sends samples of what is denied (`nfnetlink_log`).
    pub samples: bool,
}

/// How the kernel filters frames between two ports of one bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bridge {
    /// Not at all: it has no nf_tables for bridges.
    Absent,
    /// Frame by frame: replies are told by their ports.
    Stateless,
    /// By connection (`nf_conntrack_bridge`).
    Stateful,
}

/// How frames between two ports of one bridge shall be filtered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BridgeSetting {
    /// As well as the kernel can.
    #[default]
    Auto,
    /// By connection, if the kernel can, else frame by frame.
    Stateful,
    /// Frame by frame, though the kernel may follow connections.
    Stateless,
    /// Not at all, and sources are guarded only where packets are routed.
    Off,
}

impl Bridge {
    /// In a word, for status and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "off",
            Self::Stateless => "stateless",
            Self::Stateful => "stateful",
        }
    }
}

impl Kernel {
    /// A kernel that has all that the rules can use.
    pub const FULL: Self = Self {
        bridge: Bridge::Stateful,
        samples: true,
    };

    /// Asks the kernel. Nothing is changed: nft sends each question as a transaction that it does not commit.
    pub(crate) fn probe() -> Result<Self, FirewallError> {
        let state = json!({ "match": {
            "op": "in", "left": { "ct": { "key": "state" } }, "right": "established",
        } });
        let bridge = if takes("bridge", &state)? {
            Bridge::Stateful
        } else if takes("bridge", &json!({ "accept": null }))? {
            Bridge::Stateless
        } else {
            Bridge::Absent
        };
        let samples = takes("inet", &json!({ "log": { "group": LOG_GROUP } }))?;
        Ok(Self { bridge, samples })
    }

    /// As it shall be used.
    #[must_use]
    pub fn used_as(self, setting: BridgeSetting) -> Self {
        let bridge = match (setting, self.bridge) {
            (BridgeSetting::Off, _) => Bridge::Absent,
            (BridgeSetting::Stateless, Bridge::Stateful) => Bridge::Stateless,
            (_, can) => can,
        };
        Self { bridge, ..self }
    }

    /// Whether it knows the connections to which frames within a bridge belong.
    pub(crate) fn is_stateful_in_bridges(&self) -> bool {
        self.bridge == Bridge::Stateful
    }

    /// What follows for the household, in words.
    pub(crate) fn limitations(&self) -> Vec<String> {
        let bridge = match self.bridge {
            Bridge::Absent => Some(
                "Traffic between two devices on the same bridge is not filtered: this kernel has no nf_tables for bridges (on OpenWrt: \
                 install kmod-nft-bridge).",
            ),
            Bridge::Stateless => Some(
                "This kernel does not follow connections within a bridge (no nf_conntrack_bridge). Between two devices on the same \
                 bridge replies are told by their ports, and fragmented packets pass only where every port may be reached.",
            ),
            Bridge::Stateful => None,
        };
        let samples = (!self.samples)
            .then_some("What is blocked is counted but not shown: this kernel has no nfnetlink_log.");
        bridge.into_iter().chain(samples).map(str::to_owned).collect()
    }
}

/// Whether the kernel takes a chain with such a statement.
fn takes(family: &str, statement: &Value) -> Result<bool, FirewallError> {
    let table = "mudguard_probe";
    let commands = json!({ "nftables": [
        { "add": { "table": { "family": family, "name": table } } },
        { "add": { "chain": {
            "family": family, "table": table, "name": "probe",
            "type": "filter", "hook": "forward", "prio": 0, "policy": "accept",
        } } },
        { "add": { "rule": { "family": family, "table": table, "chain": "probe", "expr": [statement] } } },
    ] });
    match nft::check(&commands.to_string()) {
        Ok(()) => Ok(true),
        Err(FirewallError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
