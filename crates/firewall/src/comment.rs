//! What leads from a rule or an element in the kernel back to the policy: foreign text in safe letters.

use mudguard_policy::{MacAddress, Origin};

/// nft takes 128 octets; the end of the string is one of them.
const LENGTH: usize = 120;

/// The comment of a rule or an element: the Thing, and the place in its policy.
pub(crate) fn comment(thing: MacAddress, origin: &Origin) -> String {
    let place = match origin {
        Origin::Ace(ace) => {
            format!("{} {} {}", ace.index, safe(&ace.list), safe(&ace.ace))
        }
        Origin::ImplicitDns => "implicit dns".to_owned(),
        Origin::ImplicitNtp => "implicit ntp".to_owned(),
        Origin::Owner => "owner".to_owned(),
    };
    let mut text = format!("{thing} {place}");
    text.truncate(LENGTH);
    text
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
