//! Mode `recursive`: the authoritative servers are asked, from the root down (RFC 1034 section 5.3.3).
//!
//! - A server is asked for no more of a name than it needs to refer on (RFC 9156); where that fails, for the whole name.
//! - A name server without an address is looked up in turn, in bounded depth, and few of them for one zone (NXNS attack).
//! - Servers are asked in the order of their speed; silent, lame and suspect ones last. A reply that is truncated, or has the letters of
//!   the name in another case, is asked for again by TCP.
//!
//! What it is not: it judges no signature, and it keeps no answers.

mod asking;
mod delegations;
mod hints;
mod reading;

#[cfg(test)]
mod tests;

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use mudguard_policy::SpecialPurpose;

pub use self::hints::{HintsError, check_root_hints};
use self::{
    asking::ServerError,
    delegations::Delegations,
    reading::{Delegation, Meaning, address, read},
};
use super::{
    Unobtainable, Work,
    message::Response,
    network::{Internet, Network},
    servers::Servers,
};
use crate::{
    Config,
    engine::Clock,
    validate::{Name, Question, RecordType, Reply},
};

/// The port of authoritative servers.
const PORT: u16 = 53;

/// The most steps from zone to zone and from label to label for one question.
const MAX_STEPS: usize = 40;

/// The most steps in which a name is shown label by label, and how many of them show one label each (RFC 9156 section 2.3).
const MAX_MINIMISED: usize = 10;
const ONE_LABEL: usize = 4;

/// How deep name servers of name servers are looked up.
const MAX_DEPTH: usize = 4;

/// The most servers of a zone that are asked one question, repetitions included.
const MAX_ATTEMPTS: usize = 8;

/// The most name servers of a zone that are looked up for one question.
const MAX_LOOKED_UP: usize = 3;

/// Asks authoritative servers.
pub(crate) struct Recursive {
    network: Box<dyn Network>,
    root: Delegation,
    known: Mutex<Known>,
    special_purpose: Option<SpecialPurpose>,
    clock: Clock,
}

#[derive(Default)]
struct Known {
    delegations: Delegations,
    servers: Servers,
    /// Until when IPv6 is not tried.
    without_ipv6_until: Option<Instant>,
}

/// What a question has led to already, so that it does not lead there again.
#[derive(Clone, Copy)]
struct Way<'a> {
    work: &'a Work,
    depth: usize,
}

impl Recursive {
    /// Prepares to ask; nothing is sent yet.
    pub(super) fn new(config: &Config, clock: &Clock) -> Result<Self, HintsError> {
        Self::with_network(config, clock, Box::new(Internet::new()))
    }

    pub(super) fn with_network(
        config: &Config,
        clock: &Clock,
        network: Box<dyn Network>,
    ) -> Result<Self, HintsError> {
        let checked = !config.allow_special_purpose_servers;
        Ok(Self {
            network,
            root: hints::root(config.root_hints.as_deref())?,
            known: Mutex::default(),
            special_purpose: checked.then(|| config.special_purpose.clone()),
            clock: Arc::clone(clock),
        })
    }

    /// Obtains the reply to a question.
    pub(super) async fn ask(&self, question: &Question, work: &Work) -> Result<Reply, Unobtainable> {
        self.resolve(question.clone(), Way { work, depth: 0 }).await
    }

    /// Forgets the zones on the way to a name.
    pub(super) fn forget(&self, name: &Name) {
        self.known().delegations.forget(name);
    }

