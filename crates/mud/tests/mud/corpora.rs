//! The corpora of the fuzz targets that read files, replayed.

use std::{fs, path::Path};

use mudguard_mud::Dialect;

use super::examples::examples;

#[path = "../../../../tests/fuzz/promises/parse.rs"]
mod promises;

#[test]
fn the_corpora_of_the_parsers_keep_the_promises() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let seeds = fs::read_dir(repository.join("tests/fuzz/seeds/parse")).unwrap();
    let seeds = seeds.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let examples = examples().into_iter().map(|(_, bytes)| bytes);
    let mut count = 0;
    for bytes in seeds.chain(examples) {
        promises::read_and_check(&bytes, Dialect::Strict);
        promises::read_and_check(&bytes, Dialect::Community);
        count += 1;
    }
    assert!(count > 20, "{count}");
}
