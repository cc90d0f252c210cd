//! The recorded profiles, when they are there: what they permit is told in so few sentences that people read them.
//!
//! They lie beside the repository, in `shared/mudfiles/learned`; they are not part of the project.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use mudguard_explain::{Context, Language, sentences};
use mudguard_mud::{Dialect, Limits, MudFile, parse};
use mudguard_policy::{Site, compile};

/// Beyond what a test prints only when it fails.
fn say(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

fn profiles() -> Option<Vec<(String, MudFile)>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = repository.parent()?.join("shared/mudfiles/learned");
    let mut profiles = Vec::new();
    for entry in fs::read_dir(folder).ok()?.map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let parsed = parse(
            &fs::read(entry.path()).unwrap(),
            &Limits::default(),
            Dialect::Community,
        );
        profiles.extend(parsed.file.map(|file| (name, file)));
    }
    profiles.sort_by(|(one, _), (two, _)| one.cmp(two));
    Some(profiles)
}

fn told(file: &MudFile) -> Vec<String> {
    let language = Language::plain_english();
    let site = Site::with_a_member_of_each_class(&[file]);
    let policy = compile(file, &site);
    let context = Context {
        policy: &policy,
        file: Some(file),
        url: Some(&file.mud_url),
        local_networks: &site.local_networks,
        name_of: &|mac| mac.to_string(),
    };
    sentences(&context)
        .iter()
        .map(|sentence| sentence.text(&language))
        .collect()
}

#[test]
fn a_recorded_profile_is_told_in_at_most_25_sentences_and_mostly_in_few() {
    let Some(profiles) = profiles() else {
        say("LEFT OUT: the sentences of recorded profiles, for there is no ../shared/mudfiles/learned");
        return;
    };
    let mut counts = Vec::new();
    for (name, file) in &profiles {
        let told = told(file);
        assert!(
            told.len() <= 25,
            "{name}: {} sentences\n{}",
            told.len(),
            told.join("\n")
        );
        counts.push(told.len());
    }
    counts.sort_unstable();
    let median = counts[counts.len() / 2];
    say(&format!(
        "{} recorded profiles are told in {counts:?} sentences, median {median}",
        profiles.len()
    ));
    assert!(median <= 7, "{counts:?}");
}