    /// It is boxed because the name server of a name may have to be resolved on the way.
    fn resolve<'a>(
        &'a self,
        question: Question,
        way: Way<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, Unobtainable>> + Send + 'a>> {
        Box::pin(async move {
            let is_ds = question.record_type == RecordType::DS && question.name != Name::root();
            if is_ds && let Some(reply) = self.known().delegations.ds(&question.name, self.now()) {
                return Ok(reply);
            }
            let mut zone = self.nearest(&question.name, is_ds, way).await;
            let full = question.name.label_count();
            let (mut shown, mut steps_of_labels) = (zone.zone.label_count(), 0);
            let mut hides = true;
            for _ in 0..MAX_STEPS {
                if hides {
                    (shown, steps_of_labels) = self.show_more(&question.name, shown, steps_of_labels);
                }
                let is_whole = !hides || shown >= full;
                let asked = if is_whole {
                    question.clone()
                } else {
                    Question::new(question.name.last_labels(shown), RecordType::A)
                };
                match self.ask_zone(&zone, &asked, is_whole, way).await {
                    Ok(Meaning::Referral(delegation)) => {
                        shown = delegation.zone.label_count();
                        zone = self.known().delegations.insert(delegation, self.now());
                        if is_ds && zone.zone == question.name {
                            // A parent that refers says no more of the DS records than it has said.
                            return zone.ds.clone().ok_or_else(Unobtainable::unreachable);
                        }
                    }
                    Ok(Meaning::Answer(reply) | Meaning::NoData(reply) | Meaning::NoSuchName(reply))
                        if is_whole =>
                    {
                        return Ok(reply);
                    }
                    Ok(Meaning::NoData(_)) => self.known().delegations.insert_plain(asked.name, self.now()),
                    Ok(Meaning::Answer(reply)) if !is_alias(&reply, &asked.name) => {
                        self.known().delegations.insert_plain(asked.name, self.now());
                    }
                    // An alias on the way, or a server that denies names below which there are others.
                    Ok(Meaning::Answer(_) | Meaning::NoSuchName(_) | Meaning::Useless(_)) => hides = false,
                    // Some servers answer nothing but the whole question.
                    Err(_) if !is_whole => hides = false,
                    Err(error) => return Err(error),
                }
            }
            Err(Unobtainable::too_much_work())
        })
    }

    /// How many labels are shown next, and in which step: names that are known to be no zone cuts are passed.
    fn show_more(&self, name: &Name, shown: usize, steps: usize) -> (usize, usize) {
        let (full, mut shown, mut steps) = (name.label_count(), shown, steps);
        let (known, now) = (self.known(), self.now());
        while shown < full {
            let more = if steps < ONE_LABEL {
                1
            } else if steps < MAX_MINIMISED {
                (full - shown).div_ceil(MAX_MINIMISED - steps)
            } else {
                full - shown
            };
            shown += more.max(1);
            if shown >= full || !known.delegations.is_plain(&name.last_labels(shown), now) {
                steps += 1;
                break;
            }
        }
        (shown.min(full), steps)
    }

    /// The zone from which a question sets out. If none is known, the servers of the hints are asked who serves the root.
    async fn nearest(&self, name: &Name, only_above: bool, way: Way<'_>) -> Arc<Delegation> {
        let nearest = self.known().delegations.nearest(name, only_above, self.now());
        if let Some(zone) = nearest {
            return zone;
        }
        let hints = Arc::new(self.root.clone());
        let asked = Question::new(Name::root(), RecordType::NS);
        let primed = match self.try_servers(&hints, &asked, true, way).await {
            Ok((response, _)) => root_of(&response, &self.root),
            Err(_) => None,
        };
        match primed {
            Some(root) => self.known().delegations.insert(root, self.now()),
            None => hints,
        }
    }

    /// Asks the servers of a zone, one after the other.
    async fn ask_zone(
        &self,
        zone: &Delegation,
        asked: &Question,
        is_whole: bool,
        way: Way<'_>,
    ) -> Result<Meaning, Unobtainable> {
        let (response, server) = self.try_servers(zone, asked, is_whole, way).await?;
        way.work.answered(server);
        Ok(read(response, &zone.zone, asked))
    }

    /// The first response of use. A server that is of no use for a part of a name may be so for the whole.
    async fn try_servers(
        &self,
        zone: &Delegation,
        asked: &Question,
        is_whole: bool,
        way: Way<'_>,
    ) -> Result<(Response, SocketAddr), Unobtainable> {
        let mut tried: Vec<SocketAddr> = Vec::new();
        let mut unknown = self.unknown_name_servers(zone);
        let mut looked_up = 0;
        let mut last = None;
        let mut second_hand = None;
        while tried.len() < MAX_ATTEMPTS {
            let next = self.next_server(zone, &tried, way.work);
            // Another name server is looked up before one is asked for the third time.
            let is_worn =
                next.is_none_or(|server| tried.iter().filter(|&&other| other == server).count() > 0);
            if is_worn
                && looked_up < MAX_LOOKED_UP
                && way.depth < MAX_DEPTH
                && let Some(name) = unknown.pop()
            {
                looked_up += 1;
                self.look_up(name, way).await;
                continue;
            }
            let Some(server) = next else {
                break;
            };
            tried.push(server);
            match self.ask_server(server, asked, way.work).await {
                Ok(response) => {
                    let meaning = read(response.clone(), &zone.zone, asked);
                    let is_told_on = is_whole
                        && !response.is_authoritative
                        && !matches!(meaning, Meaning::Referral(_) | Meaning::Useless(_));
                    // It may be from the cache of a resolver: servers that speak for themselves come first.
                    let has_others = || {
                        let may_look_up = looked_up < MAX_LOOKED_UP && way.depth < MAX_DEPTH;
                        (may_look_up && !unknown.is_empty())
                            || self
                                .next_server(zone, &tried, way.work)
                                .is_some_and(|other| !tried.contains(&other))
                    };
                    if is_told_on && has_others() {
                        second_hand.get_or_insert((response, server));
                        continue;
                    }
                    let Meaning::Useless(why) = meaning else {
                        return Ok((response, server));
                    };
                    tracing::debug!(%server, zone = %zone.zone, question = %asked, %why, "a server is of no use");
                    if is_whole && why.is_lasting() {
                        self.known().servers.lame(server, &zone.zone, self.now());
                    }
                    last = Some(why);
                }
                Err(ServerError::Io(error)) if error.kind() == io::ErrorKind::OutOfMemory => {
                    return Err(Unobtainable::too_much_work());
                }
                Err(error) => {
                    tracing::debug!(%server, zone = %zone.zone, question = %asked, %error, "a server is of no use");
                }
            }
        }
        tracing::debug!(zone = %zone.zone, question = %asked, ?last, "no server of the zone is of use");
        second_hand.ok_or_else(Unobtainable::unreachable)
    }

    /// The server of a zone that is asked next: of those that were tried least, the fastest; suspects and silent ones last.
    fn next_server(&self, zone: &Delegation, tried: &[SocketAddr], work: &Work) -> Option<SocketAddr> {
        let (known, now) = (self.known(), self.now());
        let has_ipv6 = known.without_ipv6_until.is_none_or(|until| now >= until);
        self.addresses(zone, &known, now)
            .filter(|address| has_ipv6 || address.is_ipv4())
            .map(|address| SocketAddr::new(address, PORT))
            .filter(|&server| !known.servers.is_lame(server, &zone.zone, now))
            .map(|server| {
                let times = tried.iter().filter(|&&other| other == server).count();
                (
                    times,
                    work.is_suspect(server),
                    known.servers.rank(server, now),
                    server,
                )
            })
            .filter(|(times, ..)| *times < 2)
            .min()
            .map(|(.., server)| server)
    }

    fn addresses<'a>(
        &'a self,
        zone: &'a Delegation,
        known: &'a Known,
        now: Instant,
    ) -> impl Iterator<Item = IpAddr> + 'a {
        let glue = zone.glue.iter().map(|(_, address)| *address);
        let looked_up = zone
            .name_servers
            .iter()
            .filter_map(move |name| known.delegations.addresses(name, now))
            .flatten()
            .copied();
        glue.chain(looked_up)
            .filter(|&address| self.may_be_asked(address))
    }

    /// Nobody's name server is in a home: an address that leads there is a mistake, or somebody who would have us ask it.
    fn may_be_asked(&self, address: IpAddr) -> bool {
        self.special_purpose
            .as_ref()
            .is_none_or(|special| special.reason(address).is_none())
    }

    /// The name servers of a zone whose addresses are not known. One inside the zone is known by glue or not at all.
    fn unknown_name_servers(&self, zone: &Delegation) -> Vec<Name> {
        let (known, now) = (self.known(), self.now());
        zone.name_servers
            .iter()
            .filter(|name| !name.is_within(&zone.zone))
            .filter(|name| zone.glue.iter().all(|(owner, _)| owner != *name))
            .filter(|name| known.delegations.addresses(name, now).is_none())
            .cloned()
            .collect()
    }

    /// Looks up the addresses of a name server.
    async fn look_up(&self, name: Name, way: Way<'_>) {
        let deeper = Way {
            depth: way.depth + 1,
            ..way
        };
        let (mut addresses, mut ttl) = (Vec::new(), 300);
        for record_type in [RecordType::A, RecordType::AAAA] {
            let question = Question::new(name.clone(), record_type);
            let Ok(reply) = self.resolve(question, deeper).await else {
                continue;
            };
            let found = reply.answers.iter().filter(|record| record.owner == name);
            for (found, lifetime) in found.filter_map(|record| Some((address(record)?, record.ttl))) {
                addresses.push(found);
                ttl = lifetime;
            }
            if !addresses.is_empty() {
                break;
            }
        }
        // Its zone may say something else than the zone above, and the server that is meant be only there.
        let now = self.now();
        let zone = self.known().delegations.nearest(&name, false, now);
        let glue = zone.iter().flat_map(|zone| &zone.glue);
        for (_, address) in glue.filter(|(owner, _)| *owner == name) {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        }
        // That it has none is known for a short time, too.
        let ttl = if addresses.is_empty() { 30 } else { ttl };
        self.known()
            .delegations
            .insert_addresses(name, addresses, ttl, self.now());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }
}

