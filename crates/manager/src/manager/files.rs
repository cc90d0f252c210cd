//! MUD files: which of them hold, and which wait for the owner (RFC 8520 sections 13.2, 16).
//!
//! What it is not: when they are retrieved is in [`schedule`](super::schedule).

use std::sync::Arc;

use jiff::Timestamp;
use mudguard_mud::{MudFile, MudUrl};
use mudguard_policy::{MacAddress, ThingPolicy, compile, narrow};

use super::{
    Manager,
    judge::{other_signer, read, rollback, same_kind},
    push_once,
    schedule::{LAST_RETRY, Schedule, validity},
};
use crate::{
    Action, Doubt, Fetched, FileInForce, FileRecord, JournalKind, Moment, Retrieved, Trust, Waiting,
    WaitingFile, WaitingRecord,
};

/// How many rules of a difference are told.
const MOST_RIGHTS: usize = 64;

/// What is known of the file of one URL.
#[derive(Debug, Default)]
pub(super) struct FileState {
    pub(super) in_force: Option<Arc<FileInForce>>,
    pub(super) waiting: Option<Retained>,
    pub(super) fetch: Schedule,
}

/// A file that waits for the owner, and why.
#[derive(Clone, Debug)]
pub(super) struct Retained {
    pub(super) file: Arc<FileInForce>,
    pub(super) doubt: Doubt,
    pub(super) reason: String,
}

impl Manager {
    /// A retrieval ended, or the owner brought a file.
    pub(super) fn fetched(&mut self, fetched: Fetched, by: Way, now: Moment, actions: &mut Vec<Action>) {
        let Fetched { url, retrieved } = fetched;
        let is_overtaken = by == Way::Retrieved && self.landed(&url);
        match retrieved {
            Retrieved::Verified {
                bytes,
                sha256,
                signer,
                key,
                ca,
                provisional,
                etag,
            } => {
                let trust = Trust::Signed {
                    signer,
                    key,
                    ca,
                    provisional,
                };
                let octets = Octets { bytes, sha256, etag };
                let arrived = (octets, trust, None);
                self.received(&url, arrived, by, now, actions);
            }
            Retrieved::Unverified {
                bytes,
                sha256,
                doubt,
                reason,
                etag,
            } => {
                let trust = Trust::Approved { at: now.wall };
                let octets = Octets { bytes, sha256, etag };
                let arrived = (octets, trust, Some((doubt, reason)));
                self.received(&url, arrived, by, now, actions);
            }
            Retrieved::Unchanged => self.confirmed(&url, by, now, actions),
            Retrieved::Refused { .. } | Retrieved::Failed { .. } if is_overtaken => {}
            Retrieved::Refused { reason } => self.refused(&url, &reason, by, now, actions),
            Retrieved::Failed { reason } if by == Way::Retrieved => self.failed_again(&url, &reason, now),
            Retrieved::Failed { .. } => {}
        }
    }

    /// A file came; `doubt` says why it cannot be believed without the owner.
    fn received(
        &mut self,
        url: &MudUrl,
        (octets, trust, doubt): (Octets, Trust, Option<(Doubt, String)>),
        by: Way,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let in_force = self.files.get(url).and_then(|state| state.in_force.clone());
        if in_force
            .as_ref()
            .is_some_and(|file| file.sha256 == octets.sha256 && same_kind(&file.trust, &trust))
        {
            self.judged_again(url, trust);
            self.confirmed(url, by, now, actions);
            return;
        }
        // The maker must sign it anew (RFC 8520 section 13.1); until then what was verified in its time stays.
        if let (Some(old), Some((Doubt::SignerExpired, reason))) = (&in_force, &doubt)
            && old.sha256 == octets.sha256
        {
            if by == Way::Retrieved {
                self.failed(url, reason, validity(&old.file), now);
            }
            return;
        }
        let (file, findings, as_made) = match read(&octets.bytes) {
            Ok(read) => read,
            Err(reason) => {
                self.refused(url, &reason, by, now, actions);
                return;
            }
        };
        if let Some(reason) = in_force.as_ref().and_then(|old| rollback(old, &file)) {
            self.refused(url, &reason, by, now, actions);
            return;
        }
        let not_as_specified = || {
            let reason = "the file is not written as RFC 8520 says".to_owned();
            (!as_made).then_some((Doubt::NotAsSpecified, reason))
        };
        let other_signer = || {
            let reason = other_signer(&in_force.as_ref()?.trust, &trust)?;
            Some((Doubt::OtherSigner, reason))
        };
        let wider = || {
            let is_wider = self.is_wider(url, &file, &in_force.as_ref()?.file);
            let reason = "the new rules permit more than those that hold".to_owned();
            is_wider.then_some((Doubt::Wider, reason))
        };
        let doubt = doubt
            .or_else(not_as_specified)
            .or_else(other_signer)
            .or_else(wider);
        let validity = validity(&file);
        let file = FileInForce {
            file,
            findings,
            bytes: octets.bytes,
            sha256: octets.sha256,
            trust,
            retrieved: now.wall,
            etag: octets.etag,
        };
        // What the owner brought and what waits is no reason to ask the file server later.
        if by == Way::Retrieved || doubt.is_none() {
            self.succeeded(url, validity, by, now);
        }
        match doubt {
            None => self.put_in_force(url, file, now, actions),
            Some((doubt, reason)) => {
                let file = Arc::new(file);
                let retained = Retained { file, doubt, reason };
                let state = self.files.entry(url.clone()).or_default();
                let same =
                    |old: &Retained| (old.file.sha256, old.doubt) == (retained.file.sha256, retained.doubt);
                // Retrieved again and again without an answer, it would wear the flash out.
                if !state.waiting.as_ref().is_some_and(same) {
                    actions.push(Action::SaveWaiting(retained.record(url)));
                }
                state.waiting = Some(retained);
                for mac in self.things_with(url) {
                    self.ask_about_file(mac, url, now, actions);
                }
            }
        }
    }

