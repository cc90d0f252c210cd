//! `from-device-policy` and `to-device-policy`: which lists apply, in which order (RFC 8520 sections 3.12 and 3.13).

use std::collections::HashSet;

use super::{
    Reader, Weight,
    acls::Acls,
    members::Members,
    place::{Place, Spot},
    quote,
};
use crate::{
    Acl, Code,
    schema::{ACCESS_LIST, ACCESS_LISTS, POLICY},
};

/// A list that a policy names.
pub(super) struct Named {
    pub(super) name: String,
    spot: Spot,
}

impl Reader<'_> {
    /// The lists that a policy names.
    pub(super) fn policy(&mut self, place: &Place<'_>) -> Vec<Named> {
        let mut lists = Vec::new();
        let mut seen = HashSet::new();
        let mut members = Members::of(&POLICY);
        while let Some((_, access_lists)) = members.next(self, place) {
            let mut members = Members::of(&ACCESS_LISTS);
            while let Some((_, access_list)) = members.next(self, &access_lists) {
                for entry in self.entries(&access_list) {
                    let Some(named) = self.access_list(&entry) else {
                        continue;
                    };
                    if seen.insert(named.name.clone()) {
                        lists.push(named);
                    } else {
                        let message = format!("the policy names the list {} twice", quote(&named.name));
                        self.deviate(&entry, Code::DuplicateEntry, message, "name it once");
                    }
                }
            }
        }
        lists
    }

    fn access_list(&mut self, place: &Place<'_>) -> Option<Named> {
        let mut named = None;
        let mut members = Members::of(&ACCESS_LIST);
        while let Some((name, child)) = members.next(self, place) {
            if name == "name" {
                named = self.text(&child).map(|name| Named {
                    name: name.to_owned(),
                    spot: child.spot(),
                });
            }
        }
        if named.is_none() {
            self.fatal(
                place,
                Code::MissingNode,
                "`name` is missing",
                "write the name of a list",
            );
        }
        named
    }

    /// The lists of a policy, in its order.
    pub(super) fn join(&mut self, named: &[Named], acls: &Acls) -> Vec<Acl> {
        let mut lists = Vec::with_capacity(named.len());
        for Named { name, spot } in named {
            match acls.places.get(name).and_then(|at| acls.lists.get(*at)) {
                Some(list) => lists.push(list.clone()),
                None => {
                    let message = format!("the file has no list {}", quote(name));
                    self.report.say_at(
                        Weight::Deviation,
                        spot,
                        Code::NoSuchAcl,
                        message,
                        "name a list of `acls`",
                    );
                }
            }
        }
        lists
    }
}
