//! What a MUD file says, as types: the `ietf-mud` container and the access lists it names (RFC 8520 section 3, RFC 8519 section 4).
//!
//! It is the file's own words, read and checked; what they mean for a home is `policy`'s. Nothing here widens what the file
//! says: a part that was not understood is listed at its ACE, and the compiler must not permit anything on the strength of that ACE.

mod extension;
mod matches;
mod name;
mod port;

use jiff::Timestamp;

pub use self::{
    extension::{Extension, License, OwnerLicense, Sbom, SbomScheme, TlsProfile, Transparency},
    matches::{
        Direction, EthMatch, IcmpMatch, IpFields, Ipv4Flags, Ipv4Match, Ipv6Match, L3Match, L4Match,
        MacMatch, Matches, MatchesPresence, MudMatch, TcpFlags, TcpMatch, UdpMatch,
    },
    name::{DomainName, DomainNameError, Host},
    port::{PortMatch, PortOperator},
};
use crate::{Code, MudUrl};

/// The controller class of the network's DNS servers (RFC 8520 section 17.7).
pub const CONTROLLER_DNS: &str = "urn:ietf:params:mud:dns";

/// The controller class of the network's time servers (RFC 8520 section 17.7).
pub const CONTROLLER_NTP: &str = "urn:ietf:params:mud:ntp";

/// The class that learnt profiles use for the router. It is not registered; only [`Dialect::Community`](crate::Dialect) reads it.
pub const CONTROLLER_GATEWAY: &str = "urn:ietf:params:mud:gateway";

/// A MUD file that was read and found usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MudFile {
    /// `mud-url`: which file this is.
    pub mud_url: MudUrl,
    /// `last-update`: when the file was made. In the community dialect it may be missing or no date: then it is 1970, older than all.
    pub last_update: Timestamp,
    /// `mud-signature`: a URI reference, absolute or relative to [`mud_url`](Self::mud_url). It is foreign text: see [`MudUrl::join`].
    pub mud_signature: Option<String>,
    /// `cache-validity` in hours, 1 to 168; 48 if the file says nothing. The community dialect takes the nearest that is allowed.
    pub cache_validity: u8,
    /// `is-supported`: whether the maker still updates the Thing or its MUD file. In the community dialect it may be missing: then true.
    pub is_supported: bool,
    /// `systeminfo`: what the Thing is, for people. Foreign text of any length.
    pub systeminfo: Option<String>,
    /// `mfg-name`. Foreign text.
    pub mfg_name: Option<String>,
    /// `model-name`. Foreign text.
    pub model_name: Option<String>,
    /// `firmware-rev`. Foreign text.
    pub firmware_rev: Option<String>,
    /// `software-rev`. Foreign text.
    pub software_rev: Option<String>,
    /// `documentation`: always an `http` or `https` URL, for the owner to follow; never fetched by Mudguard.
    pub documentation: Option<String>,
    /// `extensions`, in the order of the file.
    pub extensions: Vec<Extension>,
    /// The `transparency` extension (RFC 9472).
    pub transparency: Option<Transparency>,
    /// The `ol` extension: owner licences of the software (draft-ietf-iotops-ol).
    pub licenses: Vec<OwnerLicense>,
    /// `is-tls-dtls-profile-supported` of the `ietf-mud-tls` extension (RFC 9761).
    pub is_tls_dtls_profile_supported: bool,
    /// Nodes outside `matches` that no known module defines; they were ignored (RFC 8520 section 3.9).
    pub unknown_nodes: Vec<UnknownNode>,
    /// `from-device-policy`: the access lists for what the Thing sends, in order.
    pub from_device: Vec<Acl>,
    /// `to-device-policy`: the access lists for what the Thing receives, in order.
    pub to_device: Vec<Acl>,
}

/// A node that no known module defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNode {
    /// Its member name as written.
    pub name: String,
    /// Its JSON pointer (RFC 6901).
    pub pointer: String,
}

/// An access list: its first ACE that matches a packet decides (RFC 8519 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Its name, 1 to 64 characters.
    pub name: String,
    /// Its type; `None` if the file does not say, which RFC 8519 allows. One that was not understood is listed at each ACE.
    pub acl_type: Option<AclType>,
    /// Its entries, in order.
    pub aces: Vec<Ace>,
}

/// The type of an access list: the headers on which its entries may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AclType {
    /// `ipv4-acl-type`.
    Ipv4,
    /// `ipv6-acl-type`.
    Ipv6,
    /// `eth-acl-type`.
    Eth,
    /// `mixed-eth-ipv4-acl-type`.
    MixedEthIpv4,
    /// `mixed-eth-ipv6-acl-type`.
    MixedEthIpv6,
    /// `mixed-eth-ipv4-ipv6-acl-type`.
    MixedEthIpv4Ipv6,
}

impl AclType {
    /// Whether the entries may hold an `ipv4` container.
    #[must_use]
    pub fn holds_ipv4(self) -> bool {
        matches!(self, Self::Ipv4 | Self::MixedEthIpv4 | Self::MixedEthIpv4Ipv6)
    }

    /// Whether the entries may hold an `ipv6` container.
    #[must_use]
    pub fn holds_ipv6(self) -> bool {
        matches!(self, Self::Ipv6 | Self::MixedEthIpv6 | Self::MixedEthIpv4Ipv6)
    }

    /// Whether the entries may hold an `eth` container.
    #[must_use]
    pub fn holds_eth(self) -> bool {
        !matches!(self, Self::Ipv4 | Self::Ipv6)
    }
}

/// An access control entry.
///
/// An ACE whose [`not_understood`](Self::not_understood) is not empty must permit nothing. As a drop it may be enforced
/// without the parts that were not understood, for that only drops more; leaving such a drop out would widen what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ace {
    /// The name of the list it stands in.
    pub acl: String,
    /// Its name, 1 to 64 characters. In the community dialect it may occur twice in a list: the index tells the two apart.
    pub name: String,
    /// Its place in its list as written, from 0.
    pub index: usize,
    /// Its JSON pointer in the file (RFC 6901).
    pub pointer: String,
    /// What a packet must be; all of it must hold.
    pub matches: Matches,
    /// What becomes of the packet. An action that was not understood is a drop, and is listed below too.
    pub action: Action,
    /// What stood in this ACE and was not understood.
    pub not_understood: Vec<NotUnderstood>,
}

/// A part of an ACE that was not understood, or whose value was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    /// Its member name as written.
    pub name: String,
    /// Its JSON pointer (RFC 6901).
    pub pointer: String,
    /// Why: the code of the finding that tells of it.
    pub code: Code,
}

/// `forwarding`: what becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It passes.
    Accept,
    /// It is dropped in silence.
    Drop,
    /// It is dropped and its sender is told; RFC 8520 section 2 lets this count as a drop.
    Reject,
}
