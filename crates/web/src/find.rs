//! Which Thing is meant: by MAC address, or by a name that exactly one has.

use std::sync::Arc;

use mudguard_explain::{Language, device_name, foreign_text};
use mudguard_manager::{Snapshot, Thing};
use mudguard_policy::MacAddress;

use crate::refusal::Refusal;

/// Finds a Thing.
///
/// # Errors
/// If none or several have that name.
pub(crate) fn find<'a>(
    snapshot: &'a Snapshot,
    text: &str,
    language: &Language,
) -> Result<&'a Arc<Thing>, Refusal> {
    if let Ok(mac) = text.parse::<MacAddress>() {
        return snapshot
            .things
            .get(&mac)
            .ok_or_else(|| Refusal::NoSuchThing(mac.to_string()));
    }
    let wanted = foreign_text(text).to_lowercase();
    let mut found = snapshot
        .things
        .values()
        .filter(|thing| is_called(thing, &wanted, language));
    let first = found
        .next()
        .ok_or_else(|| Refusal::NoSuchThing(foreign_text(text)))?;
    let others: Vec<MacAddress> = found.map(|thing| thing.mac).collect();
    if others.is_empty() {
        Ok(first)
    } else {
        let candidates = std::iter::once(first.mac).chain(others).collect();
        Err(Refusal::Ambiguous {
            name: foreign_text(text),
            candidates,
        })
    }
}

fn is_called(thing: &Thing, wanted: &str, language: &Language) -> bool {
    let shown = device_name(
        thing.name.as_deref(),
        thing.host_name.as_deref(),
        thing.mac,
        language,
    );
    let host_name = thing.host_name.as_deref().map(foreign_text);
    std::iter::once(shown)
        .chain(host_name)
        .any(|name| !name.is_empty() && name.to_lowercase() == wanted)
}
