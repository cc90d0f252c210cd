//! Rows to records. A row that is not understood is reported and left in place.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_manager::{FileRecord, JournalEntry, ThingRecord, UndoRecord, WaitingRecord};
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as WordError},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use thiserror::Error;

use crate::MAX_PAGE;

/// What was stored.
#[derive(Debug, Default)]
pub struct Restored {
    /// The Things, by MAC address.
    pub things: Vec<ThingRecord>,
    /// The last good files, by URL.
    pub files: Vec<FileRecord>,
    /// The files that wait for the owner, by URL.
    pub waiting: Vec<WaitingRecord>,
    /// How rows of the journal are taken back, by their numbers.
    pub undo: Vec<UndoRecord>,
    /// The number of the newest row of the journal there ever was.
    pub last_entry: u64,
    /// The newest time that anything was stored with: real time is this or later.
    pub newest_time: Option<Timestamp>,
    /// The rows that were not understood, one line each: which, and why.
    pub unreadable: Vec<String>,
}

/// Which rows of the journal are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalPage {
    /// Only rows with lesser numbers; `None` for the newest.
    pub before: Option<u64>,
    /// Only rows about this Thing.
    pub thing: Option<MacAddress>,
    /// How many rows at most; never more than [`MAX_PAGE`].
    pub limit: usize,
}

pub(crate) async fn restore(connection: &mut SqliteConnection) -> Result<Restored, sqlx::Error> {
    let mut restored = Restored::default();
    for row in sqlx::query("SELECT * FROM thing ORDER BY mac")
        .fetch_all(&mut *connection)
        .await?
    {
        match thing(&row) {
            Ok(record) => restored.things.push(record),
            Err(error) => restored.unreadable.push(report("Thing", &row, "mac", &error)),
        }
    }
    for row in sqlx::query("SELECT * FROM file ORDER BY url")
        .fetch_all(&mut *connection)
        .await?
    {
        match file(&row) {
            Ok(record) => restored.files.push(record),
            Err(error) => restored.unreadable.push(report("file", &row, "url", &error)),
        }
    }
    for row in sqlx::query("SELECT * FROM waiting_file ORDER BY url")
        .fetch_all(&mut *connection)
        .await?
    {
        match waiting(&row) {
            Ok(record) => restored.waiting.push(record),
            Err(error) => restored
                .unreadable
                .push(report("waiting file", &row, "url", &error)),
        }
    }
    for row in sqlx::query("SELECT id, CAST(id AS TEXT) AS name, step FROM undo ORDER BY id")
        .fetch_all(&mut *connection)
        .await?
    {
        match undo(&row) {
            Ok(record) => restored.undo.push(record),
            Err(error) => restored
                .unreadable
                .push(report("undo step", &row, "name", &error)),
        }
    }
    let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'journal'")
        .fetch_optional(&mut *connection)
        .await?;
    restored.last_entry = last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default();
    let journal: Option<String> = sqlx::query_scalar("SELECT MAX(at) FROM journal")
        .fetch_one(&mut *connection)
        .await?;
    restored.newest_time = (restored.things.iter().map(|thing| thing.last_seen))
        .chain(restored.files.iter().map(|file| file.retrieved))
        .chain(journal.and_then(|text| text.parse().ok()))
        .max();
    Ok(restored)
}

/// A page of the journal, the newest row first.
pub(crate) async fn journal_page(
    connection: &mut SqliteConnection,
    page: &JournalPage,
) -> Result<Vec<JournalEntry>, sqlx::Error> {
    let limit = i64::try_from(page.limit.min(MAX_PAGE)).unwrap_or(i64::MAX);
    let before = page
        .before
        .and_then(|before| i64::try_from(before).ok())
        .unwrap_or(i64::MAX);
    let rows = sqlx::query(
        "SELECT * FROM journal WHERE id < ?1 AND (?2 IS NULL OR thing = ?2) ORDER BY id DESC LIMIT ?3",
    )
    .bind(before)
    .bind(page.thing.map(|mac| mac.to_string()))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        match entry(row) {
            Ok(entry) => entries.push(entry),
            Err(error) => tracing::warn!(row = %report("journal row", row, "detail", &error), "left out"),
        }
    }
    Ok(entries)
}

