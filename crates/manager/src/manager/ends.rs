//! When leases and the owner's decisions end: by the time since the start, which never jumps, whatever the clock says meanwhile.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use jiff::{SignedDuration, Timestamp};
use mudguard_policy::MacAddress;

use super::Manager;
use crate::{Action, Moment};

/// Something that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// The lease of an address.
    Lease(MacAddress, IpAddr),
    /// A decision of the owner, by its number.
    Override(MacAddress, u32),
    /// A question that comes from what was seen once.
    Question(MacAddress),
    /// The memory of a Thing with a random address of which nothing else is known.
    Passer(MacAddress),
}

impl End {
    pub(super) fn thing(self) -> MacAddress {
        match self {
            Self::Lease(mac, _) | Self::Override(mac, _) | Self::Question(mac) | Self::Passer(mac) => mac,
        }
    }
}

/// When it ends.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    due: Duration,
    /// Whether its length was told since the start: then the length is right, and the date may be wrong.
    measured: bool,
}

/// All that ends.
#[derive(Debug, Default)]
pub(super) struct Ends(BTreeMap<End, Deadline>);

impl Ends {
    /// It ends after so long.
    pub(super) fn after(&mut self, end: End, length: Duration, now: Moment) {
        let due = now.uptime.saturating_add(length);
        self.0.insert(end, Deadline { due, measured: true });
    }

    /// It ends on this date, but not later than after `most`: a clock that is not set yet must not make it last for years.
    pub(super) fn on(&mut self, end: End, date: Timestamp, most: Duration, now: Moment) {
        let due = now.uptime.saturating_add(left(date, now).min(most));
        self.0.insert(end, Deadline { due, measured: false });
    }

    pub(super) fn contains(&self, end: End) -> bool {
        self.0.contains_key(&end)
    }

    /// The time since the start at which it ends.
    pub(super) fn due(&self, end: End) -> Option<Duration> {
        self.0.get(&end).map(|deadline| deadline.due)
    }

    pub(super) fn remove(&mut self, end: End) {
        self.0.remove(&end);
    }

    pub(super) fn forget(&mut self, mac: MacAddress) {
        self.0.retain(|end, _| end.thing() != mac);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.0.values().map(|deadline| deadline.due).min()
    }

    fn take_due(&mut self, now: Moment) -> Vec<End> {
        let is_due = |deadline: &Deadline| deadline.due <= now.uptime;
        let due = self.0.iter().filter(|(_, deadline)| is_due(deadline));
        let due: Vec<_> = due.map(|(end, _)| *end).collect();
        self.0.retain(|_, deadline| !is_due(deadline));
        due
    }
}

fn left(date: Timestamp, now: Moment) -> Duration {
    Duration::try_from(date.duration_since(now.wall)).unwrap_or_default()
}

/// The date after so long.
pub(super) fn date_after(length: Duration, now: Moment) -> Timestamp {
    let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
    now.wall.checked_add(length).unwrap_or(Timestamp::MAX)
}

impl Manager {
    pub(super) fn end_what_is_due(&mut self, now: Moment, actions: &mut Vec<Action>) {
        for end in self.ends.take_due(now) {
            match end {
                End::Lease(mac, address) => self.given_up(mac, address, now, actions),
                End::Override(mac, id) => {
                    self.end_override(mac, id, now, actions);
                }
                End::Question(mac) => self.end_question(mac, now, actions),
                End::Passer(mac) => self.end_passer(mac, actions),
            }
        }
    }

    /// The clock was set: dates that were kept are judged by it, and dates that were made by the old clock are made anew.
    pub(super) fn set_dates(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let mut dates = Vec::new();
        for (end, deadline) in &mut self.ends.0 {
            let date = match *end {
                End::Lease(mac, address) => self.things.get(&mac).and_then(|thing| {
                    let mut bindings = thing.bindings.iter();
                    bindings.find(|binding| binding.address == address)?.expires
                }),
                End::Override(mac, id) => self.things.get(&mac).and_then(|thing| {
                    let mut overrides = thing.overrides.iter();
                    overrides.find(|decided| decided.id == id)?.until
                }),
                // By the time since the start alone: nothing is kept of the one, and the other says the worst that can be.
                End::Question(_) | End::Passer(_) => None,
            };
            let Some(date) = date else { continue };
            if deadline.measured {
                let length = deadline.due.saturating_sub(now.uptime);
                dates.push((*end, date_after(length, now)));
            } else {
                deadline.due = deadline.due.min(now.uptime.saturating_add(left(date, now)));
            }
        }
        for (end, date) in dates {
            self.change(end.thing(), |thing| match end {
                End::Lease(_, address) => {
                    for binding in &mut thing.bindings {
                        if binding.address == address {
                            binding.expires = Some(date);
                        }
                    }
                }
                End::Override(_, id) => {
                    for decided in &mut thing.overrides {
                        if decided.id == id {
                            decided.until = Some(date);
                        }
                    }
                }
                End::Question(_) | End::Passer(_) => {}
            });
            self.save_thing(end.thing(), actions);
        }
        self.end_what_is_due(now, actions);
    }
}
