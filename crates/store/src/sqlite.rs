//! SQLite itself: how it is opened, and what its error codes mean for us.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};

/// The first octets of every SQLite database.
pub(crate) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Where in the header the application number stands.
pub(crate) const APPLICATION_ID_AT: usize = 68;

/// "MUDG": by it a database is known as ours.
pub(crate) const APPLICATION_ID: [u8; 4] = *b"MUDG";

/// The size of a page, and so of a database in which nothing was made yet.
pub(crate) const PAGE: u32 = 4_096;

/// The largest log that is kept between checkpoints, in octets.
const LOG_LIMIT: &str = "1048576";

/// What an error means for the caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What is stored is not as SQLite or we wrote it.
    Damaged(String),
    /// Another process holds the database.
    InUse,
    /// The file system is full.
    NoSpace,
    /// The file system or the file may not be written.
    ReadOnly,
    /// Anything else, in SQLite's words.
    Other(String),
}

/// Opens or creates the database.
pub(crate) async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        // The default of WAL in many builds is NORMAL, under which a power cut takes acknowledged transactions with it.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(2))
        .pragma("cache_size", "-512")
        .pragma("wal_autocheckpoint", "128")
        .pragma("journal_size_limit", LOG_LIMIT)
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
        .statement_cache_capacity(16)
        .command_buffer_size(8)
        .row_buffer_size(8)
        .thread_name(|_| "store".to_owned())
        .disable_statement_logging()
        .connect()
        .await
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            let shape = matches!(
                error,
                sqlx::Error::ColumnNotFound(_)
                    | sqlx::Error::ColumnDecode { .. }
                    | sqlx::Error::Decode(_)
                    | sqlx::Error::RowNotFound
            );
            return if shape {
                Self::Damaged(error.to_string())
            } else {
                Self::Other(error.to_string())
            };
        };
        let code: i32 = database
            .code()
            .and_then(|code| code.parse().ok())
            .unwrap_or_default();
        let text = database.message().to_owned();
        // https://www.sqlite.org/rescode.html; the low octet is the primary code.
        match (code & 0xff, code >> 8) {
            (5 | 6, _) => Self::InUse,
            (8, _) => Self::ReadOnly,
            (13, _) => Self::NoSpace,
            // ERROR: the tables are not the ones that the statements name.
            (1 | 11 | 26, _) => Self::Damaged(text),
            // IOERR: READ, SHORT_READ, DATA, CORRUPTFS.
            (10, 1 | 2 | 32 | 33) => Self::Damaged(text),
            _ => Self::Other(text),
        }
    }
}
