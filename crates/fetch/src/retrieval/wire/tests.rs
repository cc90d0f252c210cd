//! The way to a server: exactly as many octets as it may send, and only to the addresses that were given.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    time::timeout,
};

use super::{Meter, Wire, in_turns};

/// For what happens at once unless something is wrong.
const SOON: Duration = Duration::from_secs(10);

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A server that sends so many octets to each who connects, and its address.
async fn server(octets: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { stream.write_all(&vec![b'x'; octets]).await });
        }
    });
    address
}

/// How many octets come over a new connection.
async fn octets(wire: &Wire) -> usize {
    let mut stream = UnixStream::connect(wire.name()).await.unwrap();
    let mut octets = Vec::new();
    timeout(SOON, stream.read_to_end(&mut octets))
        .await
        .unwrap()
        .unwrap();
    octets.len()
}

#[tokio::test]
async fn connections_share_an_allowance_and_not_one_octet_more_is_read() {
    let meter = Arc::new(Meter::new(100_001));
    let wire = Wire::open(vec![server(70_000).await], Arc::clone(&meter)).unwrap();
    assert_eq!(octets(&wire).await, 70_000);
    assert_eq!(meter.left(), 30_001);
    assert_eq!(octets(&wire).await, 30_001);
    assert_eq!(octets(&wire).await, 0);
    assert_eq!((meter.left(), meter.refused()), (0, None));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses_or_is_silent() {
    let good = server(5).await;
    // A listener whose queue is full answers no more.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refuses = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let queue: Vec<_> = (0..200)
        .map(|_| {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            tokio::spawn(socket.connect(silent.local_addr().unwrap()))
        })
        .collect();
    let given = vec![refuses, silent.local_addr().unwrap(), good];
    let wire = Wire::open(given, Arc::new(Meter::new(9))).unwrap();
    assert_eq!(octets(&wire).await, 5);
    drop(queue);
}

#[tokio::test]
async fn that_nobody_answers_is_known_when_the_connection_ends() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let meter = Arc::new(Meter::new(9));
    let wire = Wire::open(vec![nobody], Arc::clone(&meter)).unwrap();
    assert_eq!(octets(&wire).await, 0);
    assert_eq!(meter.refused(), Some(ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_wire_that_is_dropped_closes_its_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wire = Wire::open(vec![listener.local_addr().unwrap()], Arc::new(Meter::new(9))).unwrap();
    let mut client = UnixStream::connect(wire.name()).await.unwrap();
    let (mut server, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    drop(wire);
    let ends = async {
        (
            client.read(&mut [0; 9]).await.ok(),
            server.read(&mut [0; 9]).await.ok(),
        )
    };
    assert_eq!(timeout(SOON, ends).await.unwrap(), (Some(0), Some(0)));
}

#[test]
fn both_families_get_their_turn_and_not_every_address_of_many_is_tried() {
    let given = addresses(&["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "[2001:db8::1]:1"]);
    let turns = addresses(&["[2001:db8::1]:1", "192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"]);
    assert_eq!(in_turns(given), turns);
    assert_eq!(in_turns(vec![turns[0]; 100]).len(), 8);
}
