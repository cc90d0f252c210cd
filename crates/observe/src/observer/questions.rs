//! Who asked a DHCP server for what, and on which port: a server's answer counts only for a question that was seen.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use mudguard_policy::MacAddress;

use crate::Refusal;

/// The most questions that are remembered of one port; a port that floods forgets only its own.
const MOST_PER_PORT: usize = 256;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a server knows a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Client {
    /// By its `chaddr`.
    Dhcpv4(MacAddress),
    /// By its DUID.
    Dhcpv6(Vec<u8>),
}

/// What a client asked.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The Thing.
    pub(super) mac: MacAddress,
    /// The port on which it asked.
    pub(super) port: String,
    /// The number of the transaction.
    pub(super) transaction: u32,
    /// The address that it asks for.
    pub(super) address: Option<IpAddr>,
}

#[derive(Debug)]
struct Asked {
    question: Question,
    /// When the transaction began, and when the client last spoke.
    since: Instant,
    last: Instant,
    /// A Thing has answered.
    forged: bool,
}

/// The last question of each client on each port.
#[derive(Debug, Default)]
pub(super) struct Questions {
    ports: BTreeMap<u32, BTreeMap<Client, Asked>>,
}

impl Questions {
    /// A port is gone.
    pub(super) fn forget_port(&mut self, index: u32) {
        self.ports.remove(&index);
    }

    /// Takes note of a question. Within one transaction, whoever asked first is believed: others repeat what they heard.
    pub(super) fn ask(&mut self, port: u32, client: Client, question: Question, now: Instant) {
        let questions = self.ports.entry(port).or_default();
        if let Some(before) = questions.get_mut(&client)
            && before.question.transaction == question.transaction
        {
            if before.question.mac == question.mac {
                before.question.address = question.address.or(before.question.address);
                before.last = now;
            }
            return;
        }
        if questions.len() >= MOST_PER_PORT && !questions.contains_key(&client) {
            let oldest = questions.iter().min_by_key(|(_, asked)| asked.last);
            if let Some(oldest) = oldest.map(|(client, _)| client.clone()) {
                questions.remove(&oldest);
            }
        }
        let asked = Asked {
            question,
            since: now,
            last: now,
            forged: false,
        };
        questions.insert(client, asked);
    }

    /// The question of this transaction, if nobody but the router can have answered it.
    pub(super) fn asked(
        &self,
        client: &Client,
        transaction: u32,
        now: Instant,
    ) -> Result<&Question, Refusal> {
        let asked = self
            .ports
            .values()
            .filter_map(|questions| questions.get(client))
            .filter(|asked| {
                asked.question.transaction == transaction
                    && now.saturating_duration_since(asked.last) <= PATIENCE
            })
            .min_by_key(|asked| asked.since)
            .ok_or(Refusal::AnswerNotAsked)?;
        if asked.forged {
            Err(Refusal::AnswerForged)
        } else {
            Ok(&asked.question)
        }
    }

    /// A Thing has answered in this transaction, so that no further answer in it can be told from a forged one.
    pub(super) fn forged(&mut self, client: &Client, transaction: u32) {
        for asked in self
            .ports
            .values_mut()
            .filter_map(|questions| questions.get_mut(client))
        {
            asked.forged |= asked.question.transaction == transaction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const THIEF: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

    fn question(mac: MacAddress, port: &str, transaction: u32) -> Question {
        Question {
            mac,
            port: port.to_owned(),
            transaction,
            address: None,
        }
    }

    #[test]
    fn whoever_asked_first_is_answered() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        let client = Client::Dhcpv6(vec![1, 2, 3]);
        let later = now + Duration::from_millis(1);
        questions.ask(1, client.clone(), question(LAMP, "lan1", 7), now);
        // On the same port, and on another.
        questions.ask(1, client.clone(), question(THIEF, "lan1", 7), later);
        questions.ask(0, client.clone(), question(THIEF, "lan0", 7), later);
        let asked = questions.asked(&client, 7, later).unwrap();
        assert_eq!((asked.mac, asked.port.as_str()), (LAMP, "lan1"));
    }

    #[test]
    fn an_answer_too_late_or_to_another_transaction_was_not_asked() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        let client = Client::Dhcpv4(LAMP);
        questions.ask(1, client.clone(), question(LAMP, "lan1", 7), now);
        let refused = |transaction, after| {
            questions
                .asked(&client, transaction, now + Duration::from_secs(after))
                .err()
        };
        assert_eq!(refused(7, 60), None);
        assert_eq!(refused(7, 61), Some(Refusal::AnswerNotAsked));
        assert_eq!(refused(8, 0), Some(Refusal::AnswerNotAsked));
    }

    #[test]
    fn a_port_that_floods_forgets_only_its_own_questions() {
        let (mut questions, now) = (Questions::default(), Instant::now());
        questions.ask(1, Client::Dhcpv4(LAMP), question(LAMP, "lan1", 7), now);
        for number in 0..10_000_u16 {
            let [high, low] = number.to_be_bytes();
            let mac = MacAddress([2, 1, 0, 0, high, low]);
            let then = now + Duration::from_micros(number.into());
            questions.ask(2, Client::Dhcpv4(mac), question(mac, "lan2", 7), then);
        }
        assert_eq!(questions.ports[&2].len(), MOST_PER_PORT);
        assert!(questions.asked(&Client::Dhcpv4(LAMP), 7, now).is_ok());
    }
}
