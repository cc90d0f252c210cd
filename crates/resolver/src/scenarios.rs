//! Plays scenario files: clients ask, scripted servers answer, time passes, and what the clients are told is compared.
//!
//! A scenario goes through all of the resolver but its sockets: from the octets of a query through cache, recursion and validation to the
//! octets of the reply. Time is tokio's paused clock; years pass at once.
//!
//! The project's own scenarios are in `tests/scenarios`. With `MUDGUARD_SCENARIOS` naming a folder, those there are played, too: the form
//! is that of unbound's `testdata`. What uses something that this resolver does not have is left out with its reason, and every scenario
//! that ends otherwise than it says is told; see [`KNOWN`] for those of unbound where that is wanted.
//!
//! What it is not: a test of sockets, nor of the order of questions to servers.

mod file;
mod known;
mod play;
mod text;
mod world;

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use self::play::{Outcome, play};

/// The scenarios of this project.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

/// The variable that names a folder with more.
const MORE: &str = "MUDGUARD_SCENARIOS";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rpl"));
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Past the capture of the test runner.
fn say(line: &str) {
    // There is nobody to tell that it cannot be told.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn every_scenario_ends_as_it_says() {
    let files = files(Path::new(OWN));
    assert!(files.len() >= 12, "{}", files.len());
    let mut wrong = Vec::new();
    for file in files {
        match play(&fs::read_to_string(&file).unwrap()) {
            Outcome::AsItSays => {}
            Outcome::Otherwise(why) => wrong.push(format!("{}: {why}", stem(&file))),
            Outcome::LeftOut(why) => wrong.push(format!("{}: not understood: {why}", stem(&file))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scenarios_of_others_end_as_they_say() {
    let Some(folder) = env::var_os(MORE) else {
        say(&format!(
            "LEFT OUT scenarios of others: {MORE} names no folder with .rpl files"
        ));
        return;
    };
    let (mut played, mut wrong) = (0, Vec::new());
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(Path::new(&folder)) {
        // Some are no UTF-8.
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let name = stem(&file);
        match play(&text) {
            Outcome::AsItSays if known::why(&name).is_some() => {
                wrong.push(format!("{name} ends as it says: take it out of known.rs"));
            }
            Outcome::AsItSays => played += 1,
            Outcome::LeftOut(why) => *left_out.entry(why).or_default() += 1,
            Outcome::Otherwise(why) => match known::why(&name) {
                Some(known) => *left_out.entry(known.to_owned()).or_default() += 1,
                None => wrong.push(format!("{name}: {why}")),
            },
        }
    }
    let count: usize = left_out.values().sum();
    say(&format!(
        "scenarios of others: {played} end as they say, {} do not, {count} left out:",
        wrong.len()
    ));
    for (why, count) in left_out {
        say(&format!("LEFT OUT {count}: {why}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
