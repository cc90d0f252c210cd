//! What was blocked, and why: a closed list of reasons.

use std::net::IpAddr;

use fluent_bundle::FluentValue;
use mudguard_mud::DomainName;
use mudguard_policy::Initiator;

use crate::{
    Language, Service, Services,
    keys::{self, Key},
};

/// An attempt that was blocked, or in the mode `watch` would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// Who tried to open the flow.
    pub initiator: Initiator,
    /// The address of the other end.
    pub peer: IpAddr,
    /// The name for which the Thing was told this address.
    pub name: Option<&'a DomainName>,
    /// What was tried.
    pub service: Service,
}

/// Why something is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockedReason {
    /// The rules do not name it.
    NotInRules,
    /// The rules name addresses, which hold only once the owner has approved them.
    AddressesNotApproved,
    /// There are no rules yet: the owner is to decide.
    WaitsForDecision,
    /// Another name service than this router was asked.
    OtherNameService,
    /// The address was contacted without a look-up of its name, so no rule by name can permit it.
    NoLookUp,
}

impl Attempt<'_> {
    /// In words.
    #[must_use]
    pub fn text(&self, language: &Language) -> String {
        let key = match (self.initiator, self.name) {
            (Initiator::Thing, Some(_)) => keys::ATTEMPT_TO_NAME,
            (Initiator::Thing, None) => keys::ATTEMPT_TO_ADDRESS,
            (Initiator::Peer, Some(_)) => keys::ATTEMPT_FROM_NAME,
            (Initiator::Peer, None) => keys::ATTEMPT_FROM_ADDRESS,
        };
        let services: Services = [self.service].into_iter().collect();
        let name = self.name.map_or("", DomainName::as_str);
        language.text(
            key,
            &[
                ("name", FluentValue::from(name)),
                ("address", self.peer.to_string().into()),
                ("services", services.text(language).into()),
            ],
        )
    }
}

impl BlockedReason {
    /// In words.
    #[must_use]
    pub fn text(self, language: &Language) -> String {
        language.text(self.key(), &[])
    }

    fn key(self) -> Key {
        match self {
            Self::NotInRules => keys::REASON_NOT_IN_RULES,
            Self::AddressesNotApproved => keys::REASON_NOT_APPROVED,
            Self::WaitsForDecision => keys::REASON_WAITS,
            Self::OtherNameService => keys::REASON_OTHER_NAME_SERVICE,
            Self::NoLookUp => keys::REASON_NO_LOOK_UP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_tells_who_tried_what() {
        let language = Language::plain_english();
        let name = DomainName::parse("ads.example.net").expect("a name");
        let peer = IpAddr::from([203, 0, 113, 9]);
        for (initiator, name, service, text) in [
            (
                Initiator::Thing,
                Some(&name),
                Service::of_flow(6, Some(443)),
                "Tried to contact ads.example.net (203.0.113.9): encrypted web",
            ),
            (
                Initiator::Thing,
                None,
                Service::of_flow(6, Some(23)),
                "Tried to contact 203.0.113.9: remote control (not encrypted)",
            ),
            (
                Initiator::Peer,
                Some(&name),
                Service::of_flow(17, Some(4444)),
                "ads.example.net (203.0.113.9) tried to contact it: port 4444",
            ),
            (
                Initiator::Peer,
                None,
                Service::of_flow(47, None),
                "203.0.113.9 tried to contact it: protocol 47",
            ),
        ] {
            assert_eq!(
                Attempt {
                    initiator,
                    peer,
                    name,
                    service
                }
                .text(&language),
                text
            );
        }
    }
}
