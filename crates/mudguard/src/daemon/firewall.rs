//! The owner of the firewall: brings the kernel to the newest rules, and hears what the kernel refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use mudguard_firewall::{Denials, Firewall, Heard, LeftOut, Tables, counts};
use mudguard_manager::{Event, Notice, Snapshot, Thing};
use mudguard_observe::solicit;
use mudguard_policy::narrow;
use mudguard_web::{Enforced, LeftOutRule};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{interval, sleep},
};
use tracing::{debug, error, warn};

use super::{FirewallRefused, last_good::LastGood, off::Off, places};

const FIRST_RETRY: Duration = Duration::from_secs(1);
/// How often the counters of the kernel are read.
const COUNTING: Duration = Duration::from_secs(5);

const LAST_RETRY: Duration = Duration::from_secs(300);

const TURNED_OFF: &str =
    "Mudguard was turned off (mudguard off). Nothing is limited until it is started again.";

/// Loads the rules at the start, before anything else works. If the kernel refuses them, each limited Thing gets the narrow policy: a
/// start must not leave Things without rules.
///
/// # Errors
/// If the kernel refuses that too.
pub(crate) async fn load(firewall: &mut Firewall, snapshot: &Snapshot) -> anyhow::Result<Option<Notice>> {
    let Err(refusal) = firewall.apply(snapshot).await else {
        return Ok(None);
    };
    error!(error = %refusal, "the kernel refused the stored rules; limited Things reach only this router");
    firewall
        .apply(&narrowed(snapshot))
        .await
        .context(FirewallRefused)?;
    Ok(Some(Notice::FirewallRefused(refusal.to_string())))
}

/// The same Things, with the narrow policy alone.
fn narrowed(snapshot: &Snapshot) -> Snapshot {
    let policy = Arc::new(narrow());
    let things = snapshot.things.iter().map(|(mac, thing)| {
        (
            *mac,
            Arc::new(Thing {
                policy: Arc::clone(&policy),
                file: None,
                ..Thing::clone(thing)
            }),
        )
    });
    Snapshot {
        things: things.collect(),
        ..snapshot.clone()
    }
}

/// The owner of the firewall.
pub(crate) struct Owner {
    pub(crate) firewall: Firewall,
    pub(crate) tables: Tables,
    pub(crate) rules: watch::Receiver<Arc<Snapshot>>,
    pub(crate) events: mpsc::Sender<Event>,
    /// The way of an answer found no tables.
    pub(crate) missed: Arc<Notify>,
    pub(crate) off: Off,
    pub(crate) turn_off: mpsc::Receiver<oneshot::Sender<()>>,
    /// How often in a row the kernel has refused the rules.
    pub(crate) failures: u32,
    pub(crate) last_good: LastGood,
    /// What was said last of the rules that this kernel cannot hold.
    pub(crate) left_out: Option<String>,
    /// What the page shows.
    pub(crate) enforced: watch::Sender<Enforced>,
}

