//! Raises a resolver that is asked in cleartext to TLS or HTTPS where it designates that itself (RFC 9462).
//!
//! - The certificate must hold the resolver's own address; without that, only the same address counts, and only a private one.
//! - A way is gone once somebody answers there. Until then, and where no way holds, the resolver is asked in cleartext as before.
//! - When the way fails, the question fails that was on it; later ones are asked in cleartext until it is looked at again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    designation::{self, Designated, Protocol, addresses, is_private},
    server::{ServerError, Way},
    tls::{Peer, Trust},
};
use crate::validate::{Name, Question, RecordType, Reply};

/// How long what a resolver designates holds, at least and at most, and how long it is not asked again if it designates nothing.
const LEAST: Duration = Duration::from_secs(60);
const MOST: Duration = Duration::from_secs(24 * 3600);
const NOTHING: Duration = Duration::from_secs(3600);

/// A resolver that may designate a better way.
pub(super) struct Raised {
    address: std::net::SocketAddr,
    cleartext: Way,
    state: Mutex<State>,
    trust: Arc<Trust>,
}

#[derive(Default)]
struct State {
    way: Option<Arc<Way>>,
    /// When it is asked for its designation again; `None`: at once.
    again: Option<Instant>,
}

impl Raised {
    /// It is asked in cleartext until it designates something better.
    pub(super) fn new(address: std::net::SocketAddr, cleartext: Way, trust: &Arc<Trust>) -> Self {
        Self {
            address,
            cleartext,
            state: Mutex::default(),
            trust: Arc::clone(trust),
        }
    }

    /// Asks it, in the best way that is known.
    pub(super) async fn ask(&self, question: &Question, now: Instant) -> Result<Reply, ServerError> {
        let Some(way) = self.way() else {
            return self.cleartext.ask(question).await;
        };
        let reply = way.ask(question).await;
        if let Err(error @ (ServerError::Io(_) | ServerError::Silent | ServerError::Unreadable)) = &reply {
            tracing::info!(resolver = %self.address, %error, "the way that a resolver designates does not work any more");
            let mut state = self.state();
            state.way = None;
            state.again = Some(now + LEAST);
        }
        reply
    }

    /// Whether it is to be asked now for what it designates; it counts as asked then.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let mut state = self.state();
        let is_due = state.again.is_none_or(|again| now >= again);
        if is_due {
            state.again = Some(now + LEAST);
        }
        is_due
    }

    /// Asks it for what it designates, and goes that way if it holds.
    pub(super) async fn discover(&self, now: Instant) {
        let Some(question) = designation::question() else {
            return;
        };
        let Ok(reply) = self.ask(&question, now).await else {
            return;
        };
        let (ways, ttl) = designation::read(&reply.answers);
        let mut found = None;
        for designated in &ways {
            found = self.try_way(designated, now).await;
            if found.is_some() {
                break;
            }
        }
        let lasts = match ttl {
            Some(ttl) => Duration::from_secs(ttl.into()).clamp(LEAST, MOST),
            None => NOTHING,
        };
        let mut state = self.state();
        if found.is_some() != state.way.is_some() {
            let is_encrypted = found.is_some();
            tracing::info!(resolver = %self.address, is_encrypted, "a resolver was asked for the ways that it designates");
        }
        state.way = found.map(Arc::new);
        state.again = Some(now + lasts);
    }

    /// Forgets the way, because it was judged without a valid clock.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    async fn try_way(&self, designated: &Designated, now: Instant) -> Option<Way> {
        let more = self.addresses(&designated.target, now).await;
        let own = self.address.ip();
        let proven = Peer::Designated {
            by: own,
            name: designated.host(),
        };
        for place in designated.places(&more) {
            let mut peers = vec![&proven];
            if place.ip() == own && is_private(own) {
                peers.push(&Peer::Anybody);
            }
            for peer in peers {
                let way = match &designated.protocol {
                    Protocol::Tls => Way::tls(place, peer, &self.trust),
                    Protocol::Https(path) => {
                        let authority = format!("{}:{}", designated.host(), place.port());
                        Way::https(place, peer, &authority, path, &self.trust)
                    }
                };
                // That somebody answers there is seen by asking what everybody knows.
                let root = Question::new(Name::root(), RecordType::NS);
                match way {
                    Ok(way) => match way.ask(&root).await {
                        Ok(_) | Err(ServerError::ResponseCode(_) | ServerError::Referral) => {
                            return Some(way);
                        }
                        Err(error) => {
                            tracing::info!(resolver = %self.address, %place, %error, "the way that a resolver designates is not gone");
                        }
                    },
                    Err(error) => tracing::info!(%place, %error, "TLS cannot be prepared"),
                }
            }
        }
        None
    }

    async fn addresses(&self, target: &Name, now: Instant) -> Vec<std::net::IpAddr> {
        let mut found = Vec::new();
        for record_type in [RecordType::A, RecordType::AAAA] {
            let question = Question::new(target.clone(), record_type);
            if let Ok(reply) = self.ask(&question, now).await {
                found.extend(addresses(&reply.answers));
            }
        }
        found
    }

    fn way(&self) -> Option<Arc<Way>> {
        self.state().way.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
