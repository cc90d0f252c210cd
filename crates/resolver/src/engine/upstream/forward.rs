//! Mode `forward`: other resolvers are asked, each in its way: UDP and TCP, TCP, TLS (RFC 7858), HTTPS (RFC 8484).
//!
//! - The fastest is asked first, one that is silent last. When the first is slow the next is asked as well, and the first answer counts.
//! - The others are asked something now and then, so that it is known when they have become fast, or live again.
//!
//! What it is not: it judges no signature, and it keeps no answers; identical questions are one before they come here.

mod designated;
mod designation;
mod https;
mod pipe;
mod server;
mod tls;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{sleep_until, timeout};

use self::{
    designated::Raised,
    server::{ServerError, Way},
    tls::Trust,
};
use super::{Unobtainable, Work, servers::Servers};
use crate::{
    Config, Transport,
    engine::Clock,
    validate::{Name, Question, RecordType, Reply},
};

/// How long before the next resolver is asked as well, at least: the one that is asked may have to ask others itself.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);

/// How often resolvers are asked something of which nothing was heard meanwhile.
const PROBE: Duration = Duration::from_secs(60);

/// How long everything together may take that is asked for no client.
const UNHURRIED: Duration = Duration::from_secs(15);

/// Asks resolvers.
pub(crate) struct Forward(Arc<Resolvers>);

struct Resolvers {
    resolvers: Vec<Resolver>,
    health: Mutex<Servers>,
    trust: Arc<Trust>,
    clock: Clock,
}

struct Resolver {
    /// What it is known by.
    address: SocketAddr,
    text: String,
    how: How,
    is_failing: AtomicBool,
    probed: Mutex<Option<Instant>>,
}

enum How {
    As(Way),
    Raised(Raised),
}

impl Forward {
    /// Prepares to ask these resolvers; nothing is sent yet.
    pub(super) fn new(config: &Config, clock: &Clock) -> io::Result<Self> {
        let trust = Arc::new(Trust::new(config.tls_roots.clone()));
        let resolver = |server: &crate::UpstreamServer| {
            let way = Way::new(server, &trust)?;
            let how = if config.discovers_designated && server.transport == Transport::Cleartext {
                How::Raised(Raised::new(server.address, way, &trust))
            } else {
                How::As(way)
            };
            Ok(Resolver {
                address: server.address,
                text: server.to_string(),
                how,
                is_failing: AtomicBool::new(false),
                probed: Mutex::default(),
            })
        };
        let resolvers = config.upstreams.iter().map(resolver);
        Ok(Self(Arc::new(Resolvers {
            resolvers: resolvers.collect::<io::Result<_>>()?,
            health: Mutex::default(),
            trust,
            clock: Arc::clone(clock),
        })))
    }

    /// Whether each of them was part of something bogus.
    pub(super) fn is_suspect(&self, work: &Work) -> bool {
        let mut resolvers = self.0.resolvers.iter();
        resolvers.all(|resolver| work.is_suspect(resolver.address))
    }

    /// Says whether dates of certificates can be judged. What was judged without is judged again.
    pub(super) fn set_clock_valid(&self, is_valid: bool) {
        if !self.0.trust.set_clock_valid(is_valid) {
            return;
        }
        for resolver in &self.0.resolvers {
            match &resolver.how {
                How::As(way) => way.forget(),
                How::Raised(raised) => raised.forget(),
            }
        }
    }

    /// Asks one resolver after the other until one answers, suspects last.
    pub(super) async fn ask(&self, question: &Question, work: &Work) -> Result<Reply, Unobtainable> {
        let resolvers = &self.0;
        let mut order = resolvers.order(work).into_iter();
        let mut running = FuturesUnordered::new();
        let mut is_next = true;
        let mut hurry = tokio::time::Instant::now();
        loop {
            if is_next && let Some(resolver) = order.next() {
                if !work.spend_query() {
                    return Err(Unobtainable::too_much_work());
                }
                hurry = tokio::time::Instant::now() + resolvers.patience(resolver);
                running.push(async move { (resolver, resolvers.ask(resolver, question).await) });
                self.keep_up(resolver);
            }
            is_next = tokio::select! {
                next = running.next() => match next {
                    Some((resolver, Ok(reply))) => {
                        work.answered(resolver.address);
                        return Ok(reply);
                    }
                    Some((_, Err(_))) => true,
                    None => return Err(Unobtainable::unreachable()),
                },
                () = sleep_until(hurry), if order.len() > 0 => true,
            };
        }
    }

