//! Answers over the wire, validated: a client, the resolver, and an upstream resolver that speaks for a small internet.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, Query, ResponseCode},
    rr::{self, RData},
    serialize::binary::BinEncodable,
};

use crate::{
    AnswerSink, Config, ExtendedError, FrontEnd, Release, Resolver, Security, SinkError, Validated,
    engine::record_of_validator,
    validate::{
        self, Clock, RecordType, Reply,
        tests::{signer::NOW, world::INTERNET},
    },
};

/// What an upstream resolver was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    question: validate::Question,
    dnssec_ok: bool,
    checking_disabled: bool,
}

/// Somebody on the path to the upstream resolver, who knows how often the question was asked before.
type Tamper = fn(&validate::Question, usize, &mut Reply);

/// An upstream resolver that does not validate.
fn upstream(tamper: Tamper) -> (SocketAddr, Arc<Mutex<Vec<Asked>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let remembered = Arc::clone(&asked);
    // It ends with the tests.
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let first = &query.queries[0];
            let (name, _) = validate::Name::from_wire(&first.name().to_bytes().unwrap()).unwrap();
            let question = validate::Question::new(name, RecordType(first.query_type().into()));
            let asked = Asked {
                question: question.clone(),
                dnssec_ok: query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok),
                checking_disabled: query.metadata.checking_disabled,
            };
            let before = {
                let mut all = remembered.lock().unwrap();
                all.push(asked);
                all.iter().filter(|asked| asked.question == question).count() - 1
            };
            let mut reply = INTERNET.resolve(&question);
            tamper(&question, before, &mut reply);
            let mut message = Message::response(query.metadata.id, query.metadata.op_code);
            message.metadata.message_type = MessageType::Response;
            message.metadata.recursion_available = true;
            // It lies: what it says is no proof of anything.
            message.metadata.authentic_data = true;
            message.metadata.response_code = ResponseCode::from(0, reply.response_code as u8);
            message.add_query(first.clone());
            let records = |section: &[validate::Record]| {
                section
                    .iter()
                    .map(|record| record_of_validator(record, record.ttl).unwrap())
                    .collect::<Vec<_>>()
            };
            message.add_answers(records(&reply.answers));
            message.add_authorities(records(&reply.authorities));
            message.set_edns(Edns::new());
            socket.send_to(&message.to_vec().unwrap(), client).unwrap();
        }
    });
    (address, asked)
}

/// Remembers what it is shown.
#[derive(Default)]
struct Sink(Mutex<Vec<Validated>>);

