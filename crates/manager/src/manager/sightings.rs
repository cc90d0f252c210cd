//! Who is there: Things that appear, the addresses bound to them, and what was blocked.

use std::{net::IpAddr, sync::Arc, time::Duration};

use mudguard_policy::MacAddress;

use super::{
    Manager,
    ends::{End, date_after},
    push_once,
};
use crate::{
    Action, Announced, Announcement, Answer, Binding, BlockedFlow, Denial, Enforcement, Moment, Thing,
};

/// How long a Thing is remembered that has made its address up and of which nothing is kept.
const PASSING: Duration = Duration::from_secs(24 * 3600);
/// How long an address that was lent and given up is bound again to the same Thing only by a lease. It may be set up to have it without
/// one, some day.
const GIVEN_UP: Duration = Duration::from_secs(3600);
/// The most such addresses that are remembered.
const MOST_GIVEN_UP: usize = 4096;

/// What the owner decided about a Thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decisions {
    pub(super) addresses_approved: Option<[u8; 32]>,
    pub(super) admitted: bool,
    /// The owner agreed that it is a member of the classes of its maker.
    pub(super) grouped: bool,
    /// It had rules, and they are lost: until its MUD URL is learnt anew it reaches only this router. Not stored: see [`Restored`](super::Restored).
    pub(super) restricted: bool,
    /// What the owner said no to, the latest last; bounded.
    pub(super) rejected: Vec<String>,
}

impl Manager {
    pub(super) fn announced(&mut self, announcement: Announcement, now: Moment, actions: &mut Vec<Action>) {
        let Announcement {
            mac,
            port,
            channel,
            url,
            host_name,
        } = announcement;
        if !self.meet(mac, now, actions) {
            return;
        }
        if !self.heard_on(mac, &port, now, actions) {
            return;
        }
        let before = self
            .things
            .get(&mac)
            .map(|thing| (thing.port.clone(), thing.host_name.clone()));
        let after = (Some(port), host_name.or_else(|| before.as_ref()?.1.clone()));
        let moved = before.as_ref().is_some_and(|before| before.0 != after.0);
        let news = before.as_ref() != Some(&after);
        self.change(mac, |thing| {
            (thing.port, thing.host_name) = after;
            thing.last_seen = now.wall;
        });
        if moved {
            self.recompile(mac, actions);
            self.ask_what_stands(mac, now, actions);
            push_once(actions, Action::Apply);
        }
        match url {
            Announced::Url(url) => self.url_announced(mac, url, channel, now, actions),
            Announced::Refused(text, reason) => {
                self.change(mac, |thing| thing.refused_url = Some((text, reason)))
            }
            Announced::Nothing => {}
        }
        if news {
            self.save_thing(mac, actions);
        }
    }

    pub(super) fn leased(
        &mut self,
        mac: MacAddress,
        port: String,
        address: IpAddr,
        lifetime: Duration,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        if !self.meet(mac, now, actions) {
            return;
        }
        if !self.heard_on(mac, &port, now, actions) {
            // The kernel was told of the lease already: the rules must take it back.
            push_once(actions, Action::Apply);
            return;
        }
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        let moved = thing.port.as_ref() != Some(&port);
        let known = binding(thing, address).is_some();
        self.change(mac, |thing| {
            thing.port = Some(port);
            thing.last_seen = now.wall;
        });
        self.bind(
            mac,
            Binding {
                address,
                expires: Some(date_after(lifetime, now)),
            },
            actions,
        );
        self.ends.after(End::Lease(mac, address), lifetime, now);
        self.given_up.remove(&address);
        if moved || !known {
            self.recompile(mac, actions);
            self.ask_what_stands(mac, now, actions);
            self.save_thing(mac, actions);
        } else if self.is_kept(mac)
            && let Some(record) = self.thing_record(mac)
        {
            // A lease that is renewed would wear the flash out.
            actions.push(Action::SaveThingLater(record));
        }
    }

    /// An address that was lent is given up, or its lease has ended: for a while, whoever had it gets it only by another lease. The kernel
    /// goes on to tell of it as a neighbour, and it may go on to answer for it.
    pub(super) fn given_up(
        &mut self,
        mac: MacAddress,
        address: IpAddr,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        self.given_up.retain(|_, (_, until)| *until > now.uptime);
        let is_own = |(by, _): &(MacAddress, Option<Duration>)| *by == mac;
        let bound = self.forgotten.get(&address).is_some_and(is_own)
            || self
                .things
                .get(&mac)
                .is_some_and(|thing| binding(thing, address).is_some());
        if bound {
            self.forgotten.remove(&address);
        }
        if bound && self.given_up.len() < MOST_GIVEN_UP {
            self.given_up.insert(address, (mac, now.uptime + GIVEN_UP));
        }
        self.released(mac, address, actions);
    }

    /// Unbinds an address.
    pub(super) fn released(&mut self, mac: MacAddress, address: IpAddr, actions: &mut Vec<Action>) {
        if self
            .things
            .get(&mac)
            .is_some_and(|thing| binding(thing, address).is_some())
        {
            self.ends.remove(End::Lease(mac, address));
            self.change(mac, |thing| {
                thing.bindings.retain(|binding| binding.address != address)
            });
            push_once(actions, Action::Apply);
            // What is left of its addresses may say another network.
            self.recompile(mac, actions);
            self.save_thing(mac, actions);
        }
    }

    /// Anyone may say that another departs, so an address that is lent stays bound for its lease; it ends by itself.
    pub(super) fn departed(&mut self, mac: MacAddress, port: &str, actions: &mut Vec<Action>) {
        let Some(thing) = self.things.get(&mac) else {
            return;
        };
        if thing.port.as_deref() != Some(port) {
            return;
        }
        let unlent: Vec<_> = (thing.bindings.iter().map(|binding| binding.address))
            .filter(|address| !self.ends.contains(End::Lease(mac, *address)))
            .collect();
        for address in unlent {
            self.released(mac, address, actions);
        }
    }

