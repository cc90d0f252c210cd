//! What lowering needs to know of the home: who has which address, and where this router is.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use mudguard_manager::{Enforcement, Home, Snapshot, Thing};
use mudguard_policy::{Family, MacAddress};

/// The home, for lowering.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    /// The managed Things.
    pub(crate) managed: Vec<&'a Thing>,
    /// To which Thing an address is bound, managed or not. The first Thing keeps an address that two claim.
    pub(crate) owner: HashMap<IpAddr, MacAddress>,
    /// The addresses of this router on the LAN.
    pub(crate) gateway: Vec<IpAddr>,
    /// The networks of the LAN.
    pub(crate) home: &'a Home,
    addresses: BTreeMap<MacAddress, Vec<IpAddr>>,
}

impl<'a> Ground<'a> {
    /// Of a snapshot.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let mut gateway: Vec<_> = snapshot
            .home
            .lans
            .iter()
            .flat_map(|lan| lan.addresses.iter().copied())
            .collect();
        gateway.sort_unstable();
        gateway.dedup();
        let mut owner = HashMap::new();
        let mut addresses = BTreeMap::<_, Vec<_>>::new();
        for thing in snapshot.things.values() {
            for binding in &thing.bindings {
                let address = binding.address;
                if !is_of_a_host(address) || gateway.binary_search(&address).is_ok() {
                    continue;
                }
                if let std::collections::hash_map::Entry::Vacant(free) = owner.entry(address) {
                    free.insert(thing.mac);
                    addresses.entry(thing.mac).or_default().push(address);
                }
            }
        }
        for of_one in addresses.values_mut() {
            of_one.sort_unstable();
        }
        let managed = snapshot.things.values().map(AsRef::as_ref);
        Self {
            managed: managed
                .filter(|thing: &&Thing| thing.enforcement != Enforcement::None)
                .collect(),
            owner,
            gateway,
            home: &snapshot.home,
            addresses,
        }
    }

    /// The addresses bound to a Thing.
    pub(crate) fn addresses(&self, thing: MacAddress) -> &[IpAddr] {
        self.addresses.get(&thing).map_or(&[], Vec::as_slice)
    }

    /// The port of a bridge at which a Thing is. Where it is seen on a VLAN's own interface, its frames come through some port of the bridge
    /// below, and nobody says through which.
    pub(crate) fn port<'t>(&self, thing: &'t Thing) -> Option<&'t str> {
        let port = thing.port.as_deref()?;
        let mut ports = self.home.lans.iter().flat_map(|lan| &lan.ports);
        ports.any(|known| known == port).then_some(port)
    }

    /// The links of the LAN to which an address belongs.
    pub(crate) fn links(&self, address: IpAddr) -> impl Iterator<Item = &'a str> {
        let lans = self.home.lans.iter().filter(move |lan| {
            let mut prefixes = lan.prefixes.iter();
            prefixes.any(|prefix| prefix.prefix_len() > 0 && prefix.contains(&address))
        });
        lans.map(|lan| lan.interface.as_str())
    }

    /// Those of a family.
    pub(crate) fn addresses_of(&self, thing: MacAddress, family: Family) -> impl Iterator<Item = IpAddr> {
        let addresses = self.addresses(thing).iter().copied();
        addresses.filter(move |address| Family::of(*address) == family)
    }
}

fn is_of_a_host(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(broadcast || address.is_unspecified() || address.is_multicast() || address.is_loopback())
}
