//! Tests of the module above.

use std::collections::BTreeSet;

use super::*;

fn resources() -> Vec<FluentResource> {
    let parse = |source: &&str| FluentResource::try_new((*source).to_owned());
    ENGLISH
        .iter()
        .map(|source| parse(source).expect("every message parses"))
        .collect()
}

fn all_keys() -> impl Iterator<Item = &'static Key> {
    keys::ALL.iter().chain(keys::phrase::ALL)
}

#[test]
fn every_key_is_present_and_every_message_has_a_key() {
    let resources = resources();
    let present: BTreeSet<&str> = resources
        .iter()
        .flat_map(FluentResource::entries)
        .filter_map(|entry| {
            if let fluent_syntax::ast::Entry::Message(message) = entry {
                Some(message.id.name)
            } else {
                None
            }
        })
        .collect();
    let wanted: BTreeSet<&str> = all_keys().map(|key| key.id()).collect();
    assert_eq!(wanted.len(), all_keys().count(), "no key twice");
    assert_eq!(
        wanted.difference(&present).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "missing"
    );
    assert_eq!(
        present.difference(&wanted).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "never asked for"
    );
}

#[test]
fn no_key_is_told_twice() {
    let resources = resources();
    let mut seen = BTreeSet::new();
    for entry in resources.iter().flat_map(FluentResource::entries) {
        if let fluent_syntax::ast::Entry::Message(message) = entry {
            assert!(seen.insert(message.id.name), "{} stands twice", message.id.name);
        }
    }
}

#[test]
fn every_message_is_content_with_the_arguments_that_are_given() {
    let language = Language::plain_english();
    let words = [
        "services", "list", "place", "domain", "who", "rest", "last", "ports", "number", "signer", "day",
        "reason", "what", "why", "name", "address", "new", "path", "ago", "class", "port", "standing",
    ];
    for (direction, few, count) in [("to", "yes", 0), ("by", "no", 1), ("both", "yes", 5)] {
        let mut arguments: FluentArgs<'_> = words
            .map(|word| (word, FluentValue::from("x")))
            .into_iter()
            .collect();
        arguments.set("direction", direction);
        arguments.set("few", few);
        for number in ["count", "domains", "rules"] {
            arguments.set(number, count);
        }
        for key in all_keys() {
            let pattern = language
                .bundle
                .get_message(key.id())
                .unwrap()
                .value()
                .expect("a message has a value");
            let mut errors = Vec::new();
            let text = language
                .bundle
                .format_pattern(pattern, Some(&arguments), &mut errors);
            assert!(errors.is_empty(), "{}: {errors:?}", key.id());
            assert!(
                !text.contains(['{', '}', '\n']) && !text.contains("  "),
                "{}: {text:?}",
                key.id()
            );
        }
    }
}

#[test]
fn a_list_reads_as_people_write_it() {
    let language = Language::plain_english();
    let list =
        |items: &[&str]| language.list(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
    assert_eq!(list(&[]), "");
    assert_eq!(list(&["a"]), "a");
    assert_eq!(list(&["a", "b"]), "a and b");
    assert_eq!(list(&["a", "b", "c"]), "a, b and c");
}

#[test]
fn only_a_page_isolates_names() {
    assert_eq!(Language::english().name("a"), "\u{2068}a\u{2069}");
    assert_eq!(Language::plain_english().name("a"), "a");
}
