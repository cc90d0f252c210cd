//! Where the root is: the addresses of its servers, shipped or configured (RFC 8109).

use std::net::IpAddr;

use super::reading::Delegation;
use crate::validate::Name;

/// The root servers of the internet, as <https://www.internic.net/domain/named.root> gave them in 2026.
const INTERNET: [(&str, &str, &str); 13] = [
    ("a", "198.41.0.4", "2001:503:ba3e::2:30"),
    ("b", "170.247.170.2", "2801:1b8:10::b"),
    ("c", "192.33.4.12", "2001:500:2::c"),
    ("d", "199.7.91.13", "2001:500:2d::d"),
    ("e", "192.203.230.10", "2001:500:a8::e"),
    ("f", "192.5.5.241", "2001:500:2f::f"),
    ("g", "192.112.36.4", "2001:500:12::d0d"),
    ("h", "198.97.190.53", "2001:500:1::53"),
    ("i", "192.36.148.17", "2001:7fe::53"),
    ("j", "192.58.128.30", "2001:503:c27::2:30"),
    ("k", "193.0.14.129", "2001:7fd::1"),
    ("l", "199.7.83.42", "2001:500:9f::42"),
    ("m", "202.12.27.33", "2001:dc3::35"),
];

/// How long hints hold, in seconds: they are used until a root server has said where the root is.
const TTL: u32 = 3600;

/// The servers of the root.
pub(super) fn root(hints: Option<&str>) -> Result<Delegation, HintsError> {
    let mut root = Delegation {
        zone: Name::root(),
        name_servers: Vec::new(),
        glue: Vec::new(),
        ds: None,
        ttl: TTL,
    };
    let Some(text) = hints else {
        for (letter, ipv4, ipv6) in INTERNET {
            let Ok(name) = format!("{letter}.root-servers.net.").parse::<Name>() else {
                continue;
            };
            let addresses = [ipv4, ipv6].into_iter().filter_map(|text| text.parse().ok());
            root.glue.extend(addresses.map(|address| (name.clone(), address)));
            root.name_servers.push(name);
        }
        return Ok(root);
    };
    for (number, line) in text.lines().enumerate() {
        let line = line.split(';').next().unwrap_or_default();
        let wrong = || HintsError::Line(number + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [owner, .., record_type, data] = words.as_slice() else {
            if words.is_empty() {
                continue;
            }
            return Err(wrong());
        };
        let name = |text: &str| text.parse::<Name>().map_err(|_| wrong());
        if record_type.eq_ignore_ascii_case("NS") && name(owner)? == Name::root() {
            root.name_servers.push(name(data)?);
        } else if record_type.eq_ignore_ascii_case("A") || record_type.eq_ignore_ascii_case("AAAA") {
            let address: IpAddr = data.parse().map_err(|_| wrong())?;
            root.glue.push((name(owner)?, address));
        } else {
            return Err(wrong());
        }
    }
    let has_address = |name: &Name| root.glue.iter().any(|(owner, _)| owner == name);
    if root.name_servers.iter().any(has_address) {
        Ok(root)
    } else {
        Err(HintsError::NoServer)
    }
}

/// Whether a text may be [`Config::root_hints`](crate::Config::root_hints).
///
/// # Errors
/// If it names no server of the root, or holds something else.
pub fn check_root_hints(text: &str) -> Result<(), HintsError> {
    root(Some(text)).map(drop)
}

/// Why root hints are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintsError {
    /// A line holds something else.
    #[error("line {0} is no NS record of the root and no address of a name server")]
    Line(usize),
    /// No name server has an address.
    #[error(
        "no name server of the root has an address; give NS records of the root, and A or AAAA records of these servers"
    )]
    NoServer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_the_internet_has_thirteen_servers_with_two_addresses_each() {
        let root = root(None).unwrap();
        assert_eq!((root.name_servers.len(), root.glue.len()), (13, 26));
    }

    #[test]
    fn hints_are_read_as_a_zone_file_writes_them() {
        let text = "; the laboratory\n. 3600 IN NS a.root. ; one\n\n.\tNS\tB.root.\na.root. 3600 A 10.53.0.1\nb.ROOT. AAAA 2001:db8::1\n";
        let root = root(Some(text)).unwrap();
        let names: Vec<Name> = ["a.root.", "b.root."].map(|name| name.parse().unwrap()).into();
        assert_eq!(root.name_servers, names);
        let glue = root
            .glue
            .iter()
            .map(|(name, address)| format!("{name} {address}"));
        assert_eq!(
            glue.collect::<Vec<_>>(),
            ["a.root. 10.53.0.1", "b.root. 2001:db8::1"]
        );
    }

    #[test]
    fn wrong_hints_are_refused_with_their_line() {
        for (text, error) in [
            ("", HintsError::NoServer),
            (". NS a.root.\n", HintsError::NoServer),
            (". NS a.root.\na.root. A 10.53.0\n", HintsError::Line(2)),
            ("example. NS a.root.\n", HintsError::Line(1)),
            ("\n. NS\n", HintsError::Line(2)),
            (". NS a..root.\n", HintsError::Line(1)),
        ] {
            assert_eq!(root(Some(text)), Err(error), "{text:?}");
        }
    }
}
