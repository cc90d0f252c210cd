//! A language: the Fluent bundle behind every word.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::{CharacterDirection, LanguageIdentifier};

use crate::keys::{self, Key};

/// The messages in English.
pub(crate) const ENGLISH: &[&str] = &[
    include_str!("../locales/en/sentences.ftl"),
    include_str!("../locales/en/services.ftl"),
    include_str!("../locales/en/labels.ftl"),
    include_str!("../locales/en/blocked.ftl"),
    include_str!("../locales/en/questions.ftl"),
    include_str!("../locales/en/page.ftl"),
    include_str!("../locales/en/journal.ftl"),
];

/// The words of one language. It may be shared among threads.
pub struct Language {
    bundle: FluentBundle<FluentResource>,
    tag: String,
    isolates: bool,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Language")
            .field("locales", &self.bundle.locales)
            .finish()
    }
}

impl Language {
    /// English for a page: names of devices are put between isolation marks (U+2068, U+2069), so that a name written from right
    /// to left does not turn the sentence around.
    #[must_use]
    pub fn english() -> Self {
        Self::new("en", ENGLISH, true)
    }

    /// English for a terminal, JSON and logs: without isolation marks.
    #[must_use]
    pub fn plain_english() -> Self {
        Self::new("en", ENGLISH, false)
    }

    fn new(tag: &str, sources: &[&str], isolates: bool) -> Self {
        let locale: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Fluent would isolate every number and every list; only names of devices can be written in another direction.
        bundle.set_use_isolating(false);
        for source in sources {
            // A message that does not parse is left out of the resource, and shows as its key; a test allows none.
            let resource =
                FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        let tag = tag.to_owned();
        Self {
            bundle,
            tag,
            isolates,
        }
    }

    /// Its tag (RFC 5646), as HTML's `lang` wants it.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub fn is_right_to_left(&self) -> bool {
        self.bundle
            .locales
            .iter()
            .any(|locale| locale.character_direction() == CharacterDirection::RTL)
    }

    /// A message with its arguments; its key if it is missing.
    pub(crate) fn text(&self, key: Key, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self
            .bundle
            .get_message(key.id())
            .and_then(|message| message.value())
        else {
            return key.id().to_owned();
        };
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        // What is wrong shows in the text as the name of the argument; a test allows none.
        self.bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    }

    /// "a", "a and b", "a, b and c".
    pub(crate) fn list(&self, items: &[String]) -> String {
        let Some((last, rest)) = items.split_last() else {
            return String::new();
        };
        if rest.is_empty() {
            return last.clone();
        }
        let rest = rest.join(&self.text(keys::LIST_SEPARATOR, &[]));
        let arguments = [("rest", FluentValue::from(rest)), ("last", last.as_str().into())];
        self.text(keys::LIST_LAST, &arguments)
    }

    /// A name that may be written in any direction.
    pub(crate) fn name(&self, name: &str) -> String {
        if self.isolates {
            format!("\u{2068}{name}\u{2069}")
        } else {
            name.to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
