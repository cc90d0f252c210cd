//! The one task that owns the manager. It awaits no input or output: what takes time is sent to its owner and comes back as an event.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::bail;
use jiff::Timestamp;
use mudguard_manager::{Action, Author, Command, CommandError, Event, Manager, Moment, Snapshot};
use mudguard_mud::MudUrl;
use mudguard_store::Store;
use mudguard_web::CommandRequest;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant as Deadline,
};
use tracing::{debug, error, warn};

/// How often the manager looks around when nothing happens.
const IDLE: Duration = Duration::from_secs(3600);

/// How many snapshots may be on their way to the kernel; the firewall takes the newest only.
const MOST_SENT: usize = 16;

/// How long the answer to a decision waits for the kernel.
const LOADING: Duration = Duration::from_secs(3);

/// A retrieval that the manager wants.
#[derive(Clone, Debug)]
pub(crate) struct Retrieval {
    /// The MUD URL.
    pub(crate) url: MudUrl,
    /// The entity tag of the file in force.
    pub(crate) etag: Option<String>,
}

/// An event of which somebody wants to know what came of it.
pub(crate) struct Told {
    pub(crate) event: Event,
    pub(crate) reply: oneshot::Sender<Taken>,
}

/// What the manager made of an event.
pub(crate) struct Taken {
    pub(crate) before: Arc<Snapshot>,
    pub(crate) actions: Vec<Action>,
    pub(crate) after: Arc<Snapshot>,
}

/// Where the manager's actions go.
pub(crate) struct Outlets {
    pub(crate) retrievals: mpsc::Sender<Retrieval>,
    pub(crate) store: Store,
    /// Every snapshot, for those who show it.
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
    /// The snapshots that change the rules, for the firewall.
    pub(crate) rules: watch::Sender<Arc<Snapshot>>,
    /// The newest of them that the kernel has taken.
    pub(crate) applied: Applied,
}

/// Which rules the kernel has taken.
pub(crate) struct Applied {
    sent: BTreeMap<u32, Arc<Snapshot>>,
    taken: watch::Sender<Arc<Snapshot>>,
}

impl Applied {
    pub(crate) fn new(taken: watch::Sender<Arc<Snapshot>>) -> Self {
        Self {
            sent: BTreeMap::new(),
            taken,
        }
    }

    /// They are on their way.
    fn send(&mut self, snapshot: &Arc<Snapshot>) {
        if self.sent.len() >= MOST_SENT {
            self.sent.pop_first();
        }
        self.sent.insert(snapshot.version, Arc::clone(snapshot));
    }

    fn taken(&mut self, version: u32) {
        if let Some(snapshot) = self.sent.remove(&version) {
            self.sent.retain(|sent, _| *sent > version);
            self.taken.send_replace(snapshot);
        }
    }

    /// Waits until the kernel has taken the newest that were sent, but not for ever.
    fn all(&self) -> impl Future<Output = ()> + Send + use<> {
        let newest = self.sent.keys().next_back().copied();
        let mut taken = self.taken.subscribe();
        async move {
            if let Some(newest) = newest {
                let wait = taken.wait_for(|snapshot| snapshot.version >= newest);
                let _ = tokio::time::timeout(LOADING, wait).await;
            }
        }
    }
}

/// The clock that events are stamped with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Moment {
        Moment {
            wall: Timestamp::now(),
            uptime: self.0.elapsed(),
        }
    }

    fn deadline(self, uptime: Duration) -> Deadline {
        Deadline::from_std(self.0 + uptime)
    }
}

/// The manager with its inlets and outlets.
pub(crate) struct Core {
    pub(crate) manager: Manager,
    pub(crate) clock: Clock,
    pub(crate) outlets: Outlets,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) commands: mpsc::Receiver<CommandRequest>,
    pub(crate) told: mpsc::Receiver<Told>,
}

