//! Records to rows, and what keeps the tables bounded.

use jiff::Timestamp;
use mudguard_manager::{FileRecord, JournalEntry, ThingRecord, UndoRecord, WaitingRecord};
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use serde::Serialize;
use sqlx::SqliteConnection;

use crate::{MAX_DETAIL, MAX_FILE_OCTETS, MAX_FILES, MAX_JOURNAL, MAX_THINGS};

pub(crate) async fn put_thing(db: &mut SqliteConnection, thing: &ThingRecord) -> Result<(), sqlx::Error> {
    let (url, channel) = match &thing.url {
        Some((url, channel)) => (Some(url.as_str()), Some(word(channel)?)),
        None => (None, None),
    };
    let rejected = if thing.rejected.is_empty() {
        None
    } else {
        Some(json(&thing.rejected)?)
    };
    sqlx::query(
        "INSERT OR REPLACE INTO thing (mac, name, host_name, port, first_seen, last_seen, url, channel, bindings, \
         addresses_approved, admitted, rejected, overrides, mode, controllers, question, others, grouped, lan) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(thing.mac.to_string())
    .bind(thing.name.as_deref())
    .bind(thing.host_name.as_deref())
    .bind(thing.port.as_deref())
    .bind(time(thing.first_seen))
    .bind(time(thing.last_seen))
    .bind(url)
    .bind(channel)
    .bind(json(&thing.bindings)?)
    .bind(thing.addresses_approved.as_ref().map(<[u8; 32]>::as_slice))
    .bind(thing.admitted)
    .bind(rejected)
    .bind(json(&thing.overrides)?)
    .bind(thing.mode.as_ref().map(word).transpose()?)
    .bind(json(&thing.controllers)?)
    .bind(thing.question.as_ref().map(json).transpose()?)
    .bind(thing.others.as_ref().map(json).transpose()?)
    .bind(thing.grouped)
    .bind(thing.lan.as_deref())
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn put_file(db: &mut SqliteConnection, file: &FileRecord) -> Result<(), sqlx::Error> {
    // A file that is confirmed again and again must not be written again: flash wears out.
    let confirmed = sqlx::query(
        "UPDATE file SET sha256 = ?, trust = ?, retrieved = ?, etag = ? WHERE url = ? AND bytes = ?",
    )
    .bind(file.sha256.as_slice())
    .bind(json(&file.trust)?)
    .bind(time(file.retrieved))
    .bind(file.etag.as_deref())
    .bind(file.url.as_str())
    .bind(&*file.bytes)
    .execute(&mut *db)
    .await?;
    if confirmed.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT OR REPLACE INTO file (url, bytes, sha256, trust, retrieved, etag) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(file.url.as_str())
    .bind(&*file.bytes)
    .bind(file.sha256.as_slice())
    .bind(json(&file.trust)?)
    .bind(time(file.retrieved))
    .bind(file.etag.as_deref())
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn put_waiting(
    db: &mut SqliteConnection,
    waiting: &WaitingRecord,
) -> Result<(), sqlx::Error> {
    let WaitingRecord { file, doubt, reason } = waiting;
    sqlx::query(
        "INSERT OR REPLACE INTO waiting_file (url, bytes, sha256, trust, retrieved, etag, doubt, reason) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(file.url.as_str())
    .bind(&*file.bytes)
    .bind(file.sha256.as_slice())
    .bind(json(&file.trust)?)
    .bind(time(file.retrieved))
    .bind(file.etag.as_deref())
    .bind(word(doubt)?)
    .bind(&reason[..reason.floor_char_boundary(MAX_DETAIL)])
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the row with this key.
async fn delete(db: &mut SqliteConnection, statement: &'static str, key: &str) -> Result<(), sqlx::Error> {
    sqlx::query(statement).bind(key).execute(db).await?;
    Ok(())
}

pub(crate) async fn forget_waiting(db: &mut SqliteConnection, url: &MudUrl) -> Result<(), sqlx::Error> {
    delete(db, "DELETE FROM waiting_file WHERE url = ?", url.as_str()).await
}

pub(crate) async fn put_undo(db: &mut SqliteConnection, undo: &UndoRecord) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO undo (id, step) VALUES (?, ?)")
        .bind(number(undo.id)?)
        .bind(json(undo)?)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn forget_undo(db: &mut SqliteConnection, id: u64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM undo WHERE id = ?")
        .bind(number(id)?)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn forget_thing(db: &mut SqliteConnection, mac: MacAddress) -> Result<(), sqlx::Error> {
    delete(db, "DELETE FROM thing WHERE mac = ?", &mac.to_string()).await
}

pub(crate) async fn forget_file(db: &mut SqliteConnection, url: &MudUrl) -> Result<(), sqlx::Error> {
    delete(db, "DELETE FROM file WHERE url = ?", url.as_str()).await
}

pub(crate) async fn add_entry(db: &mut SqliteConnection, entry: &JournalEntry) -> Result<(), sqlx::Error> {
    let end = entry.detail.floor_char_boundary(MAX_DETAIL);
    // A number that is not greater is one of which the manager did not know: the next that is free is as good.
    sqlx::query(
        "INSERT INTO journal (id, at, thing, kind, detail, by) \
         VALUES (CASE WHEN ?1 > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0) THEN ?1 END, \
         ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(number(entry.id)?)
    .bind(time(entry.at))
    .bind(entry.thing.map(|mac| mac.to_string()))
    .bind(word(&entry.kind)?)
    .bind(&entry.detail[..end])
    .bind(json(&entry.by)?)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes away what is over the bounds of the tables.
pub(crate) async fn keep_bounds(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM thing WHERE (SELECT count(*) FROM thing) > ?1 AND mac NOT IN (SELECT mac FROM thing ORDER BY \
         name IS NOT NULL OR mode IS NOT NULL OR overrides <> '[]' OR addresses_approved IS NOT NULL OR admitted OR rejected IS NOT NULL DESC, \
         url IS NOT NULL DESC, last_seen DESC, mac LIMIT ?1)",
    )
    .bind(bound(MAX_THINGS))
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "DELETE FROM file WHERE url IN (SELECT url FROM (SELECT url, row_number() OVER w AS number, \
         sum(length(bytes)) OVER w AS octets FROM file \
         WINDOW w AS (ORDER BY url IN (SELECT url FROM thing) DESC, retrieved DESC, url)) WHERE number > ? OR octets > ?)",
    )
    .bind(bound(MAX_FILES))
    .bind(bound(MAX_FILE_OCTETS))
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "DELETE FROM waiting_file WHERE url IN (SELECT url FROM (SELECT url, row_number() OVER w AS number, \
         sum(length(bytes)) OVER w AS octets FROM waiting_file \
         WINDOW w AS (ORDER BY url IN (SELECT url FROM thing) DESC, retrieved DESC, url)) WHERE number > ? OR octets > ?)",
    )
    .bind(bound(MAX_FILES))
    .bind(bound(MAX_FILE_OCTETS))
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM undo WHERE id <= (SELECT max(id) FROM undo) - ?")
        .bind(bound(MAX_JOURNAL))
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?")
        .bind(bound(MAX_JOURNAL))
        .execute(db)
        .await?;
    Ok(())
}

fn number(id: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(id).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Nine digits always, so that the order of the texts is that of the times.
fn time(at: Timestamp) -> String {
    format!("{at:.9}")
}

fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// The name of a value of an enum without fields.
fn word<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(sqlx::Error::Encode(format!("{other} is not a word").into())),
        Err(error) => Err(sqlx::Error::Encode(error.into())),
    }
}
