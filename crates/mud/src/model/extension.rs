//! What the registered extensions add to a MUD file: `transparency` (RFC 9472), `ietf-mud-tls` (RFC 9761) and `ol`.
//!
//! These parts are shown to the owner. None of them adds a right, and no URL among them is fetched by Mudguard.

use std::fmt;

/// An entry of `extensions`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// `transparency` (RFC 9472).
    Transparency,
    /// `ietf-mud-tls` (RFC 9761).
    MudTls,
    /// `ol` (draft-ietf-iotops-ol).
    Ol,
    /// One that Mudguard does not know: its nodes are ignored (RFC 8520 section 3.9).
    Unknown(String),
}

impl Extension {
    /// Which extension a name means.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "transparency" => Self::Transparency,
            "ietf-mud-tls" => Self::MudTls,
            "ol" => Self::Ol,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The registered name, or the unknown one as written.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Transparency => "transparency",
            Self::MudTls => "ietf-mud-tls",
            Self::Ol => "ol",
            Self::Unknown(name) => name,
        }
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the parts list and the security notices of the software are (RFC 9472).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transparency {
    /// `sboms`: parts lists by version.
    pub sboms: Vec<Sbom>,
    /// `sbom-local-well-known`: the Thing itself gives its parts list by this protocol.
    pub sbom_local_well_known: Option<SbomScheme>,
    /// `sbom-contact-uri`: whom to ask for it (`tel`, `mailto`, `http` or `https`).
    pub sbom_contact_uri: Option<String>,
    /// `sbom-archive-list`: a URL that lists older parts lists.
    pub sbom_archive_list: Option<String>,
    /// `vuln-url`: where the security notices are.
    pub vuln_urls: Vec<String>,
    /// `vuln-contact-uri`: whom to ask for them.
    pub vuln_contact_uri: Option<String>,
}

/// A parts list of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sbom {
    /// `version-info`.
    pub version_info: String,
    /// `sbom-url` (`coap`, `coaps`, `http` or `https`).
    pub sbom_url: Option<String>,
}

/// How the Thing itself gives its parts list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SbomScheme {
    /// `http`, which is not recommended.
    Http,
    /// `https`.
    Https,
    /// `coap`, which is not recommended.
    Coap,
    /// `coaps`.
    Coaps,
}

/// The licences under which one owner gives software of the Thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerLicense {
    /// `owner-name`.
    pub owner_name: String,
    /// How the licences are told.
    pub license: License,
}

/// How licences are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum License {
    /// `spdx-tag`: identifiers of the SPDX list.
    Spdx(Vec<String>),
    /// `license-info`: URIs of the licence texts.
    Info(Vec<String>),
}

/// A (D)TLS profile: what the Thing's client offers (RFC 9761 section 5). An empty list says nothing about that parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsProfile {
    /// `name`, 1 to 64 characters.
    pub name: String,
    /// `supported-tls-version`: 12 or 13.
    pub supported_tls_versions: Vec<u8>,
    /// `supported-dtls-version`: 12 or 13.
    pub supported_dtls_versions: Vec<u8>,
    /// `cipher-suite`, by the numbers of the IANA registry.
    pub cipher_suites: Vec<u16>,
    /// `extension-type`, likewise.
    pub extension_types: Vec<u16>,
    /// How many `accept-list-ta-cert` entries there are; the certificates themselves are not kept.
    pub accept_list_ta_certs: usize,
    /// `psk-key-exchange-mode`, by the numbers of the IANA registry.
    pub psk_key_exchange_modes: Vec<u8>,
    /// `supported-group`, likewise.
    pub supported_groups: Vec<u16>,
    /// `signature-algorithm-cert`, likewise.
    pub signature_algorithms_cert: Vec<u16>,
    /// `signature-algorithm`, likewise.
    pub signature_algorithms: Vec<u16>,
    /// `application-protocol`: ALPN names.
    pub application_protocols: Vec<String>,
    /// `cert-compression-algorithm`, by the numbers of the IANA registry.
    pub cert_compression_algorithms: Vec<u16>,
    /// `certificate-authorities`: distinguished names.
    pub certificate_authorities: Vec<String>,
}