    pub(super) fn neighbour(
        &mut self,
        mac: MacAddress,
        address: IpAddr,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let leased_to_another = self.things.values().any(|thing| {
            thing.mac != mac
                && binding(thing, address).is_some()
                && self.ends.contains(End::Lease(thing.mac, address))
        });
        let own = self.home.lans.iter().any(|lan| lan.addresses.contains(&address));
        let given_up = self
            .given_up
            .get(&address)
            .is_some_and(|(by, until)| *by == mac && *until > now.uptime);
        // The kernel believes whoever answered last (RFC 7513 section 8): a lease is worth more than that, and this router is no Thing.
        if own || leased_to_another || given_up || !self.meet(mac, now, actions) {
            return;
        }
        if self
            .things
            .get(&mac)
            .is_some_and(|thing| binding(thing, address).is_some())
        {
            return;
        }
        self.bind(
            mac,
            Binding {
                address,
                expires: None,
            },
            actions,
        );
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
    }

    /// Binds an address to one Thing and to no other.
    pub(super) fn bind(&mut self, mac: MacAddress, new: Binding, actions: &mut Vec<Action>) {
        self.forgotten.remove(&new.address);
        let elsewhere: Vec<_> = self
            .things
            .values()
            .filter(|thing| thing.mac != mac && binding(thing, new.address).is_some())
            .map(|thing| thing.mac)
            .collect();
        for other in elsewhere {
            self.released(other, new.address, actions);
        }
        let max = self.settings.max_bindings;
        let mut managed = false;
        let mut left = None;
        self.change(mac, |thing| {
            managed = thing.enforcement != Enforcement::None;
            thing.bindings.retain(|binding| binding.address != new.address);
            if thing.bindings.len() >= max {
                left = Some(thing.bindings.remove(0).address);
            }
            thing.bindings.push(new);
        });
        if let Some(address) = left {
            self.ends.remove(End::Lease(mac, address));
        }
        if managed {
            push_once(actions, Action::Apply);
        }
    }

    /// Makes sure that a Thing is known; `false` if there is no room for it.
    pub(super) fn meet(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) -> bool {
        if !mac.is_station() {
            return false;
        }
        if mac.is_locally_administered() {
            self.ends.after(End::Passer(mac), PASSING, now);
        }
        if self.things.contains_key(&mac) {
            return true;
        }
        if self.things.len() >= self.settings.max_things && !self.forget_a_stranger() {
            return false;
        }
        self.things.insert(mac, Arc::new(Thing::stranger(mac, now.wall)));
        self.changed = true;
        self.bind_again(mac, now, actions);
        self.recompile(mac, actions);
        self.ask_what_stands(mac, now, actions);
        true
    }

    /// Makes room by forgetting the Thing that was silent longest among those that nothing is kept of.
    fn forget_a_stranger(&mut self) -> bool {
        let stranger = self
            .things
            .values()
            .filter(|thing| !self.is_kept(thing.mac) && !self.decisions.contains_key(&thing.mac))
            .min_by_key(|thing| thing.last_seen)
            .map(|thing| thing.mac);
        stranger.is_some_and(|mac| self.drop_thing(mac))
    }

    /// A Thing with a random address was silent for a day: it is forgotten with its question, and is a new one when it comes back.
    pub(super) fn end_passer(&mut self, mac: MacAddress, actions: &mut Vec<Action>) {
        if !self.is_kept(mac) && !self.decisions.contains_key(&mac) && self.drop_thing(mac) {
            self.changed = true;
            actions.push(Action::ForgetThing(mac));
            push_once(actions, Action::Apply);
        }
    }

    pub(super) fn drop_thing(&mut self, mac: MacAddress) -> bool {
        self.ends.forget(mac);
        self.others.remove(&mac);
        self.successors.remove(&mac);
        self.heard.remove(&mac);
        self.decisions.remove(&mac);
        self.things.remove(&mac).is_some()
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        let max = self.settings.max_looked_up;
        let managed = self
            .things
            .get(&answer.mac)
            .is_some_and(|thing| thing.enforcement != Enforcement::None);
        if !managed {
            return;
        }
        self.change(answer.mac, |thing| {
            for address in answer.addresses {
                if thing.looked_up.len() >= max && !thing.looked_up.contains_key(&address) {
                    thing.looked_up.pop_first();
                }
                thing.looked_up.insert(address, answer.name.clone());
            }
        });
    }

    pub(super) fn denied(&mut self, denial: Denial, now: Moment) {
        let max = self.settings.max_blocked;
        let Denial {
            mac,
            peer,
            initiator,
            protocol,
            port,
        } = denial;
        self.change(mac, |thing| {
            let same = |flow: &BlockedFlow| {
                (flow.peer, flow.initiator, flow.protocol, flow.port) == (peer, initiator, protocol, port)
            };
            let known = thing
                .blocked
                .iter()
                .position(same)
                .map(|index| thing.blocked.remove(index));
            let count = known.map_or(1, |flow| flow.count.saturating_add(1));
            if thing.blocked.len() >= max {
                thing.blocked.remove(0);
            }
            let name = thing.looked_up.get(&peer).cloned();
            thing.blocked.push(BlockedFlow {
                peer,
                initiator,
                protocol,
                port,
                name,
                count,
                last: now.wall,
            });
        });
    }
}

fn binding(thing: &Thing, address: IpAddr) -> Option<&Binding> {
    thing.bindings.iter().find(|binding| binding.address == address)
}
