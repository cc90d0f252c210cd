//! The writer: the one task that owns the connection. It takes all that is queued into one transaction.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use mudguard_manager::{FileRecord, JournalEntry, ThingRecord, UndoRecord, WaitingRecord};
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use sqlx::{Connection, SqliteConnection};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout},
};

use crate::{
    JournalPage, MAX_FILES, MAX_THINGS, Store, StoreError,
    restore::journal_page,
    rows::{
        add_entry, forget_file, forget_thing, forget_undo, forget_waiting, keep_bounds, put_file, put_thing,
        put_undo, put_waiting,
    },
    sqlite::Failure,
};

/// How many requests wait at most.
const QUEUE: usize = 1_024;

/// How long a failed transaction waits for the next try, unless something new is to be written.
const RETRY: Duration = Duration::from_secs(10);

/// How long those records wait that are to be written later: four times a day spares the flash, whatever the leases.
const LATER: Duration = Duration::from_secs(6 * 3600);

/// How many journal rows are kept in memory while they cannot be written; the oldest go first.
const MAX_PENDING_JOURNAL: usize = 1_024;

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Request {
    Thing(Box<ThingRecord>),
    ThingLater(Box<ThingRecord>),
    File(Box<FileRecord>),
    Waiting(Box<WaitingRecord>),
    Undo(Box<UndoRecord>),
    Journal(JournalEntry),
    ForgetThing(MacAddress),
    ForgetFile(MudUrl),
    ForgetWaiting(MudUrl),
    ForgetUndo(u64),
    Flush(oneshot::Sender<Result<(), StoreError>>),
    Page(
        JournalPage,
        oneshot::Sender<Result<Vec<JournalEntry>, StoreError>>,
    ),
}

/// The task behind a [`Store`].
#[derive(Debug)]
pub struct Writer {
    connection: SqliteConnection,
    requests: mpsc::Receiver<Request>,
    trouble: watch::Sender<Option<StoreError>>,
    pending: Pending,
    /// What is written when `later_due` has come, or at the end.
    later: BTreeMap<MacAddress, ThingRecord>,
    later_due: Option<Instant>,
}

