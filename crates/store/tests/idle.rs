//! A home in which nothing happens writes little: flash wears out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use std::{fs, time::Duration};

use mudguard_manager::ThingRecord;
use sample::{Running, file, mac, thing, time};
use tempfile::TempDir;

const THINGS: u32 = 50;

/// A lease of an hour is renewed after half of it (RFC 2131 section 4.4.5).
const RENEWAL: Duration = Duration::from_secs(30 * 60);
const RENEWALS: u32 = 48;

/// The octets that this process has handed to the kernel for writing.
fn written() -> u64 {
    let text = fs::read_to_string("/proc/self/io").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("wchar: "))
        .unwrap();
    line.parse().unwrap()
}

#[tokio::test]
async fn an_idle_day_of_fifty_things_writes_less_than_a_mebibyte() {
    let folder = TempDir::new().unwrap();
    let running = Running::open(&folder.path().join("mudguard.db")).await;
    let store = running.store.clone();
    let octets: Vec<u8> = (0..10_000_u32).map(|number| (number % 251) as u8).collect();
    let own_file = |number: u32| file(&format!("https://maker{number}.example.com/v1"), &octets);
    for number in 0..THINGS {
        store.save_thing(thing(number)).unwrap();
        store.save_file(own_file(number)).unwrap();
    }
    store.flush().await.unwrap();

    tokio::time::pause();
    let before = written();
    for renewal in 0..RENEWALS {
        for number in 0..THINGS {
            let mut renewed = thing(number);
            renewed.last_seen = time(i64::from(renewal) * 1_800);
            renewed.bindings[0].expires = Some(time(i64::from(renewal + 2) * 1_800));
            store.save_thing_later(renewed).unwrap();
            // Each file is confirmed once on this day, each at another time.
            if renewal == number % RENEWALS {
                let mut confirmed = own_file(number);
                confirmed.retrieved = time(i64::from(renewal) * 1_800);
                store.save_file(confirmed).unwrap();
            }
            tokio::time::advance(RENEWAL / THINGS).await;
        }
    }
    store.flush().await.unwrap();
    let octets = written() - before;
    println!("an idle day of {THINGS} Things with as many files writes {octets} octets");
    assert!(octets < 1 << 20, "{octets} octets");
    assert!(octets > 10_000, "what was to be written later is written");

    drop(store);
    running.close().await;
    let restored = Running::open(&folder.path().join("mudguard.db")).await.restored;
    let newest = restored.things.iter().find(|thing| thing.mac == mac(7)).unwrap();
    assert_eq!(
        newest.last_seen,
        time(47 * 1_800),
        "the end of the process loses nothing"
    );
}

#[tokio::test]
async fn what_is_saved_at_once_is_not_taken_back_by_what_was_to_be_saved_later() {
    let folder = TempDir::new().unwrap();
    let running = Running::open(&folder.path().join("mudguard.db")).await;
    let named = |name: &str| ThingRecord {
        name: Some(name.to_owned()),
        ..thing(1)
    };
    running.store.save_thing_later(named("old")).unwrap();
    running.store.save_thing_later(thing(2)).unwrap();
    running.store.save_thing(named("new")).unwrap();
    running.store.forget_thing(mac(2)).unwrap();
    running.store.flush().await.unwrap();
    running.close().await;
    let restored = Running::open(&folder.path().join("mudguard.db")).await.restored;
    assert_eq!(restored.things, [named("new")]);
}
