//! Questions to resolvers, as a Thing's stub resolver puts them: plain DNS over UDP or TCP (RFC 1035).
//!
//! What it is not: it asks again for nothing and believes what it gets; tests look at the whole answer.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use hickory_proto::{
    op::{Edns, Message, Query},
    rr::{Name, RecordType},
};

use super::{
    addresses::{ROUTER_IPV4, ROUTER_IPV6},
    namespace::Namespace,
    probe::{connect, exchange},
};

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A connection.
    Tcp,
}

/// A question to a resolver.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Whom to ask; the port is 53.
    pub resolver: IpAddr,
    /// How to ask.
    pub transport: Transport,
    /// The name, with or without the last dot.
    pub name: &'a str,
    /// What to ask for.
    pub kind: RecordType,
    /// How long to wait.
    pub limit: Duration,
}

impl<'a> Question<'a> {
    /// A question over UDP with five seconds' time.
    pub fn new(resolver: impl Into<IpAddr>, name: &'a str, kind: RecordType) -> Self {
        Self {
            resolver: resolver.into(),
            transport: Transport::Udp,
            name,
            kind,
            limit: Duration::from_secs(5),
        }
    }

    /// The same over TCP.
    #[must_use]
    pub fn over_tcp(self) -> Self {
        Self {
            transport: Transport::Tcp,
            ..self
        }
    }

    /// Asks from the namespace of the calling thread.
    ///
    /// # Errors
    /// If no answer to this question comes within the limit.
    pub fn ask(&self) -> anyhow::Result<Message> {
        let name = Name::from_ascii(format!("{}.", self.name.trim_end_matches('.')))?;
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(Query::query(name, self.kind));
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        message.set_edns(edns);
        let octets = message.to_vec()?;
        let to = SocketAddr::new(self.resolver, 53);
        let answer = match self.transport {
            Transport::Udp => {
                exchange(to, &octets, self.limit).with_context(|| format!("{to} does not answer"))?
            }
            Transport::Tcp => self.over_connection(to, &octets)?,
        };
        let answer = Message::from_vec(&answer).context("the answer is not a DNS message")?;
        ensure!(
            answer.metadata.id == message.metadata.id,
            "the answer is to another question"
        );
        ensure!(
            answer.queries == message.queries,
            "the answer is to another question"
        );
        Ok(answer)
    }

    /// The same as a stub resolver does it, which asks again each second until the limit.
    ///
    /// # Errors
    /// As [`Question::ask`].
    pub fn ask_again(&self) -> anyhow::Result<Message> {
        let deadline = Instant::now() + self.limit;
        let each = Self {
            limit: Duration::from_secs(1),
            ..self.clone()
        };
        loop {
            match each.ask() {
                Err(_) if Instant::now() < deadline => {}
                answer => return answer,
            }
        }
    }

    fn over_connection(&self, to: SocketAddr, octets: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut stream = connect(to, self.limit).with_context(|| format!("{to} takes no connection"))?;
        let length = u16::try_from(octets.len())?.to_be_bytes();
        stream.write_all(&[&length[..], octets].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

impl Namespace {
    /// Asks a resolver from here; see [`Question::ask`].
    ///
    /// # Errors
    /// As [`Question::ask`].
    pub fn ask(&self, question: &Question<'_>) -> anyhow::Result<Message> {
        self.enter(|| question.ask())?
    }
}

/// What a Thing is told about a name by its router, over each family: what a program gets from its stub resolver.
///
/// # Errors
/// As [`Question::ask`].
pub fn look_up(thing: &Namespace, name: &str) -> anyhow::Result<Vec<IpAddr>> {
    let questions = [
        Question::new(ROUTER_IPV4, name, RecordType::A),
        Question::new(ROUTER_IPV6, name, RecordType::AAAA),
    ];
    thing.enter(|| {
        let mut told = Vec::new();
        for question in &questions {
            told.extend(addresses(&question.ask_again()?));
        }
        Ok(told)
    })?
}

/// The addresses in an answer, in its order.
pub fn addresses(answer: &Message) -> Vec<IpAddr> {
    answer
        .answers
        .iter()
        .filter_map(|record| record.data.ip_addr())
        .collect()
}
