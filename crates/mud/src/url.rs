//! The MUD URL (RFC 8520 sections 5 and 6), and what Mudguard refuses of it.
//!
//! It checks text only. Whether the host leads to a special-purpose address is known only when it is resolved, in `fetch`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url};

/// An absolute `https` URL that names a MUD file. Its text is kept exactly as announced, for RFC 8520 compares whole URLs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MudUrl {
    text: String,
    host: String,
    port: u16,
}

/// Why a text is not a MUD URL that Mudguard uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MudUrlError {
    /// Nothing was announced.
    #[error("the MUD URL is empty")]
    Empty,
    /// Longer than [`MudUrl::MAX_LENGTH`].
    #[error("the MUD URL is longer than {} octets", MudUrl::MAX_LENGTH)]
    TooLong,
    /// Control characters, white space or octets outside ASCII: an IRI must be mapped to a URI first.
    #[error("the MUD URL holds an octet that a URI may not hold")]
    NotAscii,
    /// The text is no absolute URI.
    #[error("the MUD URL is not an absolute URI")]
    NotAbsolute,
    /// RFC 8520 section 6 allows `https` only.
    #[error("the MUD URL does not use https")]
    NotHttps,
    /// `user:password@` is refused: it would be sent to the file server.
    #[error("the MUD URL holds user information")]
    UserInformation,
    /// A fragment names nothing that could be fetched.
    #[error("the MUD URL holds a fragment")]
    Fragment,
    /// The host is an address: certificates and the special-purpose checks work on names.
    #[error("the host of the MUD URL is an IP address, not a name")]
    AddressLiteral,
    /// The host has no dot, or is no domain name.
    #[error("the host of the MUD URL is not a fully qualified domain name")]
    NotQualified,
}

impl MudUrl {
    /// The longest MUD URL that is accepted, in octets (RFC 8520 section 10: the DHCP option holds 255).
    pub const MAX_LENGTH: usize = 255;

    /// Reads a MUD URL.
    ///
    /// # Errors
    /// The first reason for which the text is refused.
    pub fn parse(text: &str) -> Result<Self, MudUrlError> {
        if text.is_empty() {
            return Err(MudUrlError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(MudUrlError::TooLong);
        }
        if !text
            .bytes()
            .all(|octet| octet.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&octet))
        {
            return Err(MudUrlError::NotAscii);
        }
        let (scheme, rest) = text.split_once(':').ok_or(MudUrlError::NotAbsolute)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(if is_scheme(scheme) {
                MudUrlError::NotHttps
            } else {
                MudUrlError::NotAbsolute
            });
        }
        // The `url` crate repairs "https:host" and "https:/host"; RFC 3986 reads those as having no authority.
        if !rest.starts_with("//") || rest.starts_with("///") {
            return Err(MudUrlError::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| MudUrlError::NotAbsolute)?;
        if !url.username().is_empty() || url.password().is_some() || authority(rest).contains('@') {
            return Err(MudUrlError::UserInformation);
        }
        if url.fragment().is_some() {
            return Err(MudUrlError::Fragment);
        }
        let host = match url.host().ok_or(MudUrlError::NotAbsolute)? {
            Host::Domain(name) => name.trim_end_matches('.').to_owned(),
            Host::Ipv4(_) | Host::Ipv6(_) => return Err(MudUrlError::AddressLiteral),
        };
        if !host.contains('.') || host.split('.').any(|label| label.is_empty() || label.len() > 63) {
            return Err(MudUrlError::NotQualified);
        }
        let port = url.port_or_known_default().ok_or(MudUrlError::NotAbsolute)?;
        Ok(Self {
            text: text.to_owned(),
            host,
            port,
        })
    }

    /// The URL exactly as it was announced.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host in lower case, without a final dot: the authority of `manufacturer` and `same-manufacturer` (RFC 8520 section 8).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port, 443 unless the URL names another.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Resolves a reference such as the `mud-signature` leaf against this URL (RFC 3986 section 5), with the same refusals.
    ///
    /// # Errors
    /// The reason for which the resulting URL is refused.
    pub fn join(&self, reference: &str) -> Result<Self, MudUrlError> {
        let base = Url::parse(&self.text).map_err(|_| MudUrlError::NotAbsolute)?;
        let joined = base.join(reference).map_err(|_| MudUrlError::NotAbsolute)?;
        Self::parse(joined.as_str())
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn authority(after_scheme: &str) -> &str {
    let text = after_scheme.trim_start_matches('/');
    text.split(['/', '?', '#']).next().unwrap_or_default()
}

impl fmt::Display for MudUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for MudUrl {
    type Err = MudUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for MudUrl {
    type Error = MudUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<MudUrl> for String {
    fn from(url: MudUrl) -> Self {
        url.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_https_path_is_kept_as_announced() {
        for text in [
            "https://lighting.example.com/lightbulb2000",
            "HTTPS://Things.Example.com/.well-known/mud/v1/Light/1.0/",
            "https://things.example.com:8443/a?b=c",
        ] {
            assert_eq!(MudUrl::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn the_host_is_compared_in_lower_case_without_a_final_dot() {
        assert_eq!(
            MudUrl::parse("https://Things.Example.COM./x").unwrap().host(),
            "things.example.com"
        );
    }

    #[test]
    fn each_refusal_names_its_reason() {
        use MudUrlError as E;
        let long = format!("https://example.com/{}", "a".repeat(MudUrl::MAX_LENGTH));
        for (text, reason) in [
            ("", E::Empty),
            (long.as_str(), E::TooLong),
            ("https://example.com/\u{e9}", E::NotAscii),
            ("https://example.com/a b", E::NotAscii),
            ("https://example.com/a\0", E::NotAscii),
            ("https://example.com\\@evil.example/", E::NotAscii),
            ("light.json", E::NotAbsolute),
            ("https:example.com", E::NotAbsolute),
            ("https:/example.com/x", E::NotAbsolute),
            ("https:///example.com/x", E::NotAbsolute),
            ("http://example.com/x", E::NotHttps),
            ("file:///etc/passwd", E::NotHttps),
            ("https://user@example.com/x", E::UserInformation),
            ("https://@example.com/x", E::UserInformation),
            ("https://user:password@example.com/x", E::UserInformation),
            ("https://example.com/x#y", E::Fragment),
            ("https://192.0.2.1/x", E::AddressLiteral),
            ("https://0x7f.1/x", E::AddressLiteral),
            ("https://2130706433/x", E::AddressLiteral),
            ("https://[2001:db8::1]/x", E::AddressLiteral),
            ("https://localhost/x", E::NotQualified),
            ("https://a..example/x", E::NotQualified),
        ] {
            assert_eq!(MudUrl::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn a_relative_signature_is_found_beside_the_file() {
        let url = MudUrl::parse("https://example.com/things/light").unwrap();
        assert_eq!(
            url.join("light.p7s").unwrap().as_str(),
            "https://example.com/things/light.p7s"
        );
        assert_eq!(url.join("http://example.com/x"), Err(MudUrlError::NotHttps));
        assert_eq!(url.join("//192.0.2.1/x"), Err(MudUrlError::AddressLiteral));
    }
}
