//! The corpus of the fuzz target that compiles and evaluates, replayed: what the policy permits, the oracle permits.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::{fs, path::Path};

#[path = "../../../tests/fuzz/promises/evaluate.rs"]
mod promises;

#[test]
fn the_corpus_of_the_compiler_keeps_the_promises() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(repository.join("tests/fuzz/seeds/evaluate")).unwrap() {
        promises::compile_and_evaluate(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 5, "{count}");
}
