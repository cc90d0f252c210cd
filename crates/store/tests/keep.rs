//! What is saved comes back, whatever stands in it, and no table grows without bound.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use std::{os::unix::fs::PermissionsExt, time::Instant};

use mudguard_manager::{Channel, JournalEntry, JournalKind, ThingRecord, Trust};
use mudguard_store::{MAX_DETAIL, MAX_FILE_OCTETS, MAX_JOURNAL, MAX_THINGS, OpenError, Store};
use sample::{Running, entry, file, mac, newest, thing, time, url, whole};
use tempfile::TempDir;

#[tokio::test]
async fn a_new_database_is_empty_and_private() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state/mudguard.db");
    let running = Running::open(&path).await;
    assert!(running.restored.things.is_empty() && running.restored.files.is_empty());
    assert_eq!(
        (running.restored.newest_time, running.set_aside.as_ref()),
        (None, None)
    );
    running.store.save_thing(thing(1)).unwrap();
    running.store.flush().await.unwrap();
    for name in ["state", "state/mudguard.db", "state/mudguard.db-wal"] {
        let mode = folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is for its owner alone");
    }
}

#[tokio::test]
async fn every_field_comes_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let bare = ThingRecord {
        name: None,
        host_name: None,
        port: None,
        lan: None,
        url: None,
        bindings: Vec::new(),
        addresses_approved: None,
        admitted: false,
        rejected: Vec::new(),
        overrides: Vec::new(),
        mode: None,
        controllers: Vec::new(),
        question: None,
        others: None,
        grouped: false,
        ..thing(2)
    };
    let mut signed = file("https://lamp.example.com/v1", b"{}");
    signed.trust = Trust::Signed {
        ca: "cd".repeat(32),
        signer: "CN=Lamp".to_owned(),
        key: "ab".repeat(32),
        provisional: true,
    };
    signed.etag = None;
    let approved = file("https://other.example.com/v1", &[0, 1, 255]);

    let running = Running::open(&path).await;
    running.store.save_thing(thing(1)).unwrap();
    running.store.save_thing(bare.clone()).unwrap();
    running.store.save_file(signed.clone()).unwrap();
    running.store.save_file(approved.clone()).unwrap();
    running
        .store
        .journal(JournalEntry {
            thing: None,
            at: time(99),
            ..entry("late")
        })
        .unwrap();
    running.close().await;

    let restored = Running::open(&path).await.restored;
    assert_eq!(restored.things, [thing(1), bare]);
    assert_eq!(restored.files, [signed, approved]);
    assert_eq!(restored.newest_time, Some(time(99)));
    assert!(restored.unreadable.is_empty());
}

#[tokio::test]
async fn the_newest_time_is_found_whatever_its_digits() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    for at in [
        "2026-05-01T00:00:00Z",
        "2026-05-01T00:00:00.5Z",
        "2026-05-01T00:00:00.25Z",
    ] {
        running
            .store
            .journal(JournalEntry {
                at: at.parse().unwrap(),
                ..entry("")
            })
            .unwrap();
    }
    running.close().await;
    let newest = Running::open(&path).await.restored.newest_time;
    assert_eq!(newest, Some("2026-05-01T00:00:00.5Z".parse().unwrap()));
}

#[tokio::test]
async fn the_latest_record_replaces_the_earlier_one() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    for name in ["first", "second"] {
        running
            .store
            .save_thing(ThingRecord {
                name: Some(name.to_owned()),
                ..thing(1)
            })
            .unwrap();
        running
            .store
            .save_file(file("https://lamp.example.com/v1", name.as_bytes()))
            .unwrap();
        running.store.flush().await.unwrap();
    }
    // Both at once as well: they meet in one transaction.
    running
        .store
        .save_thing(ThingRecord {
            name: Some("third".to_owned()),
            ..thing(1)
        })
        .unwrap();
    running
        .store
        .save_thing(ThingRecord {
            name: Some("fourth".to_owned()),
            ..thing(1)
        })
        .unwrap();
    running.close().await;
    let restored = Running::open(&path).await.restored;
    assert_eq!(
        restored
            .things
            .iter()
            .map(|thing| thing.name.as_deref())
            .collect::<Vec<_>>(),
        [Some("fourth")]
    );
    assert_eq!(
        restored.files.iter().map(|file| &*file.bytes).collect::<Vec<_>>(),
        [b"second"]
    );
}

#[tokio::test]
async fn hostile_text_comes_back_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let texts = [
        "'; DROP TABLE thing; --",
        "\"quoted\" \\ back \u{60}tick\u{60}",
        "nul \0 within",
        "\u{202e}gpj.exe \u{200b}zero width",
        "\u{1f4a1} l\u{e4}mp \u{4e2d}\u{6587}",
        "",
        "line\r\nbreak\t?1 :name @at $dollar",
    ];
    let running = Running::open(&path).await;
    let mut things = Vec::new();
    for (number, text) in (1..).zip(texts) {
        things.push(ThingRecord {
            name: Some(text.to_owned()),
            host_name: Some(text.to_owned()),
            port: Some(text.to_owned()),
            rejected: vec![text.to_owned()],
            ..thing(number)
        });
    }
    for thing in &things {
        running.store.save_thing(thing.clone()).unwrap();
    }
    for text in texts {
        running.store.journal(entry(text)).unwrap();
    }
    let mut told = newest(&running.store, 100).await;
    told.reverse();
    assert_eq!(
        told.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>(),
        texts
    );
    running.close().await;
    assert_eq!(Running::open(&path).await.restored.things, things);
}

