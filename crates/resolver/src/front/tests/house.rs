//! A client, a resolver, and an upstream resolver that speaks for a small internet.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use hickory_proto::{
    op::{Edns, Message, MessageType, Query, ResponseCode},
    rr::{self, RData},
    serialize::binary::BinEncodable,
};

use crate::{
    AnswerSink, Client, Config, FrontEnd, Release, Resolver, Security, SinkError, Validated,
    engine::{record_for_validator, record_of_validator},
    validate::{
        self, Clock, Question, RecordType, Reply,
        tests::{signer::NOW, world::INTERNET},
    },
};

/// What an upstream resolver was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) dnssec_ok: bool,
    pub(super) checking_disabled: bool,
}

/// Somebody on the path to the upstream resolver, who knows how often the question was asked before.
pub(super) type Tamper = fn(&Question, usize, &mut Reply);

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
            let question = Question::new(name, RecordType(first.query_type().into()));
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
pub(super) struct Sink(Mutex<Vec<(Client, Validated)>>);

impl AnswerSink for Sink {
    async fn answered(&self, client: Client, answer: &Validated) -> Result<Release, SinkError> {
        self.0.lock().unwrap().push((client, answer.clone()));
        Ok(Release::Tell {
            ttl_at_most: u32::MAX,
        })
    }
}

impl Sink {
    /// Who asked, as a forwarder says.
    pub(super) fn clients(&self) -> Vec<Option<[u8; 6]>> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|(client, _)| client.mac)
            .collect()
    }
}

/// A resolver with its LAN side running.
pub(super) struct House {
    pub(super) resolver: Resolver,
    pub(super) address: SocketAddr,
    pub(super) tls: Option<SocketAddr>,
    /// How far the resolver's clock is ahead.
    pub(super) passed: Arc<Mutex<Duration>>,
    pub(super) sink: Arc<Sink>,
    pub(super) asked: Vec<Arc<Mutex<Vec<Asked>>>>,
}

impl House {
    pub(super) async fn new(tampers: &[Tamper]) -> Self {
        Self::with(tampers, |_| {}).await
    }

    /// With a configuration that is changed.
    pub(super) async fn with(tampers: &[Tamper], change: impl Fn(&mut Config)) -> Self {
        let (upstreams, asked) = tampers.iter().map(|tamper| upstream(*tamper)).unzip();
        let listen = vec![mudguard_tests::loopback::free_address()];
        let mut config = Config::new(listen, vec!["127.0.0.0/8".parse().unwrap()], upstreams);
        config.discovers_designated = false;
        config.mode = crate::Mode::Forward;
        config.trust_anchors = INTERNET.anchors();
        change(&mut config);
        let sink = Arc::new(Sink::default());
        let passed = Arc::new(Mutex::new(Duration::ZERO));
        let later = Arc::clone(&passed);
        let clock = Arc::new(move || Instant::now() + *later.lock().unwrap());
        let (resolver, front): (_, FrontEnd<Sink>) =
            Resolver::start_with_clock(config, Arc::clone(&sink), clock)
                .await
                .unwrap();
        resolver.set_clock(Clock::Valid(NOW));
        let address = front.addresses()[0];
        let tls = front.tls_addresses().first().copied();
        tokio::spawn(front.run(std::future::pending()));
        Self {
            resolver,
            address,
            tls,
            passed,
            sink,
            asked,
        }
    }

    pub(super) async fn ask_with(
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
    pub(super) async fn ask(&self, name: &str, record_type: rr::RecordType) -> Message {
        self.ask_with(name, record_type, |message| {
            let mut edns = Edns::new();
            edns.set_dnssec_ok(true).set_max_payload(4096);
            message.set_edns(edns);
        })
        .await
    }

    /// A whole reply with signatures, for a validator.
    pub(super) async fn signed_reply(&self, question: &Question) -> Reply {
        let number = rr::RecordType::from(question.record_type.0);
        let reply = self.ask(&question.name.to_string(), number).await;
        assert!(!reply.metadata.truncation, "{question}");
        let records = |section: &[rr::Record]| section.iter().filter_map(record_for_validator).collect();
        Reply {
            response_code: reply.metadata.response_code.into(),
            answers: records(&reply.answers),
            authorities: records(&reply.authorities),
        }
    }

    /// The response code, whether it is told to be authentic, the addresses, and the code of an extended error.
    pub(super) async fn say(&self, name: &str) -> (ResponseCode, bool, usize, Option<u16>) {
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

    pub(super) fn shown(&self) -> Vec<Security> {
        let shown = self.sink.0.lock().unwrap();
        shown.iter().map(|(_, validated)| validated.security).collect()
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

pub(super) const HONEST: Tamper = |_, _, _| {};

pub(super) const EVIL: Tamper = |question, _, reply| {
    if question.record_type == RecordType::A {
        for record in &mut reply.answers {
            if record.record_type == RecordType::A {
                record.data = [6, 6, 6, 6].into();
            }
        }
    }
};

pub(super) const OK: ResponseCode = ResponseCode::NoError;
