//! The section `[resolver]`: for the gateway's resolver and for one that runs by itself.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr},
    ops::{Range, RangeInclusive},
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use jiff::Timestamp;
use mudguard_policy::SpecialPurpose;
use mudguard_resolver::{
    Config, Mode, TlsIdentity, check_root_hints,
    validate::{Name, TrustAnchors},
};
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

use super::{check::place, unplaced, upstream::Upstream};

/// The port of DNS.
pub(crate) const PORT: u16 = 53;

/// The port of DNS over TLS.
const TLS_PORT: u16 = 853;

/// The longest file of trust anchors or root hints that is read, in octets.
const MAX_FILE: u64 = 64 * 1024;

/// The least memory of the cache, in octets, and the most.
const CACHE: RangeInclusive<usize> = 64 * 1024..=1024 * 1024 * 1024;

/// What is wrong: where, and in which words.
pub(super) type Wrong = (Option<Range<usize>>, String);

/// The resolver of the LAN.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ResolverConfig {
    /// Where it listens; empty: port 53 of every address of the LAN interfaces.
    pub(crate) listen: Spanned<Vec<SocketAddr>>,
    /// Whom it answers when it runs by itself; the gateway answers its LAN.
    pub(crate) clients: Vec<IpNet>,
    /// Who is asked: `auto`, `recursive` or `forward`.
    pub(crate) mode: ModeName,
    /// The resolvers that are asked, such as the provider's.
    pub(crate) upstreams: Spanned<Vec<Upstream>>,
    /// Whether those that are asked in cleartext are asked over TLS or HTTPS where they designate that (RFC 9462).
    pub(crate) designated_resolvers: bool,
    /// The root servers, as a zone file; without it those of the internet.
    pub(crate) root_hints: Option<Spanned<PathBuf>>,
    /// Files with DS or DNSKEY records; empty: the keys of the root that are shipped.
    pub(crate) trust_anchors: Spanned<Vec<PathBuf>>,
    /// Names below which nothing is checked for a while (RFC 7646).
    pub(crate) negative_trust_anchors: Vec<NegativeTrustAnchor>,
    /// Whether authoritative servers may have special-purpose addresses: for laboratories.
    pub(crate) allow_special_purpose_servers: bool,
    /// Whether special-purpose addresses are taken from answers.
    pub(crate) rebinding_protection: bool,
    /// Names at and below which that is not done.
    pub(crate) rebinding_exceptions: Vec<DomainName>,
    /// Whether the reverse zones of addresses that no host of the internet has are answered here (RFC 6303).
    pub(crate) serve_reverse_zones: bool,
    /// Whether a Thing with limits is told names that its policy does not know: `answer` or `refuse`.
    pub(crate) unknown_names: UnknownNames,
    /// Hosts of the home with their addresses; Things are known without it.
    pub(crate) hosts: BTreeMap<String, Vec<IpAddr>>,
    /// Forwarders of this house, such as dnsmasq with `add-mac`, which may name the client behind them; empty: this machine.
    pub(crate) forwarders: Vec<IpAddr>,
    /// How many queries a second one client may ask; 0 is without bound.
    pub(crate) queries_per_second: u32,
    /// The certificate with which it shows itself to clients that come by TLS (port 853), in PEM form.
    pub(crate) tls_certificate: Option<Spanned<PathBuf>>,
    /// Its key.
    pub(crate) tls_key: Option<Spanned<PathBuf>>,
    /// The memory of the cache, in octets.
    pub(crate) cache_bytes: Spanned<usize>,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ModeName {
    /// The provider's resolvers, or the root where they are of no use.
    #[default]
    Auto,
    /// The root.
    Recursive,
    /// Named resolvers only.
    Forward,
}

/// What becomes of names that the policy of a Thing does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum UnknownNames {
    /// They are answered; nothing is opened, and it is recorded.
    #[default]
    Answer,
    /// They are refused (RFC 8914, extended error 17).
    Refuse,
}

/// A name, and until when nothing is checked there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NegativeTrustAnchor {
    name: DomainName,
    until: Timestamp,
}

/// A domain name.
#[derive(Clone, Debug)]
pub(crate) struct DomainName(Name);

impl Default for ResolverConfig {
    fn default() -> Self {
        Self {
            listen: unplaced(Vec::new()),
            clients: Vec::new(),
            mode: ModeName::Auto,
            upstreams: unplaced(Vec::new()),
            designated_resolvers: true,
            root_hints: None,
            trust_anchors: unplaced(Vec::new()),
            negative_trust_anchors: Vec::new(),
            allow_special_purpose_servers: false,
            rebinding_protection: true,
            rebinding_exceptions: Vec::new(),
            serve_reverse_zones: true,
            unknown_names: UnknownNames::Answer,
            hosts: BTreeMap::new(),
            forwarders: Vec::new(),
            queries_per_second: Config::QUERIES_PER_SECOND,
            tls_certificate: None,
            tls_key: None,
            cache_bytes: unplaced(Config::CACHE_OCTETS),
        }
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|error| D::Error::custom(format!("{text:?} is no domain name: {error}")))
    }
}

