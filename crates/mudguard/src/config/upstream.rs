//! How a resolver that is asked is written: an address, or the URI of a better way to ask there.
//!
//! What it is not: it looks up no name; the addresses of a resolver are stated.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use mudguard_resolver::{Proof, Transport, UpstreamServer};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// The ports of DNS over TLS and of HTTPS.
const TLS_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;

/// A resolver, at one or several addresses: `"192.0.2.53"`, `"192.0.2.53:5353"`, `"tcp://192.0.2.53"`, `"tls://192.0.2.53#dns.example"`,
/// or a table with `uri`, `addresses` and `pin-sha256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream(pub(crate) Vec<UpstreamServer>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    uri: String,
    #[serde(default)]
    addresses: Vec<IpAddr>,
    #[serde(default)]
    pin_sha256: Vec<String>,
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Upstream;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an address, a URI, or a table with a `uri`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Upstream, E> {
                parse(text, &[], Vec::new()).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Upstream, A::Error> {
                let table = Table::deserialize(MapAccessDeserializer::new(map))?;
                let pins: Result<_, String> = table.pin_sha256.iter().map(|text| pin(text)).collect();
                let pins = pins.map_err(A::Error::custom)?;
                parse(&table.uri, &table.addresses, pins).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

fn parse(text: &str, addresses: &[IpAddr], pins: Vec<[u8; 32]>) -> Result<Upstream, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if !pins.is_empty() && !matches!(scheme, "tls" | "https") {
        return Err(format!("{text:?} has no key to pin; write tls:// or https://"));
    }
    match scheme {
        "" | "udp" | "tcp" => {
            let place = Place::parse(rest, super::resolver::PORT);
            let Some(Place { host: Ok(ip), port }) = place.filter(|_| addresses.is_empty()) else {
                return Err(format!(
                    "{text:?} is no IP address, nor one with a port, nor a URI such as tls://192.0.2.53#dns.example"
                ));
            };
            let transport = if scheme == "tcp" {
                Transport::Tcp
            } else {
                Transport::Cleartext
            };
            let address = SocketAddr::new(ip, port);
            Ok(Upstream(vec![UpstreamServer { address, transport }]))
        }
        "tls" => {
            let (place, name) = match rest.split_once('#') {
                Some((place, name)) => (place, Some(name.to_owned())),
                None => (rest, None),
            };
            let place = Place::parse(place, TLS_PORT).ok_or_else(|| format!("{text:?} names no host"))?;
            let name = name.or_else(|| place.host.clone().err());
            let proof = proof(name, pins).ok_or_else(|| {
                format!(
                    "{text:?} does not say who is there; add #NAME as its certificate has it, or pin-sha256"
                )
            })?;
            servers(text, &place, addresses, &Transport::Tls(proof))
        }
        "https" => {
            let (authority, path) = rest
                .find('/')
                .map_or((rest, "/dns-query"), |slash| rest.split_at(slash));
            let place =
                Place::parse(authority, HTTPS_PORT).ok_or_else(|| format!("{text:?} names no host"))?;
            let name = match &place.host {
                Ok(ip) => ip.to_string(),
                Err(name) => name.clone(),
            };
            let transport = Transport::Https {
                proof: proof(Some(name), pins).ok_or_else(|| format!("{text:?} names no host"))?,
                authority: authority.to_owned(),
                path: path.replace("{?dns}", ""),
            };
            servers(text, &place, addresses, &transport)
        }
        other => Err(format!("{text:?}: {other} is none of udp, tcp, tls and https")),
    }
}

/// The same resolver at each of its addresses.
fn servers(
    text: &str,
    place: &Place,
    addresses: &[IpAddr],
    transport: &Transport,
) -> Result<Upstream, String> {
    let addresses = match &place.host {
        Ok(ip) => vec![*ip],
        Err(_) => addresses.to_vec(),
    };
    if addresses.is_empty() {
        return Err(format!(
            "{text:?} has a name and no address; write {{ uri = {text:?}, addresses = [\"192.0.2.53\"] }} with its addresses"
        ));
    }
    let server = |ip| UpstreamServer {
        address: SocketAddr::new(ip, place.port),
        transport: transport.clone(),
    };
    Ok(Upstream(addresses.into_iter().map(server).collect()))
}

/// Pins are stricter than names, and come first.
fn proof(name: Option<String>, pins: Vec<[u8; 32]>) -> Option<Proof> {
    if pins.is_empty() {
        name.map(Proof::Name)
    } else {
        Some(Proof::Pins { name, pins })
    }
}

/// A host, by address or by name, and a port.
struct Place {
    host: Result<IpAddr, String>,
    port: u16,
}

impl Place {
    fn parse(text: &str, standard: u16) -> Option<Self> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Some(Self {
                host: Ok(ip),
                port: standard,
            });
        }
        if let Ok(address) = SocketAddr::from_str(text) {
            return Some(Self {
                host: Ok(address.ip()),
                port: address.port(),
            });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (text, standard),
        };
        let is_name = !host.is_empty()
            && host.len() <= 253
            && host
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_'));
        is_name.then(|| Self {
            host: Err(host.to_owned()),
            port,
        })
    }
}

