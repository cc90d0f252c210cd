//! What the owner brings to the gateway: MUD files with their signatures, and the certificates of Things. Both are judged here, by the
//! anchors and the clock of the retrievals, and told to the manager like what was retrieved or heard.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use mudguard_fetch::{Outcome, TrustAnchors, judge_import, mud_url_of_certificate};
use mudguard_manager::{
    Action, Announced, Announcement, Channel, ClockState, Event, Fetched, JournalEntry, JournalKind,
    Snapshot, Waiting,
};
use mudguard_mud::{MudUrl, outline};
use mudguard_policy::MacAddress;
use mudguard_resolver::Resolver;
use mudguard_store::Store;
use mudguard_web::{Became, Errand, Imported, JournalPage};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::spawn_blocking,
};
use tracing::info;

use crate::look_up;

use super::{
    anchors,
    clock::Past,
    core::{Taken, Told},
    retrievals::{came, judging_clock},
    signers::Signers,
};

/// The longest name of a bridge port.
const LONGEST_PORT: usize = 15;

/// What is needed for them.
pub(crate) struct Errands {
    pub(crate) anchors: PathBuf,
    pub(crate) signers: Arc<Signers>,
    pub(crate) past: Past,
    pub(crate) clock: watch::Receiver<ClockState>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) told: mpsc::Sender<Told>,
    pub(crate) store: Store,
    pub(crate) resolver: Resolver,
}

impl Errands {
    /// Runs one after the other for as long as the gateway runs.
    pub(crate) async fn run(self, mut errands: mpsc::Receiver<Errand>) -> anyhow::Result<()> {
        loop {
            let errand = errands
                .recv()
                .await
                .context("nobody listens at the control socket")?;
            // Who asked may be gone.
            match errand {
                Errand::Import {
                    file,
                    signature,
                    reply,
                } => drop(reply.send(self.import(file, signature).await?)),
                Errand::LookUp {
                    name,
                    record_type,
                    reply,
                } => self.look_up(name, record_type, reply),
                Errand::Journal { page, reply } => drop(reply.send(self.journal(&page).await)),
                Errand::Certificate {
                    thing,
                    port,
                    certificate,
                    reply,
                } => drop(reply.send(self.certificate(thing, port, &certificate).await?)),
            }
        }
    }

    /// Others do not wait for it.
    fn look_up(&self, name: String, record_type: String, reply: oneshot::Sender<Result<Value, String>>) {
        let (resolver, snapshot) = (self.resolver.clone(), Arc::clone(&self.snapshots.borrow()));
        tokio::spawn(async move {
            let found = resolver.trace(&name, &record_type).await;
            let found = found
                .map(|trace| look_up::json(&trace, Some(&snapshot)))
                .map_err(|error| error.to_string());
            drop(reply.send(found));
        });
    }

    async fn import(
        &self,
        file: Vec<u8>,
        signature: Option<Vec<u8>>,
    ) -> anyhow::Result<Result<Imported, String>> {
        let folder = self.anchors.clone();
        let clock = judging_clock(&self.clock, self.past);
        let signers = Arc::clone(&self.signers);
        let judged = spawn_blocking(move || {
            let anchors: TrustAnchors = anchors::read(&folder);
            let url = outline(&file).ok().map(|outline| outline.mud_url);
            let signer = url.and_then(|url| Some(signers.of(&url)?.0));
            judge_import(file, signature.as_deref(), &anchors, signer.as_ref(), clock)
        });
        Ok(match judged.await.context("a file that was brought")? {
            Ok(outcome) => self.bring(outcome).await?,
            Err(error) => Err(error.to_string()),
        })
    }

    async fn bring(&self, outcome: Outcome) -> anyhow::Result<Result<Imported, String>> {
        let (file, signer, doubt) = match &outcome {
            Outcome::Verified(verified) => (&verified.file, Some(verified.signer.subject.clone()), None),
            Outcome::Unverified(unverified) => (&unverified.file, None, Some(unverified.doubt.to_string())),
            Outcome::Unchanged => return Ok(Err("nothing was brought".to_owned())),
        };
        let (url, sha256) = (file.url.clone(), file.sha256);
        info!(%url, verified = doubt.is_none(), "a MUD file was brought by hand");
        let event = Event::Brought(Fetched {
            url: url.clone(),
            retrieved: came(outcome),
        });
        let taken = self.tell(event).await?;
        Ok(Ok(Imported {
            signer,
            doubt,
            things: things(&taken.after, &url),
            became: became(&taken, &url, sha256),
            url,
            sha256,
        }))
    }

