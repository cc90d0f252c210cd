//! The owner of the firewall: brings the kernel to the newest rules, and hears what the kernel refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use mudguard_firewall::{Denials, Firewall};
use mudguard_manager::{Event, Notice, Snapshot, Thing};
use mudguard_policy::narrow;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::sleep,
};
use tracing::{debug, error, warn};

use super::FirewallRefused;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(300);

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

/// Follows the rules. What the kernel refuses is tried again, the newest rules each time, with longer and longer pauses; the last good
/// rules stay meanwhile.
pub(crate) async fn run(
    mut firewall: Firewall,
    mut rules: watch::Receiver<Arc<Snapshot>>,
    events: mpsc::Sender<Event>,
    tables_gone: Arc<Notify>,
    refused_at_start: bool,
) -> anyhow::Result<()> {
    let mut failures = u32::from(refused_at_start);
    loop {
        tokio::select! {
            changed = rules.changed() => changed.context("the manager has ended")?,
            () = tables_gone.notified() => warn!("somebody removed Mudguard's tables; they are loaded again"),
            () = sleep(pause(failures)), if failures > 0 => {}
        }
        let snapshot = Arc::clone(&rules.borrow_and_update());
        let event = match firewall.apply(&snapshot).await {
            Ok(()) => {
                debug!(
                    version = snapshot.version,
                    things = snapshot.things.len(),
                    "the kernel took the rules"
                );
                failures = 0;
                Event::Applied {
                    version: snapshot.version,
                }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                warn!(%error, retry = ?pause(failures), "the kernel refused the rules; the last good ones stay");
                Event::Noticed(Notice::FirewallRefused(error.to_string()))
            }
        };
        events.send(event).await.context("the manager has ended")?;
    }
}

/// Tells the manager what the kernel refused.
pub(crate) async fn hear(mut denials: Denials, events: mpsc::Sender<Event>) -> anyhow::Result<()> {
    loop {
        let denial = denials.next().await?;
        events
            .send(Event::Denied(denial))
            .await
            .context("the manager has ended")?;
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