/// A SHA-256 digest in base64 (RFC 4648 section 4).
fn pin(text: &str) -> Result<[u8; 32], String> {
    let wrong = || {
        format!(
            "pin-sha256: {text:?} is no SHA-256 digest in base64, such as `openssl pkey -pubout -outform DER | openssl \
             dgst -sha256 -binary | base64` writes of a key"
        )
    };
    let value = |octet: u8| match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits = text.strip_suffix('=').filter(|digits| digits.len() == 43);
    let (mut octets, mut bits, mut count) = (Vec::with_capacity(32), 0_u32, 0);
    for digit in digits.ok_or_else(wrong)?.bytes() {
        bits = (bits << 6 | u32::from(value(digit).ok_or_else(wrong)?)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    octets.try_into().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Upstream, String> {
        #[derive(Debug, Deserialize)]
        struct File {
            upstream: Upstream,
        }
        toml::from_str::<File>(&format!("upstream = {text}"))
            .map(|file| file.upstream)
            .map_err(|error| error.to_string())
    }

    fn one(text: &str) -> UpstreamServer {
        let Upstream(mut servers) = read(text).unwrap();
        assert_eq!(servers.len(), 1);
        servers.remove(0)
    }

    const PIN: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn each_way_to_ask_has_its_uri_and_its_port() {
        for (text, address) in [
            ("\"192.0.2.53\"", "192.0.2.53:53"),
            ("\"192.0.2.53:5353\"", "192.0.2.53:5353"),
            ("\"2001:db8::53\"", "[2001:db8::53]:53"),
            ("\"udp://[2001:db8::53]\"", "[2001:db8::53]:53"),
        ] {
            assert_eq!(one(text), address.parse::<SocketAddr>().unwrap().into(), "{text}");
        }
        let tcp = one("\"tcp://192.0.2.53\"");
        assert_eq!((tcp.address.port(), tcp.transport), (53, Transport::Tcp));
        let name = || Proof::Name("dns.example".to_owned());
        let tls = one("\"tls://192.0.2.53#dns.example\"");
        assert_eq!((tls.address.port(), tls.transport), (853, Transport::Tls(name())));
        let tls = one("\"tls://[2001:db8::53]:8853#dns.example\"");
        assert_eq!(tls.address, "[2001:db8::53]:8853".parse().unwrap());
        let https = one("{ uri = \"https://dns.example/q{?dns}\", addresses = [\"192.0.2.53\"] }");
        let transport = Transport::Https {
            proof: name(),
            authority: "dns.example".to_owned(),
            path: "/q".to_owned(),
        };
        assert_eq!((https.address.port(), https.transport), (443, transport));
    }

    #[test]
    fn a_resolver_with_several_addresses_is_several() {
        let text = "{ uri = \"tls://dns.example\", addresses = [\"192.0.2.53\", \"2001:db8::53\"] }";
        assert_eq!(read(text).unwrap().0.len(), 2);
    }

    #[test]
    fn a_pin_is_the_digest_of_a_key_and_replaces_the_authorities() {
        let server = one(&format!(
            "{{ uri = \"tls://192.0.2.53\", pin-sha256 = [\"{PIN}\"] }}"
        ));
        let Transport::Tls(Proof::Pins { name: None, pins }) = server.transport else {
            panic!("{server:?}");
        };
        assert_eq!(pins[0][..4], [0xe3, 0xb0, 0xc4, 0x42]);
    }

    #[test]
    fn what_would_be_asked_without_knowing_whom_is_refused_with_the_way_out() {
        for (text, part) in [
            ("\"dns.example\"", "no IP address"),
            ("\"tls://192.0.2.53\"", "#NAME"),
            ("\"tls://dns.example\"", "addresses = "),
            ("\"https://dns.example/dns-query\"", "addresses = "),
            ("\"quic://192.0.2.53\"", "none of udp, tcp, tls and https"),
            ("\"192.0.2.53#dns.example\"", "tls://"),
            ("{ uri = \"192.0.2.53\", pin-sha256 = [\"AAAA\"] }", "SHA-256"),
            ("{ uri = \"192.0.2.53\", name = \"a\" }", "`uri`"),
            ("53", "a table with a `uri`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let plain = format!("{{ uri = \"192.0.2.53\", pin-sha256 = [\"{PIN}\"] }}");
        assert!(read(&plain).unwrap_err().contains("no key to pin"));
    }
}
