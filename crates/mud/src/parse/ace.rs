//! An access control entry: its name, its `matches`, its `actions` (RFC 8519 section 4.1).

use super::{Reader, acls::List, members::Members, place::Place};
use crate::{
    Ace, Action, Code, Matches,
    schema::{ACE, ACTIONS, Module},
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
        let without = Matches {
            presence: matches.presence,
            ..Matches::default()
        };
        if matches == without && not_understood.is_empty() {
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
