//! Whatever the disk holds: the store opens, nothing is deleted, and what is kept is sound.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use mudguard_store::{OpenError, Store};
use sample::{Running, entry, file, filled, newest, thing, time};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A folder with a filled database, cleanly closed.
async fn home() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    filled(&path).await.unwrap();
    (folder, path)
}

/// Opens a damaged database: it must be set aside with its octets, and the new one must work.
async fn is_set_aside(path: &Path, damaged: &[u8], reason: &str) {
    let running = Running::open(path).await;
    let aside = running.set_aside.as_ref().expect("it is set aside");
    assert!(
        aside.reason.contains(reason),
        "{:?} does not tell {reason:?}",
        aside.reason
    );
    assert_eq!(
        aside.path.file_name(),
        Some(OsStr::new("mudguard.db.damaged-20260101T000140Z"))
    );
    assert!(
        fs::read(&aside.path).unwrap() == damaged,
        "what was set aside is as it was"
    );
    assert!(running.restored.things.is_empty() && running.restored.files.is_empty());
    running.store.save_thing(thing(3)).unwrap();
    running.store.flush().await.unwrap();
    running.close().await;
    let again = Running::open(path).await;
    assert_eq!(again.set_aside, None);
    assert_eq!(again.restored.things, [thing(3)]);
}

#[tokio::test]
async fn garbage_is_set_aside() {
    let (_folder, path) = home().await;
    let garbage = vec![0xa5; 50_000];
    fs::write(&path, &garbage).unwrap();
    is_set_aside(&path, &garbage, "not an SQLite database").await;
}

#[tokio::test]
async fn an_empty_file_is_set_aside() {
    let (_folder, path) = home().await;
    fs::write(&path, b"").unwrap();
    is_set_aside(&path, b"", "it is empty").await;
}

#[tokio::test]
async fn a_file_that_ends_within_its_header_is_set_aside() {
    let (_folder, path) = home().await;
    let start = fs::read(&path).unwrap()[..50].to_vec();
    fs::write(&path, &start).unwrap();
    is_set_aside(&path, &start, "ends within its header").await;
}

#[tokio::test]
async fn a_database_cut_off_in_the_middle_is_set_aside() {
    let (_folder, path) = home().await;
    let whole = fs::read(&path).unwrap();
    let half = whole[..whole.len() / 2 + 100].to_vec();
    fs::write(&path, &half).unwrap();
    is_set_aside(&path, &half, "malformed").await;
}

#[tokio::test]
async fn the_database_of_another_program_is_set_aside_untouched() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let mut other = foreign(&path).await;
    sqlx::query("CREATE TABLE bookmark (url TEXT)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    let octets = fs::read(&path).unwrap();
    is_set_aside(&path, &octets, "another program").await;
}

#[tokio::test]
async fn a_folder_in_its_place_is_set_aside_with_its_contents() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("kept"), b"kept").unwrap();
    let running = Running::open(&path).await;
    let aside = running.set_aside.as_ref().unwrap();
    assert_eq!(aside.reason, "it is not a file");
    assert_eq!(fs::read(aside.path.join("kept")).unwrap(), b"kept");
}

#[tokio::test]
async fn a_log_that_is_no_file_is_set_aside_with_its_database() {
    let (_folder, path) = home().await;
    let octets = fs::read(&path).unwrap();
    fs::create_dir(path.with_extension("db-wal")).unwrap();
    let running = Running::open(&path).await;
    let aside = running.set_aside.as_ref().unwrap();
    assert_eq!(aside.reason, "its log is not a file");
    assert_eq!(fs::read(&aside.path).unwrap(), octets);
    assert!(PathBuf::from(format!("{}-wal", aside.path.display())).is_dir());
}

#[tokio::test]
async fn a_log_without_its_database_is_not_thrown_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    fs::write(path.with_extension("db-wal"), b"decisions").unwrap();
    let running = Running::open(&path).await;
    let aside = running.set_aside.as_ref().unwrap();
    assert_eq!(
        fs::read(format!("{}-wal", aside.path.display())).unwrap(),
        b"decisions"
    );
}

#[tokio::test]
async fn two_damaged_databases_in_one_second_are_both_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    for garbage in ["first", "second", "third"] {
        fs::write(&path, garbage).unwrap();
        Running::open(&path).await.close().await;
    }
    let mut kept: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("damaged"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    kept.sort();
    assert_eq!(kept, ["first", "second", "third"]);
}

/// Flips one octet of each page, one page at a time. SQLite cannot see a flip within a text, so the records may differ; but
/// opening never fails, never panics, and a file whose octets changed is never restored.
#[tokio::test]
async fn flipped_octets_never_stop_the_start_nor_restore_a_changed_file() {
    let (_folder, path) = home().await;
    let sound = fs::read(&path).unwrap();
    let originals = Running::open(&path).await.restored.files;
    let pages = sound.len() / 4_096;
    let (mut set_aside, mut unreadable) = (0, 0);
    for at in (0..pages).flat_map(|page| [3, 30, 2_000].map(|offset| page * 4_096 + offset)) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mudguard.db");
        let mut flipped = sound.clone();
        flipped[at] ^= 0x55;
        fs::write(&path, &flipped).unwrap();
        let running = Running::open(&path).await;
        set_aside += usize::from(running.set_aside.is_some());
        unreadable += running.restored.unreadable.len();
        for file in &running.restored.files {
            assert!(
                originals.iter().any(|original| original.bytes == file.bytes),
                "octet {at}"
            );
        }
        running.store.save_thing(thing(9)).unwrap();
        running.store.flush().await.unwrap();
    }
    println!(
        "{} flips: {set_aside} databases set aside, {unreadable} rows reported",
        pages * 3
    );
    assert!(
        set_aside >= pages / 2 && unreadable >= 10,
        "{set_aside} of {pages} pages, {unreadable} rows"
    );
}

