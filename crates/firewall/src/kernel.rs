//! What the kernel can do, as far as the rules depend on it.

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

impl Kernel {
    /// A kernel that has all that the rules can use.
    pub const FULL: Self = Self {
        bridge: Bridge::Stateful,
        samples: true,
    };
}
