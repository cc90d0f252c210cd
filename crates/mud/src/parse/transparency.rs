//! `transparency`: where parts lists and security notices are (RFC 9472). Nothing here is fetched.

use std::collections::HashSet;

use super::{Reader, members::Members, place::Place, syntax::scheme};
use crate::{
    Code, Extension, Sbom, SbomScheme, Transparency,
    schema::{Module, SBOM, TRANSPARENCY},
};

/// The schemes of the leaves that tell whom to ask.
const CONTACT: &[&str] = &["mailto", "http", "https", "tel"];

impl Reader<'_> {
    /// `transparency`.
    pub(super) fn transparency(&mut self, place: &Place<'_>) -> Transparency {
        self.undeclared(place, &Extension::Transparency);
        let mut transparency = Transparency::default();
        let mut members = Members::of(&TRANSPARENCY);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "sboms" => {
                    let mut seen = HashSet::new();
                    for entry in self.entries(&child) {
                        let sbom = self.sbom(&entry);
                        let sbom = sbom.filter(|sbom| self.is_new(&mut seen, &entry, &sbom.version_info));
                        transparency.sboms.extend(sbom);
                    }
                }
                "sbom-local-well-known" => transparency.sbom_local_well_known = self.sbom_scheme(&child),
                "sbom-contact-uri" => transparency.sbom_contact_uri = self.uri(&child, CONTACT),
                "sbom-archive-list" => transparency.sbom_archive_list = self.uri(&child, &[]),
                "vuln-url" => {
                    for entry in self.values(&child) {
                        transparency.vuln_urls.extend(self.uri(&entry, &[]));
                    }
                }
                "vuln-contact-uri" => transparency.vuln_contact_uri = self.uri(&child, CONTACT),
                _ => {}
            }
        }
        let ways = [
            !transparency.sboms.is_empty(),
            transparency.sbom_local_well_known.is_some(),
            transparency.sbom_contact_uri.is_some(),
        ];
        let is_ambiguous = ways.iter().filter(|way| **way).count() > 1
            || (!transparency.vuln_urls.is_empty() && transparency.vuln_contact_uri.is_some());
        if is_ambiguous {
            let message = "more than one way is given where RFC 9472 has a choice";
            self.deviate(
                place,
                Code::ExclusiveNodes,
                message,
                "keep one way for parts lists and one for notices",
            );
        }
        transparency
    }

    fn sbom(&mut self, place: &Place<'_>) -> Option<Sbom> {
        let (mut version_info, mut sbom_url) = (None, None);
        let mut members = Members::of(&SBOM);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "version-info" => version_info = self.owned(&child),
                "sbom-url" => {
                    sbom_url = self.uri(&child, &["coap", "coaps", "http", "https"]);
                    if let Some(scheme) = sbom_url.as_deref().and_then(scheme) {
                        self.unprotected(&child, scheme);
                    }
                }
                _ => {}
            }
        }
        if version_info.is_none() {
            self.missing(place, "version-info", "write which version the parts list is of");
        }
        Some(Sbom {
            version_info: version_info?,
            sbom_url,
        })
    }

    fn sbom_scheme(&mut self, place: &Place<'_>) -> Option<SbomScheme> {
        let name = self.identity(place, Module::Transparency)?;
        self.unprotected(place, name);
        match name {
            "http" => Some(SbomScheme::Http),
            "https" => Some(SbomScheme::Https),
            "coap" => Some(SbomScheme::Coap),
            "coaps" => Some(SbomScheme::Coaps),
            other => {
                self.unknown_value(place, other, "http, https, coap, coaps");
                None
            }
        }
    }

    fn unprotected(&mut self, place: &Place<'_>, scheme: &str) {
        if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("coap") {
            let message = format!("parts lists are given over `{scheme}`, which protects nothing");
            self.advise(
                place,
                Code::UnprotectedSbom,
                message,
                format!("use {scheme}s (RFC 9472 section 3)"),
            );
        }
    }
}