    /// Raises the question about a file that waits, for a Thing that has its URL.
    pub(super) fn ask_about_file(
        &mut self,
        mac: MacAddress,
        url: &MudUrl,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        if let Some(waiting) = self.waiting_file(mac, url) {
            self.ask(mac, Waiting::File(Arc::new(waiting)), now, actions);
        }
    }

    /// The file that waits, as it would hold for a Thing.
    pub(super) fn waiting_file(&self, mac: MacAddress, url: &MudUrl) -> Option<WaitingFile> {
        let state = self.files.get(url)?;
        let Retained { file, doubt, reason } = state.waiting.clone()?;
        let policy = self.approved_policy(mac, &file);
        let in_force = state.in_force.as_ref();
        let old = in_force.map_or_else(narrow, |old| self.approved_policy(mac, old));
        let gateway = self.site(mac, true).gateway;
        let rules = |more: &ThingPolicy, less: &ThingPolicy| {
            let rights = more.beyond(less, &gateway);
            rights
                .iter()
                .take(MOST_RIGHTS)
                .map(|right| right.rule.clone())
                .collect()
        };
        Some(WaitingFile {
            gained: rules(&policy, &old),
            lost: rules(&old, &policy),
            file: FileInForce::clone(&file),
            policy,
            doubt,
            reason,
        })
    }

    /// Whether a file permits any Thing of its URL more than the one in force would (RFC 8520 section 16), addresses apart: those of a
    /// new file are held until the owner has looked at them.
    fn is_wider(&self, url: &MudUrl, new: &MudFile, old: &MudFile) -> bool {
        self.things_with(url).into_iter().any(|mac| {
            let site = self.site(mac, false);
            let new = compile(new, &site);
            !new.beyond(&compile(old, &site), &site.gateway).is_empty()
        })
    }

    /// The rules of a file take hold.
    pub(super) fn put_in_force(
        &mut self,
        url: &MudUrl,
        file: FileInForce,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        self.journal(actions, now, None, JournalKind::FileInForce, url.to_string());
        actions.push(Action::SaveFile(record(url, &file)));
        let file = Arc::new(file);
        let state = self.files.entry(url.clone()).or_default();
        state.in_force = Some(file);
        if state.waiting.take().is_some() {
            actions.push(Action::ForgetWaiting(url.clone()));
        }
        for mac in self.things_with(url) {
            self.change(mac, |thing| {
                if matches!(
                    thing.question.as_ref().map(|question| &question.waiting),
                    Some(Waiting::File(_))
                ) {
                    thing.question = None;
                }
            });
            self.recompile(mac, actions);
            self.ask_what_stands(mac, now, actions);
        }
        push_once(actions, Action::Apply);
    }

    /// The signature of the file in force was verified again, now with its dates.
    fn judged_again(&mut self, url: &MudUrl, trust: Trust) {
        if let Trust::Signed {
            provisional: false, ..
        } = trust
            && let Some(file) = self.files.get_mut(url).and_then(|state| state.in_force.as_mut())
        {
            Arc::make_mut(file).trust = trust;
        }
    }

    /// The file in force is still the one that its server gives.
    fn confirmed(&mut self, url: &MudUrl, by: Way, now: Moment, actions: &mut Vec<Action>) {
        let Some(state) = self.files.get_mut(url) else {
            return;
        };
        let Some(file) = &mut state.in_force else { return };
        let file = Arc::make_mut(file);
        file.retrieved = now.wall;
        actions.push(Action::SaveFile(record(url, file)));
        let validity = validity(&file.file);
        self.succeeded(url, validity, by, now);
        self.recompile_url(url, actions);
    }

    /// It is wrong, and nobody is asked. A file that was brought says nothing about the one of the server.
    fn refused(&mut self, url: &MudUrl, reason: &str, by: Way, now: Moment, actions: &mut Vec<Action>) {
        self.journal(
            actions,
            now,
            None,
            JournalKind::FileRefused,
            format!("{url}: {reason}"),
        );
        if by == Way::Retrieved {
            self.failed(url, reason, LAST_RETRY, now);
        }
    }
}

/// How a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From its file server.
    Retrieved,
    /// By the owner's hand.
    Brought,
}

struct Octets {
    bytes: Arc<[u8]>,
    sha256: [u8; 32],
    etag: Option<String>,
}

pub(super) fn record(url: &MudUrl, file: &FileInForce) -> FileRecord {
    FileRecord {
        url: url.clone(),
        bytes: Arc::clone(&file.bytes),
        sha256: file.sha256,
        trust: file.trust.clone(),
        retrieved: file.retrieved,
        etag: file.etag.clone(),
    }
}

impl Retained {
    pub(super) fn into_approved(self, at: Timestamp) -> FileInForce {
        // A signature that did verify stays the reason to believe the file; the owner only agreed to its change.
        let trust = match self.file.trust.clone() {
            signed @ Trust::Signed { .. } => signed,
            Trust::Approved { .. } => Trust::Approved { at },
        };
        FileInForce {
            trust,
            ..FileInForce::clone(&self.file)
        }
    }

    pub(super) fn record(&self, url: &MudUrl) -> WaitingRecord {
        WaitingRecord {
            file: record(url, &self.file),
            doubt: self.doubt,
            reason: self.reason.clone(),
        }
    }
}
