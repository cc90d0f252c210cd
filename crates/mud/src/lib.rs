//! MUD URLs, MUD files and their access lists: bytes to types (RFC 8520, RFC 8519).
//!
//! What it is not: it does no IO, has no clock, and gives no meaning to a file for a home (that is `policy`).

mod finding;
mod json;
mod model;
mod outline;
mod parse;
mod qr_code;
mod schema;
mod support;
mod url;
mod work;

pub use crate::{
    finding::{Code, Finding, Severity},
    model::{
        Ace, Acl, AclType, Action, CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP, Direction, DomainName,
        DomainNameError, EthMatch, Extension, Host, IcmpMatch, IpFields, Ipv4Flags, Ipv4Match, Ipv6Match,
        L3Match, L4Match, License, MacMatch, Matches, MatchesPresence, MudFile, MudMatch, NotUnderstood,
        OwnerLicense, PortMatch, PortOperator, Sbom, SbomScheme, TcpFlags, TcpMatch, TlsProfile,
        Transparency, UdpMatch, UnknownNode,
    },
    outline::{Outline, OutlineError, outline},
    parse::{Dialect, Limits, Parsed, parse},
    qr_code::{QrCode, QrCodeError},
    support::support_markdown,
    url::{MudUrl, MudUrlError},
};