impl Core {
    /// Runs until every sender of events is gone.
    pub(crate) async fn run(mut self, first: Vec<Action>) -> anyhow::Result<()> {
        self.carry_out(first);
        loop {
            let wake = self
                .manager
                .next_tick()
                .unwrap_or(Duration::MAX)
                .min(self.clock.now().uptime + IDLE);
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event),
                    None => bail!("nobody tells the manager anything any more"),
                },
                Some(request) = self.commands.recv() => self.command(request),
                Some(told) = self.told.recv() => self.tell(told),
                () = tokio::time::sleep_until(self.clock.deadline(wake)) => self.handle(Event::Tick),
            }
        }
    }

    fn handle(&mut self, event: Event) {
        if let Event::Applied { version } = event {
            self.outlets.applied.taken(version);
        }
        let actions = self.manager.handle(event, self.clock.now());
        self.carry_out(actions);
    }

    fn tell(&mut self, told: Told) {
        let Told { event, reply } = told;
        let before = self.manager.snapshot();
        let actions = self.manager.handle(event, self.clock.now());
        self.carry_out(actions.clone());
        let taken = Taken {
            before,
            actions,
            after: self.manager.snapshot(),
        };
        self.answer_when_stored(move || drop(reply.send(taken)));
    }

    /// What was acknowledged outlives a power cut and holds in the kernel; neither may hold up the manager.
    fn answer_when_stored(&self, answer: impl FnOnce() + Send + 'static) {
        let store = self.outlets.store.clone();
        let applied = self.outlets.applied.all();
        tokio::spawn(async move {
            if let Err(error) = store.flush().await {
                error!(%error, "a decision holds now but is not on the disk yet");
            }
            applied.await;
            answer();
        });
    }

    fn command(&mut self, request: CommandRequest) {
        let CommandRequest { command, by, reply } = request;
        match self.decide(command, by) {
            Ok(()) => self.answer_when_stored(move || {
                let _ = reply.send(Ok(()));
            }),
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    fn decide(&mut self, command: Command, by: Author) -> Result<(), CommandError> {
        let actions = self.manager.command(command, by, self.clock.now())?;
        self.carry_out(actions);
        Ok(())
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        let mut apply = false;
        for action in actions {
            let stored = match action {
                Action::Fetch { url, etag } => {
                    if let Err(error) = self.outlets.retrievals.try_send(Retrieval { url, etag }) {
                        self.put_off(error);
                    }
                    continue;
                }
                Action::Apply => {
                    apply = true;
                    continue;
                }
                Action::SaveThing(record) => self.outlets.store.save_thing(record),
                Action::SaveThingLater(record) => self.outlets.store.save_thing_later(record),
                Action::SaveWaiting(record) => self.outlets.store.save_waiting(record),
                Action::ForgetWaiting(url) => self.outlets.store.forget_waiting(url),
                Action::SaveUndo(record) => self.outlets.store.save_undo(record),
                Action::ForgetUndo(id) => self.outlets.store.forget_undo(id),
                Action::SaveFile(record) => self.outlets.store.save_file(record),
                Action::ForgetThing(mac) => self.outlets.store.forget_thing(mac),
                Action::ForgetFile(url) => self.outlets.store.forget_file(url),
                Action::Journal(entry) => {
                    debug!(kind = ?entry.kind, by = ?entry.by, thing = ?entry.thing, detail = %entry.detail.escape_debug(), "journal");
                    self.outlets.store.journal(entry)
                }
            };
            if let Err(error) = stored {
                warn!(%error, "not stored");
            }
        }
        let snapshot = self.manager.snapshot();
        if apply {
            self.outlets.applied.send(&snapshot);
            self.outlets.rules.send_replace(Arc::clone(&snapshot));
        }
        self.outlets.snapshots.send_if_modified(|current| {
            let news = !Arc::ptr_eq(current, &snapshot);
            *current = snapshot;
            news
        });
    }

    /// Too many retrievals wait: this one counts as failed and comes again later.
    fn put_off(&mut self, error: mpsc::error::TrySendError<Retrieval>) {
        let url = match error {
            mpsc::error::TrySendError::Full(retrieval) | mpsc::error::TrySendError::Closed(retrieval) => {
                retrieval.url
            }
        };
        let reason = "too many files are being retrieved; it is tried again".to_owned();
        let retrieved = mudguard_manager::Retrieved::Failed { reason };
        let event = Event::Fetched(mudguard_manager::Fetched { url, retrieved });
        // A failure never asks for another retrieval at once, so this goes no deeper.
        let actions = self.manager.handle(event, self.clock.now());
        debug_assert!(
            !actions
                .iter()
                .any(|action| matches!(action, Action::Fetch { .. }))
        );
        self.carry_out(actions);
    }
}
