//! `ietf-access-control-list:acls`: the lists and their types (RFC 8519 section 4.1).

use std::collections::{HashMap, HashSet};

use super::{Reader, members::Members, place::Place, quote};
use crate::{
    Ace, Acl, AclType, Code, NotUnderstood,
    json::Value,
    schema::{ACES, ACL, ACLS, Module},
};

/// What the entries of a list must know of it.
pub(super) struct List<'a> {
    pub(super) name: &'a str,
    pub(super) acl_type: Option<AclType>,
    /// Whether `from-device-policy` names it.
    pub(super) from_device: bool,
    /// Whether `to-device-policy` names it.
    pub(super) to_device: bool,
    /// What of the list itself was not understood, and so makes each entry permit nothing.
    pub(super) not_understood: Vec<NotUnderstood>,
}

/// The lists of a file, in its order, and their places.
#[derive(Default)]
pub(super) struct Acls {
    pub(super) lists: Vec<Acl>,
    pub(super) places: HashMap<String, usize>,
}

impl Reader<'_> {
    /// `acls`. The two sets are the names of the lists that each policy names.
    pub(super) fn acls(
        &mut self,
        place: &Place<'_>,
        from_device: &HashSet<&str>,
        to_device: &HashSet<&str>,
    ) -> Acls {
        let mut acls = Acls::default();
        let mut members = Members::of(&ACLS);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "acl" => {
                    for entry in self.entries(&child) {
                        self.acl(&entry, &mut acls, from_device, to_device);
                    }
                }
                "attachment-points" => self.without_effect(&child),
                _ => {}
            }
        }
        acls
    }

    fn acl(
        &mut self,
        place: &Place<'_>,
        acls: &mut Acls,
        from_device: &HashSet<&str>,
        to_device: &HashSet<&str>,
    ) {
        // The members come in any order; the entries need what the others say.
        let (mut name, mut acl_type, mut aces) = (None, None, None);
        self.ace = Some(Vec::new());
        let mut members = Members::of(&ACL);
        while let Some((member, child)) = members.next(self, place) {
            match member {
                "name" => name = Some(child),
                "type" => acl_type = Some(child),
                "aces" => aces = Some(child),
                _ => {}
            }
        }
        let entries = aces.as_ref().map(|aces| self.ace_list(aces));
        let not_understood = self.ace.take().unwrap_or_default();
        if not_understood
            .iter()
            .any(|part| matches!(part.code, Code::DuplicateMember | Code::WrongType))
        {
            // Entries may be lost, and among them those that drop.
            let message = "the list cannot be read as it stands";
            self.fatal(place, Code::WrongType, message, "see the other findings about it");
        }
        let Some(name) = name.and_then(|name| self.text_of(&name, 1..=64)) else {
            self.fatal(
                place,
                Code::MissingNode,
                "the list has no name",
                "write a name of 1 to 64 characters",
            );
            return;
        };
        let mut list = List {
            name,
            acl_type: None,
            from_device: from_device.contains(name),
            to_device: to_device.contains(name),
            not_understood,
        };
        match acl_type {
            Some(acl_type) => self.acl_type(&acl_type, &mut list),
            None => {
                let message = format!("the list {} does not say its type", quote(name));
                self.advise(
                    place,
                    Code::AclWithoutType,
                    message,
                    "write `\"type\": \"ipv4-acl-type\"` or another",
                );
            }
        }
        if !list.from_device && !list.to_device {
            let message = format!("no policy names the list {}, so it has no effect", quote(name));
            self.advise(
                place,
                Code::UnusedAcl,
                message,
                "name it in a policy, or remove it",
            );
        }
        let aces = entries
            .flatten()
            .map(|entries| self.aces(&entries, &list))
            .unwrap_or_default();
        if acls.places.insert(name.to_owned(), acls.lists.len()).is_some() {
            let message = format!("another list has the name {}", quote(name));
            self.fatal(
                place,
                Code::DuplicateEntry,
                message,
                "give each list a name of its own",
            );
        }
        acls.lists.push(Acl {
            name: name.to_owned(),
            acl_type: list.acl_type,
            aces,
        });
    }

    fn acl_type(&mut self, place: &Place<'_>, list: &mut List<'_>) {
        // A type narrows the entries: one that is not understood must not let them pass more.
        self.ace = Some(std::mem::take(&mut list.not_understood));
        if let Some(text) = self.identity(place, Module::Acl) {
            list.acl_type = match text {
                "ipv4-acl-type" => Some(AclType::Ipv4),
                "ipv6-acl-type" => Some(AclType::Ipv6),
                "eth-acl-type" => Some(AclType::Eth),
                "mixed-eth-ipv4-acl-type" => Some(AclType::MixedEthIpv4),
                "mixed-eth-ipv6-acl-type" => Some(AclType::MixedEthIpv6),
                "mixed-eth-ipv4-ipv6-acl-type" => Some(AclType::MixedEthIpv4Ipv6),
                "ethernet-acl-type" | "ethernet-acl" | "eth-acl" => {
                    self.draft_type(place, AclType::Eth, "eth-acl-type")
                }
                "ipv4" | "ipv4-acl" => self.draft_type(place, AclType::Ipv4, "ipv4-acl-type"),
                "ipv6" | "ipv6-acl" => self.draft_type(place, AclType::Ipv6, "ipv6-acl-type"),
                other => {
                    self.unknown_value(
                        place,
                        other,
                        "ipv4-acl-type, ipv6-acl-type, eth-acl-type and the mixed ones",
                    );
                    None
                }
            };
        }
        list.not_understood = self.ace.take().unwrap_or_default();
    }

    fn draft_type(&mut self, place: &Place<'_>, acl_type: AclType, right: &str) -> Option<AclType> {
        let Value::Text(text) = place.value() else {
            return None;
        };
        let message = format!("the type {} is from a draft before the RFC", quote(text));
        self.deviate(place, Code::PreRfcName, message, format!("write `{right}`"));
        Some(acl_type)
    }

    /// The list `ace` within `aces`.
    fn ace_list<'a>(&mut self, place: &'a Place<'a>) -> Option<Place<'a>> {
        let mut list = None;
        let mut members = Members::of(&ACES);
        while let Some((_, child)) = members.next(self, place) {
            list = Some(child);
        }
        list
    }

    fn aces(&mut self, place: &Place<'_>, list: &List<'_>) -> Vec<Ace> {
        let mut aces = Vec::new();
        let mut names = HashSet::new();
        for (index, entry) in self.entries(place).iter().enumerate() {
            if !self.count_ace(entry) {
                break;
            }
            let ace = self.ace(entry, index, list);
            if !ace.name.is_empty() {
                self.is_new(&mut names, entry, &ace.name);
            }
            aces.push(ace);
        }
        aces
    }

    /// A node that says nothing in a MUD file.
    pub(super) fn without_effect(&mut self, place: &Place<'_>) {
        let message = format!("`{}` is for routers and says nothing in a MUD file", place.name());
        self.advise(place, Code::NodeWithoutEffect, message, "remove it");
    }
}
