//! Samples of what is denied.

use std::time::Duration;

use mudguard_manager::{Denial, Enforcement};
use mudguard_policy::Initiator;

use super::{Bench, bench, net::Net, probe::udp_is_dropped};
use crate::{Heard, testing::*};

async fn next(bench: &mut Bench) -> Denial {
    let heard = bench.heard().await;
    match heard {
        Heard::Denied(denial) => denial,
        Heard::Address { .. } | Heard::Elsewhere { .. } => panic!("{heard:?}"),
    }
}

#[test]
fn what_is_denied_is_told_with_thing_peer_protocol_and_port() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::Observe, []),
    ]);
    bench(3, &home, async |mut bench, net: &Net| {
        let denial = |number, peer: &str, initiator, port| Denial {
            mac: thing_mac(number),
            peer: peer.parse().unwrap(),
            initiator,
            protocol: 17,
            port: Some(port),
        };
        for (own, second, third, host, router) in [
            (
                "192.0.2.11",
                "192.0.2.12",
                "192.0.2.13",
                "198.51.100.1",
                "192.0.2.1",
            ),
            (
                "2001:db8::11",
                "2001:db8::12",
                "2001:db8::13",
                "2001:db8:f::1",
                "2001:db8::1",
            ),
        ] {
            udp_is_dropped(net.thing(1), &net.internet, own, host, 1000);
            assert_eq!(next(&mut bench).await, denial(1, host, Initiator::Thing, 1000));
            udp_is_dropped(&net.internet, net.thing(1), host, own, 1001);
            assert_eq!(next(&mut bench).await, denial(1, host, Initiator::Peer, 1001));
            udp_is_dropped(net.thing(1), &net.router, own, router, 1002);
            assert_eq!(next(&mut bench).await, denial(1, router, Initiator::Thing, 1002));
            udp_is_dropped(net.thing(2), &net.internet, second, host, 1003);
            assert_eq!(next(&mut bench).await, denial(2, host, Initiator::Thing, 1003));
            // Within the bridge.
            udp_is_dropped(net.thing(1), net.thing(2), own, second, 1004);
            assert_eq!(next(&mut bench).await, denial(1, second, Initiator::Thing, 1004));
            let before = net.counter("bridge", "in_denied");
            udp_is_dropped(net.thing(3), net.thing(1), third, own, 1005);
            assert_eq!(next(&mut bench).await, denial(1, third, Initiator::Peer, 1005));
            assert_eq!(net.counter("bridge", "in_denied"), before + 1);
        }
    });
}

#[test]
fn a_flood_of_denials_is_counted_whole_and_told_in_part() {
    const FLOOD: u64 = 20_000;
    let home = home([thing(1, Enforcement::Enforce, [])]);
    bench(1, &home, async |mut bench, net: &Net| {
        let began = std::time::Instant::now();
        net.thing(1).run(|| {
            let socket = std::net::UdpSocket::bind("192.0.2.11:0").unwrap();
            for number in 0..FLOOD {
                let port = 1000 + u16::try_from(number % 5000).unwrap();
                // A full queue refuses some.
                while socket.send_to(b"flood", ("198.51.100.1", port)).is_err() {}
            }
        });
        let mut told = 0;
        while let Ok(heard) = tokio::time::timeout(Duration::ZERO, bench.denials.next()).await {
            heard.unwrap();
            told += 1;
            assert!(bench.denials.waiting() < 100, "samples pile up");
        }
        assert_eq!(net.counts().out_denied, FLOOD);
        let most = 21 + 10 * began.elapsed().as_secs();
        assert!((10..=most + 10).contains(&told), "{told}");
    });
}
