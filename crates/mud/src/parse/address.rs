//! Hosts, prefixes, MAC addresses and EtherTypes (RFC 6991, RFC 8519 `ietf-ethertypes`).

use std::{fmt::Display, net::IpAddr, str::FromStr};

use super::{Reader, place::Place, quote, syntax::scheme};
use crate::{Code, DomainName, Host};

impl Reader<'_> {
    /// An `inet:host`: a name, or an IP address in its place.
    pub(super) fn host(&mut self, place: &Place<'_>) -> Option<Host> {
        let text = self.text(place)?;
        let error = match DomainName::parse(text) {
            Ok(name) => {
                self.count_name(place, &name);
                return Some(Host::Name(name));
            }
            Err(error) => error,
        };
        if let Ok(address) = text.parse::<IpAddr>() {
            let message = format!("the IP address {address} stands in place of a name");
            self.advise(
                place,
                Code::AddressForName,
                message,
                "write a name; rules with addresses wait for the owner",
            );
            return Some(Host::Address(address));
        }
        let hint = match scheme(text) {
            Some(_) if text.contains("//") => "write the host of the URL alone",
            _ => "write a domain name such as `api.example.com`",
        };
        self.bad(
            place,
            Code::NotADomainName,
            format!("{} is no domain name: {error}", quote(text)),
            hint,
        );
        None
    }

    /// An `ipv4-prefix` or `ipv6-prefix`, with its host bits cleared.
    pub(super) fn prefix<P: Prefix>(&mut self, place: &Place<'_>) -> Option<P> {
        let text = self.text(place)?;
        let (written, is_alone) = match text.parse::<P>() {
            Ok(written) => (written, false),
            Err(_) => match P::alone(text) {
                Some(written) => (written, true),
                None => {
                    let message = format!("{} is no {} prefix", quote(text), P::FAMILY);
                    self.bad(
                        place,
                        Code::NotAPrefix,
                        message,
                        format!("write it as {}", P::EXAMPLE),
                    );
                    return None;
                }
            },
        };
        let prefix = written.trunc();
        if is_alone {
            let message = format!(
                "{} has no prefix length and was read as that one address",
                quote(text)
            );
            self.deviate(
                place,
                Code::PrefixWithoutLength,
                message,
                format!("write `{prefix}`"),
            );
        } else if prefix != written {
            let message = format!("{} has bits set beyond its length", quote(text));
            self.advise(place, Code::HostBitsSet, message, format!("write `{prefix}`"));
        }
        let message = format!("the ACE holds the address {prefix}");
        self.advise(
            place,
            Code::AddressInMatches,
            message,
            "rules with addresses wait for the owner (RFC 8520 section 2)",
        );
        Some(prefix)
    }

    /// A `mac-address`.
    pub(super) fn mac_address(&mut self, place: &Place<'_>) -> Option<[u8; 6]> {
        let text = self.text(place)?;
        let address = mac_address(text);
        if address.is_none() {
            let message = format!("{} is no MAC address", quote(text));
            self.bad(
                place,
                Code::NotAMacAddress,
                message,
                "write it as 00:00:5e:00:53:01",
            );
        }
        address
    }

    /// An `ethertype`: a number, or a name of the module.
    pub(super) fn ethertype(&mut self, place: &Place<'_>) -> Option<u16> {
        let crate::json::Value::Text(text) = place.value() else {
            return self.uint16(place);
        };
        if let Some((_, number)) = ETHERTYPES.iter().find(|(name, _)| *name == text) {
            return Some(*number);
        }
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                u16::from_str_radix(digits, 16).ok()
            }
            Some(_) => None,
            None if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        let Some(number) = number else {
            self.unknown_value(
                place,
                text,
                "0 to 65535, ipv4, ipv6, arp and the other names of ietf-ethertypes",
            );
            return None;
        };
        let message = format!("the EtherType {} is written as text", quote(text));
        self.deviate(place, Code::EthertypeAsText, message, format!("write {number}"));
        Some(number)
    }
}

fn mac_address(text: &str) -> Option<[u8; 6]> {
    let mut address = [0; 6];
    let mut octets = text.split(':');
    for octet in &mut address {
        let digits = octets.next().filter(|digits| digits.len() == 2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *octet = u8::from_str_radix(digits, 16).ok()?;
    }
    octets.next().is_none().then_some(address)
}

/// A prefix of either family.
pub(super) trait Prefix: Copy + PartialEq + FromStr + Display {
    const FAMILY: &'static str;
    const EXAMPLE: &'static str;
    /// With the bits beyond its length cleared.
    fn trunc(self) -> Self;
    /// The prefix of one address.
    fn alone(text: &str) -> Option<Self>;
}

impl Prefix for ipnet::Ipv4Net {
    const FAMILY: &'static str = "IPv4";
    const EXAMPLE: &'static str = "192.0.2.0/24";

    fn trunc(self) -> Self {
        Self::trunc(&self)
    }

    fn alone(text: &str) -> Option<Self> {
        Some(Self::from(text.parse::<std::net::Ipv4Addr>().ok()?))
    }
}

impl Prefix for ipnet::Ipv6Net {
    const FAMILY: &'static str = "IPv6";
    const EXAMPLE: &'static str = "2001:db8::/32";

    fn trunc(self) -> Self {
        Self::trunc(&self)
    }

    fn alone(text: &str) -> Option<Self> {
        Some(Self::from(text.parse::<std::net::Ipv6Addr>().ok()?))
    }
}

/// The names of `ietf-ethertypes`.
#[rustfmt::skip]
const ETHERTYPES: &[(&str, u16)] = &[
    ("ipv4", 2048), ("arp", 2054), ("wlan", 2114), ("trill", 8947), ("srp", 8938), ("decnet", 24579), ("rarp", 32821),
    ("appletalk", 32923), ("aarp", 33011), ("vlan", 33024), ("ipx", 33079), ("qnx", 33284), ("ipv6", 34525), ("efc", 34824),
    ("esp", 34825), ("cobranet", 34841), ("mpls-unicast", 34887), ("mpls-multicast", 34888), ("pppoe-discovery", 34915),
    ("pppoe-session", 34916), ("intel-ans", 34925), ("jumbo-frames", 34928), ("homeplug", 34939), ("eap", 34958),
    ("profinet", 34962), ("hyperscsi", 34970), ("aoe", 34978), ("ethercat", 34980), ("provider-bridging", 34984),
    ("ethernet-powerlink", 34987), ("goose", 35000), ("gse", 35001), ("sv", 35002), ("lldp", 35020), ("sercos", 35021),
    ("wsmp", 35036), ("homeplug-av-mme", 35041), ("mrp", 35043), ("macsec", 35045), ("pbb", 35047), ("cfm", 35074),
    ("fcoe", 35078), ("fcoe-ip", 35092), ("roce", 35093), ("tte", 35101), ("hsr", 35119),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_have_six_octets_between_colons() {
        assert_eq!(
            mac_address("00:00:5E:00:53:af"),
            Some([0, 0, 0x5e, 0, 0x53, 0xaf])
        );
        for text in [
            "",
            "00:00:5e:00:53",
            "00:00:5e:00:53:01:02",
            "0:0:5e:0:53:1",
            "00-00-5e-00-53-01",
            "00:00:5e:00:53:+1",
        ] {
            assert_eq!(mac_address(text), None, "{text}");
        }
    }
}
