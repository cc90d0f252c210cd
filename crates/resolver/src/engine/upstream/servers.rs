//! What is known of servers: how fast each answers, and which of them are of no use.
//!
//! Bounded: what was heard longest ago is forgotten first.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::validate::Name;

/// The most servers that are remembered, and the most pairs of server and zone that are of no use.
const MAX_SERVERS: usize = 2048;

/// How long a server that was never asked is taken to need.
const UNKNOWN: Duration = Duration::from_millis(150);

/// How long an answer is waited for, at least and at most.
const LEAST_PATIENCE: Duration = Duration::from_millis(250);
const MOST_PATIENCE: Duration = Duration::from_millis(1500);

/// How long a server that does not answer is asked last.
const SILENCE: Duration = Duration::from_secs(60);

/// How long a server is not asked about a zone of which it knows nothing, and how long one is asked without EDNS.
const LAMENESS: Duration = Duration::from_secs(900);

/// Silence so often in a row makes a server one that is asked last.
const SILENT: u32 = 2;

/// The servers that were asked.
#[derive(Debug, Default)]
pub(super) struct Servers {
    health: HashMap<SocketAddr, Health>,
    lame: HashMap<(SocketAddr, Name), Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Health {
    /// The smoothed time of an answer.
    time: Duration,
    /// How often in a row there was none.
    silences: u32,
    /// Until when it is asked without EDNS.
    without_edns_until: Option<Instant>,
    heard: Instant,
}

impl Servers {
    /// In which order servers are asked: the lower the earlier.
    pub(super) fn rank(&self, server: SocketAddr, now: Instant) -> (bool, Duration) {
        match self.health.get(&server) {
            Some(health) => {
                let is_silent = health.silences >= SILENT && now < health.heard + SILENCE;
                (is_silent, health.time)
            }
            None => (false, UNKNOWN),
        }
    }

    /// How long its answer is waited for.
    pub(super) fn patience(&self, server: SocketAddr) -> Duration {
        let (time, silences) = self
            .health
            .get(&server)
            .map_or((UNKNOWN, 0), |health| (health.time, health.silences));
        let times = 1 << silences.min(2);
        (time * 4 * times).clamp(LEAST_PATIENCE * times, MOST_PATIENCE)
    }

    /// How often in a row it did not answer.
    pub(super) fn silences(&self, server: SocketAddr) -> u32 {
        self.health.get(&server).map_or(0, |health| health.silences)
    }

    /// When it was asked last, as far as is known.
    pub(super) fn heard(&self, server: SocketAddr) -> Option<Instant> {
        self.health.get(&server).map(|health| health.heard)
    }

    /// It answered after this time.
    pub(super) fn answered(&mut self, server: SocketAddr, after: Duration, now: Instant) {
        let health = self.health(server, now);
        health.time = if health.silences == 0 {
            (health.time * 7 + after) / 8
        } else {
            after
        };
        health.silences = 0;
        health.heard = now;
    }

    /// It did not answer.
    pub(super) fn silent(&mut self, server: SocketAddr, now: Instant) {
        let health = self.health(server, now);
        health.silences = health.silences.saturating_add(1);
        health.time = (health.time * 2).min(MOST_PATIENCE);
        health.heard = now;
    }

    /// It does not understand EDNS.
    pub(super) fn lacks_edns(&mut self, server: SocketAddr, now: Instant) {
        self.health(server, now).without_edns_until = Some(now + LAMENESS);
    }

    /// Whether it is asked with EDNS.
    pub(super) fn takes_edns(&self, server: SocketAddr, now: Instant) -> bool {
        let until = self
            .health
            .get(&server)
            .and_then(|health| health.without_edns_until);
        until.is_none_or(|until| now >= until)
    }

    /// It knows nothing of this zone.
    pub(super) fn lame(&mut self, server: SocketAddr, zone: &Name, now: Instant) {
        if self.lame.len() >= MAX_SERVERS {
            self.lame.retain(|_, until| now < *until);
        }
        if self.lame.len() < MAX_SERVERS {
            self.lame.insert((server, zone.clone()), now + LAMENESS);
        }
    }

