//! Which MUD URL a Thing has: what it announces, what is proven, and what only the owner may settle (RFC 8520 sections 10.1 and 16).

use std::time::Duration;

use jiff::Timestamp;
use mudguard_mud::MudUrl;
use mudguard_policy::MacAddress;

use super::Manager;
use crate::{Action, Channel, JournalKind, Moment, Waiting};

/// How many other MUD URLs of one Thing are looked at in a day.
const MOST_OTHERS: usize = 8;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The MUD URLs that a Thing announced beside the one it is known by.
#[derive(Clone, Debug)]
pub(super) struct Others {
    since: Duration,
    /// The same by the clock, for the store.
    since_date: Timestamp,
    urls: Vec<MudUrl>,
    told: bool,
}

impl Others {
    pub(super) fn record(&self) -> (Timestamp, Vec<MudUrl>) {
        (self.since_date, self.urls.clone())
    }

    /// The day of which the store knows goes on; if the clock cannot say how long, it begins now.
    pub(super) fn restore((since_date, urls): (Timestamp, Vec<MudUrl>), now: Moment) -> Self {
        let age = Duration::try_from(now.wall.duration_since(since_date)).unwrap_or_default();
        let is_over = age >= DAY;
        Self {
            since: now.uptime,
            since_date: if is_over { now.wall } else { since_date },
            urls: if is_over { Vec::new() } else { urls },
            told: false,
        }
    }
}

impl Manager {
    pub(super) fn url_announced(
        &mut self,
        mac: MacAddress,
        url: MudUrl,
        channel: Channel,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        self.change(mac, |thing| thing.refused_url = None);
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let is_known = thing.url.as_ref() == Some(&url);
        let known_by = thing.channel.filter(|_| thing.url.is_some());
        let is_proven_now = channel == Channel::Certificate && known_by.is_none_or(|by| !by.is_proven());
        if is_known {
            if is_proven_now {
                self.change(mac, |thing| thing.channel = Some(channel));
                self.recompile(mac, actions);
                self.members_changed(now, actions);
                self.ask_what_stands(mac, now, actions);
                self.save_thing(mac, actions);
            }
        } else if is_proven_now || known_by.is_none() && !self.is_held_by_certificate(mac, &url) {
            self.adopt_url(mac, url.clone(), channel, now, actions);
        } else {
            // The first URL stays until the owner has looked at the other.
            if self.too_many_others(mac, &url, now, actions) {
                return;
            }
            if self.may_succeed(mac, &url) {
                self.try_successor(mac, url, channel, now, actions);
            } else {
                self.ask(mac, Waiting::Url(url, channel), now, actions);
                self.recompile(mac, actions);
            }
            return;
        }
        self.want_file(&url, now, actions);
    }

    /// RFC 8520 section 16: Things whose URL is proven and Things that only say so are not of one class.
    pub(super) fn is_held_by_certificate(&self, mac: MacAddress, url: &MudUrl) -> bool {
        self.things.values().any(|thing| {
            thing.mac != mac && thing.channel == Some(Channel::Certificate) && thing.url.as_ref() == Some(url)
        })
    }

    fn too_many_others(
        &mut self,
        mac: MacAddress,
        url: &MudUrl,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> bool {
        let none = Others {
            since: now.uptime,
            since_date: now.wall,
            urls: Vec::new(),
            told: false,
        };
        let others = self.others.entry(mac).or_insert_with(|| none.clone());
        if now.uptime.saturating_sub(others.since) >= DAY {
            *others = none;
        }
        if others.urls.contains(url) {
            return false;
        }
        if others.urls.len() < MOST_OTHERS {
            others.urls.push(url.clone());
            self.save_thing(mac, actions);
            return false;
        }
        if !others.told {
            others.told = true;
            self.journal(
                actions,
                now,
                Some(mac),
                JournalKind::UrlsIgnored,
                MOST_OTHERS.to_string(),
            );
        }
        true
    }

    /// Gives a Thing its MUD URL: from now on it has what the file of that URL grants, and nothing before the file is there.
    pub(super) fn adopt_url(
        &mut self,
        mac: MacAddress,
        url: MudUrl,
        channel: Channel,
        now: Moment,
        actions: &mut Vec<Action>,
    ) -> u64 {
        let id = self.journal(actions, now, Some(mac), JournalKind::UrlLearnt, url.to_string());
        self.change(mac, |thing| {
            thing.url = Some(url.clone());
            thing.channel = Some(channel);
            thing.problem = None;
            // What was asked about the file of the old URL, or about this one, is settled.
            let settled = |waiting: &Waiting| match waiting {
                Waiting::Url(asked, _) => *asked == url,
                Waiting::File(_) | Waiting::Addresses | Waiting::Controllers(_) | Waiting::Group => true,
                Waiting::NewThing | Waiting::Place(_) => false,
            };
            thing.question.take_if(|question| settled(&question.waiting));
        });
        self.recompile(mac, actions);
        self.members_changed(now, actions);
        self.ask_what_stands(mac, now, actions);
        self.save_thing(mac, actions);
        id
    }
}