    /// Looks, beside what is asked, at what this resolver designates, and at those of which nothing was heard for a while.
    fn keep_up(&self, asked: &Resolver) {
        let now = self.0.now();
        for (place, resolver) in self.0.resolvers.iter().enumerate() {
            let is_asked = resolver.address == asked.address;
            let probes = !is_asked && resolver.is_due(now, &self.0.health());
            let discovers = is_asked && matches!(&resolver.how, How::Raised(raised) if raised.is_due(now));
            if !probes && !discovers {
                continue;
            }
            let resolvers = Arc::clone(&self.0);
            // Nobody waits for it; it ends by itself.
            tokio::spawn(timeout(UNHURRIED, async move {
                let Some(resolver) = resolvers.resolvers.get(place) else {
                    return;
                };
                match &resolver.how {
                    How::Raised(raised) if discovers => raised.discover(now).await,
                    How::Raised(_) | How::As(_) => {
                        let root = Question::new(Name::root(), RecordType::NS);
                        // What it says does not matter; how fast it is was noted.
                        let _ = resolvers.ask(resolver, &root).await;
                    }
                }
            }));
        }
    }
}

impl Resolvers {
    /// In which order they are asked.
    fn order(&self, work: &Work) -> Vec<&Resolver> {
        let (health, now) = (self.health(), self.now());
        let mut order: Vec<_> = self.resolvers.iter().collect();
        order.sort_by_key(|resolver| {
            let address = resolver.address;
            (work.is_suspect(address), health.rank(address, now))
        });
        order
    }

    fn patience(&self, resolver: &Resolver) -> Duration {
        self.health().patience(resolver.address).max(LEAST_PATIENCE)
    }

    /// Asks one, and remembers how it does.
    async fn ask(&self, resolver: &Resolver, question: &Question) -> Result<Reply, ServerError> {
        // One that is given up because another was faster was silent.
        let mut silence = Silence {
            resolvers: self,
            resolver,
            begin: self.now(),
            is_over: false,
        };
        let reply = match &resolver.how {
            How::As(way) => way.ask(question).await,
            How::Raised(raised) => raised.ask(question, self.now()).await,
        };
        silence.is_over = true;
        let now = self.now();
        let begin = silence.begin;
        match &reply {
            Ok(_) | Err(ServerError::ResponseCode(_)) => {
                let address = resolver.address;
                self.health()
                    .answered(address, now.saturating_duration_since(begin), now);
                if resolver.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!(upstream = resolver.text, "an upstream resolver answers again");
                }
            }
            Err(error) => {
                self.health().silent(resolver.address, now);
                if !resolver.is_failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(upstream = resolver.text, %error, "an upstream resolver fails");
                }
            }
        }
        if let Err(error) = &reply {
            tracing::debug!(upstream = resolver.text, %question, %error, "an upstream resolver failed");
        }
        reply
    }

    fn health(&self) -> MutexGuard<'_, Servers> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }
}

impl Resolver {
    /// Whether it is to be probed now; it counts as probed then. One that is silent is probed ever more rarely.
    fn is_due(&self, now: Instant, health: &Servers) -> bool {
        let rests = PROBE * (1 << health.silences(self.address).min(4));
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = probed.max(health.heard(self.address));
        let is_due = last.is_none_or(|last| now >= last + rests);
        if is_due {
            *probed = Some(now);
        }
        is_due
    }
}

/// A question that may be given up.
struct Silence<'a> {
    resolvers: &'a Resolvers,
    resolver: &'a Resolver,
    begin: Instant,
    is_over: bool,
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let now = self.resolvers.now();
        if !self.is_over && now.saturating_duration_since(self.begin) >= LEAST_PATIENCE {
            self.resolvers.health().silent(self.resolver.address, now);
        }
    }
}
