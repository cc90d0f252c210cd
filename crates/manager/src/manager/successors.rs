//! A MUD URL that takes the place of another without a question (draft-ietf-iotops-mud-acceptable-urls): the same but for its last
//! segment, and its file signed by the same signer.
//!
//! The draft asks for the same subject under the same CA; the key may be a new one. Where the CA of a file is not known, because an
//! older Mudguard kept it, the key must be the same. Beyond the draft, the file must be no older and, while nothing proves the URL,
//! permit nothing that the old file does not. All else is a question.

use mudguard_mud::MudUrl;
use mudguard_policy::{MacAddress, compile};

use super::Manager;
use crate::{Action, Channel, Moment, Trust, Waiting};

impl Manager {
    /// Whether this URL may take the place of the one that the Thing has, if its file turns out to be such.
    pub(super) fn may_succeed(&self, mac: MacAddress, url: &MudUrl) -> bool {
        let Some(thing) = self.things.get(&mac) else {
            return false;
        };
        let is_settled = thing.channel == Some(Channel::Owner) || thing.question.is_some();
        let is_rejected = (self.decisions.get(&mac))
            .is_some_and(|decisions| decisions.rejected.iter().any(|rejected| rejected == url.as_str()));
        let is_signed = (thing.file.as_ref()).is_some_and(|file| matches!(file.trust, Trust::Signed { .. }));
        let has_same_base = (thing.url.as_ref()).is_some_and(|known| base(known) == base(url));
        !is_settled && !is_rejected && is_signed && has_same_base && !self.is_held_by_certificate(mac, url)
    }

    /// Has the file of the URL retrieved, by which it is judged; until then nothing changes.
    pub(super) fn try_successor(
        &mut self,
        mac: MacAddress,
        url: MudUrl,
        channel: Channel,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        self.successors.insert(mac, (url.clone(), channel));
        let state = self.files.get(&url);
        if state.is_some_and(|state| state.in_force.is_some()) {
            self.judge_successors(&url, now, actions);
        } else if state.is_none_or(|state| !state.fetch.in_flight) {
            // A failure that is to be tried again must not hold the judgement up.
            self.files.entry(url.clone()).or_default().fetch.due = None;
            self.want_file(&url, now, actions);
        }
    }

    /// The file of a URL came or did not: what waited for it is settled or asked.
    pub(super) fn judge_successors(&mut self, url: &MudUrl, now: Moment, actions: &mut Vec<Action>) {
        let waiting: Vec<_> = (self.successors.iter())
            .filter(|(_, (successor, _))| successor == url)
            .map(|(mac, (_, channel))| (*mac, *channel))
            .collect();
        for (mac, channel) in &waiting {
            self.successors.remove(mac);
            if self.succeeds(*mac, url, *channel) {
                self.adopt_url(*mac, url.clone(), *channel, now, actions);
            } else {
                self.ask(*mac, Waiting::Url(url.clone(), *channel), now, actions);
            }
        }
        if !waiting.is_empty() && self.things_with(url).is_empty() {
            self.files.remove(url);
            actions.push(Action::ForgetFile(url.clone()));
            actions.push(Action::ForgetWaiting(url.clone()));
        }
    }

    fn succeeds(&self, mac: MacAddress, url: &MudUrl, channel: Channel) -> bool {
        let Some(thing) = self.things.get(&mac).filter(|_| self.may_succeed(mac, url)) else {
            return false;
        };
        let new = self.files.get(url).and_then(|state| state.in_force.as_ref());
        let (Some(old), Some(new)) = (&thing.file, new) else {
            return false;
        };
        let is_same_signer = match (&old.trust, &new.trust) {
            (
                Trust::Signed {
                    signer,
                    key,
                    ca,
                    provisional: false,
                },
                Trust::Signed {
                    signer: new_signer,
                    key: new_key,
                    ca: new_ca,
                    provisional: false,
                },
            ) => signer == new_signer && (key == new_key || !ca.is_empty() && ca == new_ca),
            (Trust::Signed { .. } | Trust::Approved { .. }, _) => false,
        };
        if !is_same_signer || new.file.last_update < old.file.last_update {
            return false;
        }
        let site = self.site(mac, false);
        let rights = compile(&new.file, &site);
        channel.is_proven()
            || rights
                .beyond(&compile(&old.file, &site), &site.gateway)
                .is_empty()
    }
}

/// All but the last segment.
fn base(url: &MudUrl) -> &str {
    let path = url.as_str().split('?').next().unwrap_or_default();
    path.rsplit_once('/').map_or(path, |(base, _)| base)
}