    /// Whether it knows nothing of this zone.
    pub(super) fn is_lame(&self, server: SocketAddr, zone: &Name, now: Instant) -> bool {
        self.lame
            .get(&(server, zone.clone()))
            .is_some_and(|until| now < *until)
    }

    fn health(&mut self, server: SocketAddr, now: Instant) -> &mut Health {
        if self.health.len() >= MAX_SERVERS && !self.health.contains_key(&server) {
            let mut heard: Vec<Instant> = self.health.values().map(|health| health.heard).collect();
            heard.sort_unstable();
            let middle = heard.get(heard.len() / 2).copied();
            self.health
                .retain(|_, health| middle.is_none_or(|middle| health.heard > middle));
        }
        self.health.entry(server).or_insert(Health {
            time: UNKNOWN,
            silences: 0,
            without_edns_until: None,
            heard: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(number: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], number))
    }

    #[test]
    fn the_faster_server_comes_first_and_the_silent_one_last() {
        let (mut servers, now) = (Servers::default(), Instant::now());
        for _ in 0..20 {
            servers.answered(server(1), Duration::from_millis(20), now);
            servers.answered(server(2), Duration::from_millis(300), now);
        }
        servers.silent(server(3), now);
        servers.silent(server(3), now);
        let mut order = [server(2), server(3), server(4), server(1)];
        order.sort_by_key(|&server| servers.rank(server, now));
        assert_eq!(order, [server(1), server(4), server(2), server(3)]);
    }

    #[test]
    fn a_silent_server_is_asked_again_after_a_while_and_forgiven_when_it_answers() {
        let (mut servers, now) = (Servers::default(), Instant::now());
        servers.silent(server(1), now);
        servers.silent(server(1), now);
        assert!(servers.rank(server(1), now).0);
        assert!(!servers.rank(server(1), now + SILENCE).0);
        servers.answered(server(1), Duration::from_millis(10), now);
        assert_eq!(servers.rank(server(1), now), (false, Duration::from_millis(10)));
    }

    #[test]
    fn a_slow_server_is_waited_for_longer_and_never_for_ever() {
        let (mut servers, now) = (Servers::default(), Instant::now());
        assert!(servers.patience(server(1)) >= UNKNOWN);
        for _ in 0..50 {
            servers.answered(server(1), Duration::from_millis(1), now);
        }
        assert_eq!(servers.patience(server(1)), LEAST_PATIENCE);
        for _ in 0..50 {
            servers.silent(server(1), now);
        }
        assert_eq!(servers.patience(server(1)), MOST_PATIENCE);
    }

    #[test]
    fn what_is_of_no_use_is_so_for_one_zone_and_for_a_while() {
        let (mut servers, now) = (Servers::default(), Instant::now());
        let (zone, other) = ("example.".parse().unwrap(), "test.".parse().unwrap());
        servers.lame(server(1), &zone, now);
        servers.lacks_edns(server(1), now);
        assert!(servers.is_lame(server(1), &zone, now) && !servers.is_lame(server(1), &other, now));
        assert!(!servers.takes_edns(server(1), now) && servers.takes_edns(server(2), now));
        let later = now + LAMENESS;
        assert!(!servers.is_lame(server(1), &zone, later) && servers.takes_edns(server(1), later));
    }

    #[test]
    fn memory_is_bounded_however_many_servers_there_are() {
        let (mut servers, now) = (Servers::default(), Instant::now());
        let zone = Name::root();
        for number in 0..10_000_u16 {
            let now = now + Duration::from_millis(number.into());
            servers.silent(server(number), now);
            servers.lame(server(number), &zone, now);
            assert!(servers.health.len() <= MAX_SERVERS && servers.lame.len() <= MAX_SERVERS);
        }
        assert!(servers.health.contains_key(&server(9999)));
    }
}
