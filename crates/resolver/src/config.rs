//! What the resolver is told at its start, and why it may not start.

mod upstream;

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use mudguard_policy::SpecialPurpose;

pub use self::upstream::{Proof, Transport, UpstreamServer};
use crate::{
    HintsError,
    validate::{Name, TrustAnchors},
};

/// What the resolver is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The router's LAN addresses with the port, for UDP and TCP alike. Link-local addresses carry their scope id. No wildcard address:
    /// a reply must leave from the address that was asked.
    pub listen: Vec<SocketAddr>,
    /// The prefixes of the LAN, `fe80::/10` among them if clients may ask from there. Others receive nothing.
    pub lan: Vec<IpNet>,
    /// Who is asked for what is not in the cache.
    pub mode: Mode,
    /// The resolvers that are asked in the modes `auto` and `forward`, the fastest first.
    pub upstreams: Vec<UpstreamServer>,
    /// Whether those that are asked in cleartext are asked for better ways, which are then gone (RFC 9462).
    pub discovers_designated: bool,
    /// The certification authorities for resolvers that are asked over TLS, as a PEM file. It is read when it is needed.
    pub tls_roots: Option<PathBuf>,
    /// Which addresses no name of the internet may have.
    pub special_purpose: SpecialPurpose,
    /// Whether names under `test` are sent upstream instead of not existing (RFC 6761 section 6.2): for laboratories.
    pub forward_test: bool,
    /// How many queries a second one client may ask; 0 is without bound. Forwarders are not bounded.
    pub queries_per_second: u32,
    /// With what the resolver shows itself to clients that come by TLS; without it they cannot.
    pub tls: Option<TlsIdentity>,
    /// Whether the reverse zones of addresses that no host of the internet has are answered here (RFC 6303).
    pub serves_reverse_zones: bool,
    /// Forwarders of this house, which may name the client behind them (EDNS option 65001, as dnsmasq's `add-mac` does).
    pub forwarders: Vec<IpAddr>,
    /// Whether addresses of special purpose are taken from answers: protection against DNS rebinding.
    pub rebinding_protection: bool,
    /// Names at and below which that is not done.
    pub rebinding_exceptions: Vec<Name>,
    /// Whether authoritative servers may have addresses of special purpose: for laboratories.
    pub allow_special_purpose_servers: bool,
    /// The servers of the root as the text of a zone file (NS, A and AAAA records); without it those of the internet.
    pub root_hints: Option<String>,
    /// The memory that cached answers may take, in octets.
    pub cache_octets: usize,
    /// What the validation of answers begins with; below none of them nothing can be checked. The validator is told what time it is by
    /// [`Resolver::set_clock`](crate::Resolver::set_clock); before that no date is judged.
    pub trust_anchors: TrustAnchors,
}

/// A certificate with its key, for DNS over TLS (RFC 7858).
#[derive(Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificates in PEM form, that of the resolver first.
    pub certificates: Vec<u8>,
    /// Its key in PEM form.
    pub key: Vec<u8>,
    /// The port; 853 in a home.
    pub port: u16,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a secret.
        formatter
            .debug_struct("TlsIdentity")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Who is asked for what is not in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The provider's resolvers, and the authoritative servers where those strip DNSSEC or fail.
    #[default]
    Auto,
    /// The authoritative servers, from the root down.
    Recursive,
    /// Named resolvers and nobody else.
    Forward,
}

impl Config {
    /// The default of [`Config::cache_octets`]: 8 MiB.
    pub const CACHE_OCTETS: usize = 8 * 1024 * 1024;

    /// The default of [`Config::queries_per_second`]: more than any device of a home asks.
    pub const QUERIES_PER_SECOND: u32 = 500;

