//! Domain names as MUD files hold them (`inet:host` and `inet:domain-name`, RFC 6991 section 4).
//!
//! A name here is one that a Thing may ask for and that can be compared as text. Wildcards, the root and IP addresses are no names.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A domain name in lower case without a final dot, at most 253 octets.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(Box<str>);

/// Why a text is not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DomainNameError {
    /// Nothing, or only the root.
    #[error("the name is empty")]
    Empty,
    /// More than 253 octets, or a label of more than 63.
    #[error("the name is longer than 253 octets or has a label longer than 63")]
    TooLong,
    /// Two dots in a row, or one at the start.
    #[error("the name has an empty label")]
    EmptyLabel,
    /// A wildcard: RFC 8520 has none.
    #[error("the name holds a wildcard")]
    Wildcard,
    /// Another character than letters, digits, hyphens and underscores, or a hyphen at the edge of a label.
    #[error("the name holds a character that a host name may not hold there")]
    Character,
    /// The last label is a number, so the name reads like an IP address.
    #[error("the name ends in a number, as only IP addresses do")]
    EndsInNumber,
}

/// What may stand where a host is named (`inet:host`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name.
    Name(DomainName),
    /// An IP address that stood in place of a name. It is treated as an address in the file: the owner approves it.
    Address(IpAddr),
}

impl DomainName {
    /// Reads a domain name of any case, with or without its final dot.
    ///
    /// # Errors
    /// The first reason for which the text is refused.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(DomainNameError::Empty);
        }
        if text.len() > 253 {
            return Err(DomainNameError::TooLong);
        }
        let mut last = "";
        for label in text.split('.') {
            check_label(label)?;
            last = label;
        }
        if last.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(DomainNameError::EndsInNumber);
        }
        Ok(Self(text.to_ascii_lowercase().into_boxed_str()))
    }

    /// The name in lower case, without a final dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_label(label: &str) -> Result<(), DomainNameError> {
    let octets = label.as_bytes();
    let (Some(first), Some(last)) = (octets.first(), octets.last()) else {
        return Err(DomainNameError::EmptyLabel);
    };
    if octets.contains(&b'*') {
        return Err(DomainNameError::Wildcard);
    }
    let inside = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if !octets.iter().all(inside) || *first == b'-' || !last.is_ascii_alphanumeric() {
        return Err(DomainNameError::Character);
    }
    if octets.len() > 63 {
        Err(DomainNameError::TooLong)
    } else {
        Ok(())
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = DomainNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_lower_case_without_the_final_dot() {
        assert_eq!(
            DomainName::parse("Api.Example.COM.").unwrap().as_str(),
            "api.example.com"
        );
        assert_eq!(
            DomainName::parse("_ntp._udp.example.com").unwrap().as_str(),
            "_ntp._udp.example.com"
        );
        assert_eq!(
            DomainName::parse("mi_bulb.example").unwrap().as_str(),
            "mi_bulb.example"
        );
        assert_eq!(
            DomainName::parse("2.pool.example").unwrap().as_str(),
            "2.pool.example"
        );
        assert_eq!(
            DomainName::parse("xn--bcher-kva.example").unwrap().as_str(),
            "xn--bcher-kva.example"
        );
    }

    #[test]
    fn each_refusal_names_its_reason() {
        use DomainNameError as E;
        let long_label = format!("{}.example", "a".repeat(64));
        let long_name = format!("{}example", "a.".repeat(124));
        for (text, reason) in [
            ("", E::Empty),
            (".", E::Empty),
            ("..", E::EmptyLabel),
            (".example.com", E::EmptyLabel),
            ("a..example.com", E::EmptyLabel),
            ("*.example.com", E::Wildcard),
            ("a*.example.com", E::Wildcard),
            ("-a.example.com", E::Character),
            ("a-.example.com", E::Character),
            ("a_.example.com", E::Character),
            ("a b.example.com", E::Character),
            ("https://example.com", E::Character),
            ("b\u{fc}cher.example", E::Character),
            ("192.0.2.1", E::EndsInNumber),
            ("example.1", E::EndsInNumber),
            (long_label.as_str(), E::TooLong),
            (long_name.as_str(), E::TooLong),
        ] {
            assert_eq!(DomainName::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn the_longest_name_and_label_are_read() {
        assert!(DomainName::parse(&format!("{}.example", "a".repeat(63))).is_ok());
        let name = format!("{}exam", "a.".repeat(124));
        assert_eq!(DomainName::parse(&name).map(|name| name.as_str().len()), Ok(252));
        assert_eq!(
            DomainName::parse(&format!("{name}e.")).map(|name| name.as_str().len()),
            Ok(253)
        );
    }
}
