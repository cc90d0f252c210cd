//! Packets that the router routes or receives.

use mudguard_manager::Enforcement;
use mudguard_policy::Protocol;

use super::{
    bench,
    net::Net,
    probe::{
        self, ping, ping_is_dropped, tcp_connects, tcp_is_dropped, udp_arrives, udp_is_dropped, udp_passes,
    },
};
use crate::{Counts, testing::*};

/// The addresses of Thing 1, and those of an internet host, by family.
const ENDS: [(&str, &str); 2] = [("192.0.2.11", "198.51.100.1"), ("2001:db8::11", "2001:db8:f::1")];

/// How many sources of each family were forged.
const SPOOFED: [fn(&Counts) -> u64; 2] = [|counts| counts.spoofed_ipv4, |counts| counts.spoofed_ipv6];

#[test]
fn what_a_thing_opens_passes_if_permitted_and_else_not() {
    let rules = [
        rule(
            "host",
            networks(["198.51.100.1/32", "2001:db8:f::1/128"]),
            udp(1000),
        ),
        rule(
            "host",
            networks(["198.51.100.1/32", "2001:db8:f::1/128"]),
            tcp(1001),
        ),
        rule("ping", networks(["198.51.100.0/24"]), Protocol::Icmp(None)),
        rule("ping", networks(["2001:db8:f::/64"]), Protocol::Icmpv6(None)),
    ];
    let home = home([thing(1, Enforcement::Enforce, rules)]);
    bench(1, &home, async |_, net: &Net| {
        let (thing, internet) = (net.thing(1), &net.internet);
        for (own, host) in ENDS {
            assert!(udp_arrives(thing, internet, own, host, 1000), "{host}");
            assert!(udp_is_dropped(thing, internet, own, host, 1002), "{host}");
            assert!(tcp_connects(thing, internet, host, 1001), "{host}");
            assert!(tcp_is_dropped(thing, internet, host, 1000), "{host}");
            assert!(ping(thing, host), "{host}");
        }
        assert!(udp_is_dropped(thing, internet, ENDS[0].0, "198.51.100.2", 1000));
        assert!(udp_is_dropped(thing, internet, ENDS[1].0, "2001:db8:f::2", 1000));
    });
}

#[test]
fn what_a_peer_opens_passes_if_permitted_and_else_not() {
    let peers = || networks(["198.51.100.1/32", "2001:db8:f::1/128"]);
    let rules = [
        from_peer(rule("in", peers(), udp(1000))),
        from_peer(rule("from", peers(), Protocol::Udp(from(2000)))),
    ];
    let home = home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        for (own, host) in ENDS {
            let (thing, internet) = (net.thing(1), &net.internet);
            assert!(udp_arrives(internet, thing, host, own, 1000), "{own}");
            assert!(udp_is_dropped(internet, thing, host, own, 1001), "{own}");
            assert!(tcp_is_dropped(internet, thing, own, 1000), "{own}");
            assert!(udp_passes(internet, thing, (host, 2000), (own, 1001)), "{own}");
        }
        for (own, host) in [("192.0.2.12", "198.51.100.3"), ("2001:db8::12", "2001:db8:f::3")] {
            assert!(
                udp_arrives(&net.internet, net.thing(2), host, own, 1001),
                "not managed: {own}"
            );
        }
    });
}

#[test]
fn a_managed_thing_reaches_of_the_router_what_is_permitted_and_what_a_network_needs() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        for (own, other, router) in [
            ("192.0.2.11", "192.0.2.12", "192.0.2.1"),
            ("2001:db8::11", "2001:db8::12", "2001:db8::1"),
        ] {
            let thing = net.thing(1);
            for port in [53, 123] {
                assert!(
                    udp_arrives(thing, &net.router, own, router, port),
                    "{router} {port}"
                );
            }
            for port in [80, 67] {
                assert!(
                    udp_is_dropped(thing, &net.router, own, router, port),
                    "{router} {port}"
                );
            }
            assert!(tcp_connects(thing, &net.router, router, 53), "{router}");
            assert!(tcp_is_dropped(thing, &net.router, router, 80), "{router}");
            assert!(ping_is_dropped(thing, router), "{router}");
            assert!(
                udp_passes(thing, &net.router, (own, 68), (router, 67)),
                "a lease is renewed at {router}"
            );
            assert!(
                udp_passes(thing, &net.router, (own, 546), (router, 547)),
                "a lease is renewed at {router}"
            );
            assert!(
                udp_arrives(net.thing(2), &net.router, other, router, 80),
                "not managed: {router}"
            );
        }
        assert!(probe::link_local_arrives(
            net.thing(1),
            &net.router,
            "fe80::1",
            53
        ));
        assert!(probe::raw_arrives(
            net.thing(1),
            &net.router,
            2,
            probe::IGMP_QUERY,
            1
        ));
        // What the router opens is answered.
        for own in ["192.0.2.11", "2001:db8::11"] {
            assert!(ping(&net.router, own), "{own}");
        }
    });
}

