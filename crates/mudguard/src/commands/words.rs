//! Places in a MUD file, verdicts and sentences, as the offline commands print them. What stems from the file is made plain.

use mudguard_explain::{Context, Language, Sentence, Shape, sentences};
use mudguard_mud::MudFile;
use mudguard_policy::{AceName, Origin, Site, ThingPolicy, Verdict};
use serde::Serialize;

use crate::print;

/// `the ACE "name" (list "list", entry 1)`.
pub(super) fn ace(name: &AceName) -> String {
    let AceName { list, ace, index } = name;
    format!(
        "the ACE \"{}\" (list \"{}\", entry {})",
        print::plain(ace),
        print::plain(list),
        index + 1
    )
}

/// Where a rule comes from.
pub(super) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Ace(name) => ace(name),
        Origin::ImplicitDns => "the implicit rule for DNS at the router".to_owned(),
        Origin::ImplicitNtp => "the implicit rule for NTP at the router".to_owned(),
        Origin::Owner => "the owner".to_owned(),
    }
}

/// The verdict in a word, and the reason.
pub(super) fn verdict(verdict: &Verdict) -> (&'static str, Option<&str>) {
    match verdict {
        Verdict::Enforced => ("enforced", None),
        Verdict::Narrowed(what) => ("narrowed", Some(what)),
        Verdict::Refused(why) => ("refused", Some(why)),
    }
}

/// A sentence for JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Told {
    /// The sentence.
    pub(super) text: String,
    /// The names or addresses that it sums up.
    pub(super) details: Vec<String>,
    /// The ACEs behind it; none for what is always permitted.
    pub(super) aces: Vec<AceName>,
}

/// What the household would read of a policy. A class is told as such, whoever belongs to it.
pub(super) fn told(policy: &ThingPolicy, file: &MudFile, site: &Site) -> Vec<Told> {
    let language = Language::plain_english();
    let context = Context {
        policy,
        file: Some(file),
        url: Some(&file.mud_url),
        local_networks: &site.local_networks,
        name_of: &|_| "if there is one".to_owned(),
    };
    let told = |sentence: Sentence| {
        let text = sentence.text(&language);
        let details = if matches!(sentence.shape, Shape::Devices(_)) {
            Vec::new()
        } else {
            sentence.details
        };
        Told {
            text,
            details,
            aces: sentence.aces,
        }
    };
    sentences(&context).into_iter().map(told).collect()
}
