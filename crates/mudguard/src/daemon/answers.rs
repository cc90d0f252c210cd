//! The way of an answer: the resolver asks here before it tells a Thing an address, and the firewall opens the way first.
//!
//! It asks nobody but the firewall's index and, for an address that no binding explains, the kernel. The manager hears of it afterwards.

use std::{
    iter,
    sync::{Arc, OnceLock},
};

use mudguard_firewall::{ElementError, Elements};
use mudguard_manager::{Answer, Enforcement, Event, Snapshot};
use mudguard_mud::DomainName;
use mudguard_policy::{Action, MacAddress, Peer, ThingPolicy};
use mudguard_resolver::{AnswerSink, Client, ExtendedError, Release, Security, SinkError, Validated};
use tokio::sync::{Notify, mpsc, watch};
use tracing::debug;

use super::off::Off;

/// How long somebody whom nobody knows may remember an answer, in seconds: once known, the next question opens the way.
const STRANGERS_TTL: u32 = 60;

/// Tells the firewall every answer before the Thing hears it.
pub(crate) struct Answers {
    elements: Elements,
    interfaces: Vec<String>,
    events: mpsc::Sender<Event>,
    missed: Arc<Notify>,
    off: Off,
    strict: Option<Policies>,
}

/// What Things may do; there is nothing in it before the manager runs.
pub(crate) type Policies = Arc<OnceLock<watch::Receiver<Arc<Snapshot>>>>;

impl Answers {
    /// `missed` is told when there are no tables to write to. With `strict`, Things are not told names that their policy does not know.
    pub(crate) fn new(
        elements: Elements,
        interfaces: Vec<String>,
        events: mpsc::Sender<Event>,
        missed: Arc<Notify>,
        off: Off,
        strict: Option<Policies>,
    ) -> Self {
        Self {
            elements,
            interfaces,
            events,
            missed,
            off,
            strict,
        }
    }

    /// Whether this answer is refused to a Thing because its policy knows none of the names.
    fn is_unknown(&self, thing: MacAddress, answer: &Validated) -> bool {
        let policies = self.strict.as_ref().and_then(|policies| policies.get());
        let Some(policies) = policies else {
            return false;
        };
        let snapshot = Arc::clone(&policies.borrow());
        let thing = snapshot.things.get(&thing);
        thing.is_some_and(|thing| thing.enforcement == Enforcement::Enforce && !knows(&thing.policy, answer))
    }

    /// The Thing behind an address. Its first question may come before the manager has heard of its lease; the kernel knows it by then,
    /// because it has exchanged neighbour messages with it.
    async fn thing(&self, client: Client) -> Option<MacAddress> {
        // Whoever asks for others says for whom.
        if let Some(mac) = client.mac {
            return Some(MacAddress(mac));
        }
        match self.elements.thing_at(client.address) {
            Some(thing) => Some(thing),
            None => mudguard_observe::neighbour(client.address, &self.interfaces).await,
        }
    }
}

