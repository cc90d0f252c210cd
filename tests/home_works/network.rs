//! Frames go where they go in a home: out by NAT and by IPv6, across the bridge without meeting the router's rules, and never into the
//! home next door.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, SocketAddr},
};

use mudguard_tests::{
    home::{
        ECHO_TCP_PORTS, ECHO_UDP_PORTS, Protocol,
        addresses::{WAN_IPV4, WAN_IPV6, server},
    },
    left_out_without_root,
};

use super::{NEVER, SOON, home};

#[test]
fn a_thing_reaches_servers_by_ipv4_through_nat_and_by_ipv6_under_its_own_address() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let lamp = home.thing("lamp");
    let own = lamp.join().unwrap();
    let (v4, v6) = server(11);
    for (server, seen_as) in [(v4, IpAddr::V4(WAN_IPV4)), (v6, own.ipv6.into())] {
        for port in ECHO_TCP_PORTS {
            let to = SocketAddr::new(server, port);
            let mut stream = lamp.connect(to, SOON).unwrap();
            stream.write_all(b"hello").unwrap();
            let mut echo = [0; 5];
            stream.read_exact(&mut echo).unwrap();
            assert_eq!(&echo, b"hello");
            let contact = home
                .internet()
                .wait_for_contact(SOON, |contact| contact.server == to)
                .unwrap();
            assert_eq!((contact.protocol, contact.peer.ip()), (Protocol::Tcp, seen_as));
        }
        for port in ECHO_UDP_PORTS {
            let to = SocketAddr::new(server, port);
            assert_eq!(lamp.exchange(to, b"hello", SOON).unwrap(), b"hello");
            let contact = home
                .internet()
                .wait_for_contact(SOON, |contact| contact.server == to)
                .unwrap();
            assert_eq!((contact.protocol, contact.peer.ip()), (Protocol::Udp, seen_as));
        }
        assert!(lamp.ping(server, SOON).unwrap());
        let closed = lamp.connect(SocketAddr::new(server, 9), SOON).unwrap_err();
        assert_eq!(closed.kind(), ErrorKind::ConnectionRefused);
    }
}

#[test]
fn a_thing_that_has_not_joined_reaches_nothing() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let (v4, v6) = server(11);
    for server in [v4, v6] {
        assert!(
            home.thing("lamp")
                .connect(SocketAddr::new(server, 80), NEVER)
                .is_err()
        );
        assert!(!home.thing("lamp").ping(server, NEVER).unwrap());
    }
}

#[test]
fn traffic_between_ports_of_the_bridge_does_not_meet_the_routers_ip_rules() {
    if left_out_without_root() {
        return;
    }
    let home = home();
    let addresses = home.join_all().unwrap();
    home.router()
        .nft("table inet closed {\n chain forward {\n type filter hook forward priority 0; policy drop;\n }\n}\n")
        .unwrap();
    let lamp = home.thing("lamp");
    for neighbour in [IpAddr::V4(addresses[1].ipv4), addresses[1].ipv6.into()] {
        assert!(lamp.ping(neighbour, SOON).unwrap(), "{neighbour}");
    }
    let (v4, v6) = server(11);
    for outside in [v4, v6] {
        assert!(!lamp.ping(outside, NEVER).unwrap(), "{outside}");
    }
}

#[test]
fn two_homes_with_the_same_addresses_do_not_see_each_other() {
    if left_out_without_root() {
        return;
    }
    let (one, other) = (home(), home());
    let (in_one, in_other) = (
        one.thing("lamp").join().unwrap(),
        other.thing("lamp").join().unwrap(),
    );
    assert_eq!(in_one.ipv6, in_other.ipv6);
    let to = SocketAddr::new(server(11).0, 80);
    one.thing("lamp").connect(to, SOON).unwrap();
    one.internet()
        .wait_for_contact(SOON, |contact| contact.server == to)
        .unwrap();
    assert_eq!(other.internet().contacts().len(), 0);
    drop(one);
    other.thing("lamp").connect(to, SOON).unwrap();
    assert!(other.router().ping(WAN_IPV6.into(), SOON).unwrap());
}
