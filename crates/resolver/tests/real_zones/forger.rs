//! An attacker on the path between a resolver and the authoritative servers: stands at their addresses, has what they say, and may change
//! it. He has no keys.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use hickory_proto::op::Message;
use mudguard_resolver::validate::{Question, Record};

use crate::{client, forgeries};

/// Where the authoritative servers are behind him.
pub(crate) const PORT: u16 = 5301;

/// A server of his own, which says the same to everything.
pub(crate) const OWN: Ipv4Addr = Ipv4Addr::new(10, 53, 0, 66);

/// The largest reply by UDP.
const LARGEST: usize = 1232;

/// A reply that may be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) is_authoritative: bool,
    pub(crate) response_code: u16,
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
}

/// What he changes.
pub(crate) type Change = Box<dyn Fn(&Question, &mut Said) + Send>;

/// The attacker.
#[derive(Clone, Default)]
pub(crate) struct Forger {
    change: Arc<Mutex<Option<Change>>>,
    is_unreliable: Arc<AtomicBool>,
    count: Arc<AtomicU32>,
}

impl Forger {
    /// Stands in front of the servers at these addresses.
    pub(crate) fn start(addresses: &[Ipv4Addr]) -> Self {
        let forger = Self::default();
        for &address in addresses.iter().chain([&OWN]) {
            let socket = UdpSocket::bind((address, 53)).unwrap();
            let listener = TcpListener::bind((address, 53)).unwrap();
            let (by_udp, by_tcp) = (forger.clone(), forger.clone());
            // They end with the test.
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok((length, client)) = socket.recv_from(&mut buffer) {
                    let Some(mut reply) = by_udp.reply(address, &buffer[..length]) else {
                        continue;
                    };
                    if reply.len() > LARGEST {
                        reply.truncate(12);
                        reply[2] |= 2;
                        reply[4..].fill(0);
                        reply[5] = 1;
                        reply.extend(question_of(&buffer[..length]));
                    }
                    let Some(delay) = by_udp.delay() else {
                        continue;
                    };
                    let socket = socket.try_clone().unwrap();
                    thread::spawn(move || {
                        thread::sleep(delay);
                        // Who has left hears nothing.
                        let _ = socket.send_to(&reply, client);
                    });
                }
            });
            thread::spawn(move || {
                for mut stream in listener.incoming().flatten() {
                    let Some(query) = receive(&mut stream) else {
                        continue;
                    };
                    if let Some(reply) = by_tcp.reply(address, &query) {
                        send(&mut stream, &reply);
                    }
                }
            });
        }
        forger
    }

    /// Changes replies from now on.
    pub(crate) fn change(&self, change: Option<Change>) {
        *self.change.lock().unwrap() = change;
    }

    /// From now on replies by UDP are lost, one in eight, and late by so different times that they overtake each other.
    pub(crate) fn make_unreliable(&self) {
        self.is_unreliable.store(true, Ordering::Relaxed);
    }

    /// How late the next reply is; `None` if it is lost.
    fn delay(&self) -> Option<Duration> {
        if !self.is_unreliable.load(Ordering::Relaxed) {
            return Some(Duration::ZERO);
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        (number % 8 != 3).then(|| Duration::from_millis(u64::from(number * 7 % 5) * 12))
    }

    fn reply(&self, address: Ipv4Addr, query: &[u8]) -> Option<Vec<u8>> {
        let message = Message::from_vec(query).ok()?;
        let first = message.queries.first()?;
        let name = forgeries::name(&first.name().to_lowercase().to_ascii());
        let question = Question::new(
            name,
            mudguard_resolver::validate::RecordType(first.query_type().into()),
        );
        let mut said = if address == OWN {
            let evil = forgeries::record(
                &question.name.to_string(),
                mudguard_resolver::validate::RecordType::A,
                &forgeries::EVIL,
            );
            Said {
                is_authoritative: true,
                answers: vec![evil],
                ..Said::default()
            }
        } else {
            let mut stream = TcpStream::connect(SocketAddr::from((address, PORT))).ok()?;
            send(&mut stream, query);
            let real = Message::from_vec(&receive(&mut stream)?).ok()?;
            let records =
                |section: &[hickory_proto::rr::Record]| section.iter().map(client::record).collect();
            Said {
                is_authoritative: real.metadata.authoritative,
                response_code: real.metadata.response_code.into(),
                answers: records(&real.answers),
                authorities: records(&real.authorities),
                additionals: records(&real.additionals),
            }
        };
        if let Some(change) = &*self.change.lock().unwrap() {
            change(&question, &mut said);
        }
        Some(written(query, &said))
    }
}

fn question_of(query: &[u8]) -> &[u8] {
    let mut end = 12;
    while query[end] != 0 {
        end += usize::from(query[end]) + 1;
    }
    &query[12..end + 5]
}

/// The reply in wire form, with the question in the letters of the query, and with EDNS.
fn written(query: &[u8], said: &Said) -> Vec<u8> {
    let mut octets = query[..2].to_vec();
    octets.push(if said.is_authoritative { 0x84 } else { 0x80 });
    octets.push(u8::try_from(said.response_code).unwrap());
    let counts = [
        1,
        said.answers.len(),
        said.authorities.len(),
        said.additionals.len() + 1,
    ];
    for count in counts {
        octets.extend(u16::try_from(count).unwrap().to_be_bytes());
    }
    octets.extend(question_of(query));
    for record in said
        .answers
        .iter()
        .chain(&said.authorities)
        .chain(&said.additionals)
    {
        octets.extend(record.owner.as_wire());
        octets.extend(record.record_type.0.to_be_bytes());
        octets.extend(record.class.to_be_bytes());
        octets.extend(record.ttl.to_be_bytes());
        octets.extend(u16::try_from(record.data.len()).unwrap().to_be_bytes());
        octets.extend(&*record.data);
    }
    octets.extend([0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0]);
    octets
}

fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut octets = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut octets).ok()?;
    Some(octets)
}

fn send(stream: &mut TcpStream, octets: &[u8]) {
    let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
    // Who has left hears nothing.
    let _ = stream.write_all(&[&length[..], octets].concat());
}