impl AnswerSink for Sink {
    async fn answered(&self, _client: IpAddr, answer: &Validated) -> Result<Release, SinkError> {
        self.0.lock().unwrap().push(answer.clone());
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

/// A resolver with its LAN side running.
struct House {
    resolver: Resolver,
    address: SocketAddr,
    sink: Arc<Sink>,
    asked: Vec<Arc<Mutex<Vec<Asked>>>>,
}

impl House {
    async fn new(tampers: &[Tamper]) -> Self {
        Self::with(tampers, true).await
    }

    async fn with(tampers: &[Tamper], validates: bool) -> Self {
        let (upstreams, asked) = tampers.iter().map(|tamper| upstream(*tamper)).unzip();
        let listen = vec!["127.0.0.1:0".parse().unwrap()];
        let mut config = Config::new(listen, vec!["127.0.0.0/8".parse().unwrap()], upstreams);
        config.validation = validates.then(|| INTERNET.anchors());
        let sink = Arc::new(Sink::default());
        let (resolver, front): (_, FrontEnd<Sink>) =
            Resolver::start(config, Arc::clone(&sink)).await.unwrap();
        resolver.set_clock(Clock::Valid(NOW));
        let address = front.addresses()[0];
        tokio::spawn(front.run(std::future::pending()));
        Self {
            resolver,
            address,
            sink,
            asked,
        }
    }

    async fn ask_with(
        &self,
        name: &str,
        record_type: rr::RecordType,
        change: impl Fn(&mut Message),
    ) -> Message {
        let mut message = Message::query();
        message.add_query(Query::query(rr::Name::from_ascii(name).unwrap(), record_type));
        message.metadata.recursion_desired = true;
        change(&mut message);
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket
            .send_to(&message.to_vec().unwrap(), self.address)
            .await
            .unwrap();
        let mut buffer = [0; 4096];
        let received = tokio::time::timeout(Duration::from_secs(10), socket.recv(&mut buffer));
        let length = received.await.unwrap().unwrap();
        Message::from_vec(&buffer[..length]).unwrap()
    }

    /// Asks with the DO bit.
    async fn ask(&self, name: &str, record_type: rr::RecordType) -> Message {
        self.ask_with(name, record_type, |message| {
            let mut edns = Edns::new();
            edns.set_dnssec_ok(true);
            message.set_edns(edns);
        })
        .await
    }

    /// The response code, whether it is told to be authentic, the addresses, and the code of an extended error.
    async fn say(&self, name: &str) -> (ResponseCode, bool, usize, Option<u16>) {
        let reply = self.ask(name, rr::RecordType::A).await;
        let addresses = reply
            .answers
            .iter()
            .filter(|record| matches!(record.data, RData::A(_)));
        (
            reply.metadata.response_code,
            reply.metadata.authentic_data,
            addresses.count(),
            extended_error(&reply),
        )
    }

    fn shown(&self) -> Vec<Security> {
        let shown = self.sink.0.lock().unwrap();
        shown.iter().map(|validated| validated.security).collect()
    }
}

fn extended_error(reply: &Message) -> Option<u16> {
    let octets = reply.edns.as_ref()?.to_bytes().ok()?;
    // The option's number and length, then the code (RFC 8914 section 2).
    octets
        .windows(6)
        .find(|window| window.starts_with(&[0, 15]))
        .map(|window| u16::from_be_bytes([window[4], window[5]]))
}

const HONEST: Tamper = |_, _, _| {};

const EVIL: Tamper = |question, _, reply| {
    if question.record_type == RecordType::A {
        for record in &mut reply.answers {
            if record.record_type == RecordType::A {
                record.data = [6, 6, 6, 6].into();
            }
        }
    }
};

const OK: ResponseCode = ResponseCode::NoError;

#[tokio::test]
async fn a_secure_answer_is_told_to_be_authentic() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    // From the cache, too.
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    assert_eq!(house.shown(), [Security::Secure, Security::Secure]);
    assert_eq!(house.resolver.counters().cache_hits, 1);
}

#[tokio::test]
async fn only_a_client_that_understands_is_told() {
    let house = House::new(&[HONEST]).await;
    let plain = house.ask_with("www.good.nsec.", rr::RecordType::A, |_| {}).await;
    assert!(!plain.metadata.authentic_data);
    let asks = |message: &mut Message| message.metadata.authentic_data = true;
    let told = house.ask_with("www.good.nsec.", rr::RecordType::A, asks).await;
    assert!(told.metadata.authentic_data);
}

#[tokio::test]
async fn an_insecure_answer_is_told_and_not_called_authentic() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.say("www.insecure.nsec.").await, (OK, false, 1, None));
    assert_eq!(house.say("to-insecure.good.nsec.").await, (OK, false, 1, None));
    assert_eq!(house.shown(), [Security::Insecure, Security::Insecure]);
}

#[tokio::test]
async fn negative_answers_are_validated_and_carry_their_soa() {
    let house = House::new(&[HONEST]).await;
    assert_eq!(
        house.say("nothing.good.nsec.").await,
        (ResponseCode::NXDomain, true, 0, None)
    );
    assert_eq!(
        house.say("nothing.insecure.nsec.").await,
        (ResponseCode::NXDomain, false, 0, None)
    );
    let reply = house.ask("www.good.nsec3.", rr::RecordType::AAAA).await;
    assert!(reply.metadata.authentic_data && reply.answers.is_empty());
    let types: Vec<_> = reply.authorities.iter().map(rr::Record::record_type).collect();
    assert_eq!(types, [rr::RecordType::SOA]);
}

