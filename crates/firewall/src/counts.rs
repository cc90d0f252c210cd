//! What the rules have counted since the tables stand.

use crate::{FirewallError, netlink, sets::Plane};

/// What the rules have counted since the tables stand, in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Opened by a Thing that may not.
    pub out_denied: u64,
    /// Opened to a Thing by a peer that may not.
    pub in_denied: u64,
    /// From a managed Thing's MAC address at another port than its own.
    pub spoofed_port: u64,
    /// From an IPv4 address that is not the Thing's.
    pub spoofed_ipv4: u64,
    /// From an IPv6 address that is not the Thing's.
    pub spoofed_ipv6: u64,
    /// ARP that says that another's address is the Thing's.
    pub spoofed_arp: u64,
    /// Neighbour advertisements that say so.
    pub spoofed_nd: u64,
    /// From a host of the LAN that says it is this router.
    pub spoofed_router: u64,
    /// Towards the internet, from an address that is not of the LAN.
    pub spoofed_prefix: u64,
    /// From outside, with an address of the LAN.
    pub spoofed_wan: u64,
}

const NAMES: [&str; 10] = [
    "out_denied",
    "in_denied",
    "spoofed_port",
    "spoofed_ipv4",
    "spoofed_ipv6",
    "spoofed_arp",
    "spoofed_nd",
    "spoofed_router",
    "spoofed_prefix",
    "spoofed_wan",
];

/// Reads the counters of both tables; what is not there counts as nothing. Takes some microseconds.
///
/// # Errors
/// The kernel does not tell.
pub fn counts() -> Result<Counts, FirewallError> {
    let mut counts = Counts::default();
    for plane in [Plane::Routed, Plane::Bridged] {
        let told = netlink::counters::counters(plane, |name, packets| {
            if let Some(count) = counts.at(name) {
                *count = count.saturating_add(packets);
            }
        });
        told.map_err(|error| FirewallError::Netlink {
            doing: "reading the counters",
            error,
        })?;
    }
    Ok(counts)
}

impl Counts {
    /// Each with its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let mut copy = *self;
        NAMES
            .map(|name| (name, copy.at(name).map_or(0, |count| *count)))
            .into_iter()
    }

    fn at(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "out_denied" => &mut self.out_denied,
            "in_denied" => &mut self.in_denied,
            "spoofed_port" => &mut self.spoofed_port,
            "spoofed_ipv4" => &mut self.spoofed_ipv4,
            "spoofed_ipv6" => &mut self.spoofed_ipv6,
            "spoofed_arp" => &mut self.spoofed_arp,
            "spoofed_nd" => &mut self.spoofed_nd,
            "spoofed_router" => &mut self.spoofed_router,
            "spoofed_prefix" => &mut self.spoofed_prefix,
            "spoofed_wan" => &mut self.spoofed_wan,
            _ => return None,
        })
    }
}
