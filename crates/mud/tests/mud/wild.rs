//! Real MUD files, when they are there: each is read in one of the dialects or refused with a finding.
//!
//! They lie beside the repository, in `shared/mudfiles`; they are not part of the project.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use mudguard_mud::{Dialect, Limits, Severity, parse};

use super::say;

/// Where the files are, if they are.
fn folder() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = repository.parent()?.join("shared/mudfiles");
    folder.is_dir().then_some(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_is_read_in_one_of_the_dialects_or_refused_with_a_finding() {
    let Some(folder) = folder() else {
        say("LEFT OUT: the suite over real MUD files, for there is no ../shared/mudfiles");
        return;
    };
    let (mut strict, mut community, mut refused) = (0, 0, 0);
    let (mut aces, mut not_understood) = (0, 0);
    let mut codes = BTreeMap::new();
    for path in files(&folder) {
        let bytes = fs::read(&path).unwrap();
        let in_strict = parse(&bytes, &Limits::default(), Dialect::Strict);
        let in_community = parse(&bytes, &Limits::default(), Dialect::Community);
        for finding in &in_community.findings {
            *codes.entry((finding.code, finding.severity)).or_insert(0) += 1;
            if finding.severity == Severity::Error || std::env::var_os("WILD_FINDINGS").is_some() {
                say(&format!("{}:{finding}", path.display()));
            }
        }
        if in_strict.file.is_some() {
            strict += 1;
            assert!(in_strict.as_made, "{}", path.display());
            assert_eq!(in_strict.file, in_community.file, "{}", path.display());
        } else {
            assert!(
                in_strict
                    .findings
                    .iter()
                    .any(|finding| finding.severity == Severity::Error),
                "{} is refused without a reason",
                path.display()
            );
        }
        match in_community.file {
            Some(file) => {
                community += 1;
                for ace in file
                    .from_device
                    .iter()
                    .chain(&file.to_device)
                    .flat_map(|list| &list.aces)
                {
                    aces += 1;
                    not_understood += usize::from(!ace.not_understood.is_empty());
                }
            }
            None => {
                refused += 1;
                assert!(
                    in_community
                        .findings
                        .iter()
                        .any(|finding| finding.severity == Severity::Error)
                );
            }
        }
    }
    say(&format!(
        "real MUD files: {strict} read as strict, {community} as community, {refused} refused; \
         {aces} ACEs, {not_understood} with a part that was not understood"
    ));
    for ((code, severity), count) in codes {
        say(&format!("  {count:5} {severity} {code} {}", code.name()));
    }
    assert!(community > 0);
}
