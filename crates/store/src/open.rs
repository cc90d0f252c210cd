//! Opening: check, migrate, restore; or set aside and begin anew.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::{
    Connection, SqliteConnection,
    migrate::{MigrateError, Migrator},
};
use thiserror::Error;

use crate::{
    Restored, SetAside, Store, Writer,
    aside::{self, COMPANIONS, beside},
    restore::restore,
    sqlite::{self, APPLICATION_ID, APPLICATION_ID_AT, Failure, MAGIC, PAGE},
};

/// Every schema there was, in order.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!();

/// A store that is open.
#[derive(Debug)]
pub struct Opened {
    /// The handle; it may be cloned.
    pub store: Store,
    /// The task behind the handle: nothing is written until [`Writer::run`] runs.
    pub writer: Writer,
    /// What was stored.
    pub restored: Restored,
    /// The database that could not be read, if so; `restored` is empty then.
    pub set_aside: Option<SetAside>,
}

/// Why there is no store. A database that is merely damaged is no such reason.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A newer Mudguard wrote the database; nothing in it was changed.
    #[error(
        "the database {path} was written by a newer Mudguard (schema {found}; this one knows {known}): \
         install that version again, or move the file away to begin anew"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema that it has.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// Another process holds it.
    #[error("the database {path} is in use: does another Mudguard run?")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no space is left for the database {path}: free some on its file system")]
    NoSpace {
        /// The database.
        path: PathBuf,
    },
    /// It may not be written.
    #[error(
        "the database {path} cannot be written: its file system is read-only, or its permissions forbid it"
    )]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the database {path} cannot be opened: {reason}")]
    Unusable {
        /// The database.
        path: PathBuf,
        /// The reason, in the words of the system or of SQLite.
        reason: String,
    },
}

impl Store {
    /// Opens the database, or creates it with its folder; the files are for this user alone. `now` names what is set aside.
    ///
    /// # Errors
    /// See [`OpenError`]: none of them is a reason to delete anything.
    pub async fn open(path: &Path, now: Timestamp) -> Result<Opened, OpenError> {
        let mut set_aside = None;
        let (connection, restored) = match load(path).await {
            Err(Refusal::Failure(Failure::Damaged(reason))) => {
                let aside = aside::set_aside(path, reason, now).map_err(|error| in_words(path, error.into()))?;
                tracing::error!(path = %aside.path.display(), reason = %aside.reason, "set a damaged database aside");
                set_aside = Some(aside);
                load(path).await
            }
            loaded => loaded,
        }
        .map_err(|refusal| match refusal {
            Refusal::Newer { found, known } => OpenError::Newer { path: path.to_owned(), found, known },
            Refusal::Failure(failure) => in_words(path, failure),
        })?;
        for text in &restored.unreadable {
            tracing::warn!(row = %text, "a stored row is not understood and stays as it is");
        }
        let (store, writer) = Writer::new(connection);
        Ok(Opened {
            store,
            writer,
            restored,
            set_aside,
        })
    }
}

/// Why a database was not loaded.
enum Refusal {
    Newer { found: i64, known: i64 },
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

async fn load(path: &Path) -> Result<(SqliteConnection, Restored), Refusal> {
    prepare(path)?;
    let mut connection = sqlite::connect(path).await?;
    match check(&mut connection).await {
        Ok(restored) => Ok((connection, restored)),
        Err(refusal) => {
            // Its thread must have let go of the files before they are renamed.
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "closing a database that is not used");
            }
            Err(refusal)
        }
    }
}

/// Creates what is missing, and looks at what is there without changing it: SQLite is shown nothing but a database of ours.
fn prepare(path: &Path) -> Result<(), Failure> {
    let damaged = |reason: &str| Err(Failure::Damaged(reason.to_owned()));
    for end in COMPANIONS {
        if exists(&beside(path, end))?.is_some_and(|data| !data.is_file()) {
            return damaged("its log is not a file");
        }
    }
    let Some(data) = exists(path)? else {
        if exists(&beside(path, "-wal"))?.is_some() {
            return damaged("its log is there, but the database itself is not");
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        return Ok(());
    };
    if !data.is_file() {
        return damaged("it is not a file");
    }
    let mut header = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut header)?;
    if header.is_empty() {
        return damaged("it is empty");
    }
    if !header.starts_with(MAGIC) {
        return damaged("it is not an SQLite database");
    }
    match header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4) {
        Some(id) if id == APPLICATION_ID => Ok(()),
        // One page without a number: its maker was stopped before the first migration, which may lie in the log.
        Some([0, 0, 0, 0]) if data.len() <= u64::from(PAGE) => Ok(()),
        Some(_) => damaged("it is the database of another program"),
        None => damaged("it ends within its header"),
    }
}

async fn check(connection: &mut SqliteConnection) -> Result<Restored, Refusal> {
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut *connection)
        .await?;
    if verdict != "ok" {
        return Err(Failure::Damaged(verdict).into());
    }
    match MIGRATIONS.run(&mut *connection).await {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(found)) => {
            let known = MIGRATIONS
                .iter()
                .map(|migration| migration.version)
                .max()
                .unwrap_or_default();
            return Err(if found > known {
                Refusal::Newer { found, known }
            } else {
                Failure::Damaged(format!("its schema {found} is none that Mudguard ever had")).into()
            });
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            return Err(error.into());
        }
        Err(error) => return Err(Failure::Damaged(error.to_string()).into()),
    }
    // The header must name us before the next start looks at it.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut *connection)
        .await?;
    Ok(restore(connection).await?)
}

fn exists(path: &Path) -> Result<Option<fs::Metadata>, Failure> {
    match fs::metadata(path) {
        Ok(data) => Ok(Some(data)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::NoSpace
        } else if matches!(
            kind,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
        ) {
            Self::ReadOnly
        } else {
            Self::Other(error.to_string())
        }
    }
}

fn in_words(path: &Path, failure: Failure) -> OpenError {
    let path = path.to_owned();
    match failure {
        Failure::InUse => OpenError::InUse { path },
        Failure::NoSpace => OpenError::NoSpace { path },
        Failure::ReadOnly => OpenError::ReadOnly { path },
        Failure::Damaged(reason) | Failure::Other(reason) => OpenError::Unusable { path, reason },
    }
}

#[cfg(test)]
mod tests;
