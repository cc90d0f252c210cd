//! The example files beside this suite: small files of our own, each about one kind of deviation.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The examples by name.
pub(crate) fn examples() -> Vec<(String, Vec<u8>)> {
    let mut examples: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    examples.sort();
    assert!(!examples.is_empty());
    examples
}

/// One example.
pub(crate) fn example(name: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension("json")).unwrap()
}

/// Where they are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples")
}
