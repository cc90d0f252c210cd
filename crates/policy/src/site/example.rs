//! A home in which what files say shows: for comparing files, and for telling what one permits apart from any home.

use std::net::IpAddr;

use ipnet::IpNet;
use mudguard_mud::{CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP, Matches, MudFile, MudUrl};

use super::{Identity, Member, Neighbour, Site};
use crate::MacAddress;

impl Site {
    /// A typical home, 192.168.1.0/24 and fd00::/64 with the router at the first address of each, in which each class that the files
    /// name has one member, and the owner has approved all addresses.
    #[must_use]
    pub fn with_a_member_of_each_class(files: &[&MudFile]) -> Self {
        let mut site = Self::typical();
        site.addresses_approved = true;
        let mut stations = Stations::default();
        for matches in files.iter().flat_map(|file| all_matches(file)) {
            let Some(mud) = &matches.mud else { continue };
            if mud.my_controller && site.my_controllers.is_empty() {
                site.my_controllers.push(Member::Thing(stations.another()));
            }
            if let Some(uri) = &mud.controller
                && ![CONTROLLER_DNS, CONTROLLER_NTP, CONTROLLER_GATEWAY].contains(&uri.as_str())
            {
                let members = site.controllers.entry(uri.clone()).or_default();
                if members.is_empty() {
                    members.push(Member::Thing(stations.another()));
                }
            }
            if let Some(url) = &mud.model {
                site.add(url.clone(), &mut stations);
            }
            // A host of which no MUD URL can be made has no Things.
            if let Some(host) = &mud.manufacturer
                && let Ok(url) = MudUrl::parse(&format!("https://{host}/"))
            {
                site.add(url, &mut stations);
            }
        }
        for file in files {
            if all_matches(file).any(|matches| matches.mud.as_ref().is_some_and(|mud| mud.same_manufacturer))
                && let Ok(url) = MudUrl::parse(&format!("https://{}/", file.mud_url.host()))
            {
                site.add(url, &mut stations);
            }
        }
        site
    }

    /// The networks and the router of a typical home, and nobody in it.
    #[must_use]
    pub fn typical() -> Self {
        let gateway = [
            IpAddr::from([192, 168, 1, 1]),
            IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, 1]),
        ];
        let networks = gateway
            .iter()
            .zip([24, 64])
            .filter_map(|(address, length)| IpNet::new(*address, length).ok())
            .map(|network| network.trunc());
        Self {
            local_networks: networks.collect(),
            gateway: gateway.into(),
            ..Self::default()
        }
    }

    fn add(&mut self, url: MudUrl, stations: &mut Stations) {
        if !self.things.iter().any(|thing| thing.url == url) {
            self.things.push(Neighbour {
                mac: stations.another(),
                url,
                identity: Identity::Weak,
            });
        }
    }
}

fn all_matches(file: &MudFile) -> impl Iterator<Item = &Matches> {
    let lists = file.from_device.iter().chain(&file.to_device);
    lists.flat_map(|list| &list.aces).map(|ace| &ace.matches)
}

/// MAC addresses that are administered locally.
#[derive(Default)]
struct Stations(u32);

impl Stations {
    fn another(&mut self) -> MacAddress {
        self.0 += 1;
        let [a, b, c, d] = self.0.to_be_bytes();
        MacAddress([2, 0, a, b, c, d])
    }
}

#[cfg(test)]
mod tests {
    use mudguard_mud::{Dialect, Limits, parse};

    use super::*;

    fn file(matches: &str) -> MudFile {
        let text = format!(
            r#"{{"ietf-mud:mud": {{"mud-version": 1, "mud-url": "https://maker.example/lamp", "last-update": "2026-01-01T00:00:00Z",
            "is-supported": true, "from-device-policy": {{"access-lists": {{"access-list": [{{"name": "a"}}]}}}},
            "to-device-policy": {{"access-lists": {{"access-list": [{{"name": "b"}}]}}}}}},
            "ietf-access-control-list:acls": {{"acl": [{{"name": "a", "type": "ipv4-acl-type", "aces": {{"ace": [
            {{"name": "one", "matches": {{"ietf-mud:mud": {matches}}}, "actions": {{"forwarding": "accept"}}}}]}}}},
            {{"name": "b", "type": "ipv4-acl-type", "aces": {{}}}}]}}}}"#
        );
        let parsed = parse(text.as_bytes(), &Limits::default(), Dialect::Community);
        parsed.file.unwrap_or_else(|| panic!("{:#?}", parsed.findings))
    }

    #[test]
    fn no_class_of_any_kind_is_empty() {
        for matches in [
            r#"{"my-controller": [null]}"#,
            r#"{"controller": "https://class.example/hub"}"#,
            r#"{"controller": "urn:ietf:params:mud:dns"}"#,
            r#"{"same-manufacturer": [null]}"#,
            r#"{"manufacturer": "other.example"}"#,
            r#"{"model": "https://other.example/camera"}"#,
            r#"{"local-networks": [null]}"#,
        ] {
            let file = file(matches);
            let policy = crate::compile(&file, &Site::with_a_member_of_each_class(&[&file]));
            assert_eq!(policy.sum().enforced, 1, "{matches}: {policy:#?}");
        }
    }
}
