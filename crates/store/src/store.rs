//! The handle: what others call. Nothing here waits for the disk, except where it says so.

use mudguard_manager::{FileRecord, JournalEntry, ThingRecord, UndoRecord, WaitingRecord};
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{JournalPage, sqlite::Failure, writer::Request};

/// The handle of the store. When the last one is dropped, the writer writes what is left and ends.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) trouble: watch::Receiver<Option<StoreError>>,
}

/// Why something is not stored, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// More is written than the disk takes. What was to be saved is not; its next change may be.
    #[error("the database does not keep up with what is to be written")]
    QueueFull,
    /// The writer has ended.
    #[error("the database is closed")]
    Closed,
    /// The disk is full.
    #[error("no space is left for the database: free some on its file system")]
    NoSpace,
    /// The database may not be written.
    #[error("the database cannot be written: its file system is read-only, or its permissions forbid it")]
    ReadOnly,
    /// What is on the disk is no longer sound.
    #[error("the database is damaged ({0}): restart Mudguard, which sets it aside and begins a new one")]
    Damaged(String),
    /// Anything else, in SQLite's words.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// While the database could not be written, more changes came than memory is set aside for.
    #[error("{0} changes were lost while the database could not be written")]
    Lost(usize),
}

impl Store {
    /// Saves a Thing, soon; a later record of the same Thing replaces it.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the record was not taken.
    pub fn save_thing(&self, thing: ThingRecord) -> Result<(), StoreError> {
        self.send(Request::Thing(Box::new(thing)))
    }

    /// Saves a Thing within the next hours, or when this process ends: for what changes often and is soon learnt anew.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the record was not taken.
    pub fn save_thing_later(&self, thing: ThingRecord) -> Result<(), StoreError> {
        self.send(Request::ThingLater(Box::new(thing)))
    }

    /// Saves a file, soon; a later record of the same URL replaces it.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the record was not taken.
    pub fn save_file(&self, file: FileRecord) -> Result<(), StoreError> {
        self.send(Request::File(Box::new(file)))
    }

    /// Saves a file that waits, soon; a later record of the same URL replaces it.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the record was not taken.
    pub fn save_waiting(&self, waiting: WaitingRecord) -> Result<(), StoreError> {
        self.send(Request::Waiting(Box::new(waiting)))
    }

    /// Keeps the file of this URL that waited no longer.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: it is still kept.
    pub fn forget_waiting(&self, url: MudUrl) -> Result<(), StoreError> {
        self.send(Request::ForgetWaiting(url))
    }

    /// Saves how a row of the journal is taken back, soon.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the record was not taken.
    pub fn save_undo(&self, undo: UndoRecord) -> Result<(), StoreError> {
        self.send(Request::Undo(Box::new(undo)))
    }

    /// Keeps no longer how this row is taken back.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: it is still kept.
    pub fn forget_undo(&self, id: u64) -> Result<(), StoreError> {
        self.send(Request::ForgetUndo(id))
    }

    /// Adds a row to the journal, soon.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: the row was not taken.
    pub fn journal(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.send(Request::Journal(entry))
    }

    /// Keeps a Thing no longer.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: it is still kept.
    pub fn forget_thing(&self, mac: MacAddress) -> Result<(), StoreError> {
        self.send(Request::ForgetThing(mac))
    }

    /// Keeps the file of this URL no longer.
    ///
    /// # Errors
    /// [`StoreError::QueueFull`] or [`StoreError::Closed`]: it is still kept.
    pub fn forget_file(&self, url: MudUrl) -> Result<(), StoreError> {
        self.send(Request::ForgetFile(url))
    }

    /// Waits until everything saved before through this handle is on the disk: what this acknowledges outlives a power cut.
    ///
    /// # Errors
    /// Why it is not on the disk. What was taken is kept in memory and tried again.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(Request::Flush).await
    }

    /// A page of the journal, the newest row first; waits for the disk. The next page is that before its last row.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub async fn journal_page(&self, page: JournalPage) -> Result<Vec<JournalEntry>, StoreError> {
        self.ask(|reply| Request::Page(page, reply)).await
    }

    /// Why nothing can be written at present; `None` while all is well.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<StoreError>> {
        self.trouble.clone()
    }

    fn send(&self, request: Request) -> Result<(), StoreError> {
        self.requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(request(reply))
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged(reason) => Self::Damaged(reason),
            Failure::InUse => Self::Refused("another process holds it".to_owned()),
            Failure::NoSpace => Self::NoSpace,
            Failure::ReadOnly => Self::ReadOnly,
            Failure::Other(reason) => Self::Refused(reason),
        }
    }
}
