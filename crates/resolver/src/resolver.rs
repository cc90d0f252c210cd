//! The resolver's start, and the look-ups of the product itself.

use std::{
    net::IpAddr,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_proto::rr;
use thiserror::Error;

use crate::{
    AnswerSink, Config, Counters, FrontEnd, StartError, Trace,
    counters::Counting,
    engine::{Clock, Engine},
    validate::{self, Name, Question, RecordType, Rollovers},
    wire::code,
};

/// Answers questions of the product itself. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    engine: Arc<Engine>,
    counting: Arc<Counting>,
}

impl Resolver {
    /// Binds every address and prepares to resolve. Clients are answered once [`FrontEnd::run`] runs.
    ///
    /// # Errors
    /// What is wrong with the configuration, or the address that could not be bound.
    pub async fn start<S: AnswerSink>(
        config: Config,
        sink: Arc<S>,
    ) -> Result<(Self, FrontEnd<S>), StartError> {
        Self::start_with_clock(config, sink, Arc::new(Instant::now)).await
    }

    pub(crate) async fn start_with_clock<S: AnswerSink>(
        config: Config,
        sink: Arc<S>,
        clock: Clock,
    ) -> Result<(Self, FrontEnd<S>), StartError> {
        config.check()?;
        let counting = Arc::new(Counting::default());
        let engine = Arc::new(Engine::new(&config, Arc::clone(&counting), clock)?);
        let front = FrontEnd::bind(&config, Arc::clone(&engine), sink, Arc::clone(&counting)).await?;
        Ok((Self { engine, counting }, front))
    }

    /// The addresses of a name, IPv4 first, for the product's own connections. No sink is asked, and no address of special purpose is
    /// among them.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        let parsed = host_name(name).ok_or_else(|| LookupError::NotAName(name.to_owned()))?;
        let (ipv4, ipv6) = tokio::join!(
            self.addresses_of_type(&parsed, RecordType::A),
            self.addresses_of_type(&parsed, RecordType::AAAA)
        );
        match (ipv4, ipv6) {
            (Some(ipv4), Some(ipv6)) => {
                let both = ipv4.and(ipv6);
                if both.addresses.is_empty() {
                    Err(both.why_none(name))
                } else {
                    Ok(both.addresses)
                }
            }
            (Some(found), None) | (None, Some(found)) if !found.addresses.is_empty() => Ok(found.addresses),
            _ => Err(LookupError::Unavailable(name.to_owned())),
        }
    }

    /// Tells the validator what time it is: once the clock is valid, and whenever it is set. Dates are not judged before.
    pub fn set_clock(&self, clock: validate::Clock) {
        self.engine.set_clock(clock);
    }

    /// Follows the keys of the zones that have trust anchors (RFC 5011), without end. `keep` is given what is to be stored, whenever it
    /// is different, and `learned` is what was stored last.
    pub async fn follow_trust_anchors(&self, mut learned: Rollovers, keep: impl Fn(&str)) {
        self.engine.apply_rollovers(&learned);
        loop {
            let (is_changed, again) = self.engine.see_rollovers(&mut learned).await;
            if is_changed {
                let lines: String = learned.0.iter().map(ToString::to_string).collect();
                keep(&lines);
            }
            tokio::time::sleep(Duration::from_secs(again)).await;
        }
    }

    /// Answers a question anew and says what was found on the way. The type is one that hickory knows by name, or `TYPE` and a number.
    ///
    /// # Errors
    /// What is no name or no type.
    pub async fn trace(&self, name: &str, record_type: &str) -> Result<Trace, LookupError> {
        let parsed = name.parse().map_err(|_| LookupError::NotAName(name.to_owned()))?;
        let number = record_type
            .strip_prefix("TYPE")
            .and_then(|number| number.parse().ok())
            .or_else(|| rr::RecordType::from_str(record_type).ok().map(u16::from))
            .ok_or_else(|| LookupError::NotAType(record_type.to_owned()))?;
        Ok(self
            .engine
            .trace(&Question::new(parsed, RecordType(number)))
            .await)
    }

    /// The hosts of the home are these from now on, by their absolute names. What is no name is left out.
    pub fn set_hosts<'a>(&self, hosts: impl IntoIterator<Item = (&'a str, Vec<IpAddr>)>) {
        let hosts = hosts.into_iter();
        self.engine
            .set_hosts(hosts.filter_map(|(name, addresses)| Some((name.parse().ok()?, addresses))));
    }

    /// What is asked for most often: names and types, at most so many.
    #[must_use]
    pub fn popular(&self, most: usize) -> Vec<(String, u16)> {
        let questions = self.engine.popular(most).into_iter();
        questions
            .map(|question| (question.name.to_string(), question.record_type.0))
            .collect()
    }

    /// Asks for these names and types, one after the other, so that they are known when somebody wants them. What was popular before a
    /// restart is a hint what to ask for, and nothing more: it is obtained and validated anew.
    pub async fn warm(&self, questions: impl IntoIterator<Item = (String, u16)>) {
        for (name, record_type) in questions {
            if let Ok(name) = name.parse() {
                self.engine
                    .resolve(&Question::new(name, RecordType(record_type)))
                    .await;
            }
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counting.snapshot()
    }

    async fn addresses_of_type(&self, name: &Name, record_type: RecordType) -> Option<Found> {
        let question = Question::new(name.clone(), record_type);
        let resolved = self.engine.resolve(&question).await;
        let answer = &resolved.answer;
        if answer.is_failure() {
            return None;
        }
        let validated = answer.validated(&question, &resolved.told);
        Some(Found {
            addresses: validated.addresses.iter().map(|known| known.address).collect(),
            exists: answer.response_code != code::NO_SUCH_NAME,
            filtered: answer.is_filtered,
        })
    }
}

