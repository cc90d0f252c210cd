//! LLDP neighbours: what they said holds for their time to live (RFC 8520 section 12 says nothing else of how it ends).

use std::{collections::BTreeMap, time::Instant};

use mudguard_policy::MacAddress;

use super::hearing::Port;
use crate::{SightedBy, Sighting};

/// The most neighbours that are remembered of one port.
const MOST_PER_PORT: usize = 64;

/// Neighbours that announced a MUD URL, each with the time at which that ends.
#[derive(Debug, Default)]
pub(super) struct Neighbours(BTreeMap<(String, MacAddress), Instant>);

impl Neighbours {
    /// Takes note of a neighbour, and says whether it is new.
    pub(super) fn remember(&mut self, mac: MacAddress, port: &Port, until: Instant) -> bool {
        let key = (port.name.clone(), mac);
        if !self.0.contains_key(&key) {
            let on_port = self.0.iter().filter(|((name, _), _)| *name == port.name);
            if on_port.clone().count() >= MOST_PER_PORT {
                let first = on_port.min_by_key(|(_, until)| **until);
                if let Some(first) = first.map(|(key, _)| key.clone()) {
                    self.0.remove(&first);
                }
            }
        }
        self.0.insert(key, until).is_none()
    }

    /// A neighbour says that it shuts down, or that there is no MUD URL any more.
    pub(super) fn forget(&mut self, mac: MacAddress, port: &Port) -> Option<Sighting> {
        self.0
            .remove(&(port.name.clone(), mac))
            .map(|_| Sighting::Departed {
                mac,
                port: port.name.clone(),
                channel: SightedBy::Lldp,
            })
    }

    /// Forgets the neighbours whose time has come.
    pub(super) fn departed(&mut self, now: Instant) -> Vec<Sighting> {
        let departed = self.0.extract_if(.., |_, until| *until <= now);
        departed
            .map(|((port, mac), _)| Sighting::Departed {
                mac,
                port,
                channel: SightedBy::Lldp,
            })
            .collect()
    }

    /// When the time of the next one comes.
    pub(super) fn next_departure(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }
}