/// Why a row is not understood.
#[derive(Debug, Error)]
enum RowError {
    #[error("{0}")]
    Column(#[from] sqlx::Error),
    #[error("its {0} is not understood: {1}")]
    Value(&'static str, String),
    #[error("its octets do not have the SHA-256 stored with them")]
    Digest,
}

fn thing(row: &SqliteRow) -> Result<ThingRecord, RowError> {
    let url: Option<String> = row.try_get("url")?;
    let channel: Option<String> = row.try_get("channel")?;
    let url = match (url, channel) {
        (None, None) => None,
        (Some(url), Some(channel)) => Some((mud_url(&url)?, word("channel", &channel)?)),
        (Some(_), None) | (None, Some(_)) => {
            return Err(RowError::Value(
                "url",
                "it and the channel belong together".to_owned(),
            ));
        }
    };
    Ok(ThingRecord {
        mac: parsed("mac", row.try_get("mac")?)?,
        name: row.try_get("name")?,
        host_name: row.try_get("host_name")?,
        port: row.try_get("port")?,
        first_seen: parsed("first_seen", row.try_get("first_seen")?)?,
        last_seen: parsed("last_seen", row.try_get("last_seen")?)?,
        url,
        bindings: json("bindings", row.try_get("bindings")?)?,
        addresses_approved: match row.try_get::<Option<&[u8]>, _>("addresses_approved")? {
            Some(octets) => Some(digest("addresses_approved", octets)?),
            None => None,
        },
        admitted: flag("admitted", row)?,
        rejected: match row.try_get::<Option<&str>, _>("rejected")? {
            Some(list) => json("rejected", list)?,
            None => Vec::new(),
        },
        overrides: json("overrides", row.try_get("overrides")?)?,
        mode: match row.try_get::<Option<&str>, _>("mode")? {
            Some(text) => Some(word("mode", text)?),
            None => None,
        },
        controllers: json("controllers", row.try_get("controllers")?)?,
        question: optional("question", row)?,
        others: optional("others", row)?,
        grouped: flag("grouped", row)?,
        lan: row.try_get("lan")?,
    })
}

fn file(row: &SqliteRow) -> Result<FileRecord, RowError> {
    let bytes: &[u8] = row.try_get("bytes")?;
    let sha256 = digest("sha256", row.try_get("sha256")?)?;
    if ring::digest::digest(&ring::digest::SHA256, bytes).as_ref() != sha256 {
        return Err(RowError::Digest);
    }
    Ok(FileRecord {
        url: mud_url(row.try_get("url")?)?,
        bytes: Arc::from(bytes),
        sha256,
        trust: json("trust", row.try_get("trust")?)?,
        retrieved: parsed("retrieved", row.try_get("retrieved")?)?,
        etag: row.try_get("etag")?,
    })
}

fn waiting(row: &SqliteRow) -> Result<WaitingRecord, RowError> {
    Ok(WaitingRecord {
        file: file(row)?,
        doubt: word("doubt", row.try_get("doubt")?)?,
        reason: row.try_get("reason")?,
    })
}

fn undo(row: &SqliteRow) -> Result<UndoRecord, RowError> {
    json("step", row.try_get("step")?)
}

fn flag(column: &'static str, row: &SqliteRow) -> Result<bool, RowError> {
    match row.try_get::<i64, _>(column)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(RowError::Value(column, other.to_string())),
    }
}

fn optional<T: DeserializeOwned>(column: &'static str, row: &SqliteRow) -> Result<Option<T>, RowError> {
    match row.try_get::<Option<&str>, _>(column)? {
        Some(text) => Ok(Some(json(column, text)?)),
        None => Ok(None),
    }
}

fn entry(row: &SqliteRow) -> Result<JournalEntry, RowError> {
    let id: i64 = row.try_get("id")?;
    Ok(JournalEntry {
        id: u64::try_from(id).map_err(|error| RowError::Value("id", error.to_string()))?,
        by: json("by", row.try_get("by")?)?,
        at: parsed("at", row.try_get("at")?)?,
        thing: match row.try_get::<Option<&str>, _>("thing")? {
            Some(mac) => Some(parsed("thing", mac)?),
            None => None,
        },
        kind: word("kind", row.try_get("kind")?)?,
        detail: row.try_get("detail")?,
    })
}

fn mud_url(text: &str) -> Result<MudUrl, RowError> {
    parsed("url", text)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    column: &'static str,
    text: &str,
) -> Result<T, RowError> {
    text.parse()
        .map_err(|error: T::Err| RowError::Value(column, error.to_string()))
}

fn json<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, RowError> {
    serde_json::from_str(text).map_err(|error| RowError::Value(column, error.to_string()))
}

/// A value of an enum without fields, by its name.
fn word<'a, T: Deserialize<'a>>(column: &'static str, text: &'a str) -> Result<T, RowError> {
    T::deserialize(text.into_deserializer())
        .map_err(|error: WordError| RowError::Value(column, error.to_string()))
}

fn digest(column: &'static str, octets: &[u8]) -> Result<[u8; 32], RowError> {
    octets
        .try_into()
        .map_err(|_| RowError::Value(column, format!("{} octets instead of 32", octets.len())))
}

/// One line for people; what stands in the row may be anything.
fn report(what: &str, row: &SqliteRow, key: &str, error: &RowError) -> String {
    let key: String = row.try_get::<&[u8], _>(key).map_or_else(
        |_| String::new(),
        |octets| String::from_utf8_lossy(octets).escape_debug().take(100).collect(),
    );
    let why: String = error.to_string().escape_debug().take(200).collect();
    format!("{what} {key}: {why}")
}
