//! The nodes that Mudguard knows, container by container, with the names that drafts gave them and what becomes of each.
//!
//! One table serves the reader (which member is meant), the hints (what was perhaps meant) and the manual (what Mudguard does
//! with each node). It holds no types and no ranges: those stand in `parse`, where the values are read.

mod acl;
mod mud;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    acl::{
        ACCESS_LIST, ACCESS_LISTS, ACE, ACES, ACL, ACLS, ACTIONS, ETH, ICMP, IPV4, IPV6, MATCHES,
        MUD_MATCHES, PORT, TCP, UDP,
    },
    acl::{CLIENT_PROFILES, TLS_PROFILE},
    mud::{LICENSE, MUD, OL, POLICY, SBOM, TRANSPARENCY},
};

/// A YANG module of which Mudguard knows nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Module {
    /// `ietf-mud` (RFC 8520).
    Mud,
    /// `ietf-acldns` (RFC 8520).
    AclDns,
    /// `ietf-access-control-list` with `ietf-packet-fields` (RFC 8519).
    Acl,
    /// `ietf-mud-transparency` (RFC 9472).
    Transparency,
    /// `ietf-mud-tls` (RFC 9761).
    MudTls,
    /// `ietf-acl-tls` (RFC 9761).
    AclTls,
    /// `ietf-ol` (draft-ietf-iotops-ol).
    Ol,
}

impl Module {
    /// Every module.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Mud,
        Self::AclDns,
        Self::Acl,
        Self::Transparency,
        Self::MudTls,
        Self::AclTls,
        Self::Ol,
    ];

    /// Its name, which qualifies its nodes (RFC 7951 section 4).
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mud => "ietf-mud",
            Self::AclDns => "ietf-acldns",
            Self::Acl => "ietf-access-control-list",
            Self::Transparency => "ietf-mud-transparency",
            Self::MudTls => "ietf-mud-tls",
            Self::AclTls => "ietf-acl-tls",
            Self::Ol => "ietf-ol",
        }
    }

    /// The prefix it has in YANG, which some files write in place of the name.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Mud => "mud",
            Self::AclDns => "acldns",
            Self::Acl => "acl",
            Self::Transparency => "mudtx",
            Self::MudTls => "mud-tls",
            Self::AclTls => "acl-tls",
            Self::Ol => "ol",
        }
    }

    /// The module that a name or prefix means.
    pub(crate) fn of(qualifier: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|module| module.name() == qualifier || module.prefix() == qualifier)
    }
}

/// What becomes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Treatment {
    /// It is read into the model, and is no condition.
    Read,
    /// It is read, and rules can test it.
    Condition,
    /// It is read, and no rule can test it: an ACE that holds it permits nothing.
    BeyondRules,
    /// It is checked; nothing of it is kept.
    Checked,
    /// It is left unread, and its presence is a finding.
    Reported,
}

impl Treatment {
    /// The treatment in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Condition => "enforced",
            Self::BeyondRules => "read; no rule can test it, so an ACE with it permits nothing",
            Self::Checked => "checked, not kept",
            Self::Reported => "not read; a finding",
        }
    }
}

/// A node within a container.
pub(crate) struct Known {
    /// Its name.
    pub(crate) name: &'static str,
    /// The module that defines it.
    pub(crate) module: Module,
    /// Names that drafts gave it.
    pub(crate) drafts: &'static [&'static str],
    /// What becomes of it.
    pub(crate) kind: Kind,
}

/// What a node is.
pub(crate) enum Kind {
    /// A container or list, with its members.
    Inner(&'static Container),
    /// A leaf or leaf-list, or a subtree of which nothing is read, with a note for the manual.
    Leaf(Treatment, &'static str),
    /// A node that only drafts had at this place, with its members if they are read all the same.
    Draft(Option<&'static Container>),
}

/// The members that an object may have.
pub(crate) struct Container {
    /// The module of the container, which its members need not name again; the root has none.
    pub(crate) module: Option<Module>,
    /// The members.
    pub(crate) members: &'static [Known],
}

impl Known {
    const fn leaf(module: Module, name: &'static str, treatment: Treatment, note: &'static str) -> Self {
        Self {
            name,
            module,
            drafts: &[],
            kind: Kind::Leaf(treatment, note),
        }
    }

    const fn read(module: Module, name: &'static str, note: &'static str) -> Self {
        Self::leaf(module, name, Treatment::Read, note)
    }

    const fn condition(module: Module, name: &'static str, note: &'static str) -> Self {
        Self::leaf(module, name, Treatment::Condition, note)
    }

    const fn beyond_rules(module: Module, name: &'static str, note: &'static str) -> Self {
        Self::leaf(module, name, Treatment::BeyondRules, note)
    }

    const fn inner(module: Module, name: &'static str, container: &'static Container) -> Self {
        Self {
            name,
            module,
            drafts: &[],
            kind: Kind::Inner(container),
        }
    }

    const fn draft(module: Module, name: &'static str) -> Self {
        Self {
            name,
            module,
            drafts: &[],
            kind: Kind::Draft(None),
        }
    }

    const fn draft_inner(module: Module, name: &'static str, container: &'static Container) -> Self {
        Self {
            name,
            module,
            drafts: &[],
            kind: Kind::Draft(Some(container)),
        }
    }

    const fn was(self, drafts: &'static [&'static str]) -> Self {
        Self { drafts, ..self }
    }
}

/// The whole file.
pub(crate) static ROOT: Container = Container {
    module: None,
    members: &[
        Known::inner(Module::Mud, "mud", &MUD),
        Known::inner(Module::Acl, "acls", &ACLS).was(&["access-lists"]),
    ],
};
