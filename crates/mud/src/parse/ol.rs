//! `ol`: owner licences of the software (draft-ietf-iotops-ol).

use std::collections::HashSet;

use super::{Reader, members::Members, place::Place};
use crate::{
    Code, Extension, License, OwnerLicense,
    schema::{LICENSE, OL},
};

impl Reader<'_> {
    /// `ol`.
    pub(super) fn ol(&mut self, place: &Place<'_>) -> Vec<OwnerLicense> {
        self.undeclared(place, &Extension::Ol);
        let mut licenses = Vec::new();
        let mut members = Members::of(&OL);
        while let Some((_, child)) = members.next(self, place) {
            let mut seen = HashSet::new();
            for entry in self.entries(&child) {
                let license = self.license(&entry);
                licenses
                    .extend(license.filter(|license| self.is_new(&mut seen, &entry, &license.owner_name)));
            }
        }
        licenses
    }

    fn license(&mut self, place: &Place<'_>) -> Option<OwnerLicense> {
        let (mut owner_name, mut spdx, mut info) = (None, None, None);
        let mut members = Members::of(&LICENSE);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "owner-name" => owner_name = self.owned(&child),
                "spdx-tag" | "spdx-tags" => {
                    let tags = self.values(&child);
                    spdx.get_or_insert_with(Vec::new)
                        .extend(tags.iter().filter_map(|tag| self.owned(tag)));
                }
                "license-info" => {
                    let uris = self.values(&child);
                    info = Some(uris.iter().filter_map(|uri| self.uri(uri, &[])).collect());
                }
                _ => {}
            }
        }
        let Some(owner_name) = owner_name else {
            self.missing(place, "owner-name", "write whose licence it is");
            return None;
        };
        if spdx.is_some() && info.is_some() {
            let message = "`spdx-tag` and `license-info` exclude each other";
            self.deviate(place, Code::ExclusiveNodes, message, "write one of them");
        }
        let license = spdx.map(License::Spdx).or_else(|| info.map(License::Info));
        if license.is_none() {
            self.missing(place, "spdx-tag", "write `spdx-tag` or `license-info`");
        }
        Some(OwnerLicense {
            owner_name,
            license: license?,
        })
    }
}