#[tokio::test]
async fn a_chain_is_told_in_order_without_what_leads_aside() {
    let house = House::new(&[HONEST]).await;
    for (name, owners) in [
        (
            "to-hashed.good.nsec.",
            ["to-hashed.good.nsec.", "www.good.nsec3."],
        ),
        (
            "www.moved.good.nsec.",
            ["www.moved.good.nsec.", "www.good.nsec3."],
        ),
    ] {
        let reply = house.ask(name, rr::RecordType::A).await;
        let told: Vec<_> = reply
            .answers
            .iter()
            .map(|record| record.name.to_string())
            .collect();
        assert_eq!(
            (told.as_slice(), reply.metadata.authentic_data),
            (&owners.map(String::from)[..], true)
        );
    }
    let reply = house.ask("to-www.good.nsec.", rr::RecordType::CNAME).await;
    assert_eq!(reply.answers.len(), 1);
}

#[tokio::test]
async fn a_bogus_answer_is_never_told_nor_shown() {
    let house = House::new(&[EVIL]).await;
    let failure = (
        ResponseCode::ServFail,
        false,
        0,
        Some(ExtendedError::DNSSEC_BOGUS),
    );
    assert_eq!(house.say("www.good.nsec.").await, failure);
    assert_eq!(house.shown(), []);
    let count = house.asked[0].lock().unwrap().len();
    // Nor is it asked for again at once (RFC 9520).
    assert_eq!(house.say("www.good.nsec.").await, failure);
    assert_eq!(house.asked[0].lock().unwrap().len(), count);
    assert_eq!(house.resolver.counters().bogus, 2);
    // Other answers are not harmed.
    assert_eq!(house.say("www.insecure.nsec.").await.0, OK);
}

#[tokio::test]
async fn one_bad_reply_is_no_verdict() {
    let house = House::new(&[|question, before, reply| {
        if before == 0 {
            EVIL(question, before, reply);
        }
    }])
    .await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
}

#[tokio::test]
async fn an_answer_that_is_bogus_at_one_upstream_is_asked_of_another() {
    let house = House::new(&[EVIL, HONEST]).await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
}

#[tokio::test]
async fn upstream_is_asked_for_signatures_and_for_no_opinion() {
    let house = House::new(&[HONEST]).await;
    house.say("www.good.nsec.").await;
    let asked = house.asked[0].lock().unwrap().clone();
    assert_eq!(asked.len(), 6);
    assert!(
        asked
            .iter()
            .all(|asked| asked.dnssec_ok && asked.checking_disabled)
    );
}

#[tokio::test]
async fn without_anchors_nothing_is_checked_and_no_opinion_is_passed_on() {
    let house = House::with(&[EVIL], false).await;
    assert_eq!(house.say("www.good.nsec.").await, (OK, false, 1, None));
    assert_eq!(house.shown(), [Security::Unchecked]);
    let asked = house.asked[0].lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].dnssec_ok && !asked[0].checking_disabled);
}

#[tokio::test]
async fn what_was_answered_without_a_clock_is_judged_again_with_one() {
    let house = House::new(&[HONEST]).await;
    house.resolver.set_clock(Clock::Unknown);
    assert_eq!(house.say("www.good.nsec.").await, (OK, false, 1, None));
    // Years later than its signatures.
    house.resolver.set_clock(Clock::Valid(NOW + 100_000_000));
    let expired = (
        ResponseCode::ServFail,
        false,
        0,
        Some(ExtendedError::SIGNATURE_EXPIRED),
    );
    assert_eq!(house.say("www.good.nsec.").await, expired);
    house.resolver.set_clock(Clock::Valid(NOW));
    assert_eq!(house.say("www.good.nsec.").await, (OK, true, 1, None));
    assert_eq!(house.shown(), [Security::Unchecked, Security::Secure]);
}

#[tokio::test]
async fn the_product_itself_connects_to_no_bogus_address() {
    let house = House::new(&[EVIL]).await;
    assert!(house.resolver.addresses("www.good.nsec").await.is_err());
    let house = House::new(&[HONEST]).await;
    assert_eq!(house.resolver.addresses("www.good.nsec").await.unwrap().len(), 1);
}
