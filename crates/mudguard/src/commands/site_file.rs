//! The home for the offline commands: `--site SITE.toml`, or a typical one.

use std::{collections::BTreeMap, fs, net::IpAddr, path::Path};

use ipnet::IpNet;
use mudguard_mud::MudUrl;
use mudguard_policy::{Identity, MacAddress, Member, Neighbour, Site};
use serde::Deserialize;

use super::source::Unreadable;

/// The file of `--site`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct SiteFile {
    /// The router's addresses on the LAN.
    gateway: Vec<IpAddr>,
    /// The prefixes of the LAN.
    local_networks: Vec<IpNet>,
    /// Members of controller classes by the URI of the class: `gateway`, MAC addresses, addresses or prefixes.
    controllers: BTreeMap<String, Vec<String>>,
    /// Members of `my-controller`.
    my_controllers: Vec<String>,
    /// Other Things.
    things: Vec<ThingEntry>,
    /// Whether the owner has approved the addresses that the file holds.
    addresses_approved: bool,
}

/// Another Thing of the home.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ThingEntry {
    mac: MacAddress,
    url: MudUrl,
    #[serde(default)]
    identity: Identity,
}

impl Default for SiteFile {
    fn default() -> Self {
        let Site {
            gateway,
            local_networks,
            ..
        } = Site::typical();
        Self {
            gateway,
            local_networks,
            controllers: BTreeMap::new(),
            my_controllers: Vec::new(),
            things: Vec::new(),
            addresses_approved: false,
        }
    }
}

/// Reads the site, or gives a typical home: 192.168.1.0/24 and fd00::/64, the router at the first address of each.
///
/// # Errors
/// If the file cannot be read; the text names the line and what would be right.
pub(super) fn read(path: Option<&Path>, thing: Option<MacAddress>) -> Result<Site, Unreadable> {
    let Some(path) = path else {
        return site(SiteFile::default(), thing).map_err(|reason| unreadable("site", reason));
    };
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| unreadable(&name, error.to_string()))?;
    let file = toml::from_str(&text)
        .map_err(|error: toml::de::Error| unreadable(&name, error.to_string().trim_end().to_owned()))?;
    site(file, thing).map_err(|reason| unreadable(&name, reason))
}

fn unreadable(name: &str, reason: String) -> Unreadable {
    Unreadable {
        name: name.to_owned(),
        reason,
    }
}

fn site(file: SiteFile, thing: Option<MacAddress>) -> Result<Site, String> {
    let SiteFile {
        gateway,
        local_networks,
        controllers,
        my_controllers,
        things,
        addresses_approved,
    } = file;
    Ok(Site {
        thing,
        identity: Identity::Weak,
        gateway,
        local_networks,
        controllers: controllers
            .into_iter()
            .map(|(uri, texts)| Ok((uri, members(&texts)?)))
            .collect::<Result<_, String>>()?,
        my_controllers: members(&my_controllers)?,
        things: things
            .into_iter()
            .map(|ThingEntry { mac, url, identity }| Neighbour { mac, url, identity })
            .collect(),
        addresses_approved,
    })
}

fn members(texts: &[String]) -> Result<Vec<Member>, String> {
    texts.iter().map(|text| member(text)).collect()
}

fn member(text: &str) -> Result<Member, String> {
    if text == "gateway" {
        return Ok(Member::Gateway);
    }
    if let Ok(mac) = text.parse() {
        return Ok(Member::Thing(mac));
    }
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map(Member::Network)
        .map_err(|_| {
            format!("{text:?} is no member: write \"gateway\", a MAC address, an address or a prefix")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Site, String> {
        site(toml::from_str(text).map_err(|error| error.to_string())?, None)
    }

    #[test]
    fn members_are_the_gateway_things_addresses_and_prefixes() {
        let site = parse(
            "[controllers]\n\"https://class.example/\" = [\"gateway\", \"02:00:00:00:00:07\", \"192.0.2.1\", \"2001:db8::/32\"]\n",
        )
        .unwrap();
        assert_eq!(
            site.controllers["https://class.example/"],
            [
                Member::Gateway,
                Member::Thing(MacAddress([2, 0, 0, 0, 0, 7])),
                Member::Network("192.0.2.1/32".parse().unwrap()),
                Member::Network("2001:db8::/32".parse().unwrap()),
            ]
        );
    }

    #[test]
    fn a_wrong_member_and_an_unknown_key_say_what_is_right() {
        let error = parse("my-controllers = [\"hub\"]").unwrap_err();
        assert!(
            error.contains("\"hub\"") && error.contains("MAC address"),
            "{error}"
        );
        let error = parse("gatway = []").unwrap_err();
        assert!(error.contains("gatway") && error.contains("`gateway`"), "{error}");
    }
}