    /// A configuration for a home.
    #[must_use]
    pub fn new(listen: Vec<SocketAddr>, lan: Vec<IpNet>, upstreams: Vec<SocketAddr>) -> Self {
        Self {
            listen,
            lan,
            mode: Mode::default(),
            upstreams: upstreams.into_iter().map(UpstreamServer::from).collect(),
            discovers_designated: true,
            tls_roots: None,
            special_purpose: SpecialPurpose::default(),
            forward_test: false,
            queries_per_second: Self::QUERIES_PER_SECOND,
            tls: None,
            serves_reverse_zones: true,
            forwarders: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            rebinding_protection: true,
            rebinding_exceptions: Vec::new(),
            allow_special_purpose_servers: false,
            root_hints: None,
            cache_octets: Self::CACHE_OCTETS,
            trust_anchors: TrustAnchors::root(),
        }
    }

    /// Finds what can be known to be wrong before a socket is opened.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        if self.listen.is_empty() {
            return Err(StartError::NothingToListenOn);
        }
        if self.lan.is_empty() {
            return Err(StartError::NoLan);
        }
        if self.upstreams.is_empty() && self.mode == Mode::Forward {
            return Err(StartError::NoUpstream);
        }
        if let Some(&wildcard) = self.listen.iter().find(|address| address.ip().is_unspecified()) {
            return Err(StartError::Wildcard(wildcard));
        }
        for server in &self.upstreams {
            let upstream = server.address;
            let ip = upstream.ip();
            if self.listen.contains(&upstream) {
                return Err(StartError::UpstreamIsSelf(upstream));
            }
            if matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()) {
                return Err(StartError::UpstreamLinkLocal(upstream));
            }
            if ip.is_unspecified() || ip.is_multicast() || upstream.port() == 0 {
                return Err(StartError::UpstreamUnusable(upstream));
            }
        }
        Ok(())
    }
}

/// Why the resolver does not start. Each is a matter of its configuration or of the machine.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// [`Config::listen`] is empty.
    #[error("no address to listen on; give the router's LAN addresses")]
    NothingToListenOn,
    /// [`Config::lan`] is empty.
    #[error("no LAN prefix, so nobody would be answered; give the prefixes of the LAN")]
    NoLan,
    /// [`Config::upstreams`] is empty.
    #[error("no upstream resolver; give the address of the provider's")]
    NoUpstream,
    /// A wildcard address among [`Config::listen`].
    #[error(
        "{0}: a wildcard address; give each LAN address of its own, so that replies leave from the address that was asked"
    )]
    Wildcard(SocketAddr),
    /// An upstream resolver that is this resolver.
    #[error(
        "upstream {0} is this resolver itself, which would ask itself for ever; give the provider's resolver"
    )]
    UpstreamIsSelf(SocketAddr),
    /// An upstream resolver with an address that holds on one link only.
    #[error("upstream {0} is a link-local address; give a global or a private address of that resolver")]
    UpstreamLinkLocal(SocketAddr),
    /// An upstream resolver that is no host.
    #[error("upstream {0} is no address of a host; give the address and port of a resolver")]
    UpstreamUnusable(SocketAddr),
    /// [`Config::root_hints`] are none.
    #[error("root hints: {0}")]
    RootHints(#[source] HintsError),
    /// The connections to upstream resolvers cannot be prepared.
    #[error("the connections to upstream resolvers cannot be prepared: {0}")]
    Connections(#[source] io::Error),
    /// The certificate or the key for TLS cannot be used.
    #[error("the certificate or the key for DNS over TLS cannot be used: {0}")]
    Tls(String),
    /// A socket could not be bound.
    #[error("{address} ({transport}) cannot be bound: {source}; {}", way_out(source))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// `UDP`, `TCP` or `TLS`.
        transport: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// What would be right when an address cannot be bound.
fn way_out(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::AddrInUse {
        "another program listens there; turn off its DNS service (dnsmasq: port=0) or give another port"
    } else if error.kind() == io::ErrorKind::AddrNotAvailable {
        "no interface has this address (yet); give an address of a LAN interface"
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        "ports below 1024 need root or CAP_NET_BIND_SERVICE"
    } else {
        "give an address and a port of a LAN interface; a link-local address needs its scope id"
    }
}