/// Why a name has no addresses for the product itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LookupError {
    /// It is no type of a record.
    #[error("{0:?} is no type of a record; give one such as A, AAAA, HTTPS or TYPE65")]
    NotAType(String),
    /// It will never have any: it is no host name.
    #[error("{0:?} is no host name")]
    NotAName(String),
    /// It does not exist.
    #[error("there is no name {0}")]
    NoSuchName(String),
    /// It exists and has no address.
    #[error("{0} has no address")]
    NoAddress(String),
    /// It has only addresses of special purpose, such as those of a home network.
    #[error("{0} has only addresses that no name of the internet may have")]
    OnlySpecialPurpose(String),
    /// No upstream resolver answered; later one may.
    #[error("no upstream resolver answers for {0}")]
    Unavailable(String),
}

struct Found {
    addresses: Vec<IpAddr>,
    exists: bool,
    filtered: bool,
}

impl Found {
    fn and(mut self, other: Self) -> Self {
        self.addresses.extend(other.addresses);
        self.exists |= other.exists;
        self.filtered |= other.filtered;
        self
    }

    fn why_none(&self, name: &str) -> LookupError {
        let name = name.to_owned();
        if self.filtered {
            LookupError::OnlySpecialPurpose(name)
        } else if self.exists {
            LookupError::NoAddress(name)
        } else {
            LookupError::NoSuchName(name)
        }
    }
}

/// A host name (RFC 1123 section 2.1); an address is none.
fn host_name(text: &str) -> Option<Name> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
    };
    let last_is_number = text
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|o| o.is_ascii_digit()));
    if last_is_number || !text.split('.').all(is_label) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_told_from_what_is_none() {
        for text in [
            "example.com",
            "example.com.",
            "a-b.example",
            "localhost",
            "3com.example",
        ] {
            assert!(host_name(text).is_some(), "{text}");
        }
        let long = "a".repeat(64);
        for text in [
            "",
            ".",
            "a..b",
            "192.0.2.1",
            "1",
            "[::1]",
            "a b.example",
            "\\000.example",
            long.as_str(),
        ] {
            assert!(host_name(text).is_none(), "{text}");
        }
    }
}
