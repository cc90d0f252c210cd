//! Questions over the wire, and the validator's verdict on what comes back.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_proto::{
    op::{Edns, Message, Query, ResponseCode},
    rr,
    serialize::binary::{BinEncodable, BinEncoder, NameEncoding},
};
use mudguard_resolver::validate::{
    Clock, Name, Question, Record, RecordType, Reply, Step, TrustAnchors, Validator, Verdict, ZoneCuts,
};

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks a server that must answer; over TCP if the reply does not fit.
pub(crate) fn ask(server: SocketAddr, question: &Question, checking_disabled: bool) -> Message {
    ask_for(server, question, checking_disabled, PATIENCE)
        .unwrap_or_else(|| panic!("{server} does not answer: {question}"))
}

/// Asks a server and waits for so long.
pub(crate) fn ask_for(
    server: SocketAddr,
    question: &Question,
    checking_disabled: bool,
    patience: Duration,
) -> Option<Message> {
    let mut message = Message::query();
    let name = rr::Name::from_ascii(question.name.to_string()).unwrap();
    message.add_query(Query::query(name, question.record_type.0.into()));
    message.metadata.id = 4711;
    message.metadata.recursion_desired = true;
    message.metadata.checking_disabled = checking_disabled;
    let mut edns = Edns::new();
    edns.set_dnssec_ok(true).set_max_payload(4096);
    message.set_edns(edns);
    let octets = message.to_vec().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send_to(&octets, server).unwrap();
    let mut buffer = vec![0; 4096];
    let length = socket.recv(&mut buffer).ok()?;
    let reply = Message::from_vec(&buffer[..length]).unwrap();
    if !reply.metadata.truncation {
        return Some(reply);
    }
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &octets].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut buffer = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut buffer).unwrap();
    Some(Message::from_vec(&buffer).unwrap())
}

/// A reply in the form of the validator; `None` if the server failed.
pub(crate) fn reply(message: &Message) -> Option<Reply> {
    let code = message.metadata.response_code;
    matches!(code, ResponseCode::NoError | ResponseCode::NXDomain).then(|| Reply {
        response_code: code.into(),
        answers: message.answers.iter().map(record).collect(),
        authorities: message.authorities.iter().map(record).collect(),
    })
}

pub(crate) fn record(record: &rr::Record) -> Record {
    let octets = |part: &dyn Fn(&mut BinEncoder<'_>)| {
        let mut octets = Vec::new();
        let mut encoder = BinEncoder::new(&mut octets);
        encoder.set_name_encoding(NameEncoding::Uncompressed);
        part(&mut encoder);
        octets
    };
    let owner = octets(&|encoder| record.name.emit(encoder).unwrap());
    Record {
        owner: Name::from_wire(&owner).unwrap().0,
        record_type: RecordType(record.record_type().into()),
        class: record.dns_class.into(),
        ttl: record.ttl,
        data: octets(&|encoder| record.data.emit(encoder).unwrap()).into(),
    }
}

/// Judges what a resolver that does not validate says; somebody may change its replies.
pub(crate) fn judge(
    server: SocketAddr,
    question: &Question,
    anchors: &Arc<TrustAnchors>,
    clock: Clock,
    forge: &dyn Fn(&Question, &mut Reply),
) -> Verdict {
    let obtain = |question: &Question| {
        let mut reply = reply(&ask(server, question, true))?;
        forge(question, &mut reply);
        Some(reply)
    };
    let first = obtain(question).unwrap_or_else(|| Reply {
        response_code: 2,
        ..Reply::default()
    });
    let mut validator = Validator::new(question.clone(), first, Arc::clone(anchors), clock);
    let mut cuts = ZoneCuts::default();
    loop {
        match validator.step(&mut cuts, Instant::now()) {
            Step::Done(verdict) => return verdict,
            Step::Need(question) => {
                let reply = obtain(&question);
                validator.supply(question, reply);
            }
        }
    }
}
