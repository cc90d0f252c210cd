//! The local page and the JSON API: they read snapshots and send commands.
//!
//! What it is not: it decides nothing and keeps nothing. Foreign text (host names, what files and certificates say) is cleaned by
//! `explain` and written as text, never as markup. There is no log-in yet: the page is meant for the loopback interface, and it offers
//! decisions (RFC 8520 sections 13.2 and 16) to callers from there alone.
//!
//! Two listeners serve the same JSON under `/api/v1`:
//! - [`serve_control`], a Unix socket for the command line: reading and deciding; who may connect is the file mode's business;
//! - [`serve_page`], a TCP socket for browsers: the page, and reading of the API. Requests for another host are refused (DNS rebinding).

mod api;
mod decide;
mod errand;
mod find;
mod guard;
mod page;
mod refusal;
mod server;
mod view;

use std::{collections::BTreeMap, fmt, sync::Arc};

use mudguard_explain::{Language, Standing};
use mudguard_manager::{Author, Command, CommandError, Enforcement, Snapshot, Thing};
use mudguard_policy::MacAddress;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

pub use errand::{Became, Errand, Imported, JournalPage};
pub use server::{WebError, serve_control, serve_page};

/// A decision of the owner, on its way to the task that owns the manager.
#[derive(Debug)]
pub struct CommandRequest {
    /// The decision.
    pub command: Command,
    /// Whose it is.
    pub by: Author,
    /// Where the answer goes, once the decision holds and the snapshot shows it.
    pub reply: oneshot::Sender<Result<(), CommandError>>,
}

/// What was counted on the LAN since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Seen {
    /// Frames that were looked at.
    pub frames: u64,
    /// Frames that were lost because there were too many at once.
    pub frames_lost: u64,
    /// Sightings that were lost because the manager was too slow.
    pub sightings_lost: u64,
    /// Frames that were refused, by reason.
    pub refused: BTreeMap<String, u64>,
}

/// What the firewall does, and what it has counted since its tables stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Enforced {
    /// How frames between two ports of one bridge are filtered.
    pub within_bridges: String,
    /// Packets, by the name of the counter.
    pub counted: BTreeMap<String, u64>,
    /// Rules that this kernel cannot hold.
    pub left_out: Vec<LeftOutRule>,
}

/// A rule that this kernel cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOutRule {
    /// The Thing.
    pub thing: MacAddress,
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: String,
}

/// What both listeners need. Cheap to clone.
#[derive(Clone)]
pub struct Web {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    commands: mpsc::Sender<CommandRequest>,
    errands: Option<mpsc::Sender<Errand>>,
    applied: Option<watch::Receiver<Arc<Snapshot>>>,
    seen: Option<watch::Receiver<Seen>>,
    enforced: Option<watch::Receiver<Enforced>>,
    words: Arc<Words>,
    names: Arc<[String]>,
    token: Arc<str>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The token is a secret.
        f.debug_struct("Web")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// The languages in which it speaks.
#[derive(Debug)]
struct Words {
    /// For HTML.
    page: Language,
    /// For JSON.
    plain: Language,
}

impl Web {
    /// `names` are further host names by which browsers may call the page, beside the addresses at which it listens.
    ///
    /// # Errors
    /// If the system gives no random octets.
    pub fn new(
        snapshot: watch::Receiver<Arc<Snapshot>>,
        commands: mpsc::Sender<CommandRequest>,
        names: Vec<String>,
    ) -> Result<Self, WebError> {
        let words = Words {
            page: Language::english(),
            plain: Language::plain_english(),
        };
        Ok(Self {
            snapshot,
            commands,
            errands: None,
            applied: None,
            seen: None,
            enforced: None,
            words: Arc::new(words),
            names: names.iter().map(|name| guard::plain_host(name)).collect(),
            token: guard::new_token()?,
        })
    }

    /// The same with somebody who runs errands; without, their paths are not there.
    #[must_use]
    pub fn with_errands(self, errands: mpsc::Sender<Errand>) -> Self {
        Self {
            errands: Some(errands),
            ..self
        }
    }

    /// The same with the newest snapshot whose rules the kernel has taken; without, every one counts as taken.
    #[must_use]
    pub fn with_applied(self, applied: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self {
            applied: Some(applied),
            ..self
        }
    }

    /// The same with what is counted on the LAN.
    #[must_use]
    pub fn with_seen(self, seen: watch::Receiver<Seen>) -> Self {
        Self {
            seen: Some(seen),
            ..self
        }
    }

    /// The same with what the firewall does.
    #[must_use]
    pub fn with_enforced(self, enforced: watch::Receiver<Enforced>) -> Self {
        Self {
            enforced: Some(enforced),
            ..self
        }
    }

    /// How many packets said to be of somebody else.
    fn forged(&self) -> usize {
        let enforced = self.enforced.as_ref().map(watch::Receiver::borrow);
        let counted = enforced.iter().flat_map(|enforced| &enforced.counted);
        let forged = counted.filter(|(name, _)| name.starts_with("spoofed"));
        forged.fold(0, |sum, (_, count)| {
            sum.saturating_add(usize::try_from(*count).unwrap_or(usize::MAX))
        })
    }

    /// Whether the kernel has the rules of a Thing as the newest picture shows it.
    fn is_applied(&self, snapshot: &Snapshot, mac: MacAddress) -> bool {
        let (Some(applied), Some(thing)) = (&self.applied, snapshot.things.get(&mac)) else {
            return true;
        };
        let applied = applied.borrow();
        match applied.things.get(&mac) {
            Some(taken) => Arc::ptr_eq(taken, thing) || same_rules(taken, thing),
            None => thing.enforcement == Enforcement::None,
        }
    }

    /// Where a Thing stands, in words; not before the kernel has its rules.
    fn words_of(&self, standing: Standing, view: &view::View<'_>) -> String {
        if self.is_applied(view.snapshot, view.thing.mac) {
            standing.text(view.language)
        } else {
            standing.text_soon(view.language)
        }
    }

    /// The newest picture.
    fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }
}

fn same_rules(one: &Thing, other: &Thing) -> bool {
    let policy = Arc::ptr_eq(&one.policy, &other.policy) || one.policy == other.policy;
    policy && one.enforcement == other.enforcement && one.bindings == other.bindings
}
