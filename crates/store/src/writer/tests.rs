//! Tests of the module above.

use std::path::PathBuf;

use jiff::Timestamp;
use mudguard_manager::{Author, JournalKind};
use tempfile::TempDir;

use super::*;

fn newest(limit: usize) -> JournalPage {
    JournalPage {
        limit,
        ..JournalPage::default()
    }
}

fn entry(detail: &str) -> JournalEntry {
    JournalEntry {
        id: 1,
        by: Author::Mudguard,
        at: Timestamp::UNIX_EPOCH,
        thing: None,
        kind: JournalKind::Approved,
        detail: detail.to_owned(),
    }
}

fn thing(number: u8) -> ThingRecord {
    ThingRecord {
        mac: MacAddress([2, 0, 0, 0, 0, number]),
        name: None,
        host_name: None,
        port: None,
        lan: None,
        first_seen: Timestamp::UNIX_EPOCH,
        last_seen: Timestamp::UNIX_EPOCH,
        url: None,
        bindings: Vec::new(),
        addresses_approved: None,
        admitted: true,
        rejected: Vec::new(),
        overrides: Vec::new(),
        mode: None,
        controllers: Vec::new(),
        question: None,
        others: None,
        grouped: false,
    }
}

/// A store of which the writer does not run yet.
async fn idle() -> (TempDir, PathBuf, Store, Writer) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let opened = Store::open(&path, Timestamp::UNIX_EPOCH).await.unwrap();
    (folder, path, opened.store, opened.writer)
}

async fn run(writer: &mut Writer, statement: &'static str) {
    sqlx::query(statement)
        .execute(&mut writer.connection)
        .await
        .unwrap();
}

/// Has the writer serve what is queued, and nothing more.
async fn serve(writer: &mut Writer) {
    let mut batch = Vec::new();
    while let Ok(request) = writer.requests.try_recv() {
        batch.push(request);
    }
    writer.serve(&mut batch).await;
}

async fn flush(store: &Store, writer: &mut Writer) -> Result<(), StoreError> {
    let (reply, answer) = oneshot::channel();
    store.requests.try_send(Request::Flush(reply)).unwrap();
    serve(writer).await;
    answer.await.unwrap()
}

