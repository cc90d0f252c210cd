//! Tests of the mode `auto`: what becomes of a resolver that strips DNSSEC.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    thread,
};

use futures_util::{FutureExt, future};
use hickory_proto::op::{Message, MessageType};

use super::*;

/// A resolver that knows nothing of signatures; what it was asked is told.
fn stripping() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&asked);
    // It ends with the tests.
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let question = &query.queries[0];
            told.lock().unwrap().push(format!(
                "{} {}",
                question.name().to_lowercase(),
                question.query_type()
            ));
            let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
            reply.metadata.message_type = MessageType::Response;
            reply.add_query(question.clone());
            socket.send_to(&reply.to_vec().unwrap(), client).unwrap();
        }
    });
    (address, asked)
}

/// Authoritative servers that cannot be reached; whether somebody tried is told.
#[derive(Clone, Default)]
struct Unreachable(Arc<Mutex<usize>>);

impl Network for Unreachable {
    fn exchange<'a>(
        &'a self,
        _: SocketAddr,
        _: Protocol,
        _: &'a Query,
    ) -> future::BoxFuture<'a, io::Result<Vec<u8>>> {
        *self.0.lock().unwrap() += 1;
        future::ready(Err(io::ErrorKind::ConnectionRefused.into())).boxed()
    }
}

#[tokio::test]
async fn where_a_resolver_strips_dnssec_the_authoritative_servers_are_asked() {
    let (address, asked) = stripping();
    let mut config = Config::new(Vec::new(), Vec::new(), vec![address]);
    config.discovers_designated = false;
    let clock: Clock = Arc::new(Instant::now);
    let internet = Unreachable::default();
    let upstream = Upstream::Auto {
        forward: Forward::new(&config, &clock).unwrap(),
        recursive: Recursive::with_network(&config, &clock, Box::new(internet.clone())).unwrap(),
        fitness: Mutex::default(),
        clock,
    };
    let question = Question::new("www.example.".parse().unwrap(), RecordType::A);
    for _ in 0..2 {
        let work = Work::new(Duration::from_secs(5));
        upstream.ask(&question, &work).await.unwrap_err();
    }
    // It was found out once, and the name was not asked of it.
    assert_eq!(*asked.lock().unwrap(), [". DNSKEY"]);
    assert!(*internet.0.lock().unwrap() > 0);
}