    async fn journal(&self, page: &JournalPage) -> Result<Vec<JournalEntry>, String> {
        let (mut rows, mut before) = (Vec::new(), page.before);
        loop {
            let wanted = mudguard_store::JournalPage {
                before,
                thing: page.thing,
                limit: page.limit,
            };
            let read = self.store.journal_page(wanted).await;
            let read = read.map_err(|error| error.to_string())?;
            let Some(last) = read.last() else { break };
            before = Some(last.id);
            // A clock that was set back has put older rows before younger ones, so all of them are looked at.
            rows.extend((read.into_iter()).filter(|row| page.since.is_none_or(|since| row.at >= since)));
            if rows.len() >= page.limit {
                rows.truncate(page.limit);
                break;
            }
        }
        Ok(rows)
    }

    async fn certificate(
        &self,
        mac: MacAddress,
        port: Option<String>,
        octets: &[u8],
    ) -> anyhow::Result<Result<(), String>> {
        let claims = match mud_url_of_certificate(octets) {
            Ok(claims) => claims,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let Some(url) = claims.url else {
            return Ok(Err("the certificate names no MUD URL".to_owned()));
        };
        let Some(port) = port.or_else(|| self.port_of(mac)) else {
            return Ok(Err("this gateway has no LAN".to_owned()));
        };
        if port.is_empty() || port.len() > LONGEST_PORT || !port.bytes().all(|octet| octet.is_ascii_graphic())
        {
            return Ok(Err(format!("{port:?} is no name of a bridge port")));
        }
        if let Some(signer) = &claims.signer
            && let Err(why) = self.signers.note(&url, signer)
        {
            return Ok(Err(why));
        }
        info!(%mac, %url, "a Thing proved that it holds a certificate");
        let event = Event::Announced(Announcement {
            mac,
            port,
            channel: Channel::Certificate,
            url: Announced::Url(url),
            host_name: None,
        });
        let taken = self.tell(event).await?;
        Ok(if taken.after.things.contains_key(&mac) {
            Ok(())
        } else {
            Err(format!("{mac} is no address of a Thing, or too many are known"))
        })
    }

    /// Where it was last seen, or the LAN: a Thing that has just been let in has said nothing yet.
    fn port_of(&self, mac: MacAddress) -> Option<String> {
        let snapshot = self.snapshots.borrow();
        let seen = snapshot.things.get(&mac).and_then(|thing| thing.port.clone());
        seen.or_else(|| snapshot.home.lans.first().map(|lan| lan.interface.clone()))
    }

    async fn tell(&self, event: Event) -> anyhow::Result<Taken> {
        let (reply, answer) = oneshot::channel();
        self.told
            .send(Told { event, reply })
            .await
            .ok()
            .context("the manager has ended")?;
        answer.await.context("the manager has ended")
    }
}

fn things(snapshot: &Snapshot, url: &MudUrl) -> Vec<MacAddress> {
    let things = snapshot.things.values();
    things
        .filter(|thing| thing.url.as_ref() == Some(url))
        .map(|thing| thing.mac)
        .collect()
}

/// What the manager made of a file.
fn became(taken: &Taken, url: &MudUrl, sha256: [u8; 32]) -> Became {
    let in_force = |snapshot: &Snapshot| {
        things(snapshot, url).iter().any(|mac| {
            let file = snapshot.things.get(mac).and_then(|thing| thing.file.as_ref());
            file.is_some_and(|file| file.sha256 == sha256)
        })
    };
    let waits = taken.after.things.values().any(|thing| {
        let question = thing.question.as_ref().map(|question| &question.waiting);
        matches!(question, Some(Waiting::File(waiting)) if waiting.file.sha256 == sha256)
    });
    let refused = taken.actions.iter().find_map(|action| {
        let Action::Journal(entry) = action else {
            return None;
        };
        (entry.kind == JournalKind::FileRefused).then(|| entry.detail.clone())
    });
    let kept = taken.actions.iter().any(
        |action| matches!(action, Action::SaveFile(record) if record.url == *url && record.sha256 == sha256),
    );
    if let Some(why) = refused {
        let name = format!("{url}: ");
        Became::Refused(why.strip_prefix(&name).unwrap_or(&why).to_owned())
    } else if waits {
        Became::Waits
    } else if in_force(&taken.before) && in_force(&taken.after) {
        Became::Unchanged
    } else if in_force(&taken.after) {
        Became::InForce
    } else if kept {
        Became::Kept
    } else if things(&taken.after, url).is_empty() {
        Became::WaitsForThing
    } else {
        Became::RejectedBefore
    }
}