#[tokio::test]
async fn all_that_is_queued_goes_into_one_transaction() {
    let (_folder, path, store, mut writer) = idle().await;
    for number in 0..50 {
        store.save_thing(thing(number)).unwrap();
        store.journal(entry("x")).unwrap();
    }
    let log = path.with_extension("db-wal");
    let before = log.metadata().unwrap().len();
    flush(&store, &mut writer).await.unwrap();
    let written = log.metadata().unwrap().len() - before;
    // 100 transactions would write at least 100 pages.
    assert!(written < 20 * 4_120, "{written} octets");
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_taken_is_written_when_there_is_room() {
    let (_folder, path, store, mut writer) = idle().await;
    run(&mut writer, "PRAGMA max_page_count = 8").await;
    store.save_thing(thing(1)).unwrap();
    for _ in 0..200 {
        store.journal(entry(&"x".repeat(1_000))).unwrap();
    }
    assert_eq!(flush(&store, &mut writer).await, Err(StoreError::NoSpace));
    assert_eq!(*store.trouble().borrow(), Some(StoreError::NoSpace));
    assert_eq!(
        flush(&store, &mut writer).await,
        Err(StoreError::NoSpace),
        "it is not forgotten"
    );

    run(&mut writer, "PRAGMA max_page_count = 1000000").await;
    assert_eq!(flush(&store, &mut writer).await, Ok(()));
    assert_eq!(*store.trouble().borrow(), None);
    drop(writer);
    drop(store);
    let opened = reopen(&path).await;
    assert_eq!(opened.restored.things, [thing(1)]);
    let mut connection = opened.writer.connection;
    assert_eq!(
        journal_page(&mut connection, &newest(500)).await.unwrap().len(),
        200,
        "each row once"
    );
}

#[tokio::test]
async fn a_transaction_that_fails_half_way_leaves_nothing_behind() {
    let (_folder, _path, store, mut writer) = idle().await;
    run(
        &mut writer,
        "CREATE TEMP TRIGGER no BEFORE INSERT ON main.journal BEGIN SELECT RAISE(ABORT, 'no rows today'); END",
    )
    .await;
    store.save_thing(thing(1)).unwrap();
    store.journal(entry("x")).unwrap();
    assert!(
        matches!(flush(&store, &mut writer).await, Err(StoreError::Refused(reason)) if reason.contains("today"))
    );
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM thing")
        .fetch_one(&mut writer.connection)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    run(&mut writer, "DROP TRIGGER no").await;
    assert_eq!(flush(&store, &mut writer).await, Ok(()));
}

#[tokio::test]
async fn a_read_only_database_is_told_and_can_still_be_read() {
    let (_folder, _path, store, mut writer) = idle().await;
    store.journal(entry("before")).unwrap();
    flush(&store, &mut writer).await.unwrap();
    run(&mut writer, "PRAGMA query_only = ON").await;
    store.journal(entry("after")).unwrap();
    assert_eq!(flush(&store, &mut writer).await, Err(StoreError::ReadOnly));
    let (reply, answer) = oneshot::channel();
    store.requests.try_send(Request::Page(newest(10), reply)).unwrap();
    serve(&mut writer).await;
    let rows = answer.await.unwrap().unwrap();
    assert_eq!(
        rows.iter().map(|row| row.detail.as_str()).collect::<Vec<_>>(),
        ["before"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_write_is_tried_again_without_being_asked() {
    let (_folder, _path, store, mut writer) = idle().await;
    run(&mut writer, "PRAGMA max_page_count = 8").await;
    for _ in 0..200 {
        store.journal(entry(&"x".repeat(1_000))).unwrap();
    }
    assert_eq!(flush(&store, &mut writer).await, Err(StoreError::NoSpace));
    run(&mut writer, "PRAGMA max_page_count = 1000000").await;
    let mut trouble = store.trouble();
    tokio::spawn(writer.run());
    trouble.wait_for(Option::is_none).await.unwrap();
    assert_eq!(store.journal_page(newest(500)).await.unwrap().len(), 200);
}

#[tokio::test]
async fn memory_is_bounded_while_nothing_can_be_written_and_the_loss_is_told_once() {
    let (_folder, _path, store, mut writer) = idle().await;
    run(&mut writer, "PRAGMA query_only = ON").await;
    for _ in 0..3 {
        for number in 0..QUEUE - 1 {
            store.journal(entry(&number.to_string())).unwrap();
        }
        assert_eq!(flush(&store, &mut writer).await, Err(StoreError::ReadOnly));
    }
    assert_eq!(writer.pending.journal.len(), MAX_PENDING_JOURNAL);
    run(&mut writer, "PRAGMA query_only = OFF").await;
    let lost = 3 * (QUEUE - 1) - MAX_PENDING_JOURNAL;
    assert_eq!(flush(&store, &mut writer).await, Err(StoreError::Lost(lost)));
    assert_eq!(flush(&store, &mut writer).await, Ok(()));
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_so() {
    let (_folder, _path, store, _writer) = idle().await;
    for _ in 0..QUEUE {
        store.save_thing(thing(1)).unwrap();
    }
    assert_eq!(store.save_thing(thing(1)), Err(StoreError::QueueFull));
}

#[tokio::test]
async fn a_store_without_its_writer_is_closed() {
    let (_folder, _path, store, writer) = idle().await;
    drop(writer);
    assert_eq!(store.save_thing(thing(1)), Err(StoreError::Closed));
    assert_eq!(store.flush().await, Err(StoreError::Closed));
    assert_eq!(store.journal_page(newest(1)).await, Err(StoreError::Closed));
}

/// Dropping a connection closes it on its own thread, a little later.
async fn reopen(path: &std::path::Path) -> crate::Opened {
    Store::open(path, Timestamp::UNIX_EPOCH).await.unwrap()
}
