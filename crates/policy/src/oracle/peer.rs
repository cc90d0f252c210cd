//! Who the other end is: addresses, names, hardware addresses and the classes of RFC 8520 section 3.

use std::net::IpAddr;

use mudguard_mud::{EthMatch, Host, L3Match, MacMatch, MudMatch, MudUrl};

use super::{
    Home,
    field::{Known, Transmission},
};
use crate::{Family, LOCAL_GROUPS, MacAddress, Member};

impl Home<'_> {
    pub(super) fn eth(&self, eth: &EthMatch, packet: &Transmission<'_>) -> Known {
        let (source, destination) = packet.macs(self.site.thing);
        let ethertype = match packet.family() {
            Family::Ipv4 => 0x0800,
            Family::Ipv6 => 0x86dd,
        };
        Known::all([
            eth.ethertype.is_none_or(|wanted| wanted == ethertype).into(),
            eth.source.map_or(Known::Yes, |wanted| mac_holds(wanted, source)),
            eth.destination
                .map_or(Known::Yes, |wanted| mac_holds(wanted, destination)),
        ])
    }

    pub(super) fn l3(&self, l3: &L3Match, packet: &Transmission<'_>) -> Known {
        let own = match (l3, packet.family()) {
            (L3Match::Ipv4(ipv4), Family::Ipv4) => packet.ipv4(ipv4),
            (L3Match::Ipv6(ipv6), Family::Ipv6) => packet.ipv6(ipv6),
            _ => return Known::No,
        };
        let source = l3
            .source_network()
            .is_none_or(|network| network.contains(&packet.source()));
        let destination = l3
            .destination_network()
            .is_none_or(|network| network.contains(&packet.destination()));
        // RFC 8520 section 8.2: a name may not describe the Thing's own end; nobody can say what such a condition means.
        let (peer_name, own_name) = if packet.is_from_thing() {
            (&l3.ip().dst_dnsname, &l3.ip().src_dnsname)
        } else {
            (&l3.ip().src_dnsname, &l3.ip().dst_dnsname)
        };
        let name = match peer_name {
            None => true,
            Some(Host::Address(address)) => *address == packet.peer_address(),
            Some(Host::Name(name)) => packet.packet.peer.names.contains(name),
        };
        Known::all([
            own,
            packet.ip(l3.ip()),
            source.into(),
            destination.into(),
            name.into(),
            if own_name.is_some() {
                Known::Unknown
            } else {
                Known::Yes
            },
        ])
    }

    pub(super) fn mud(&self, mud: &MudMatch, is_for_tcp_alone: bool, packet: &Transmission<'_>) -> Known {
        let own_host = self.file.mud_url.host();
        let holds = (!mud.local_networks || self.is_local(is_for_tcp_alone, packet))
            && (!mud.same_manufacturer || self.is_thing(packet, |url| url.host() == own_host))
            && mud
                .manufacturer
                .as_ref()
                .is_none_or(|host| self.is_thing(packet, |url| url.host() == host.as_str()))
            && mud
                .model
                .as_ref()
                .is_none_or(|model| self.is_thing(packet, |url| url == model))
            && mud
                .controller
                .as_ref()
                .is_none_or(|uri| self.is_controller(packet, uri))
            && (!mud.my_controller || self.is_any_of(packet, &self.site.my_controllers));
        holds.into()
    }

    /// RFC 8520 section 3.15: the packet does not go towards the default route.
    fn is_local(&self, is_for_tcp_alone: bool, packet: &Transmission<'_>) -> bool {
        let peer = packet.peer_address();
        let thing_opened = packet.is_from_thing() != packet.is_reply();
        let group =
            thing_opened && !is_for_tcp_alone && LOCAL_GROUPS.iter().any(|group| group.contains(&peer));
        group
            || self
                .site
                .local_networks
                .iter()
                .any(|network| network.contains(&peer))
    }

    /// Sections 3.10, 3.12 and 3.14: another Thing, by its MUD URL; section 16: identified as strongly as this one.
    fn is_thing(&self, packet: &Transmission<'_>, is_meant: impl Fn(&MudUrl) -> bool) -> bool {
        self.site.things.iter().any(|neighbour| {
            self.is_station(packet, neighbour.mac)
                && neighbour.identity == self.site.identity
                && is_meant(&neighbour.url)
        })
    }

    /// Sections 3.11 and 17.7.
    fn is_controller(&self, packet: &Transmission<'_>, uri: &str) -> bool {
        let is_gateway_class = matches!(
            uri,
            "urn:ietf:params:mud:dns" | "urn:ietf:params:mud:ntp" | "urn:ietf:params:mud:gateway"
        );
        (is_gateway_class && self.is_gateway(packet.peer_address()))
            || self
                .site
                .controllers
                .get(uri)
                .is_some_and(|members| self.is_any_of(packet, members))
    }

    fn is_any_of(&self, packet: &Transmission<'_>, members: &[Member]) -> bool {
        members.iter().any(|member| match member {
            Member::Gateway => self.is_gateway(packet.peer_address()),
            Member::Thing(mac) => self.is_station(packet, *mac),
            Member::Network(network) => network.contains(&packet.peer_address()),
        })
    }

    fn is_gateway(&self, address: IpAddr) -> bool {
        self.site.gateway.contains(&address)
    }

    fn is_station(&self, packet: &Transmission<'_>, mac: MacAddress) -> bool {
        packet.packet.peer.mac == Some(mac) && self.site.thing != Some(mac)
    }
}

/// Beyond the router frames go to and come from the router's own address: it is not known here, but it is no group's.
fn mac_holds(wanted: MacMatch, found: Option<MacAddress>) -> Known {
    let mask = wanted.mask.unwrap_or([0xff; 6]);
    if mask == [0; 6] {
        return Known::Yes;
    }
    match found {
        Some(found) => {
            let masked = |mac: [u8; 6]| {
                mac.iter()
                    .zip(mask)
                    .map(|(octet, mask)| octet & mask)
                    .collect::<Vec<_>>()
            };
            (masked(found.0) == masked(wanted.address)).into()
        }
        None if wanted.address[0] & mask[0] & 1 == 1 => Known::No,
        None => Known::Unknown,
    }
}
