//! Rows to records. A row that is not understood is reported and left in place.

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_manager::{FileRecord, JournalEntry, ThingRecord};
use mudguard_mud::MudUrl;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IntoDeserializer, value::Error as WordError},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use thiserror::Error;

/// What was stored.
#[derive(Debug, Default)]
pub struct Restored {
    /// The Things, by MAC address.
    pub things: Vec<ThingRecord>,
    /// The last good files, by URL.
    pub files: Vec<FileRecord>,
    /// The newest time that anything was stored with: real time is this or later.
    pub newest_time: Option<Timestamp>,
    /// The rows that were not understood, one line each: which, and why.
    pub unreadable: Vec<String>,
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
    let journal: Option<String> = sqlx::query_scalar("SELECT MAX(at) FROM journal")
        .fetch_one(&mut *connection)
        .await?;
    restored.newest_time = (restored.things.iter().map(|thing| thing.last_seen))
        .chain(restored.files.iter().map(|file| file.retrieved))
        .chain(journal.and_then(|text| text.parse().ok()))
        .max();
    Ok(restored)
}

/// The newest rows of the journal, the newest first.
pub(crate) async fn journal_tail(
    connection: &mut SqliteConnection,
    limit: usize,
) -> Result<Vec<JournalEntry>, sqlx::Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sqlx::query("SELECT * FROM journal ORDER BY id DESC LIMIT ?")
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
    let admitted = match row.try_get::<i64, _>("admitted")? {
        0 => false,
        1 => true,
        other => return Err(RowError::Value("admitted", other.to_string())),
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
        admitted,
        rejected: match row.try_get::<Option<&str>, _>("rejected")? {
            Some(list) => json("rejected", list)?,
            None => Vec::new(),
        },
        overrides: json("overrides", row.try_get("overrides")?)?,
        mode: match row.try_get::<Option<&str>, _>("mode")? {
            Some(text) => Some(word("mode", text)?),
            None => None,
        },
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

fn entry(row: &SqliteRow) -> Result<JournalEntry, RowError> {
    Ok(JournalEntry {
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
