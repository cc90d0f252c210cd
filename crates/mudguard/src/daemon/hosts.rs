//! The names of the home: Things by the names that they have, under `home.arpa` (RFC 8375), and the hosts of the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use anyhow::Context;
use mudguard_manager::Snapshot;
use mudguard_resolver::Resolver;
use tokio::sync::watch;

/// The longest label (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

/// The hosts of a home, by their absolute names.
type Hosts = BTreeMap<String, Vec<IpAddr>>;

/// Tells the resolver, for as long as the gateway runs.
pub(crate) async fn follow(
    configured: Hosts,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    resolver: Resolver,
) -> anyhow::Result<()> {
    let mut known = None;
    loop {
        let hosts = hosts(&configured, &snapshots.borrow_and_update());
        if known.as_ref() != Some(&hosts) {
            resolver.set_hosts(
                hosts
                    .iter()
                    .map(|(name, addresses)| (name.as_str(), addresses.clone())),
            );
            known = Some(hosts);
        }
        snapshots.changed().await.context("the manager has ended")?;
    }
}

/// What is configured comes first, then what the owner named, then what Things call themselves: none takes the name of one before it.
fn hosts(configured: &Hosts, snapshot: &Snapshot) -> Hosts {
    let absolute = |name: &String| format!("{}.", name.trim_end_matches('.'));
    let mut hosts: Hosts = configured
        .iter()
        .map(|(name, addresses)| (absolute(name), addresses.clone()))
        .collect();
    let mut named = BTreeSet::new();
    let things = || snapshot.things.values();
    let by_owner = things().filter_map(|thing| Some((thing, thing.name.as_deref()?)));
    let by_itself = things().filter_map(|thing| Some((thing, thing.host_name.as_deref()?)));
    for (thing, name) in by_owner.chain(by_itself) {
        let Some(label) = label(name) else {
            continue;
        };
        let name = format!("{label}.home.arpa.");
        if hosts.contains_key(&name) || !named.insert(thing.mac) {
            continue;
        }
        hosts.insert(
            name,
            thing.bindings.iter().map(|binding| binding.address).collect(),
        );
    }
    hosts
}

/// A name of people as a label of a host name (RFC 1123 section 2.1); `None` if nothing is left.
fn label(name: &str) -> Option<String> {
    let mut label = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            label.push(character.to_ascii_lowercase());
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    label.truncate(MAX_LABEL);
    let label = label.trim_end_matches('-');
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_people_becomes_a_label() {
        for (name, expected) in [
            ("Hallway lamp", Some("hallway-lamp")),
            ("  K\u{fc}che (links)  ", Some("k-che-links")),
            ("a.b", Some("a-b")),
            ("-", None),
            ("\u{200b}", None),
        ] {
            assert_eq!(label(name).as_deref(), expected, "{name}");
        }
        assert_eq!(label(&"a".repeat(100)).unwrap().len(), MAX_LABEL);
    }
}
