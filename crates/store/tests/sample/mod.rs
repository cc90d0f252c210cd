//! Records for the tests, and a store that is open and written.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use mudguard_manager::{
    Asked, Author, Binding, Channel, ControllerChoice, Doubt, FileRecord, Flows, JournalEntry, JournalKind,
    MY_CONTROLLER, Mode, Override, OverridePeer, Overriding, ThingRecord, Trust, UndoRecord, UndoStep,
    WaitingRecord,
};
use mudguard_mud::MudUrl;
use mudguard_policy::{Initiator, MacAddress};
use mudguard_store::{JournalPage, MAX_PAGE, Opened, Restored, SetAside, Store, StoreError};
use tokio::task::JoinHandle;

pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::new(1_767_225_600 + seconds, 123_456_789).unwrap()
}

pub(crate) fn mac(number: u32) -> MacAddress {
    let [a, b, c, d] = number.to_be_bytes();
    MacAddress([2, 0, a, b, c, d])
}

pub(crate) fn url(text: &str) -> MudUrl {
    MudUrl::parse(text).unwrap()
}

/// A Thing that fills every column.
pub(crate) fn thing(number: u32) -> ThingRecord {
    ThingRecord {
        mac: mac(number),
        name: Some("Hallway lamp".to_owned()),
        host_name: Some("lamp-1".to_owned()),
        port: Some("lan1".to_owned()),
        lan: Some("br-lan".to_owned()),
        first_seen: time(0),
        last_seen: time(60),
        url: Some((url("https://lamp.example.com/v1"), Channel::Dhcpv4)),
        bindings: vec![
            Binding {
                address: "192.0.2.7".parse().unwrap(),
                expires: Some(time(3_600)),
            },
            Binding {
                address: "2001:db8::7".parse().unwrap(),
                expires: None,
            },
        ],
        addresses_approved: Some([7; 32]),
        admitted: true,
        rejected: vec!["https://other.example.com/".to_owned()],
        overrides: vec![Override {
            id: 1,
            what: Overriding::Allow(Flows {
                peer: OverridePeer::Address("192.0.2.9".parse().unwrap()),
                initiator: Initiator::Thing,
                protocol: Some(6),
                port: Some(443),
            }),
            made: time(10),
            until: Some(time(3_610)),
        }],
        mode: Some(Mode::Protect),
        controllers: vec![ControllerChoice {
            class: MY_CONTROLLER.to_owned(),
            members: vec![mac(9)],
        }],
        question: Some((
            time(20),
            Asked::Url {
                url: url("https://evil.example.com/"),
                channel: Channel::Lldp,
            },
        )),
        others: Some((time(15), vec![url("https://evil.example.com/")])),
        grouped: true,
    }
}

pub(crate) fn file(address: &str, bytes: &[u8]) -> FileRecord {
    FileRecord {
        url: url(address),
        bytes: Arc::from(bytes),
        sha256: ring::digest::digest(&ring::digest::SHA256, bytes)
            .as_ref()
            .try_into()
            .unwrap(),
        trust: Trust::Approved { at: time(30) },
        retrieved: time(40),
        etag: Some("\"abc\"".to_owned()),
    }
}

pub(crate) fn waiting(address: &str, bytes: &[u8]) -> WaitingRecord {
    WaitingRecord {
        file: file(address, bytes),
        doubt: Doubt::OtherSigner,
        reason: "another has signed it".to_owned(),
    }
}

pub(crate) fn undo(id: u64) -> UndoRecord {
    UndoRecord {
        id,
        thing: mac(1),
        step: UndoStep::Thing(Box::new(thing(1))),
    }
}

/// The newest rows, the newest first.
pub(crate) async fn newest(store: &Store, limit: usize) -> Vec<JournalEntry> {
    let page = JournalPage {
        limit,
        ..JournalPage::default()
    };
    store.journal_page(page).await.unwrap()
}

/// All rows, the newest first, page by page.
pub(crate) async fn whole(store: &Store) -> Vec<JournalEntry> {
    let mut rows: Vec<JournalEntry> = Vec::new();
    loop {
        let page = JournalPage {
            before: rows.last().map(|row| row.id),
            limit: usize::MAX,
            ..JournalPage::default()
        };
        let page = store.journal_page(page).await.unwrap();
        assert!(page.len() <= MAX_PAGE, "a page is bounded");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// A row whose number the store gives.
pub(crate) fn entry(detail: &str) -> JournalEntry {
    JournalEntry {
        id: 1,
        by: Author::Token("phone".to_owned()),
        at: time(50),
        thing: Some(mac(1)),
        kind: JournalKind::Approved,
        detail: detail.to_owned(),
    }
}

/// A store whose writer runs.
pub(crate) struct Running {
    pub(crate) store: Store,
    pub(crate) restored: Restored,
    pub(crate) set_aside: Option<SetAside>,
    writer: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn open(path: &Path) -> Self {
        let Opened {
            store,
            writer,
            restored,
            set_aside,
        } = Store::open(path, time(100)).await.unwrap();
        Self {
            store,
            restored,
            set_aside,
            writer: tokio::spawn(writer.run()),
        }
    }

    /// Ends as a clean shutdown does.
    pub(crate) async fn close(self) {
        drop(self.store);
        self.writer.await.unwrap();
    }
}

/// A database with one Thing, 40 files of 3,000 octets and 200 journal rows.
pub(crate) async fn filled(path: &Path) -> Result<(), StoreError> {
    let running = Running::open(path).await;
    running.store.save_thing(thing(1))?;
    for number in 0_u8..40 {
        running.store.save_file(file(
            &format!("https://files.example.com/{number}"),
            &[number; 3_000],
        ))?;
    }
    for number in 0..200 {
        running
            .store
            .journal(entry(&format!("{number} {}", "x".repeat(200))))?;
    }
    running.store.flush().await?;
    running.close().await;
    Ok(())
}