/// Reading all tables finds no fault in these: only the check of the whole does.
#[tokio::test]
async fn an_index_that_does_not_fit_its_table_is_seen() {
    let (_folder, path) = home().await;
    let mut octets = fs::read(&path).unwrap();
    let url = b"https://files.example.com/17";
    let places: Vec<usize> = (0..octets.len() - url.len())
        .filter(|at| octets[*at..].starts_with(url))
        .collect();
    assert!(places.len() >= 2, "in the table and in its index");
    octets[places[1] + url.len() - 1] = b'x';
    fs::write(&path, &octets).unwrap();
    is_set_aside(&path, &octets, "index").await;
}

/// A power cut leaves a log that ends anywhere, or holds anything after what was synchronised.
#[tokio::test]
async fn a_torn_log_loses_only_what_it_lost() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    for number in 0..20 {
        running.store.journal(entry(&number.to_string())).unwrap();
        running.store.flush().await.unwrap();
    }
    // Copied while it is open, so that the log is still there.
    let (database, log) = (
        fs::read(&path).unwrap(),
        fs::read(path.with_extension("db-wal")).unwrap(),
    );
    assert!(log.len() > 20 * 4_096);
    let mut shortest = 20;
    for at in (0..log.len()).step_by(log.len() / 40) {
        for torn in [
            log[..at].to_vec(),
            [&log[..at], &vec![0x5a; log.len() - at]].concat(),
        ] {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("mudguard.db");
            fs::write(&path, &database).unwrap();
            fs::write(path.with_extension("db-wal"), torn).unwrap();
            let running = Running::open(&path).await;
            assert_eq!(running.set_aside, None, "cut at {at}");
            let mut rows = newest(&running.store, 100).await;
            rows.reverse();
            let numbers: Vec<_> = rows.iter().map(|row| row.detail.clone()).collect();
            assert_eq!(
                numbers,
                (0..rows.len()).map(|n| n.to_string()).collect::<Vec<_>>(),
                "cut at {at}"
            );
            shortest = shortest.min(rows.len());
        }
    }
    assert_eq!(shortest, 0, "the cuts reached the first transaction");
}

#[tokio::test]
async fn rows_that_are_not_understood_are_reported_and_stay() {
    let (_folder, path) = home().await;
    let mut raw = foreign(&path).await;
    for statement in [
        "UPDATE thing SET mac = 'no mac \u{202e}'",
        "INSERT INTO thing SELECT '02:00:00:00:00:02', name, host_name, port, first_seen, last_seen, url, channel, \
         '{', addresses_approved, admitted, rejected, overrides, mode, controllers, question, others, grouped, lan FROM thing",
        "INSERT INTO thing SELECT '02:00:00:00:00:03', name, host_name, port, first_seen, last_seen, 'http://x.example/', \
         channel, bindings, addresses_approved, admitted, rejected, overrides, mode, controllers, question, others, grouped, lan FROM thing WHERE mac = '02:00:00:00:00:02'",
        "UPDATE file SET bytes = zeroblob(3000) WHERE url = 'https://files.example.com/1'",
        "UPDATE file SET trust = '{\"kind\":\"believed\"}' WHERE url = 'https://files.example.com/2'",
    ] {
        sqlx::query(statement).execute(&mut raw).await.unwrap();
    }
    raw.close().await.unwrap();

    let running = Running::open(&path).await;
    assert_eq!(running.set_aside, None);
    assert!(running.restored.things.is_empty());
    assert_eq!(running.restored.files.len(), 38);
    let reports = &running.restored.unreadable;
    assert_eq!(reports.len(), 5, "{reports:#?}");
    for (report, expected) in reports.iter().zip([
        "Thing 02:00:00:00:00:02: its bindings",
        "Thing 02:00:00:00:00:03: its url is not understood: the MUD URL does not use https",
        "Thing no mac \\u{202e}: its mac is not understood",
        "file https://files.example.com/1: its octets",
        "file https://files.example.com/2: its trust",
    ]) {
        assert!(report.starts_with(expected), "{report}");
    }
    running
        .store
        .save_file(file("https://files.example.com/1", b"new"))
        .unwrap();
    running.close().await;
    let again = Running::open(&path).await;
    assert_eq!(
        again.restored.unreadable.len(),
        4,
        "the rows are still there, but for the one saved anew"
    );
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let (_folder, path) = home().await;
    let mut raw = foreign(&path).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (77, 'later', 1, x'00', 0)",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    raw.close().await.unwrap();
    let octets = fs::read(&path).unwrap();
    let error = Store::open(&path, time(0)).await.unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Newer {
                found: 77,
                known: 4,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("written by a newer Mudguard"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), octets);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    let path = folder.path().join("file/mudguard.db");
    let error = Store::open(&path, time(0)).await.unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("file/mudguard.db"), "{error}");
}

/// Another program's connection: the store's own settings are not under test here.
async fn foreign(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}
