//! The home's networks, as this machine's interfaces tell them.

use std::{collections::BTreeMap, fs, net::IpAddr, path::Path};

use anyhow::Context;
use ipnet::IpNet;
use mudguard_manager::{Home, Lan, Mode};
use nix::ifaddrs::getifaddrs;

/// A network of the LAN, as the operator set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// Its layer 3 interface.
    pub(crate) interface: String,
    /// Its mode, if it is not the home's.
    pub(crate) mode: Option<Mode>,
}

/// Reads the addresses and prefixes of the LAN interfaces, in the order of the configuration.
///
/// # Errors
/// If the system does not tell, or an interface is not there.
pub(crate) fn read(networks: &[Network]) -> anyhow::Result<Home> {
    let mut lans: BTreeMap<&str, (Vec<IpAddr>, Vec<IpNet>)> = BTreeMap::new();
    for entry in getifaddrs().context("the system does not tell its interfaces")? {
        let mut names = networks.iter().map(|network| &network.interface);
        let Some(name) = names.find(|name| **name == entry.interface_name) else {
            continue;
        };
        let (addresses, prefixes) = lans.entry(name).or_default();
        let (Some(address), Some(mask)) = (ip(entry.address.as_ref()), ip(entry.netmask.as_ref())) else {
            continue;
        };
        addresses.push(address);
        if let Ok(prefix) = IpNet::with_netmask(address, mask) {
            let prefix = prefix.trunc();
            if !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
    }
    let lans = networks
        .iter()
        .map(
            |Network {
                 interface: name,
                 mode,
             }| {
                let (mut addresses, mut prefixes) = lans.remove(name.as_str()).with_context(|| {
                    format!("there is no interface {name:?} (lan.interfaces); `ip link` lists this machine's")
                })?;
                // The kernel's order changes with every restart of an interface, and must not change the rules.
                addresses.sort_unstable();
                prefixes.sort_unstable();
                Ok(Lan {
                    interface: name.clone(),
                    addresses,
                    prefixes,
                    ports: ports(name),
                    mode: *mode,
                })
            },
        )
        .collect::<anyhow::Result<_>>()?;
    Ok(Home { lans })
}

/// The ports of a bridge.
fn ports(interface: &str) -> Vec<String> {
    let folder = Path::new("/sys/class/net").join(interface).join("brif");
    // There is no such folder of an interface that is no bridge.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut ports: Vec<_> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    ports.sort_unstable();
    ports
}

fn ip(address: Option<&nix::sys::socket::SockaddrStorage>) -> Option<IpAddr> {
    let address = address?;
    address
        .as_sockaddr_in()
        .map(|v4| IpAddr::V4(v4.ip()))
        .or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(interface: &str) -> Network {
        Network {
            interface: interface.to_owned(),
            mode: Some(Mode::Protect),
        }
    }

    #[test]
    fn the_loopback_interface_has_its_address_and_prefix() {
        let home = read(&[network("lo")]).unwrap();
        assert_eq!(home.lans[0].mode, Some(Mode::Protect));
        assert_eq!(home.lans[0].interface, "lo");
        assert!(home.lans[0].addresses.contains(&"127.0.0.1".parse().unwrap()));
        assert!(home.lans[0].prefixes.contains(&"127.0.0.0/8".parse().unwrap()));
    }

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let error = read(&[network("nosuch0")]).unwrap_err().to_string();
        assert!(
            error.contains("nosuch0") && error.contains("lan.interfaces"),
            "{error}"
        );
    }
}
