//! The addresses of Things that the owner has forgotten. What was decided is gone, but the network goes on: a Thing that is still there
//! uses its lease, and is not heard of again by DHCP before it renews it.

use std::time::Duration;

use mudguard_policy::MacAddress;

use super::{
    Manager,
    ends::{End, date_after},
};
use crate::{Action, Binding, Moment};

/// The most such addresses that are remembered.
const MOST: usize = 4096;

impl Manager {
    /// Remembers the addresses of a Thing that is about to be forgotten.
    pub(super) fn set_aside(&mut self, mac: MacAddress, now: Moment) {
        let gone = |until: &Option<Duration>| until.is_some_and(|until| until <= now.uptime);
        self.forgotten.retain(|_, (_, until)| !gone(until));
        let bindings = self.things.get(&mac).map(|thing| thing.bindings.clone());
        for Binding { address, .. } in bindings.into_iter().flatten() {
            if self.forgotten.len() < MOST {
                let until = self.ends.due(End::Lease(mac, address));
                self.forgotten.insert(address, (mac, until));
            }
        }
    }

    /// Those of them that are still its own, which are remembered no longer.
    pub(super) fn take_up(&mut self, mac: MacAddress, now: Moment) -> Vec<(Binding, Option<Duration>)> {
        let mut own = Vec::new();
        self.forgotten.retain(|address, (by, until)| {
            if *by != mac {
                return true;
            }
            let left = until.map(|until| until.saturating_sub(now.uptime));
            if left != Some(Duration::ZERO) {
                let expires = left.map(|left| date_after(left, now));
                let address = *address;
                own.push((Binding { address, expires }, left));
            }
            false
        });
        own
    }

    /// A Thing that was forgotten is heard again: its addresses are bound to it as before.
    pub(super) fn bind_again(&mut self, mac: MacAddress, now: Moment, actions: &mut Vec<Action>) {
        for (binding, left) in self.take_up(mac, now) {
            if let Some(left) = left {
                self.ends.after(End::Lease(mac, binding.address), left, now);
            }
            self.bind(mac, binding, actions);
        }
    }
}