impl Owner {
    /// Follows the rules. What the kernel refuses is tried again, the newest rules each time, with longer and longer pauses; the last
    /// good rules stay meanwhile.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let mut counting = interval(COUNTING);
        loop {
            tokio::select! {
                biased;
                Some(heard) = self.turn_off.recv() => {
                    warn!("Mudguard was turned off (mudguard off): nothing is limited until it is started again");
                    let notice = Notice::Limitation(TURNED_OFF.to_owned());
                    self.events.send(Event::Noticed(notice)).await.context("the manager has ended")?;
                    let _ = heard.send(());
                }
                changed = self.rules.changed() => changed.context("the manager has ended")?,
                () = self.missed.notified() => {}
                changed = self.tables.changed() => {
                    changed?;
                    if !self.off.is_off() {
                        warn!("somebody changed or removed Mudguard's tables; they are loaded again");
                    }
                }
                () = sleep(pause(self.failures)), if self.failures > 0 => {}
                () = self.last_good.is_due() => {
                    self.last_good.write().await;
                    continue;
                }
                _ = counting.tick() => {
                    self.count().await;
                    continue;
                }
            }
            if !self.off.is_off() {
                self.apply().await?;
            }
        }
    }

    /// Reads what the rules have counted.
    async fn count(&self) {
        let counts = match counts() {
            Ok(counts) => counts,
            Err(error) => return debug!(%error, "the counters of the kernel cannot be read"),
        };
        let left_out = self.firewall.left_out().await;
        let now = Enforced {
            within_bridges: self.firewall.kernel().bridge.word().to_owned(),
            counted: counts
                .named()
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
            left_out: left_out
                .iter()
                .map(|rule| LeftOutRule {
                    thing: rule.thing,
                    rule: rule.to_string(),
                    reason: rule.reason.to_owned(),
                })
                .collect(),
        };
        self.enforced.send_if_modified(|before| {
            let news = *before != now;
            *before = now;
            news
        });
    }

    async fn apply(&mut self) -> anyhow::Result<()> {
        let snapshot = Arc::clone(&self.rules.borrow_and_update());
        let event = match self.firewall.apply_rules(&snapshot).await {
            Ok(_ends_by_itself) => {
                let (version, things) = (snapshot.version, snapshot.things.len());
                debug!(version, things, "the kernel took the rules");
                self.failures = 0;
                self.last_good.keep(Arc::clone(&snapshot));
                self.say_what_is_left_out().await?;
                Event::Applied { version }
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                warn!(%error, retry = ?pause(self.failures), "the kernel refused the rules; the last good ones stay");
                Event::Noticed(Notice::FirewallRefused(error.to_string()))
            }
        };
        self.events.send(event).await.context("the manager has ended")
    }

    async fn say_what_is_left_out(&mut self) -> anyhow::Result<()> {
        let now = left_out(&self.firewall.left_out().await);
        if now == self.left_out {
            return Ok(());
        }
        self.left_out.clone_from(&now);
        if let Some(limitation) = &now {
            warn!(limitation, "not every rule is enforced as it stands");
        }
        let notice = Event::Noticed(Notice::LeftOut(now.unwrap_or_default()));
        self.events.send(notice).await.context("the manager has ended")
    }
}

/// The rules that this kernel cannot hold, in words; at most a few are named.
fn left_out(rules: &[LeftOut]) -> Option<String> {
    const NAMED: usize = 5;
    let (first, more) = (rules.first()?, rules.len().saturating_sub(NAMED));
    let named: Vec<_> = rules.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if more > 0 {
        format!(", and {more} more")
    } else {
        String::new()
    };
    Some(format!(
        "Rules that permit something are left out, because {}: {}{more}.",
        first.reason,
        named.join(", ")
    ))
}

/// Tells the manager what the kernel refused, and asks the link whose an address is that the rules do not know.
pub(crate) async fn hear(
    mut denials: Denials,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: mpsc::Sender<Event>,
) -> anyhow::Result<()> {
    loop {
        let event = match denials.next().await? {
            Heard::Denied(denial) => Some(Event::Denied(denial)),
            Heard::Address { address, interface } => {
                if let Err(error) = solicit(address, interface, None) {
                    debug!(%address, %error, "the link cannot be asked whose an address is");
                }
                None
            }
            Heard::Elsewhere { mac, port } => places::heard(mac, port, &snapshots.borrow()),
        };
        if let Some(event) = event {
            events.send(event).await.context("the manager has ended")?;
        }
    }
}

fn pause(failures: u32) -> Duration {
    FIRST_RETRY
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mudguard_manager::Enforcement;
    use mudguard_policy::{MacAddress, ThingPolicy};

    use super::*;

    #[test]
    fn pauses_grow_and_end_at_five_minutes() {
        let pauses: Vec<_> = [1, 2, 3, 30, u32::MAX]
            .map(|failures| pause(failures).as_secs())
            .into();
        assert_eq!(pauses, [1, 2, 4, 300, 300]);
    }

    #[test]
    fn rules_that_the_kernel_refuses_at_the_start_become_the_narrow_policy_for_the_same_things() {
        let mac = MacAddress([2, 0, 0, 0, 0, 1]);
        let thing = Thing {
            enforcement: Enforcement::Enforce,
            policy: Arc::new(ThingPolicy::default()),
            ..Thing::stranger(mac, Timestamp::UNIX_EPOCH)
        };
        let snapshot = Snapshot {
            things: [(mac, Arc::new(thing))].into(),
            ..Snapshot::default()
        };
        let narrowed = narrowed(&snapshot);
        assert_eq!(narrowed.things[&mac].enforcement, Enforcement::Enforce);
        assert_eq!(*narrowed.things[&mac].policy, narrow());
    }
}
