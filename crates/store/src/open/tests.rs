//! Tests of the module above.

use std::path::Path;

use jiff::Timestamp;
use mudguard_manager::Mode;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

use super::*;

/// Rows as each schema's program wrote them; one for each migration, and never changed afterwards.
const ROWS: &[(i64, &str)] = &[
    (1, include_str!("../../tests/schemas/0001.sql")),
    (2, include_str!("../../tests/schemas/0002.sql")),
    (3, include_str!("../../tests/schemas/0003.sql")),
    (4, include_str!("../../tests/schemas/0004.sql")),
];

/// Makes a database as the program of that schema left it.
async fn written_by(schema: i64, rows: &'static str, path: &Path) {
    let mut connection = sqlite::connect(path).await.unwrap();
    MIGRATIONS.run_to(schema, &mut connection).await.unwrap();
    sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_any_earlier_schema_held_is_restored() {
    let known: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert_eq!(
        ROWS.iter().map(|(schema, _)| *schema).collect::<Vec<_>>(),
        known,
        "each migration has its rows"
    );
    for (schema, rows) in ROWS {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mudguard.db");
        written_by(*schema, rows, &path).await;
        let opened = Store::open(&path, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(opened.set_aside, None);
        assert!(
            opened.restored.unreadable.is_empty(),
            "schema {schema}: {:?}",
            opened.restored.unreadable
        );
        let [thing, bare] = opened.restored.things.as_slice() else {
            panic!("two Things")
        };
        assert_eq!(thing.mac.to_string(), "02:00:00:00:0a:01");
        assert_eq!(
            thing.url.as_ref().unwrap().0.as_str(),
            "https://lamp.example.com/v1"
        );
        assert_eq!(
            (thing.bindings.len(), thing.admitted, thing.addresses_approved),
            (2, true, Some([0x11; 32]))
        );
        assert_eq!((bare.name.as_deref(), bare.url.as_ref()), (None, None));
        assert_eq!(opened.restored.files.len(), 2);
        assert_eq!(
            opened.restored.newest_time,
            Some("2026-03-04T05:06:07.5Z".parse().unwrap())
        );
        assert!(
            thing.rejected.contains(&"https://other.example.com/".to_owned()) && bare.rejected.is_empty()
        );
        assert_eq!(thing.overrides.len(), if *schema == 1 { 0 } else { 3 });
        assert_eq!(thing.mode, (*schema >= 3).then_some(Mode::Protect));
        let is_new = usize::from(*schema >= 4);
        assert_eq!((thing.controllers.len(), bare.controllers.len()), (is_new, 0));
        assert_eq!(
            (thing.question.is_some(), thing.others.is_some(), thing.grouped),
            (is_new == 1, is_new == 1, is_new == 1)
        );
        assert_eq!(
            (opened.restored.waiting.len(), opened.restored.undo.len()),
            (is_new, is_new)
        );
        let mut connection = opened.writer.into_connection();
        let written: i64 = sqlx::query_scalar("SELECT count(*) FROM journal")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let page = crate::JournalPage {
            limit: 99,
            ..crate::JournalPage::default()
        };
        let known = crate::restore::journal_page(&mut connection, &page)
            .await
            .unwrap();
        assert_eq!(opened.restored.last_entry, known[0].id);
        assert_eq!(known.len() as i64, written, "every kind is known");
    }
}

#[tokio::test]
async fn a_schema_that_never_was_is_damage() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    let mut connection = sqlite::connect(&path).await.unwrap();
    MIGRATIONS.run(&mut connection).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    assert!(
        Store::open(&path, Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
            .set_aside
            .is_some()
    );
}

#[tokio::test]
async fn a_start_that_was_interrupted_before_the_first_table_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("mudguard.db");
    sqlite::connect(&path).await.unwrap().close().await.unwrap();
    assert_eq!(
        Store::open(&path, Timestamp::UNIX_EPOCH).await.unwrap().set_aside,
        None
    );
}

#[tokio::test]
async fn each_transaction_is_synchronised() {
    let folder = TempDir::new().unwrap();
    let opened = Store::open(&folder.path().join("mudguard.db"), Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let mut connection: SqliteConnection = opened.writer.into_connection();
    let pragma = async |connection: &mut SqliteConnection, statement: &'static str| -> String {
        sqlx::query_scalar(statement).fetch_one(connection).await.unwrap()
    };
    assert_eq!(
        pragma(
            &mut connection,
            "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous"
        )
        .await,
        "2"
    );
    assert_eq!(pragma(&mut connection, "PRAGMA journal_mode").await, "wal");
    assert_eq!(pragma(&mut connection, "PRAGMA locking_mode").await, "exclusive");
}