fn is_alias(reply: &Reply, name: &Name) -> bool {
    reply.answers.iter().any(|record| {
        (record.record_type == RecordType::CNAME && record.owner == *name)
            || (record.record_type == RecordType::DNAME && name.is_below(&record.owner))
    })
}

/// The root as its servers describe it; addresses that they do not give are those of the hints.
fn root_of(response: &Response, hints: &Delegation) -> Option<Delegation> {
    let servers = response
        .answers
        .iter()
        .filter(|record| record.record_type == RecordType::NS && record.owner == Name::root());
    let ttl = servers.clone().map(|record| record.ttl).min()?;
    let name_servers: Vec<Name> = servers
        .filter_map(|record| Some(Name::from_wire(&record.data).ok()?.0))
        .take(16)
        .collect();
    let given = response
        .additionals
        .iter()
        .filter_map(|record| Some((record.owner.clone(), address(record)?)));
    let mut glue: Vec<(Name, IpAddr)> = given
        .chain(hints.glue.iter().cloned())
        .filter(|(name, _)| name_servers.contains(name))
        .take(64)
        .collect();
    glue.sort_unstable();
    glue.dedup();
    (!glue.is_empty()).then_some(Delegation {
        zone: Name::root(),
        name_servers,
        glue,
        ds: None,
        ttl,
    })
}
