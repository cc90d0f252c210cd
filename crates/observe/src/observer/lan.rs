//! The LAN interfaces, their bridge ports and their addresses, as the kernel tells of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use mudguard_policy::MacAddress;

use super::filter::Direction;
use crate::rtnetlink::{Link, Neighbour, News};

/// The most links and addresses that are remembered, and the most places at which is captured.
const MOST: usize = 1024;

/// A place at which frames are captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// The number of the interface.
    pub(super) index: u32,
    /// Its name.
    pub(super) interface: String,
    /// Its MAC address.
    pub(super) mac: Option<MacAddress>,
    /// The number of the LAN interface: itself, or the bridge of which it is a port.
    pub(super) lan: u32,
    /// The direction.
    pub(super) direction: Direction,
}

impl Point {
    /// Whether a capture at the other place may serve for this one.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        (self.index, self.direction) == (other.index, other.direction)
    }
}

/// What follows from news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// Nothing.
    Nothing,
    /// The places at which to capture may have changed; `true` if a LAN interface itself changed.
    Links(bool),
    /// The addresses of a LAN interface changed.
    Addresses,
    /// A neighbour on a LAN interface.
    Neighbour(Neighbour),
}

/// What is known of the links and addresses.
#[derive(Debug, Default)]
pub(super) struct Lan {
    names: Vec<String>,
    links: BTreeMap<u32, Link>,
    addresses: BTreeSet<(u32, IpAddr)>,
    neighbours: BTreeMap<(u32, IpAddr), MacAddress>,
}

impl Lan {
    /// The LAN that consists of the interfaces with these names.
    pub(super) fn new(names: Vec<String>) -> Self {
        Self {
            names,
            ..Self::default()
        }
    }

    /// Forgets all links and addresses, because they are told anew.
    pub(super) fn forget(&mut self) {
        self.links.clear();
        self.addresses.clear();
        self.neighbours.clear();
    }

    /// Takes note of what the kernel says.
    pub(super) fn hear(&mut self, news: News) -> Consequence {
        match news {
            News::Link(link) => {
                let (index, lan) = (link.index, self.is_lan(&link));
                let known = self.links.get(&index);
                if known == Some(&link) || (known.is_none() && self.links.len() >= MOST) {
                    return Consequence::Nothing;
                }
                let before = self.links.insert(index, link);
                Consequence::Links(lan || before.is_some_and(|before| self.is_lan(&before)))
            }
            News::LinkGone(index) => {
                let before = self.links.remove(&index);
                self.addresses.retain(|(interface, _)| *interface != index);
                self.neighbours.retain(|(interface, _), _| *interface != index);
                before.map_or(Consequence::Nothing, |before| {
                    Consequence::Links(self.is_lan(&before))
                })
            }
            News::Address(index, address) => {
                let new = self.addresses.len() < MOST && self.addresses.insert((index, address));
                self.addresses_changed(new, index)
            }
            News::AddressGone(index, address) => {
                let gone = self.addresses.remove(&(index, address));
                self.addresses_changed(gone, index)
            }
            News::Neighbour(neighbour) if self.is_lan_index(neighbour.interface) => {
                let key = (neighbour.interface, neighbour.address);
                let known = self.neighbours.get(&key) == Some(&neighbour.mac);
                if known && !neighbour.confirmed {
                    // The entry ages, which says nothing of the neighbour.
                    return Consequence::Nothing;
                }
                if self.neighbours.contains_key(&key) || self.neighbours.len() < MOST {
                    self.neighbours.insert(key, neighbour.mac);
                }
                Consequence::Neighbour(neighbour)
            }
            News::NeighbourGone(interface, address) => {
                self.neighbours.remove(&(interface, address));
                Consequence::Nothing
            }
            News::Neighbour(_) | News::Done | News::Failed(_) => Consequence::Nothing,
        }
    }

    /// Where to capture: what comes from Things on each port of a bridge, and what the router itself sends on the LAN interface. What a
    /// bridge forwards from one port to another never passes the interface of the bridge, so that a Thing cannot speak for the router there.
    pub(super) fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        let links = || self.links.values().filter(|link| link.ethernet);
        for lan in links().filter(|link| self.is_lan(link)) {
            let point = |link: &Link, direction| Point {
                index: link.index,
                interface: link.name.clone(),
                mac: link.mac,
                lan: lan.index,
                direction,
            };
            points.push(point(lan, Direction::Outgoing));
            let ports = links().filter(|link| {
                if lan.bridge {
                    link.master == Some(lan.index)
                } else {
                    link.index == lan.index
                }
            });
            points.extend(ports.map(|port| point(port, Direction::Incoming)));
        }
        points.truncate(MOST);
        points
    }

    /// Whether the router itself has this MAC address and this address on a LAN interface.
    pub(super) fn is_router(&self, lan: u32, mac: MacAddress, address: IpAddr) -> bool {
        self.links.get(&lan).is_some_and(|link| link.mac == Some(mac))
            && self.addresses.contains(&(lan, address))
    }

    /// The addresses of a neighbour on a LAN interface, as far as the kernel has said.
    pub(super) fn addresses_of(&self, lan: u32, mac: MacAddress) -> impl Iterator<Item = IpAddr> {
        let of_lan = self
            .neighbours
            .iter()
            .filter(move |((interface, _), _)| *interface == lan);
        of_lan
            .filter(move |(_, by)| **by == mac)
            .map(|((_, address), _)| *address)
    }

    fn addresses_changed(&self, changed: bool, index: u32) -> Consequence {
        if changed && self.is_lan_index(index) {
            Consequence::Addresses
        } else {
            Consequence::Nothing
        }
    }

    fn is_lan(&self, link: &Link) -> bool {
        self.names.contains(&link.name)
    }

    fn is_lan_index(&self, index: u32) -> bool {
        self.links.get(&index).is_some_and(|link| self.is_lan(link))
    }
}
