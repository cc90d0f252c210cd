//! `matches` of an ACE: the conditions of all layers, and how drafts spread them (RFC 8519 section 4.2).

use super::{Reader, acls::List, l4::Port, members::Members, place::Place};
use crate::{
    AclType, Code, L3Match, L4Match, Matches, MatchesPresence, NotUnderstood, TcpMatch, UdpMatch,
    json::Value, schema::MATCHES,
};

/// The number of a protocol that has a container of its own.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// A port that stood in `ipv4` or `ipv6`, where drafts had it.
pub(super) struct DraftPort {
    pub(super) port: Port,
    /// What to list if it belongs to no protocol with ports.
    pub(super) part: NotUnderstood,
}

impl Reader<'_> {
    /// `matches` of an ACE.
    pub(super) fn matches(&mut self, place: &Place<'_>, list: &List<'_>) -> Matches {
        let is_empty = matches!(place.value(), Value::Object(members) if members.is_empty());
        let presence = if is_empty {
            MatchesPresence::Empty
        } else {
            MatchesPresence::Present
        };
        let mut matches = Matches {
            presence,
            ..Matches::default()
        };
        let mut ports = Vec::new();
        self.conditions(place, list, &mut matches, &mut ports);
        for port in ports {
            self.join_port(&mut matches, port);
        }
        self.contradiction(place, &matches);
        matches
    }

    /// The conditions in an object. Drafts put those of a layer into a container of their own.
    fn conditions(
        &mut self,
        place: &Place<'_>,
        list: &List<'_>,
        matches: &mut Matches,
        ports: &mut Vec<DraftPort>,
    ) {
        let mut members = Members::of(&MATCHES);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "l2" | "l3" | "l4" => self.conditions(&child, list, matches, ports),
                "eth" => {
                    let eth = self.eth(&child);
                    self.outside_type(&child, list, AclType::holds_eth);
                    self.only_one(&child, &mut matches.eth, eth, "two of `eth`");
                }
                "ipv4" => {
                    let ipv4 = self.ipv4(&child, list, ports);
                    self.outside_type(&child, list, AclType::holds_ipv4);
                    self.only_one(&child, &mut matches.l3, L3Match::Ipv4(ipv4), "ipv4 and ipv6");
                }
                "ipv6" => {
                    let ipv6 = self.ipv6(&child, list, ports);
                    self.outside_type(&child, list, AclType::holds_ipv6);
                    self.only_one(&child, &mut matches.l3, L3Match::Ipv6(ipv6), "ipv4 and ipv6");
                }
                "tcp" => {
                    let tcp = self.tcp(&child);
                    self.only_one(&child, &mut matches.l4, L4Match::Tcp(tcp), "tcp, udp and icmp");
                }
                "udp" => {
                    let udp = self.udp(&child);
                    self.only_one(&child, &mut matches.l4, L4Match::Udp(udp), "tcp, udp and icmp");
                }
                "icmp" => {
                    let icmp = self.icmp(&child);
                    self.only_one(&child, &mut matches.l4, L4Match::Icmp(icmp), "tcp, udp and icmp");
                }
                "egress-interface" => {
                    let name = self.interface(&child);
                    self.only_one(
                        &child,
                        &mut matches.egress_interface,
                        name,
                        "two of `egress-interface`",
                    );
                }
                "ingress-interface" => {
                    let name = self.interface(&child);
                    self.only_one(
                        &child,
                        &mut matches.ingress_interface,
                        name,
                        "two of `ingress-interface`",
                    );
                }
                "mud" => {
                    let mud = self.abstractions(&child);
                    self.only_one(&child, &mut matches.mud, mud, "two of `ietf-mud:mud`");
                }
                "client-profiles" => {
                    let profiles = self.client_profiles(&child);
                    self.only_one(
                        &child,
                        &mut matches.client_profiles,
                        profiles,
                        "two of `client-profiles`",
                    );
                }
                _ => {}
            }
        }
    }

    /// Puts a port that stood beside the protocol to where RFC 8519 has it.
    fn join_port(&mut self, matches: &mut Matches, draft: DraftPort) {
        if matches.l4.is_none() {
            matches.l4 = match matches.l3.as_ref().and_then(|l3| l3.ip().protocol) {
                Some(TCP) => Some(L4Match::Tcp(TcpMatch::default())),
                Some(UDP) => Some(L4Match::Udp(UdpMatch::default())),
                Some(_) | None => None,
            };
        }
        let slots = match &mut matches.l4 {
            Some(L4Match::Tcp(tcp)) => Some((&mut tcp.source_port, &mut tcp.destination_port)),
            Some(L4Match::Udp(udp)) => Some((&mut udp.source_port, &mut udp.destination_port)),
            Some(L4Match::Icmp(_)) | None => None,
        };
        let (slot, port) = match (slots, draft.port) {
            (Some((source, _)), Port::Source(port)) => (Some(source), port),
            (Some((_, destination)), Port::Destination(port)) => (Some(destination), port),
            (None, Port::Source(port) | Port::Destination(port)) => (None, port),
        };
        match slot {
            Some(slot) if slot.is_none() => *slot = Some(port),
            Some(_) | None => self.list_not_understood(draft.part),
        }
    }

    /// Sets a choice of which only one case may stand.
    fn only_one<T>(&mut self, place: &Place<'_>, slot: &mut Option<T>, value: T, cases: &str) {
        if slot.is_some() {
            let message = format!("{cases} exclude each other in one ACE");
            self.bad(place, Code::ExclusiveNodes, message, "write an ACE for each");
        } else {
            *slot = Some(value);
        }
    }

    fn outside_type(&mut self, place: &Place<'_>, list: &List<'_>, holds: fn(AclType) -> bool) {
        if !list.acl_type.is_none_or(holds) {
            let message = format!(
                "the type of the list {} excludes `{}`",
                super::quote(list.name),
                place.name()
            );
            self.deviate(
                place,
                Code::OutsideAclType,
                message,
                "change the type of the list, or move the ACE",
            );
        }
    }

    fn interface(&mut self, place: &Place<'_>) -> String {
        let name = self.owned(place);
        let message = format!("`{}` names an interface that no home has", place.name());
        self.deviate(
            place,
            Code::NodeWithoutEffect,
            message,
            "remove it: as it is, the ACE permits nothing",
        );
        name.unwrap_or_default()
    }

    /// Conditions that no packet meets together.
    fn contradiction(&mut self, place: &Place<'_>, matches: &Matches) {
        let Some(protocol) = matches.l3.as_ref().and_then(|l3| l3.ip().protocol) else {
            return;
        };
        let expected = match (&matches.l4, &matches.l3) {
            (Some(L4Match::Tcp(_)), _) => TCP,
            (Some(L4Match::Udp(_)), _) => UDP,
            (Some(L4Match::Icmp(_)), Some(L3Match::Ipv6(_))) => 58,
            (Some(L4Match::Icmp(_)), Some(L3Match::Ipv4(_)) | None) => 1,
            (None, _) => return,
        };
        if protocol != expected {
            let message = format!("`protocol` {protocol} contradicts the header that the ACE also names");
            self.advise(
                place,
                Code::MatchesNothing,
                message,
                format!("write {expected}, or leave `protocol` out"),
            );
        }
    }
}
