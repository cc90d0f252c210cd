//! The floors of the house: dependencies point down only, heavy packages stay in their crates, files say what they are and stay small.
//!
//! What it is not: a check of anything that runs.

#![allow(clippy::unwrap_used, reason = "a test ends with what is wrong")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The floor of each crate. Crates on floor 3 never name each other; that follows from "down only".
const FLOORS: [(&str, u8); 11] = [
    ("mudguard-mud", 0),
    ("mudguard-policy", 1),
    ("mudguard-explain", 2),
    ("mudguard-manager", 2),
    ("mudguard-observe", 3),
    ("mudguard-fetch", 3),
    ("mudguard-firewall", 3),
    ("mudguard-resolver", 3),
    ("mudguard-store", 3),
    ("mudguard-web", 3),
    ("mudguard", 4),
];

/// Packages beside the house. They may name every crate; of the crates, tests may name the home.
const APART: [&str; 2] = ["mudguard-tests", "xtask"];

/// Heavy packages, each with the only crate that may name it or its parts.
const FENCES: [(&str, &str); 6] = [
    ("pnet", "mudguard-observe"),
    ("reqwest", "mudguard-fetch"),
    ("nftables", "mudguard-firewall"),
    ("h2", "mudguard-resolver"),
    ("sqlx", "mudguard-store"),
    ("axum", "mudguard-web"),
];

/// The most lines a file may have.
const MOST_LINES: usize = 500;

/// A dependency, as `cargo metadata` tells it.
#[derive(Clone, Debug)]
struct Arrow {
    from: String,
    to: String,
    /// Only tests and examples have it.
    dev: bool,
}

#[test]
fn dependencies_point_down_and_heavy_packages_stay_in_their_crates() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(house())
        .output()
        .unwrap();
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = names(&metadata["packages"]);
    for name in FLOORS.map(|(name, _)| name).into_iter().chain(APART) {
        assert!(
            packages.iter().any(|package| package == name),
            "{name} has a place but is not in the workspace"
        );
    }
    let arrows = arrows(&metadata);
    assert!(
        arrows.len() > packages.len(),
        "cargo metadata tells of too few dependencies to be true"
    );
    let wrong = wrong_arrows(&packages, &arrows);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is_and_is_short() {
    let files = [house().join("crates"), house().join("tests")]
        .map(|folder| sources(&folder))
        .concat();
    assert!(
        files.iter().any(|file| file.ends_with("tests/floors.rs")),
        "this file is not among those that are looked at"
    );
    let complaints = files
        .iter()
        .filter_map(|file| complaint(file, &fs::read_to_string(file).unwrap()));
    let complaints: Vec<_> = complaints.collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_made_up_house_shows_each_kind_of_wrong_arrow() {
    let check = |from: &str, to: &str, dev: bool| {
        let packages = FLOORS
            .map(|(name, _)| name.to_owned())
            .into_iter()
            .chain(APART.map(str::to_owned));
        let arrow = Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            dev,
        };
        wrong_arrows(&packages.collect::<Vec<_>>(), &[arrow]).len()
    };
    let right = [
        ("mudguard", "mudguard-web", false),
        ("mudguard-web", "mudguard-explain", false),
        ("mudguard-web", "axum", false),
        ("mudguard-web", "serde", false),
        ("mudguard-web", "reqwest", true),
        ("mudguard-fetch", "mudguard-tests", true),
        ("mudguard-tests", "mudguard-fetch", true),
        ("xtask", "mudguard-tests", false),
    ];
    for (from, to, dev) in right {
        assert_eq!(check(from, to, dev), 0, "{from} -> {to}");
    }
    let wrong = [
        ("mudguard-mud", "mudguard-policy", false),
        ("mudguard-explain", "mudguard-manager", false),
        ("mudguard-web", "mudguard-store", false),
        ("mudguard-web", "mudguard-store", true),
        ("mudguard-policy", "mudguard", false),
        ("mudguard-web", "mudguard-tests", false),
        ("mudguard", "xtask", true),
        ("mudguard", "axum", false),
        ("mudguard-web", "sqlx-core", false),
        ("mudguard-firewall", "pnet_packet", false),
        ("mudguard-web", "mudguard-utils", false),
    ];
    for (from, to, dev) in wrong {
        assert_eq!(check(from, to, dev), 1, "{from} -> {to}");
    }
    let stranger = wrong_arrows(&["mudguard-utils".to_owned()], &[]);
    assert_eq!(
        stranger,
        ["mudguard-utils is on no floor: give it one in tests/floors.rs"]
    );
}

#[test]
fn a_file_that_does_not_say_what_it_is_or_is_long_is_found() {
    let path = Path::new("a.rs");
    assert_eq!(complaint(path, "//! What it is.\n"), None);
    assert!(complaint(path, "use std::fs;\n").is_some());
    assert_eq!(complaint(path, &"//! x\n".repeat(MOST_LINES)), None);
    assert!(complaint(path, &"//! x\n".repeat(MOST_LINES + 1)).is_some());
}

/// What is wrong with the house, a line for each thing.
fn wrong_arrows(packages: &[String], arrows: &[Arrow]) -> Vec<String> {
    let homeless = packages
        .iter()
        .filter(|name| floor(name).is_none() && !APART.contains(&name.as_str()));
    let homeless = homeless.map(|name| format!("{name} is on no floor: give it one in tests/floors.rs"));
    homeless.chain(arrows.iter().filter_map(wrong)).collect()
}

fn wrong(Arrow { from, to, dev }: &Arrow) -> Option<String> {
    let inside = |name: &str| name == "mudguard" || name.starts_with("mudguard-") || APART.contains(&name);
    if !inside(to) {
        let part_of = |fenced: &str| {
            to.strip_prefix(fenced)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
        };
        let (fenced, owner) = FENCES
            .into_iter()
            .find(|(fenced, owner)| part_of(fenced) && from != owner)?;
        return (!dev).then(|| format!("{from} names {to}, but only {owner} may name {fenced}"));
    }
    // A crate may name itself to test with what it offers to tests.
    if APART.contains(&from.as_str()) || (*dev && (to == "mudguard-tests" || to == from)) {
        return None;
    }
    let down = floor(from).zip(floor(to)).is_some_and(|(from, to)| to < from);
    (!down).then(|| format!("{from} names {to}, which is not on a floor below"))
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .into_iter()
        .find(|(crate_name, _)| *crate_name == name)
        .map(|(_, floor)| floor)
}

fn names(packages: &Value) -> Vec<String> {
    let packages = packages.as_array().unwrap();
    packages
        .iter()
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect()
}

fn arrows(metadata: &Value) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            arrows.push(Arrow {
                from: package["name"].as_str().unwrap().to_owned(),
                to: dependency["name"].as_str().unwrap().to_owned(),
                dev: dependency["kind"] == "dev",
            });
        }
    }
    arrows
}

fn complaint(file: &Path, text: &str) -> Option<String> {
    let lines = text.lines().count();
    if !text.starts_with("//!") {
        Some(format!(
            "{} does not begin with //!, which says what it is",
            file.display()
        ))
    } else if lines > MOST_LINES {
        Some(format!(
            "{} has {lines} lines; {MOST_LINES} are the most: split it by meaning",
            file.display()
        ))
    } else {
        None
    }
}

/// All Rust files below a folder that are written by hand.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "target" && name != "node_modules" {
                files.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}
