//! `ietf-acl-tls:client-profiles`: what the Thing offers in TLS (RFC 9761 section 5).

use std::collections::HashSet;

use super::{Reader, members::Members, place::Place};
use crate::{
    Code, Extension, TlsProfile,
    schema::{CLIENT_PROFILES, TLS_PROFILE},
};

impl Reader<'_> {
    /// `client-profiles` of an ACE.
    pub(super) fn client_profiles(&mut self, place: &Place<'_>) -> Vec<TlsProfile> {
        self.undeclared(place, &Extension::MudTls);
        let mut profiles = Vec::new();
        let mut members = Members::of(&CLIENT_PROFILES);
        while let Some((_, child)) = members.next(self, place) {
            let mut seen = HashSet::new();
            for entry in self.entries(&child) {
                let profile = self.tls_profile(&entry);
                self.is_new(&mut seen, &entry, &profile.name);
                profiles.push(profile);
            }
        }
        profiles
    }

    fn tls_profile(&mut self, place: &Place<'_>) -> TlsProfile {
        let mut profile = TlsProfile::default();
        let mut members = Members::of(&TLS_PROFILE);
        while let Some((name, child)) = members.next(self, place) {
            match name {
                "name" => profile.name = self.text_of(&child, 1..=64).unwrap_or_default().to_owned(),
                "supported-tls-version" => {
                    profile.supported_tls_versions = self.versions(&child, "tls12", "tls13")
                }
                "supported-dtls-version" => {
                    profile.supported_dtls_versions = self.versions(&child, "dtls12", "dtls13")
                }
                "cipher-suite" => profile.cipher_suites = self.parameters(&child, is_weak_suite),
                "extension-type" => profile.extension_types = self.parameters(&child, |_| false),
                "accept-list-ta-cert" => profile.accept_list_ta_certs = self.certificates(&child),
                "psk-key-exchange-mode" => {
                    let modes = self.values(&child);
                    profile.psk_key_exchange_modes =
                        modes.iter().filter_map(|mode| self.uint8(mode)).collect();
                }
                "supported-group" => profile.supported_groups = self.parameters(&child, is_weak_group),
                "signature-algorithm-cert" => {
                    profile.signature_algorithms_cert = self.parameters(&child, is_weak_signature);
                }
                "signature-algorithm" => {
                    profile.signature_algorithms = self.parameters(&child, is_weak_signature)
                }
                "application-protocol" => profile.application_protocols = self.texts(&child),
                "cert-compression-algorithm" => {
                    profile.cert_compression_algorithms = self.parameters(&child, |_| false);
                }
                "certificate-authorities" => profile.certificate_authorities = self.texts(&child),
                _ => {}
            }
        }
        if profile.name.is_empty() {
            self.missing(place, "name", "write a name of 1 to 64 characters");
        }
        profile
    }

    fn versions(&mut self, place: &Place<'_>, twelve: &str, thirteen: &str) -> Vec<u8> {
        let mut versions = Vec::new();
        for entry in self.values(place) {
            match self.text(&entry) {
                Some(text) if text == twelve => versions.push(12),
                Some(text) if text == thirteen => versions.push(13),
                Some(other) => self.unknown_value(&entry, other, &format!("{twelve}, {thirteen}")),
                None => {}
            }
        }
        versions
    }

    /// The numbers of a registry; weak ones and GREASE are told of.
    fn parameters(&mut self, place: &Place<'_>, is_weak: fn(u16) -> bool) -> Vec<u16> {
        let mut numbers = Vec::new();
        for entry in self.values(place) {
            let Some(number) = self.uint16(&entry) else {
                continue;
            };
            if is_grease(number) {
                let message = format!("{number:#06x} is a GREASE value");
                self.deviate(&entry, Code::TlsGrease, message, "remove it (RFC 9761 section 5)");
            } else if is_weak(number) {
                let message = format!("`{}` {number:#06x} is weak", entry.name());
                self.advise(
                    &entry,
                    Code::WeakTlsParameter,
                    message,
                    "the maker should no longer offer it",
                );
            }
            numbers.push(number);
        }
        numbers
    }

    fn certificates(&mut self, place: &Place<'_>) -> usize {
        let certificates = self.values(place);
        certificates
            .iter()
            .filter_map(|certificate| self.binary(certificate, 1..=usize::MAX))
            .count()
    }

    fn texts(&mut self, place: &Place<'_>) -> Vec<String> {
        let entries = self.values(place);
        entries.iter().filter_map(|entry| self.owned(entry)).collect()
    }
}

/// A value that clients offer to keep servers tolerant (RFC 8701).
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// Suites without encryption or authentication, with export keys, RC2, RC4, IDEA, DES or 3DES (RFC 9325 section 4.1).
fn is_weak_suite(number: u16) -> bool {
    matches!(number,
        0x0000..=0x001b | 0x001e..=0x002e | 0x0034 | 0x003a | 0x003b | 0x0046 | 0x006c | 0x006d | 0x0089 | 0x008a
        | 0x008b | 0x008e | 0x008f | 0x0092 | 0x0093 | 0x009b | 0x00a6 | 0x00a7 | 0x00b0 | 0x00b1 | 0x00b4 | 0x00b5
        | 0x00b8 | 0x00b9 | 0x00bf | 0x00c5 | 0xc001..=0xc003 | 0xc006..=0xc008 | 0xc00b..=0xc00d | 0xc010..=0xc012
        | 0xc015..=0xc01c | 0xc033 | 0xc034 | 0xc039..=0xc03b)
}

/// Curves of less than 224 bits.
fn is_weak_group(number: u16) -> bool {
    matches!(number, 1..=5 | 15..=19)
}

/// MD5 and SHA-1.
fn is_weak_signature(number: u16) -> bool {
    matches!(number.to_be_bytes(), [1 | 2, _])
}
