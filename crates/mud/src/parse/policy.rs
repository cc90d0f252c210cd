//! `from-device-policy` and `to-device-policy`: which lists apply, in which order (RFC 8520 sections 3.12 and 3.13).

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use super::{
    Reader, Weight,
    acls::Acls,
    members::Members,
    place::{Place, Spot},
    quote,
};
use crate::{
    Acl, Code, NotUnderstood,
    schema::{ACCESS_LIST, ACCESS_LISTS, POLICY},
};

/// A list that a policy names.
pub(super) struct Named {
    pub(super) name: String,
    spot: Spot,
    /// What of the entry was not understood. It may be a condition, so the list permits nothing here.
    not_understood: Vec<NotUnderstood>,
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
                    if self.is_new(&mut seen, &entry, &named.name) {
                        lists.push(named);
                    }
                }
            }
        }
        lists
    }

    fn access_list(&mut self, place: &Place<'_>) -> Option<Named> {
        let mut name = None;
        self.ace = Some(Vec::new());
        let mut members = Members::of(&ACCESS_LIST);
        while let Some((_, child)) = members.next(self, place) {
            name = self.text(&child).map(|name| (name.to_owned(), child.spot()));
        }
        let mut not_understood = self.ace.take().unwrap_or_default();
        // Drafts repeated the type of the list here; it says nothing that the list does not say.
        not_understood.retain(|part| part.code != Code::PreRfcName);
        let Some((name, spot)) = name else {
            self.fatal(
                place,
                Code::MissingNode,
                "`name` is missing",
                "write the name of a list",
            );
            return None;
        };
        Some(Named {
            name,
            spot,
            not_understood,
        })
    }

    /// The lists of a policy, in its order. `namings` says how often each list is named from here on: what is named for the last time
    /// is taken, and copied before.
    pub(super) fn join<'a>(
        &mut self,
        named: &'a [Named],
        acls: &mut Acls,
        namings: &mut HashMap<&'a str, usize>,
    ) -> Vec<Acl> {
        let mut lists = Vec::with_capacity(named.len());
        for Named {
            name,
            spot,
            not_understood,
        } in named
        {
            match acls.places.get(name).and_then(|at| acls.lists.get_mut(*at)) {
                Some(list) => {
                    let left = namings.entry(name).or_default();
                    *left = left.saturating_sub(1);
                    let mut aces = if *left == 0 {
                        mem::take(&mut list.aces)
                    } else {
                        list.aces.clone()
                    };
                    for ace in &mut aces {
                        ace.not_understood.extend(not_understood.iter().cloned());
                    }
                    lists.push(Acl {
                        name: list.name.clone(),
                        acl_type: list.acl_type,
                        aces,
                    });
                }
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
