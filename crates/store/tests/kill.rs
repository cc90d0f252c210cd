//! What was acknowledged outlives `kill -9`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use std::{
    collections::BTreeSet,
    env,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use mudguard_manager::{JournalEntry, ThingRecord};
use sample::{Running, entry, file, newest, thing, undo, waiting, whole};
use tempfile::TempDir;

/// The environment variable that makes this binary the writer; it holds the path of the database.
const WRITER: &str = "MUDGUARD_TEST_WRITER";
const ROUNDS: u32 = 30;

#[tokio::test]
async fn every_acknowledged_decision_outlives_kill_9() {
    if let Some(path) = env::var_os(WRITER) {
        return write_for_ever(Path::new(&path)).await;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let before = acknowledged.len();
        let delay = Duration::from_micros(RandomState::new().hash_one(round) % 60_000);
        acknowledged.extend(run_and_kill(&path, delay));
        assert!(
            acknowledged.len() > before,
            "round {round}: nothing was written before the kill"
        );

        let running = Running::open(&path).await;
        assert_eq!(running.set_aside, None, "round {round}, killed after {delay:?}");
        assert!(
            running.restored.unreadable.is_empty(),
            "{:?}",
            running.restored.unreadable
        );
        let rows = whole(&running.store).await;
        let kept: BTreeSet<u64> = rows.iter().map(|row| row.detail.parse().unwrap()).collect();
        assert_eq!(
            acknowledged.difference(&kept).count(),
            0,
            "round {round}, killed after {delay:?}"
        );
        // The Thing and the file of a decision stand in the same transaction as its journal row.
        let newest = kept.last().unwrap().to_string();
        assert_eq!(running.restored.things[0].name.as_deref(), Some(newest.as_str()));
        assert_eq!(&*running.restored.files[0].bytes, newest.as_bytes());
        assert_eq!(&*running.restored.waiting[0].file.bytes, newest.as_bytes());
        let steps = running.restored.undo.iter().map(|step| step.id.to_string());
        assert_eq!(steps.collect::<Vec<_>>(), [newest.as_str()]);
        assert_eq!(running.restored.last_entry.to_string(), newest);
        running.close().await;
    }
    println!(
        "{} decisions acknowledged over {ROUNDS} kills, none lost",
        acknowledged.len()
    );
}

/// Starts the writer, kills it some time after its first acknowledgement, and returns what it acknowledged.
fn run_and_kill(path: &Path, delay: Duration) -> Vec<u64> {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "every_acknowledged_decision_outlives_kill_9",
            "--nocapture",
        ])
        .env(WRITER, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut numbers = vec![lines.by_ref().find_map(|line| number(&line)).unwrap()];
    thread::sleep(delay);
    writer.kill().unwrap();
    writer.wait().unwrap();
    numbers.extend(lines.filter_map(|line| number(&line)));
    numbers
}

fn number(line: &str) -> Option<u64> {
    line.strip_prefix("kept ")?.strip_suffix('.')?.parse().ok()
}

async fn write_for_ever(path: &Path) {
    let running = Running::open(path).await;
    let newest = newest(&running.store, 1).await;
    let first: u64 = newest.first().map_or(0, |row| row.detail.parse().unwrap());
    for number in first + 1.. {
        let text = number.to_string();
        running
            .store
            .save_thing(ThingRecord {
                name: Some(text.clone()),
                ..thing(1)
            })
            .unwrap();
        running
            .store
            .save_file(file("https://lamp.example.com/v1", text.as_bytes()))
            .unwrap();
        let step = undo(number);
        let waiting = waiting("https://lamp.example.com/v1", text.as_bytes());
        running.store.save_waiting(waiting).unwrap();
        running.store.save_undo(step).unwrap();
        running.store.forget_undo(number - 1).unwrap();
        let row = JournalEntry {
            id: number,
            ..entry(&text)
        };
        running.store.journal(row).unwrap();
        running.store.flush().await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "kept {number}.").unwrap();
        out.flush().unwrap();
    }
}
