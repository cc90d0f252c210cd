//! An access control entry: its name, its `matches`, its `actions` (RFC 8519 section 4.1).

use super::{Reader, acls::List, members::Members, place::Place};
use crate::{
    Ace, Action, Code, L3Match, L4Match, Matches, MatchesPresence,
    json::Value,
    schema::{ACE, ACTIONS, MATCHES, Module},
};

impl Reader<'_> {
    /// An entry of `ace`.
    pub(super) fn ace(&mut self, place: &Place<'_>, index: usize, list: &List<'_>) -> Ace {
        self.ace = Some(list.not_understood.clone());
        let mut name = None;
        let mut matches = Matches::default();
        let mut action = None;
        let mut members = Members::of(&ACE);
        while let Some((member, child)) = members.next(self, place) {
            match member {
                "name" => name = Some(self.ace_name(&child)),
                "matches" => matches = self.matches(&child, list),
                "actions" => action = Some(self.actions(&child)),
                "statistics" => self.without_effect(&child),
                _ => {}
            }
        }
        let name = name.unwrap_or_else(|| {
            self.missing(place, "name", "write a name of 1 to 64 characters");
            String::new()
        });
        let action = action.unwrap_or_else(|| {
            self.bad(
                place,
                Code::MissingNode,
                "`actions` is missing",
                "write `\"actions\": {\"forwarding\": \"accept\"}`",
            );
            Action::Drop
        });
        let not_understood = self.ace.take().unwrap_or_default();
        if matches.presence != MatchesPresence::Present && not_understood.is_empty() {
            let message = "the ACE has no conditions and so matches every packet (RFC 8519)";
            self.advise(
                place,
                Code::MatchesEverything,
                message,
                "write what the packets are",
            );
        }
        Ace {
            acl: list.name.to_owned(),
            name,
            index,
            pointer: place.pointer(),
            matches,
            action,
            not_understood,
        }
    }

    /// A name is only a name: what is wrong with it does not make the ACE unknown.
    fn ace_name(&mut self, place: &Place<'_>) -> String {
        let parts = self.ace.take();
        let name = self.text_of(place, 1..=64).map(str::to_owned);
        self.ace = parts;
        name.unwrap_or_default()
    }

    fn matches(&mut self, place: &Place<'_>, list: &List<'_>) -> Matches {
        let presence = match place.value() {
            Value::Object(members) if members.is_empty() => MatchesPresence::Empty,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Array(_)
            | Value::Object(_) => MatchesPresence::Present,
        };
        let mut matches = Matches {
            presence,
            ..Matches::default()
        };
        let mut members = Members::of(&MATCHES);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "eth" => {
                    matches.eth = Some(self.eth(&child));
                    self.outside_type(&child, list, list.acl_type.is_none_or(crate::AclType::holds_eth));
                }
                "ipv4" => {
                    let ipv4 = self.ipv4(&child, list);
                    self.outside_type(&child, list, list.acl_type.is_none_or(crate::AclType::holds_ipv4));
                    self.only_one(&child, &mut matches.l3, L3Match::Ipv4(ipv4), "ipv4 and ipv6");
                }
                "ipv6" => {
                    let ipv6 = self.ipv6(&child, list);
                    self.outside_type(&child, list, list.acl_type.is_none_or(crate::AclType::holds_ipv6));
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
                "egress-interface" => matches.egress_interface = self.interface(&child),
                "ingress-interface" => matches.ingress_interface = self.interface(&child),
                "mud" => matches.mud = Some(self.abstractions(&child)),
                "client-profiles" => matches.client_profiles = Some(self.client_profiles(&child)),
                _ => {}
            }
        }
        self.contradiction(place, &matches);
        matches
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

    fn outside_type(&mut self, place: &Place<'_>, list: &List<'_>, holds: bool) {
        if !holds {
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

    fn interface(&mut self, place: &Place<'_>) -> Option<String> {
        let name = self.owned(place);
        let message = format!("`{}` names an interface that no home has", place.name());
        self.deviate(
            place,
            Code::NodeWithoutEffect,
            message,
            "remove it: as it is, the ACE permits nothing",
        );
        name
    }

    /// Conditions that no packet meets together.
    fn contradiction(&mut self, place: &Place<'_>, matches: &Matches) {
        let Some(protocol) = matches.l3.as_ref().and_then(|l3| l3.ip().protocol) else {
            return;
        };
        let expected = match (&matches.l4, &matches.l3) {
            (Some(L4Match::Tcp(_)), _) => 6,
            (Some(L4Match::Udp(_)), _) => 17,
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

    fn actions(&mut self, place: &Place<'_>) -> Action {
        let mut action = None;
        let mut members = Members::of(&ACTIONS);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "forwarding" => action = Some(self.forwarding(&child)),
                "logging" => self.logging(&child),
                _ => {}
            }
        }
        action.unwrap_or_else(|| {
            self.bad(
                place,
                Code::MissingNode,
                "`forwarding` is missing",
                "write accept or drop",
            );
            Action::Drop
        })
    }

    fn forwarding(&mut self, place: &Place<'_>) -> Action {
        match self.identity(place, Module::Acl) {
            Some("accept") => Action::Accept,
            Some("drop") => Action::Drop,
            Some("reject") => Action::Reject,
            Some("deny") => {
                let message = "`deny` is from a draft before the RFC and was read as `drop`";
                self.deviate(place, Code::PreRfcName, message, "write `drop`");
                Action::Drop
            }
            Some(other) => {
                self.unknown_value(place, other, "accept, drop, reject");
                Action::Drop
            }
            None => Action::Drop,
        }
    }

    /// `logging` changes nothing of what passes, so nothing about it makes the ACE unknown.
    fn logging(&mut self, place: &Place<'_>) {
        let parts = self.ace.take();
        if let Some(other) = self.identity(place, Module::Acl)
            && !matches!(other, "log-syslog" | "log-none")
        {
            self.unknown_value(place, other, "log-syslog, log-none");
        }
        self.ace = parts;
    }
}
