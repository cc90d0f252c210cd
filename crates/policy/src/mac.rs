//! The 48-bit MAC address, by which a Thing is known on its network.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A 48-bit MAC address, shown as `02:00:00:00:0a:01`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress(pub [u8; 6]);

/// The text is not six hexadecimal octets with colons or hyphens between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a MAC address; write it as 02:00:00:00:0a:01")]
pub struct MacAddressError;

impl MacAddress {
    /// Whether this address may name one station: neither a group address nor all zeros.
    #[must_use]
    pub fn is_station(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }

    /// Whether the address was made up by the Thing itself (the "locally administered" bit), as phones do.
    #[must_use]
    pub fn is_locally_administered(self) -> bool {
        self.0[0] & 2 != 0
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MacAddress {
    type Err = MacAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut octets = [0; 6];
        let mut parts = text.split([':', '-']);
        for octet in &mut octets {
            let part = parts.next().ok_or(MacAddressError)?;
            if part.len() != 2 || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(MacAddressError);
            }
            *octet = u8::from_str_radix(part, 16).map_err(|_| MacAddressError)?;
        }
        if parts.next().is_some() {
            Err(MacAddressError)
        } else {
            Ok(Self(octets))
        }
    }
}

impl TryFrom<String> for MacAddress {
    type Error = MacAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MacAddress> for String {
    fn from(mac: MacAddress) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_octets_agree() {
        let mac = MacAddress([2, 0, 0, 0, 0x0a, 1]);
        assert_eq!(mac.to_string(), "02:00:00:00:0a:01");
        assert_eq!("02-00-00-00-0A-01".parse(), Ok(mac));
    }

    #[test]
    fn a_text_of_another_shape_is_refused() {
        for text in [
            "",
            "02:00:00:00:0a",
            "02:00:00:00:0a:01:02",
            "02:00:00:00:0a:0g",
            "2:0:0:0:a:1",
            "02:00:00:00:0a:+1",
        ] {
            assert_eq!(text.parse::<MacAddress>(), Err(MacAddressError), "{text}");
        }
    }
}