impl ResolverConfig {
    /// Finds what is wrong with it; where, and in which words.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        if self.upstreams.get_ref().is_empty() && self.mode == ModeName::Forward {
            return Err((
                place(&self.upstreams),
                "resolver.upstreams: names no resolver; give the addresses of the provider's, such as \
                 [\"192.0.2.53\"]"
                    .to_owned(),
            ));
        }
        if !CACHE.contains(self.cache_bytes.get_ref()) {
            let text = format!("resolver.cache-bytes: give {} to {}", CACHE.start(), CACHE.end());
            return Err((place(&self.cache_bytes), text));
        }
        self.tls()?;
        self.trust_anchors()
            .map_err(|text| (place(&self.trust_anchors), text))?;
        if let Some(file) = &self.root_hints {
            let wrong = |text: String| (place(file), format!("resolver.root-hints: {text}"));
            let text = read(file.get_ref()).map_err(wrong)?;
            check_root_hints(&text)
                .map_err(|error| wrong(format!("{}: {error}", file.get_ref().display())))?;
        }
        Ok(())
    }

    /// The same for a resolver that runs by itself: it has no LAN from which it knows where to listen.
    pub(super) fn check_alone(&self) -> Result<(), Wrong> {
        if self.listen.get_ref().is_empty() {
            return Err((
                place(&self.listen),
                "resolver.listen: names no address; give one with its port, such as [\"127.0.0.1:53\"]"
                    .to_owned(),
            ));
        }
        self.check()
    }

    /// What the resolver is told.
    ///
    /// # Errors
    /// A file that cannot be read any more.
    pub(crate) fn to_config(
        &self,
        listen: Vec<SocketAddr>,
        lan: Vec<IpNet>,
        treat_as_global: Vec<IpNet>,
        tls_roots: &Path,
    ) -> anyhow::Result<Config> {
        let hints = self.root_hints.as_ref();
        let hints = hints.map(|file| read(file.get_ref())).transpose();
        let upstreams = self.upstreams.get_ref().iter();
        let default = Config::new(listen, lan, Vec::new());
        Ok(Config {
            upstreams: upstreams.flat_map(|upstream| upstream.0.clone()).collect(),
            discovers_designated: self.designated_resolvers,
            tls_roots: Some(tls_roots.to_owned()),
            forwarders: if self.forwarders.is_empty() {
                default.forwarders.clone()
            } else {
                self.forwarders.clone()
            },
            serves_reverse_zones: self.serve_reverse_zones,
            queries_per_second: self.queries_per_second,
            tls: self.tls().map_err(|(_, text)| anyhow::Error::msg(text))?,
            mode: match self.mode {
                ModeName::Auto => Mode::Auto,
                ModeName::Recursive => Mode::Recursive,
                ModeName::Forward => Mode::Forward,
            },
            forward_test: !treat_as_global.is_empty(),
            special_purpose: SpecialPurpose::new(treat_as_global),
            trust_anchors: self.trust_anchors().map_err(anyhow::Error::msg)?,
            root_hints: hints.map_err(anyhow::Error::msg)?,
            allow_special_purpose_servers: self.allow_special_purpose_servers,
            rebinding_protection: self.rebinding_protection,
            rebinding_exceptions: self
                .rebinding_exceptions
                .iter()
                .map(|name| name.0.clone())
                .collect(),
            cache_octets: *self.cache_bytes.get_ref(),
            ..default
        })
    }

    fn tls(&self) -> Result<Option<TlsIdentity>, Wrong> {
        let (certificate, key) = match (&self.tls_certificate, &self.tls_key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(one), None) | (None, Some(one)) => {
                let text = "resolver.tls-certificate and resolver.tls-key: give both or none";
                return Err((place(one), text.to_owned()));
            }
        };
        let read = |key: &str, file: &Spanned<PathBuf>| {
            read(file.get_ref()).map_err(|text| (place(file), format!("resolver.{key}: {text}")))
        };
        Ok(Some(TlsIdentity {
            certificates: read("tls-certificate", certificate)?.into_bytes(),
            key: read("tls-key", key)?.into_bytes(),
            port: TLS_PORT,
        }))
    }

    fn trust_anchors(&self) -> Result<TrustAnchors, String> {
        let files = self.trust_anchors.get_ref();
        let mut anchors = if files.is_empty() {
            TrustAnchors::root()
        } else {
            TrustAnchors::default()
        };
        for file in files {
            let wrong = |text: String| format!("resolver.trust-anchors: {text}");
            let text = read(file).map_err(wrong)?;
            let more: TrustAnchors = text
                .parse()
                .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
            anchors.add(more);
        }
        for anchor in &self.negative_trust_anchors {
            // Before 1970 it ended long ago.
            let until = u64::try_from(anchor.until.as_second()).unwrap_or(0);
            anchors.set_negative(anchor.name.0.clone(), until);
        }
        Ok(anchors)
    }
}

fn read(file: &Path) -> Result<String, String> {
    let length = fs::metadata(file).map(|data| data.len());
    let text = match length {
        Ok(length) if length > MAX_FILE => return Err(format!("{}: longer than 64 KiB", file.display())),
        Ok(_) => fs::read_to_string(file),
        Err(error) => Err(error),
    };
    text.map_err(|error| format!("{}: cannot be read: {error}", file.display()))
}