impl AnswerSink for Answers {
    async fn answered(&self, client: Client, answer: &Validated) -> Result<Release, SinkError> {
        let is_strict = self.strict.is_some() && !self.off.is_off();
        if is_strict
            && let Some(thing) = self.thing(client).await
            && self.is_unknown(thing, answer)
        {
            if let Some(event) = event(thing, answer) {
                let _ = self.events.try_send(event);
            }
            let text = "the file of this device does not name it";
            return Ok(Release::Refuse(ExtendedError::new(ExtendedError::FILTERED, text)));
        }
        if answer.addresses.is_empty() {
            return Ok(Release::Tell {
                ttl_at_most: u32::MAX,
            });
        }
        if self.off.is_off() {
            return Ok(Release::Tell {
                ttl_at_most: STRANGERS_TTL,
            });
        }
        let Some(thing) = self.thing(client).await else {
            debug!(client = %client.address, "an answer goes to somebody whom nobody knows");
            return Ok(Release::Tell {
                ttl_at_most: STRANGERS_TTL,
            });
        };
        let names: Vec<_> = names(answer).collect();
        // What is bogus opens nothing; and what is not opened, a managed Thing is not told.
        let is_bogus = answer.security == Security::Bogus;
        let addresses: Vec<_> = answer
            .addresses
            .iter()
            .filter(|_| !is_bogus)
            .map(|known| (known.address, known.ttl))
            .collect();
        let told = self
            .elements
            .answered(thing, &names, &addresses)
            .await
            .map_err(|error| {
                if matches!(error, ElementError::TablesGone) {
                    self.missed.notify_one();
                }
                SinkError::new(error)
            })?;
        if told.managed && is_bogus {
            let text = "what is bogus is not told to a device with limits";
            return Ok(Release::Refuse(ExtendedError::new(
                ExtendedError::DNSSEC_BOGUS,
                text,
            )));
        }
        if told.managed
            && let Some(event) = event(thing, answer)
        {
            // The manager only remembers the name for the household; a full queue must not hold up an answer.
            let _ = self.events.try_send(event);
        }
        Ok(Release::Tell {
            ttl_at_most: told.ttl_at_most,
        })
    }
}

/// Whether a policy has a rule for one of the names, or for any address of the internet.
fn knows(policy: &ThingPolicy, answer: &Validated) -> bool {
    policy.permits.iter().any(|rule| match &rule.peer {
        Peer::Name(known) => names(answer).any(|name| name == known.as_str()),
        Peer::Anything => rule.action == Action::Accept,
        Peer::Networks(_) | Peer::Things(_) | Peer::Gateway => false,
    })
}

/// The name asked for, and then those that it stands for.
fn names(answer: &Validated) -> impl Iterator<Item = &str> {
    iter::once(&*answer.name).chain(answer.aliases.iter().map(String::as_str))
}

/// What the manager hears of an answer; nothing of names that no MUD file can hold.
fn event(mac: MacAddress, answer: &Validated) -> Option<Event> {
    let name = DomainName::parse(&answer.name).ok()?;
    let addresses = answer.addresses.iter().map(|known| known.address).collect();
    Some(Event::Answered(Answer { mac, name, addresses }))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use mudguard_resolver::AnswerAddress;

    use super::*;

    fn answer(name: &str, aliases: &[&str]) -> Validated {
        Validated {
            name: name.into(),
            aliases: aliases
                .iter()
                .map(|&alias| alias.to_owned())
                .collect::<Arc<[_]>>(),
            record_type: 1,
            response_code: 0,
            addresses: vec![AnswerAddress {
                address: IpAddr::from([192, 0, 2, 7]),
                ttl: 30,
            }],
            minimum_ttl: 30,
            security: Security::Unchecked,
        }
    }

    #[test]
    fn the_name_asked_for_comes_before_its_aliases() {
        let answer = answer("cloud.example", &["cdn.example", "edge.example"]);
        assert_eq!(
            names(&answer).collect::<Vec<_>>(),
            ["cloud.example", "cdn.example", "edge.example"]
        );
    }

    #[test]
    fn the_manager_hears_the_name_asked_for_with_its_addresses() {
        let mac = MacAddress([2, 0, 0, 0, 0, 1]);
        let Some(Event::Answered(heard)) = event(mac, &answer("cloud.example", &["cdn.example"])) else {
            panic!("nothing heard");
        };
        assert_eq!((heard.mac, heard.name.as_str()), (mac, "cloud.example"));
        assert_eq!(heard.addresses, [IpAddr::from([192, 0, 2, 7])]);
    }

    #[test]
    fn a_name_that_is_no_host_name_is_not_remembered() {
        assert!(event(MacAddress([2, 0, 0, 0, 0, 1]), &answer("a b\\000.example", &[])).is_none());
    }
}
