//! The reference evaluator: [`may_open`] says whether a MUD file lets a flow be opened, and by which ACE.
//!
//! It is written from the words of RFC 8520 and RFC 8519, is slow and plain, and shares nothing with
//! [`compile`](crate::compile()) but the model of the file, the site and the packet, so that each can be tested by the other. What is
//! not in those words is the reading that the documentation of `compile` gives: flows are opened by packets and
//! replies follow them, unless the file forbids the replies. The owner's approval of addresses is no part of it.
//!
//! A condition may be met, not met, or not to be known from the packet that opens a flow. An ACE of which this is not known
//! counts as matching if it forbids and as not matching if it permits: whoever does not know must not permit.

mod field;
mod peer;

use mudguard_mud::{Ace, Acl, AclType, Action, Direction, L3Match, L4Match, MudFile};

use self::field::{Known, Transmission};
use crate::{AceName, Family, Initiator, Judgement, Origin, Packet, Site, Transport};

/// Whether the flow that this packet opens may be opened under a MUD file in a home.
#[must_use]
pub fn may_open(file: &MudFile, site: &Site, packet: &Packet) -> Judgement {
    let home = Home { file, site };
    let opening = Transmission::opening(packet);
    let reply = Transmission::reply(packet);
    // RFC 8519: first match wins; RFC 8520 section 5: what no ACE matches is dropped, but for the local DNS and NTP.
    let (permitted, by) = match home.first_match(&opening) {
        Some(ace) => (ace.action == Action::Accept, Some(origin(ace))),
        None => {
            let by = home.implicit(&opening);
            (by.is_some(), by)
        }
    };
    if !permitted {
        return Judgement { allowed: false, by };
    }
    match home.first_match(&reply) {
        Some(ace) if ace.action != Action::Accept => Judgement {
            allowed: false,
            by: Some(origin(ace)),
        },
        _ => Judgement { allowed: true, by },
    }
}

fn origin(ace: &Ace) -> Origin {
    Origin::Ace(AceName {
        list: ace.acl.clone(),
        ace: ace.name.clone(),
        index: ace.index,
    })
}

/// A file in a home.
struct Home<'a> {
    file: &'a MudFile,
    site: &'a Site,
}

impl<'a> Home<'a> {
    /// The first ACE that matches, in the lists of the packet's direction.
    fn first_match(&self, packet: &Transmission<'_>) -> Option<&'a Ace> {
        let lists: &'a [Acl] = if packet.is_from_thing() {
            &self.file.from_device
        } else {
            &self.file.to_device
        };
        lists
            .iter()
            .flat_map(|acl| acl.aces.iter().map(move |ace| (acl, ace)))
            .find_map(|(acl, ace)| match self.matches(acl, ace, packet) {
                Known::Yes => Some(ace),
                Known::No => None,
                Known::Unknown => (ace.action != Action::Accept).then_some(ace),
            })
    }

    /// RFC 8520 section 5 and appendix A: DNS and NTP at this router; DNS over TCP by RFC 7766.
    fn implicit(&self, packet: &Transmission<'_>) -> Option<Origin> {
        if !packet.is_from_thing() || !self.site.gateway.contains(&packet.peer_address()) {
            return None;
        }
        let (udp, tcp) = match &packet.packet.transport {
            Transport::Udp(udp) => (Some(udp.destination), None),
            Transport::Tcp(tcp) => (None, Some(tcp.destination)),
            Transport::Icmp(_) | Transport::Icmpv6(_) | Transport::Other(_) => (None, None),
        };
        if udp == Some(53) || tcp == Some(53) {
            Some(Origin::ImplicitDns)
        } else {
            (udp == Some(123)).then_some(Origin::ImplicitNtp)
        }
    }

    /// RFC 8520 section 2.1: all that stands in one `matches` must hold.
    fn matches(&self, acl: &Acl, ace: &Ace, packet: &Transmission<'_>) -> Known {
        let matches = &ace.matches;
        let never_known = !ace.not_understood.is_empty()
            || matches.ingress_interface.is_some()
            || matches.egress_interface.is_some()
            || matches.client_profiles.is_some();
        let never_known = if never_known { Known::Unknown } else { Known::Yes };
        Known::all([
            never_known,
            Known::from(type_admits(acl, ace, packet)),
            matches
                .eth
                .as_ref()
                .map_or(Known::Yes, |eth| self.eth(eth, packet)),
            matches.l3.as_ref().map_or(Known::Yes, |l3| self.l3(l3, packet)),
            matches.l4.as_ref().map_or(Known::Yes, |l4| l4_holds(l4, packet)),
            matches
                .mud
                .as_ref()
                .map_or(Known::Yes, |mud| self.mud(mud, is_for_tcp_alone(ace), packet)),
        ])
    }
}

/// A list of an IP type is about packets of that family; so are the entries of a mixed list that say nothing of Ethernet.
fn type_admits(acl: &Acl, ace: &Ace, packet: &Transmission<'_>) -> bool {
    match acl.acl_type {
        None | Some(AclType::Eth | AclType::MixedEthIpv4Ipv6) => true,
        Some(AclType::Ipv4) => packet.family() == Family::Ipv4,
        Some(AclType::Ipv6) => packet.family() == Family::Ipv6,
        Some(AclType::MixedEthIpv4) => ace.matches.eth.is_some() || packet.family() == Family::Ipv4,
        Some(AclType::MixedEthIpv6) => ace.matches.eth.is_some() || packet.family() == Family::Ipv6,
    }
}

fn is_for_tcp_alone(ace: &Ace) -> bool {
    let protocol = match &ace.matches.l3 {
        Some(L3Match::Ipv4(ipv4)) => ipv4.ip.protocol,
        Some(L3Match::Ipv6(ipv6)) => ipv6.ip.protocol,
        None => None,
    };
    protocol == Some(6) || matches!(ace.matches.l4, Some(L4Match::Tcp(_)))
}

fn l4_holds(l4: &L4Match, packet: &Transmission<'_>) -> Known {
    match (l4, &packet.packet.transport) {
        (L4Match::Tcp(matches), Transport::Tcp(tcp)) => packet.tcp(matches, tcp),
        (L4Match::Udp(matches), Transport::Udp(udp)) => packet.udp(matches, udp),
        (L4Match::Icmp(matches), Transport::Icmp(icmp)) if packet.family() == Family::Ipv4 => {
            packet.icmp(matches, icmp)
        }
        (L4Match::Icmp(matches), Transport::Icmpv6(icmp)) if packet.family() == Family::Ipv6 => {
            packet.icmp(matches, icmp)
        }
        _ => Known::No,
    }
}

/// RFC 8520 section 8: the flow was initiated in that direction.
fn direction_holds(direction: Direction, opener: Initiator) -> bool {
    match direction {
        Direction::FromDevice => opener == Initiator::Thing,
        Direction::ToDevice => opener == Initiator::Peer,
    }
}