#[test]
fn a_source_that_is_not_bound_to_the_thing_is_dropped_and_counted() {
    let anything = [rule("any", mudguard_policy::Peer::Anything, Protocol::Any)];
    let home = home([
        thing(1, Enforcement::Enforce, anything),
        thing(2, Enforcement::None, []),
    ]);
    bench(1, &home, async |_, net: &Net| {
        let (thing, internet) = (net.thing(1), &net.internet);
        // Who the router is must be known first: nobody answers a forged question.
        assert!(udp_arrives(thing, &net.router, "2001:db8::11", "2001:db8::1", 53));
        // Not bound; bound to Thing 2; of a prefix that is not this link's; the Thing's own prefix, but bound to nobody.
        thing.ip(
            "addr add 192.0.2.99/24 dev eth0\naddr add 2001:db8::12/64 dev eth0 nodad\naddr add 2001:db8:e::1/64 dev eth0 nodad\n\
             addr add 2001:db8::77/64 dev eth0 nodad\n"
                .to_owned(),
        );
        for (source, host, counted) in [
            ("192.0.2.99", "198.51.100.1", SPOOFED[0]),
            ("2001:db8::12", "2001:db8:f::1", SPOOFED[1]),
            ("2001:db8:e::1", "2001:db8:f::1", SPOOFED[1]),
            ("2001:db8::77", "2001:db8:f::1", SPOOFED[1]),
        ] {
            let before = counted(&net.counts());
            assert!(udp_is_dropped(thing, internet, source, host, 1000), "{source}");
            assert!(counted(&net.counts()) > before, "{source}");
        }
        assert!(udp_arrives(thing, internet, "192.0.2.11", "198.51.100.1", 1000));
        let forged = [("192.0.2.99", "192.0.2.1"), ("2001:db8::12", "2001:db8::1")];
        for (source, router) in forged {
            assert!(udp_is_dropped(thing, &net.router, source, router, 53), "{source}");
        }
        assert!(udp_arrives(thing, &net.router, "192.0.2.11", "192.0.2.1", 53));
    });
}

#[test]
fn of_an_observed_thing_nothing_is_dropped() {
    let home = home([thing(1, Enforcement::Observe, [])]);
    bench(1, &home, async |_, net: &Net| {
        for (own, host) in ENDS {
            let before = (
                net.counter("inet", "out_denied"),
                net.counter("inet", "in_denied"),
            );
            assert!(udp_arrives(net.thing(1), &net.internet, own, host, 1000), "{own}");
            assert!(udp_arrives(&net.internet, net.thing(1), host, own, 1001), "{own}");
            let after = (
                net.counter("inet", "out_denied"),
                net.counter("inet", "in_denied"),
            );
            assert_eq!(after, (before.0 + 1, before.1 + 1), "{own}");
        }
        assert!(tcp_connects(net.thing(1), &net.router, "192.0.2.1", 80));
        net.thing(1).ip("addr add 192.0.2.99/24 dev eth0\n".to_owned());
        let before = net.counter("inet", "out_denied");
        assert!(udp_arrives(
            net.thing(1),
            &net.internet,
            "192.0.2.99",
            "198.51.100.1",
            1000
        ));
        assert_eq!(net.counter("inet", "out_denied"), before + 1);
    });
}

#[test]
fn order_and_vetoes_hold_in_the_kernel() {
    let anything = || mudguard_policy::Peer::Anything;
    let rules = [
        dropping(rule(
            "not",
            networks(["198.51.100.2/32", "2001:db8:f::2/128"]),
            Protocol::Any,
        )),
        rule("but", anything(), udp(1000)),
    ];
    let mut vetoed = thing(2, Enforcement::Enforce, [rule("any", anything(), Protocol::Any)]);
    let mut policy = (*vetoed.policy).clone();
    policy.vetoes = vec![dropping(rule("veto", anything(), udp(1000)))];
    vetoed.policy = policy.into();
    let home = home([thing(1, Enforcement::Enforce, rules), vetoed]);
    bench(2, &home, async |_, net: &Net| {
        for (own, second, first, other) in [
            ("192.0.2.11", "192.0.2.12", "198.51.100.1", "198.51.100.2"),
            ("2001:db8::11", "2001:db8::12", "2001:db8:f::1", "2001:db8:f::2"),
        ] {
            let internet = &net.internet;
            assert!(udp_arrives(net.thing(1), internet, own, first, 1000), "{first}");
            assert!(
                udp_is_dropped(net.thing(1), internet, own, other, 1000),
                "{other}"
            );
            assert!(
                udp_is_dropped(net.thing(1), internet, own, first, 1001),
                "{first}"
            );
            assert!(
                udp_arrives(net.thing(2), internet, second, first, 1001),
                "{first}"
            );
            assert!(
                udp_is_dropped(net.thing(2), internet, second, first, 1000),
                "{first}"
            );
        }
    });
}