#[tokio::test]
async fn the_journal_is_told_newest_first_and_keeps_the_newest_rows() {
    let folder = TempDir::new().unwrap();
    let running = Running::open(&folder.path().join("mudguard.db")).await;
    for number in 0..MAX_JOURNAL + 50 {
        running.store.journal(entry(&number.to_string())).unwrap();
        if number % 500 == 0 {
            running.store.flush().await.unwrap();
        }
    }
    let rows = whole(&running.store).await;
    assert_eq!(rows.len(), MAX_JOURNAL);
    assert_eq!(rows.first().unwrap().detail, (MAX_JOURNAL + 49).to_string());
    assert_eq!(rows.last().unwrap().detail, "50");
    assert_eq!(rows[0].kind, JournalKind::Approved);
}

#[tokio::test]
async fn a_long_detail_is_cut_at_a_character() {
    let folder = TempDir::new().unwrap();
    let running = Running::open(&folder.path().join("mudguard.db")).await;
    running
        .store
        .journal(entry(&format!("x{}", "\u{e9}".repeat(MAX_DETAIL))))
        .unwrap();
    let rows = newest(&running.store, 1).await;
    assert_eq!(rows[0].detail.len(), MAX_DETAIL - 1);
}

#[tokio::test]
async fn things_without_a_decision_make_room_for_new_ones() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let undecided = |number: u32| ThingRecord {
        name: None,
        addresses_approved: None,
        admitted: false,
        rejected: Vec::new(),
        overrides: Vec::new(),
        mode: None,
        url: (number == 2).then(|| (url("https://lamp.example.com/v1"), Channel::Dhcpv4)),
        last_seen: time(i64::from(number)),
        ..thing(number)
    };
    let running = Running::open(&path).await;
    running.store.save_thing(thing(1)).unwrap();
    for number in 2..=u32::try_from(MAX_THINGS).unwrap() + 10 {
        running.store.save_thing(undecided(number)).unwrap();
        if number % 500 == 0 {
            running.store.flush().await.unwrap();
        }
    }
    running.close().await;
    let things = Running::open(&path).await.restored.things;
    assert_eq!(things.len(), MAX_THINGS);
    // The one with decisions and the one with a MUD URL stay although they were heard of longest ago.
    assert_eq!(
        things.iter().take(3).map(|thing| thing.mac).collect::<Vec<_>>(),
        [mac(1), mac(2), mac(13)]
    );
}

#[tokio::test]
async fn files_that_no_thing_names_make_room_for_those_that_are_used() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    running.store.save_thing(thing(1)).unwrap();
    running
        .store
        .save_file(file("https://lamp.example.com/v1", b"used"))
        .unwrap();
    let size = 1 << 20;
    for number in 0..MAX_FILE_OCTETS / size + 3 {
        let mut unused = file(&format!("https://files.example.com/{number}"), &vec![1; size]);
        unused.retrieved = time(1_000 + i64::try_from(number).unwrap());
        running.store.save_file(unused).unwrap();
        running.store.flush().await.unwrap();
    }
    running.close().await;
    let files = Running::open(&path).await.restored.files;
    assert!(files.iter().map(|file| file.bytes.len()).sum::<usize>() <= MAX_FILE_OCTETS);
    assert_eq!(files.len(), MAX_FILE_OCTETS / size);
    assert!(files.iter().any(|file| &*file.bytes == b"used"));
    assert!(!files.iter().any(|file| file.url.as_str().ends_with(".com/0")));
}

#[tokio::test]
async fn a_second_process_is_kept_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    let error = Store::open(&path, time(0)).await.unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    running.close().await;
    Running::open(&path).await;
}

#[tokio::test]
async fn five_hundred_things_are_restored_within_a_second() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    for number in 0..500 {
        running.store.save_thing(thing(number)).unwrap();
        if number % 4 == 0 {
            let body = vec![b'x'; 20_000];
            running
                .store
                .save_file(file(&format!("https://files.example.com/{number}"), &body))
                .unwrap();
        }
    }
    running.close().await;
    let start = Instant::now();
    let restored = Running::open(&path).await.restored;
    let took = start.elapsed();
    println!(
        "500 Things and {} files of 20 kB restored in {took:?}",
        restored.files.len()
    );
    assert_eq!((restored.things.len(), restored.files.len()), (500, 125));
    assert!(took.as_millis() < 1_000, "{took:?}");
}

#[tokio::test]
async fn what_is_forgotten_does_not_come_back_and_may_be_kept_anew() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let running = Running::open(&path).await;
    for number in [1, 2] {
        running.store.save_thing(thing(number)).unwrap();
    }
    let address = "https://files.example.com/1";
    running.store.save_file(file(address, b"{}")).unwrap();
    running.store.flush().await.unwrap();
    running.store.forget_thing(mac(1)).unwrap();
    running.store.forget_thing(mac(2)).unwrap();
    running.store.save_thing(thing(2)).unwrap();
    running.store.forget_file(url(address)).unwrap();
    running.store.flush().await.unwrap();
    running.close().await;
    let again = Running::open(&path).await;
    assert_eq!(again.restored.things, [thing(2)]);
    assert!(again.restored.files.is_empty());
}
