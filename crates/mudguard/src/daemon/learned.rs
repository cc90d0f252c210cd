//! What the resolver learns and keeps on disk: the keys of trust anchors (RFC 5011), and which names are popular.
//!
//! The names are a hint what to ask for after a restart, and nothing more: each is obtained and validated anew.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use mudguard_resolver::{Resolver, validate::Rollovers};
use tokio::time::sleep;
use tracing::{info, warn};

/// The files in the state folder.
const KEYS: &str = "trust-anchors";
const NAMES: &str = "popular-names";

/// The longest file that is read, in octets.
const MAX_FILE: u64 = 256 * 1024;

/// How many names are kept.
const MOST_NAMES: usize = 500;

/// How often they are: a flash wears out by writing.
const OFTEN: Duration = Duration::from_secs(3600);

/// Follows the keys of the trust anchors for as long as the gateway runs.
pub(crate) async fn follow_keys(resolver: Resolver, folder: PathBuf) -> anyhow::Result<()> {
    let path = folder.join(KEYS);
    let learned = read(&path).parse::<Rollovers>().unwrap_or_else(|error| {
        warn!(path = %path.display(), %error, "what was learned of trust anchors cannot be read and is learned anew");
        // It is not deleted: somebody may want to see it.
        let _ = fs::rename(&path, path.with_extension("unreadable"));
        Rollovers::default()
    });
    let keep = |text: &str| {
        info!("the keys of a trust anchor have changed");
        if let Err(error) = write(&path, text) {
            warn!(path = %path.display(), %error, "what was learned of trust anchors cannot be kept");
        }
    };
    resolver.follow_trust_anchors(learned, keep).await;
    Ok(())
}

/// Asks for the names that were popular before the start, and keeps those that are.
pub(crate) async fn keep_names(resolver: Resolver, folder: PathBuf) -> anyhow::Result<()> {
    let path = folder.join(NAMES);
    let mut kept = read(&path);
    resolver.warm(questions(&kept)).await;
    loop {
        sleep(OFTEN).await;
        let mut lines: Vec<_> = resolver
            .popular(MOST_NAMES)
            .into_iter()
            .map(|(name, record_type)| format!("{record_type} {name}\n"))
            .collect();
        lines.sort();
        let text = lines.concat();
        if text == kept {
            continue;
        }
        if let Err(error) = write(&path, &text) {
            warn!(path = %path.display(), %error, "the popular names cannot be kept");
        }
        kept = text;
    }
}

fn questions(text: &str) -> Vec<(String, u16)> {
    let question = |line: &str| {
        let (record_type, name) = line.split_once(' ')?;
        Some((name.to_owned(), record_type.parse().ok()?))
    };
    text.lines().take(MOST_NAMES).filter_map(question).collect()
}

/// The text of a file; nothing if there is none that can be read.
fn read(path: &Path) -> String {
    match fs::metadata(path) {
        Ok(data) if data.len() <= MAX_FILE => fs::read_to_string(path).unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// Writes it as a whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    // What is looked up here is nobody else's business.
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_question_is_left_out() {
        let text = "1 a.example.\nx b.example.\n\n28 c.example.\n";
        let expected = [("a.example.".to_owned(), 1), ("c.example.".to_owned(), 28)];
        assert_eq!(questions(text), expected);
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_is_not_there_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAMES);
        assert_eq!(read(&path), "");
        write(&path, "1 a.example.\n").unwrap();
        write(&path, "1 b.example.\n").unwrap();
        assert_eq!(read(&path), "1 b.example.\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