/// What is to be written: of each Thing and each URL the newest record only, or that it goes.
#[derive(Debug, Default)]
struct Pending {
    things: BTreeMap<MacAddress, Option<ThingRecord>>,
    files: BTreeMap<MudUrl, Option<FileRecord>>,
    waiting: BTreeMap<MudUrl, Option<WaitingRecord>>,
    undo: BTreeMap<u64, Option<UndoRecord>>,
    journal: VecDeque<JournalEntry>,
    lost: usize,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection) -> (Store, Self) {
        let (sender, requests) = mpsc::channel(QUEUE);
        let (trouble, watched) = watch::channel(None);
        let store = Store {
            requests: sender,
            trouble: watched,
        };
        (
            store,
            Self {
                connection,
                requests,
                trouble,
                pending: Pending::default(),
                later: BTreeMap::new(),
                later_due: None,
            },
        )
    }

    /// Writes until the last handle is dropped. A failed write does not end it: see [`Store::trouble`].
    pub async fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let wait = self.requests.recv_many(&mut batch, QUEUE);
            let later = self
                .later_due
                .map(|due| due.saturating_duration_since(Instant::now()));
            let patience = if self.pending.is_empty() {
                later
            } else {
                Some(RETRY)
            };
            let ended = match patience {
                Some(patience) => timeout(patience, wait).await.is_ok_and(|received| received == 0),
                None => wait.await == 0,
            };
            if ended || self.later_due.is_some_and(|due| due <= Instant::now()) {
                self.write_what_waited();
            }
            self.serve(&mut batch).await;
            if ended {
                break;
            }
        }
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }

    #[cfg(test)]
    pub(crate) fn into_connection(self) -> SqliteConnection {
        self.connection
    }

    async fn serve(&mut self, batch: &mut Vec<Request>) {
        let mut flushes = Vec::new();
        let mut pages = Vec::new();
        for request in batch.drain(..) {
            match request {
                Request::Thing(thing) => {
                    self.later.remove(&thing.mac);
                    self.pending.add_thing(thing.mac, Some(*thing));
                }
                Request::ThingLater(thing) => self.add_later(*thing),
                Request::File(file) => self.pending.add_file(file.url.clone(), Some(*file)),
                Request::ForgetThing(mac) => {
                    self.later.remove(&mac);
                    self.pending.add_thing(mac, None);
                }
                Request::Waiting(waiting) => {
                    self.pending.add_waiting(waiting.file.url.clone(), Some(*waiting));
                }
                Request::ForgetWaiting(url) => self.pending.add_waiting(url, None),
                Request::Undo(undo) => self.pending.add_undo(undo.id, Some(*undo)),
                Request::ForgetUndo(id) => self.pending.add_undo(id, None),
                Request::ForgetFile(url) => self.pending.add_file(url, None),
                Request::Journal(entry) => self.pending.add_entry(entry),
                Request::Flush(reply) => flushes.push(reply),
                Request::Page(page, reply) => pages.push((page, reply)),
            }
        }
        let written = self.write().await;
        // A caller that no longer listens needs no answer.
        for reply in flushes {
            let _ = reply.send(written.clone());
        }
        for (page, reply) in pages {
            let read = journal_page(&mut self.connection, &page).await;
            let _ = reply.send(read.map_err(|error| Failure::from(error).into()));
        }
    }

    /// A record that waits already keeps its time; one that is to be written anyway is written with what is newer.
    fn add_later(&mut self, thing: ThingRecord) {
        if self.pending.things.contains_key(&thing.mac) {
            self.pending.add_thing(thing.mac, Some(thing));
        } else if self.later.len() < MAX_THINGS || self.later.contains_key(&thing.mac) {
            self.later_due.get_or_insert_with(|| Instant::now() + LATER);
            self.later.insert(thing.mac, thing);
        }
    }

    fn write_what_waited(&mut self) {
        self.later_due = None;
        for (mac, thing) in std::mem::take(&mut self.later) {
            self.pending.add_thing(mac, Some(thing));
        }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = transaction(&mut self.connection, &self.pending).await;
        match written {
            Ok(()) => {
                let lost = std::mem::take(&mut self.pending).lost;
                if self.trouble.send_replace(None).is_some() {
                    tracing::info!("the database can be written again");
                }
                if lost == 0 {
                    Ok(())
                } else {
                    Err(StoreError::Lost(lost))
                }
            }
            Err(error) => {
                let error = StoreError::from(Failure::from(error));
                let news = self.trouble.send_if_modified(|trouble| {
                    let news = trouble.as_ref() != Some(&error);
                    *trouble = Some(error.clone());
                    news
                });
                if news {
                    tracing::error!(%error, "the database is not written; it is tried again");
                }
                Err(error)
            }
        }
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.things.is_empty()
            && self.files.is_empty()
            && self.waiting.is_empty()
            && self.undo.is_empty()
            && self.journal.is_empty()
    }

    fn add_thing(&mut self, mac: MacAddress, thing: Option<ThingRecord>) {
        if self.things.len() < MAX_THINGS || self.things.contains_key(&mac) {
            self.things.insert(mac, thing);
        } else {
            self.lost += 1;
        }
    }

    fn add_file(&mut self, url: MudUrl, file: Option<FileRecord>) {
        if self.files.len() < MAX_FILES || self.files.contains_key(&url) {
            self.files.insert(url, file);
        } else {
            self.lost += 1;
        }
    }

    fn add_waiting(&mut self, url: MudUrl, file: Option<WaitingRecord>) {
        if self.waiting.len() < MAX_FILES || self.waiting.contains_key(&url) {
            self.waiting.insert(url, file);
        } else {
            self.lost += 1;
        }
    }

    fn add_undo(&mut self, id: u64, undo: Option<UndoRecord>) {
        if self.undo.len() < MAX_PENDING_JOURNAL || self.undo.contains_key(&id) {
            self.undo.insert(id, undo);
        } else {
            self.lost += 1;
        }
    }

    fn add_entry(&mut self, entry: JournalEntry) {
        if self.journal.len() == MAX_PENDING_JOURNAL {
            self.journal.pop_front();
            self.lost += 1;
        }
        self.journal.push_back(entry);
    }
}

/// Writes all of it or nothing.
///
/// The statements are written out because SQLite ends a transaction on its own when the disk is full, and the counting of
/// `sqlx::Transaction` would then be wrong for good.
async fn transaction(db: &mut SqliteConnection, pending: &Pending) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *db).await?;
    let done = match statements(db, pending).await {
        Ok(()) => sqlx::query("COMMIT").execute(&mut *db).await.map(|_| ()),
        failed => failed,
    };
    if done.is_err() {
        // It fails where SQLite has rolled back already, which is as good.
        let _ = sqlx::query("ROLLBACK").execute(&mut *db).await;
    }
    done
}

async fn statements(db: &mut SqliteConnection, pending: &Pending) -> Result<(), sqlx::Error> {
    for (mac, thing) in &pending.things {
        match thing {
            Some(thing) => put_thing(db, thing).await?,
            None => forget_thing(db, *mac).await?,
        }
    }
    for (url, file) in &pending.files {
        match file {
            Some(file) => put_file(db, file).await?,
            None => forget_file(db, url).await?,
        }
    }
    for (url, waiting) in &pending.waiting {
        match waiting {
            Some(waiting) => put_waiting(db, waiting).await?,
            None => forget_waiting(db, url).await?,
        }
    }
    for (id, undo) in &pending.undo {
        match undo {
            Some(undo) => put_undo(db, undo).await?,
            None => forget_undo(db, *id).await?,
        }
    }
    for entry in &pending.journal {
        add_entry(db, entry).await?;
    }
    keep_bounds(db).await
}

#[cfg(test)]
mod tests;
