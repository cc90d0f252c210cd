//! `ietf-mud:mud` within `matches`: the abstractions (RFC 8520 section 8).

use super::{Reader, members::Members, place::Place, quote};
use crate::{
    CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP, Code, DomainName, Host, MudMatch, MudUrl,
    schema::MUD_MATCHES,
};

/// What the names of registered and unregistered controller classes of the IETF start with.
const CONTROLLER_PREFIX: &str = "urn:ietf:params:mud:";

impl Reader<'_> {
    /// `ietf-mud:mud` of an ACE.
    pub(super) fn abstractions(&mut self, place: &Place<'_>) -> MudMatch {
        let mut mud = MudMatch::default();
        let mut members = Members::of(&MUD_MATCHES);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "manufacturer" => mud.manufacturer = self.manufacturer(&child),
                "same-manufacturer" => mud.same_manufacturer = self.empty(&child),
                "model" => mud.model = self.model(&child),
                "local-networks" => mud.local_networks = self.empty(&child),
                "controller" => mud.controller = self.controller(&child),
                "my-controller" => mud.my_controller = self.empty(&child),
                _ => {}
            }
        }
        if mud == MudMatch::default() && self.ace.as_ref().is_some_and(Vec::is_empty) {
            self.advise(
                place,
                Code::MatchesEverything,
                "`ietf-mud:mud` is empty and so sets no condition",
                "remove it",
            );
        }
        mud
    }

    fn manufacturer(&mut self, place: &Place<'_>) -> Option<DomainName> {
        match self.host(place)? {
            Host::Name(name) => Some(name),
            Host::Address(address) => {
                let message = format!("no MUD URL has the host {address}");
                self.useless(
                    place,
                    Code::ClassWithoutMembers,
                    message,
                    "write the host of the other Things' MUD URL",
                );
                None
            }
        }
    }

    fn model(&mut self, place: &Place<'_>) -> Option<MudUrl> {
        let text = self.text(place)?;
        match MudUrl::parse(text) {
            Ok(url) => Some(url),
            Err(error) => {
                let message = format!("{} is no MUD URL: {error}", quote(text));
                self.useless(
                    place,
                    Code::ClassWithoutMembers,
                    message,
                    "write the whole MUD URL of the other Thing",
                );
                None
            }
        }
    }

    fn controller(&mut self, place: &Place<'_>) -> Option<String> {
        let class = self.uri(place, &[])?;
        let is_registered = class == CONTROLLER_DNS || class == CONTROLLER_NTP;
        if class.starts_with(CONTROLLER_PREFIX) && !is_registered {
            let hint = match class == CONTROLLER_GATEWAY {
                true => "name a class of your own, or use `my-controller`",
                false => "urn:ietf:params:mud:dns and urn:ietf:params:mud:ntp are registered",
            };
            self.deviate(
                place,
                Code::UnregisteredController,
                format!("{} is not registered", quote(&class)),
                hint,
            );
        }
        Some(class)
    }
}
