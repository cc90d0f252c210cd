//! Who asked a DHCP server for what, and on which port: a server's answer counts only for a question that was seen.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use mudguard_policy::MacAddress;

use crate::{
    Refusal, Sighting,
    wire::dhcpv4::{Message, MessageType},
};

/// The most questions that are remembered of one port; a port that floods forgets only its own.
const QUESTIONS_PER_PORT: usize = 256;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most Things of which is remembered on which port an address was lent to them.
const MOST_LENT: usize = 4096;

/// The questions of each port, and where addresses were lent.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    questions: BTreeMap<u32, BTreeMap<MacAddress, Question>>,
    lent: BTreeMap<MacAddress, String>,
}

/// What a client asked for last.
#[derive(Debug)]
struct Question {
    port: String,
    transaction: u32,
    /// When the transaction began, and when the client last spoke.
    since: Instant,
    last: Instant,
    address: Ipv4Addr,
}

impl Transactions {
    /// A port is gone.
    pub(super) fn forget_port(&mut self, index: u32) {
        self.questions.remove(&index);
    }

    /// Takes note of what a client on a port says. If it gives up an address, that is what was seen.
    pub(super) fn client(
        &mut self,
        (index, port): (u32, &str),
        message: &Message,
        now: Instant,
    ) -> Result<Option<Sighting>, Refusal> {
        let address = match message.kind {
            MessageType::Discover | MessageType::Request | MessageType::Inform => {
                self.ask(index, port, message, now);
                return Ok(None);
            }
            MessageType::Release => message.client_address,
            MessageType::Decline => message.requested.ok_or(Refusal::DhcpLeaseAddress)?,
            MessageType::Offer | MessageType::Ack | MessageType::Nak => return Err(Refusal::ServerOnLan),
        };
        if self.lent.get(&message.client).is_some_and(|lent| lent != port) {
            return Err(Refusal::ReleasedElsewhere);
        }
        Ok(Some(Sighting::Released {
            mac: message.client,
            address: IpAddr::V4(lendable(address)?),
        }))
    }

    /// Understands what the router's own server says.
    pub(super) fn server(&mut self, message: &Message, now: Instant) -> Result<Option<Sighting>, Refusal> {
        let mac = message.client;
        match message.kind {
            // An offer binds nobody, and an answer to INFORM lends nothing.
            MessageType::Offer => Ok(None),
            MessageType::Ack if message.your_address.is_unspecified() => Ok(None),
            MessageType::Ack => {
                let question = self.question(mac, message.transaction, now)?;
                let port = question.port.clone();
                let sighting = Sighting::Leased {
                    mac,
                    port: port.clone(),
                    address: IpAddr::V4(lendable(message.your_address)?),
                    lifetime: message.lease_time.ok_or(Refusal::DhcpLeaseTime)?,
                };
                self.remember_lent(mac, port);
                Ok(Some(sighting))
            }
            MessageType::Nak => {
                let refused = self.question(mac, message.transaction, now)?.address;
                Ok(lendable(refused).ok().map(|address| Sighting::Released {
                    mac,
                    address: IpAddr::V4(address),
                }))
            }
            MessageType::Discover
            | MessageType::Request
            | MessageType::Inform
            | MessageType::Release
            | MessageType::Decline => Err(Refusal::DhcpDirection),
        }
    }

    fn ask(&mut self, index: u32, port: &str, message: &Message, now: Instant) {
        let questions = self.questions.entry(index).or_default();
        let before = questions.remove(&message.client);
        if questions.len() >= QUESTIONS_PER_PORT {
            let oldest = questions
                .iter()
                .min_by_key(|(_, question)| question.last)
                .map(|(mac, _)| *mac);
            if let Some(oldest) = oldest {
                questions.remove(&oldest);
            }
        }
        let since = before
            .filter(|before| before.transaction == message.transaction)
            .map_or(now, |before| before.since);
        questions.insert(
            message.client,
            Question {
                port: port.to_owned(),
                transaction: message.transaction,
                since,
                last: now,
                address: message.requested.unwrap_or(message.client_address),
            },
        );
    }

    /// The question of this transaction. If it was seen on several ports, the first one asked, and the others repeat what they heard.
    fn question(&self, mac: MacAddress, transaction: u32, now: Instant) -> Result<&Question, Refusal> {
        self.questions
            .values()
            .filter_map(|questions| questions.get(&mac))
            .filter(|question| {
                question.transaction == transaction
                    && now.saturating_duration_since(question.last) <= PATIENCE
            })
            .min_by_key(|question| question.since)
            .ok_or(Refusal::AnswerNotAsked)
    }

    fn remember_lent(&mut self, mac: MacAddress, port: String) {
        if self.lent.len() >= MOST_LENT && !self.lent.contains_key(&mac) {
            self.lent.pop_first();
        }
        self.lent.insert(mac, port);
    }
}

/// An address that can be lent to a Thing.
fn lendable(address: Ipv4Addr) -> Result<Ipv4Addr, Refusal> {
    let never = address.octets()[0] == 0
        || address.is_loopback()
        || address.is_multicast()
        || address.octets()[0] >= 240
        || address.is_broadcast();
    if never {
        Err(Refusal::DhcpLeaseAddress)
    } else {
        Ok(address)
    }
}
