//! What leads from a rule or an element in the kernel back to the policy: foreign text in safe letters.

use mudguard_policy::{MacAddress, Origin};

/// nft takes 128 octets; the end of the string is one of them.
const LENGTH: usize = 120;

/// The comment of a rule or an element: the Thing, and the place in its policy.
pub(crate) fn comment(thing: MacAddress, origin: &Origin) -> String {
    clipped(format!("{thing} {}", place(origin)))
}

/// The comment of a learned element: the name, from which it is known again after a restart, and the place in the policy. A name that is
/// too long for that is left out.
pub(crate) fn learned(name: &str, origin: &Origin) -> String {
    let name = if name.len() < LENGTH { name } else { "" };
    clipped(format!("{name} {}", place(origin)))
}

fn clipped(mut text: String) -> String {
    text.truncate(LENGTH);
    text
}

fn place(origin: &Origin) -> String {
    match origin {
        Origin::Ace(ace) => {
            format!("{} {} {}", ace.index, safe(&ace.list), safe(&ace.ace))
        }
        Origin::ImplicitDns => "implicit dns".to_owned(),
        Origin::ImplicitNtp => "implicit ntp".to_owned(),
        Origin::Owner => "owner".to_owned(),
    }
}

/// Letters, digits, dots, dashes and underscores stay; at most 48 of them, so that both names are seen.
fn safe(foreign: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_') {
            letter
        } else {
            '_'
        }
    };
    foreign.chars().take(48).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use mudguard_policy::AceName;

    use super::*;

    #[test]
    fn foreign_text_is_reduced_to_safe_letters_and_cut() {
        let origin = Origin::Ace(AceName {
            list: "x\" }; flush ruleset; \u{1b}[31m\u{e9}".to_owned(),
            ace: "a".repeat(10_000),
            index: 7,
        });
        let text = comment("02:00:00:00:00:01".parse().unwrap(), &origin);
        assert!(
            text.starts_with("02:00:00:00:00:01 7 x_____flush_ruleset____31m_ aaaa"),
            "{text}"
        );
        assert!(text.len() <= LENGTH && text.is_ascii());
    }
}