#[test]
fn between_two_bridges_passes_what_both_things_permit() {
    let other = |number| mudguard_policy::Peer::Things(vec![thing_mac(number)]);
    let out = [
        rule("out", other(2), tcp(1001)),
        rule("out", other(2), udp(1001)),
        rule("out", other(2), udp(1002)),
    ];
    let into = [
        from_peer(rule("in", other(1), tcp(1001))),
        from_peer(rule("in", other(1), udp(1001))),
        from_peer(rule("in", other(1), udp(1003))),
    ];
    let mut second = thing(2, Enforcement::Enforce, into);
    let far = ["203.0.113.2", "2001:db8:2::2"];
    second.bindings = far
        .map(|address| mudguard_manager::Binding {
            address: address.parse().unwrap(),
            expires: None,
        })
        .into();
    let home = home([thing(1, Enforcement::Enforce, out), second]);
    bench(2, &home, async |_, net: &Net| {
        net.router.ip(
            "link add br-two type bridge\nlink set br-two up\nlink set port2 master br-two\n\
             addr add 203.0.113.1/24 dev br-two\naddr add 2001:db8:2::1/64 dev br-two nodad\n"
                .to_owned(),
        );
        net.thing(2).ip("addr flush dev eth0\n\
             addr add 203.0.113.2/24 dev eth0\naddr add 2001:db8:2::2/64 dev eth0 nodad\n\
             route add default via 203.0.113.1\nroute replace ::/0 via 2001:db8:2::1\n"
            .to_owned());
        let (one, two) = (net.thing(1), net.thing(2));
        for (first, second) in [("192.0.2.11", far[0]), ("2001:db8::11", far[1])] {
            assert!(udp_arrives(one, two, first, second, 1001), "{second}");
            assert!(tcp_connects(one, two, second, 1001), "{second}");
            assert!(
                udp_is_dropped(one, two, first, second, 1002),
                "only the first permits: {second}"
            );
            assert!(
                udp_is_dropped(one, two, first, second, 1003),
                "only the second permits: {second}"
            );
            assert!(
                tcp_is_dropped(two, one, first, 1001),
                "the other way round: {first}"
            );
        }
    });
}

#[test]
fn errors_of_a_flow_come_back_to_the_thing() {
    let any = [rule(
        "any",
        networks(["198.51.100.0/24", "2001:db8:f::/64"]),
        Protocol::Any,
    )];
    let home = home([thing(1, Enforcement::Enforce, any)]);
    bench(1, &home, async |_, net: &Net| {
        for (own, host) in ENDS {
            // Nobody listens there: the host answers with an error, which the socket hears.
            assert!(probe::is_refused(net.thing(1), own, host, 9), "{host}");
        }
    });
}

#[test]
fn a_thing_learns_that_the_way_is_narrower_than_its_link() {
    let any = [rule(
        "host",
        networks(["198.51.100.1/32", "2001:db8:f::1/128"]),
        udp(1000),
    )];
    let home = home([thing(1, Enforcement::Enforce, any)]);
    bench(1, &home, async |_, net: &Net| {
        net.router.ip("link set wan mtu 1300\n".to_owned());
        for (own, host) in ENDS {
            let at: std::net::SocketAddr = (host.parse::<std::net::IpAddr>().unwrap(), 1000).into();
            let server = net.internet.run(move || std::net::UdpSocket::bind(at).unwrap());
            server
                .set_read_timeout(Some(std::time::Duration::from_secs(2)))
                .unwrap();
            let source: std::net::SocketAddr = (own.parse::<std::net::IpAddr>().unwrap(), 0).into();
            net.thing(1).run(move || {
                let client = std::net::UdpSocket::bind(source).unwrap();
                client.connect(at).unwrap();
                client
                    .set_read_timeout(Some(std::time::Duration::from_secs(2)))
                    .unwrap();
                // The router says that it is too large; the next is sent in parts.
                client.send(&[0; 1400]).unwrap();
                while client.send(&[1; 1400]).is_err() {}
            });
            let mut heard = [0; 1500];
            assert_eq!(server.recv(&mut heard).unwrap(), 1400, "{host}");
            assert_eq!(heard[0], 1, "{host}");
        }
    });
}
