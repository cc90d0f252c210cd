//! Callers from elsewhere than the loopback interface, which no test on loopback can be.

use std::{net::IpAddr, sync::Arc};

use jiff::Timestamp;
use mudguard_manager::{Question, Snapshot, Thing, Waiting};
use mudguard_policy::MacAddress;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    sync::mpsc,
};

use super::*;
use crate::CommandRequest;

const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);

struct Gateway {
    router: Router,
    token: String,
    requests: mpsc::Receiver<CommandRequest>,
    _pictures: watch::Sender<Arc<Snapshot>>,
}

impl Gateway {
    fn new() -> Self {
        let mut thing = Thing::stranger(MAC, Timestamp::UNIX_EPOCH);
        thing.question = Some(Question {
            raised: Timestamp::UNIX_EPOCH,
            waiting: Waiting::NewThing,
        });
        let snapshot = Snapshot {
            things: [(MAC, Arc::new(thing))].into(),
            ..Snapshot::default()
        };
        let (pictures, seen) = watch::channel(Arc::new(snapshot));
        let (commands, requests) = mpsc::channel(8);
        let web = Web::new(seen, commands, Vec::new()).unwrap();
        Self {
            token: web.token.to_string(),
            router: page::router(web),
            requests,
            _pictures: pictures,
        }
    }

    async fn ask(&self, peer: &str, request: &str) -> String {
        let (mut ours, theirs) = duplex(64 * 1024);
        let local: IpAddr = "192.168.1.1".parse().unwrap();
        let caller = Caller::Tcp {
            local,
            port: 8520,
            peer: peer.parse().unwrap(),
        };
        serve(theirs, &self.router, caller, None);
        ours.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn get(&self, peer: &str, host: &str) -> String {
        let request = format!("GET /devices/{MAC} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        self.ask(peer, &request).await
    }
}

#[tokio::test]
async fn a_far_caller_reads_but_is_offered_no_decision() {
    let gateway = Gateway::new();
    let far = gateway.get("192.168.1.7", "192.168.1.1:8520").await;
    assert!(far.contains(&format!("mudguard approve {MAC}")));
    assert!(!far.contains("<form") && !far.contains(&gateway.token));
    let near = gateway.get("127.0.0.1", "192.168.1.1:8520").await;
    assert!(near.contains("<form") && near.contains(&gateway.token));
}

#[tokio::test]
async fn a_far_caller_decides_nothing_even_with_the_token() {
    let mut gateway = Gateway::new();
    let form = format!("token={}&question=1970-01-01T00:00:00Z+new-thing", gateway.token);
    let request = format!(
        "POST /devices/{MAC}/approve HTTP/1.1\r\nHost: 192.168.1.1:8520\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = gateway.ask("192.168.1.7", &request).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(gateway.requests.try_recv().is_err());
}

#[tokio::test]
async fn the_name_localhost_is_for_the_loopback_interface() {
    let gateway = Gateway::new();
    let answer = gateway.get("192.168.1.7", "localhost:8520").await;
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
}
