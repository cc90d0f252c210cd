//! Sources that are forged, each kind as raw frames: none passes, and each is counted.

use mudguard_manager::{Binding, Enforcement, Snapshot};
use mudguard_policy::{MacAddress, Peer, Protocol};

use super::{
    bench,
    frames::{EVERYBODY, Ear, MARK, arp, neighbour, packet, udp},
    net::{Namespace, Net},
    probe::{send_frame, udp_arrives},
};
use crate::{Counts, Heard, testing::*};

/// The router's, on its bridge.
const ROUTER: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xfe]);
/// What comes after all that is forged.
const LAST: &[u8; 6] = b"honest";

/// Things 1 and 2 are managed and may do everything, Thing 3 is not managed; each is at the port of its number.
fn placed() -> Snapshot {
    let any = || {
        [
            rule("any", Peer::Anything, Protocol::Any),
            from_peer(rule("any", Peer::Anything, Protocol::Any)),
        ]
    };
    let mut things = [
        thing(1, Enforcement::Enforce, any()),
        thing(2, Enforcement::Enforce, any()),
        thing(3, Enforcement::None, []),
    ];
    for (thing, number) in things.iter_mut().zip(1..) {
        thing.port = Some(format!("port{number}"));
    }
    let mut home = home(things);
    home.home.lans[0].ports = [1, 2, 3].map(|number| format!("port{number}")).into();
    home
}

/// Each frame is counted by this counter and not heard; an honest one after them is.
#[track_caller]
fn none_passes(
    net: &Net,
    from: &Namespace,
    at: &Namespace,
    counter: fn(&Counts) -> u64,
    forged: Vec<Vec<u8>>,
    honest: Vec<u8>,
) {
    let ear = Ear::open(at);
    for frame in forged {
        let before = net.counts();
        send_frame(from, frame.clone());
        let after = net.counts();
        assert_eq!(counter(&after), counter(&before) + 1, "{frame:02x?}: {after:?}");
    }
    send_frame(from, honest);
    assert_eq!(
        ear.first_of(&[MARK, LAST]),
        Some(1),
        "something passed, or nothing"
    );
}

fn wires(net: &Net) {
    net.router.ip(format!("link set br-lan address {ROUTER}\n"));
}

#[test]
fn forged_frames_of_a_managed_thing_neither_cross_the_bridge_nor_reach_the_router() {
    bench(3, &placed(), async |_, net: &Net| {
        let (one, two) = (net.thing(1), net.thing(2));
        let from = (EVERYBODY, thing_mac(1));
        let honest = || arp(thing_mac(1), (thing_mac(1), "192.0.2.11"), LAST);
        let udp = |source, destination| udp(from, source, destination, MARK);
        // Of another Thing, and of nobody; to the group of all hosts, so that the router would take it too.
        let ipv4 = ["192.0.2.12", "192.0.2.99"].map(|source| udp(source, "224.0.0.1"));
        none_passes(net, one, two, |counts| counts.spoofed_ipv4, ipv4.into(), honest());
        let ipv6 = ["2001:db8::12", "2001:db8::99", "fe80::99"].map(|source| udp(source, "ff02::1"));
        none_passes(net, one, two, |counts| counts.spoofed_ipv6, ipv6.into(), honest());
        let arps = [
            (thing_mac(1), "192.0.2.12"),
            (thing_mac(2), "192.0.2.12"),
            (thing_mac(2), "192.0.2.11"),
        ];
        let arps = arps.map(|sender| arp(thing_mac(1), sender, MARK));
        none_passes(net, one, two, |counts| counts.spoofed_arp, arps.into(), honest());
        let advertisements = ["2001:db8::12", "fe80::ff:fe00:2"]
            .map(|target| neighbour(from, ("fe80::ff:fe00:1", "ff02::1"), 136, target, MARK));
        none_passes(
            net,
            one,
            two,
            |counts| counts.spoofed_nd,
            advertisements.into(),
            honest(),
        );
        // A solicitation says whose its source is.
        let solicitation = neighbour(from, ("2001:db8::12", "ff02::1"), 135, "2001:db8::13", MARK);
        none_passes(
            net,
            one,
            two,
            |counts| counts.spoofed_ipv6,
            vec![solicitation],
            honest(),
        );
    });
}

#[test]
fn another_station_with_the_mac_address_of_a_thing_is_not_the_thing() {
    bench(3, &placed(), async |mut bench, net: &Net| {
        let (three, two) = (net.thing(3), net.thing(2));
        let from = (EVERYBODY, thing_mac(1));
        let frames = vec![
            udp(from, "192.0.2.11", "224.0.0.1", MARK),
            udp(from, "2001:db8::11", "ff02::1", MARK),
            arp(thing_mac(1), (thing_mac(1), "192.0.2.11"), MARK),
        ];
        let honest = arp(thing_mac(3), (thing_mac(3), "192.0.2.13"), LAST);
        none_passes(net, three, two, |counts| counts.spoofed_port, frames, honest);
        // The bridge has not learnt that the Thing is there.
        assert!(udp_arrives(two, net.thing(1), "192.0.2.12", "192.0.2.11", 1000));
        let port = net.router.run(|| nix::net::if_::if_nametoindex("port3").unwrap());
        let mac = thing_mac(1);
        assert_eq!(bench.heard().await, Heard::Elsewhere { mac, port });
        // It has moved there: now it is there, and no longer where it was.
        let mut moved = placed();
        let mut thing = (*moved.things[&mac]).clone();
        thing.port = Some("port3".to_owned());
        moved.things.insert(mac, thing.into());
        bench.firewall.apply(&moved).await.unwrap();
        let ear = Ear::open(two);
        send_frame(three, udp(from, "192.0.2.11", "224.0.0.1", LAST));
        assert!(ear.hears(LAST));
        let old = udp(from, "192.0.2.11", "224.0.0.1", MARK);
        let ear = Ear::open(two);
        let before = net.counts().spoofed_port;
        send_frame(net.thing(1), old);
        assert_eq!(net.counts().spoofed_port, before + 1);
        send_frame(three, udp(from, "192.0.2.11", "224.0.0.1", LAST));
        assert_eq!(ear.first_of(&[MARK, LAST]), Some(1));
    });
}

#[test]
fn nobody_on_the_lan_says_that_it_is_the_router() {
    bench(3, &placed(), async |_, net: &Net| {
        wires(net);
        for number in [1, 3] {
            let mac = thing_mac(number);
            let from = (EVERYBODY, mac);
            let own = format!("fe80::ff:fe00:{number:x}");
            let forged = vec![
                udp(from, "192.0.2.1", "224.0.0.1", MARK),
                udp(from, "2001:db8::1", "ff02::1", MARK),
                arp(mac, (mac, "192.0.2.1"), MARK),
                neighbour(from, (&own, "ff02::1"), 136, "fe80::1", MARK),
            ];
            let honest = arp(mac, (mac, &format!("192.0.2.{}", 10 + number)), LAST);
            let thing = net.thing(number);
            none_passes(
                net,
                thing,
                net.thing(2),
                |counts| counts.spoofed_router,
                forged,
                honest,
            );
        }
        // The kernel forwards this one of IPv6.
        let routed = udp((ROUTER, thing_mac(3)), "2001:db8::1", "2001:db8:f::1", MARK);
        let honest = udp((ROUTER, thing_mac(3)), "2001:db8::13", "2001:db8:f::1", LAST);
        let counter = |counts: &Counts| counts.spoofed_router;
        none_passes(net, net.thing(3), &net.internet, counter, vec![routed], honest);
    });
}

#[test]
fn forged_sources_of_hosts_that_are_not_managed_do_not_leave_and_own_prefixes_do_not_come_in() {
    bench(3, &placed(), async |_, net: &Net| {
        wires(net);
        let wan = MacAddress([2, 0, 0, 0, 0, 0xfd]);
        net.router.ip(format!("link set wan address {wan}\n"));
        let out = |source, destination, mark| udp((ROUTER, thing_mac(3)), source, destination, mark);
        let forged = vec![
            out("203.0.113.77", "198.51.100.1", MARK),
            out("2001:db8:e::1", "2001:db8:f::1", MARK),
        ];
        let honest = out("192.0.2.13", "198.51.100.1", LAST);
        let counter = |counts: &Counts| counts.spoofed_prefix;
        none_passes(net, net.thing(3), &net.internet, counter, forged, honest);
        let host = MacAddress([2, 0, 0, 0, 0, 0xfc]);
        let into = |source, destination, mark| udp((wan, host), source, destination, mark);
        let forged = vec![
            into("192.0.2.50", "192.0.2.13", MARK),
            into("2001:db8::50", "2001:db8::13", MARK),
            into("2001:db8::50", "2001:db8::1", MARK),
        ];
        let honest = into("198.51.100.1", "192.0.2.13", LAST);
        let counter = |counts: &Counts| counts.spoofed_wan;
        none_passes(net, &net.internet, net.thing(3), counter, forged, honest);
    });
}

#[test]
fn a_managed_thing_is_looked_at_closely_where_it_does_not_belong() {
    let mut home = placed();
    let mut claims = (*home.things[&thing_mac(1)]).clone();
    for address in ["203.0.113.77", "2001:db8:e::1"] {
        claims.bindings.push(Binding {
            address: address.parse().unwrap(),
            expires: None,
        });
    }
    home.things.insert(thing_mac(1), claims.into());
    bench(3, &home, async |_, net: &Net| {
        wires(net);
        let out = |source, destination, mark| udp((ROUTER, thing_mac(1)), source, destination, mark);
        let forged = vec![
            out("203.0.113.77", "198.51.100.1", MARK),
            out("2001:db8:e::1", "2001:db8:f::1", MARK),
        ];
        let honest = out("192.0.2.11", "198.51.100.1", LAST);
        let counter = |counts: &Counts| counts.spoofed_prefix;
        none_passes(net, net.thing(1), &net.internet, counter, forged, honest);
        // Somebody beyond the router with its MAC address and its address.
        let wan = MacAddress([2, 0, 0, 0, 0, 0xfd]);
        net.router.ip(format!("link set wan address {wan}\n"));
        let into = |source, destination, mark| udp((wan, thing_mac(1)), source, destination, mark);
        let forged = vec![
            into("192.0.2.11", "192.0.2.13", MARK),
            into("2001:db8::11", "2001:db8::13", MARK),
        ];
        let honest = udp(
            (wan, MacAddress([2, 0, 0, 0, 0, 0xfc])),
            "198.51.100.1",
            "192.0.2.13",
            LAST,
        );
        let counter = |counts: &Counts| counts.spoofed_wan;
        none_passes(net, &net.internet, net.thing(3), counter, forged, honest);
    });
}

#[test]
fn what_makes_an_address_known_passes_and_the_daemon_hears_of_it() {
    bench(3, &placed(), async |mut bench, net: &Net| {
        let from = (EVERYBODY, thing_mac(1));
        let bridge = net
            .router
            .run(|| nix::net::if_::if_nametoindex("br-lan").unwrap());
        for (number, frame) in [
            // A probe (RFC 5227) and an announcement of ARP, duplicate address detection, solicitation and advertisement from an address
            // that is nobody's, and the first words of DHCP.
            arp(thing_mac(1), (thing_mac(1), "0.0.0.0"), LAST),
            arp(thing_mac(1), (thing_mac(1), "192.0.2.99"), LAST),
            neighbour(from, ("::", "ff02::1:ff00:99"), 135, "2001:db8::99", LAST),
            neighbour(
                from,
                ("2001:db8::99", "ff02::1:ff00:12"),
                135,
                "2001:db8::12",
                LAST,
            ),
            neighbour(from, ("2001:db8::99", "ff02::1"), 136, "2001:db8::99", LAST),
            packet(
                from,
                "0.0.0.0",
                "255.255.255.255",
                (17, 64),
                &[&[0, 68, 0, 67, 0, 14, 0, 0][..], LAST].concat(),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let ear = Ear::open(net.thing(2));
            send_frame(net.thing(1), frame);
            assert!(ear.hears(LAST), "{number}");
        }
        let heard = |address: &str| Heard::Address {
            address: address.parse().unwrap(),
            interface: bridge,
        };
        assert_eq!(bench.heard().await, heard("2001:db8::99"));
        for source in ["192.0.2.98", "fe80::98"] {
            let group = if source.contains(':') {
                "ff02::1"
            } else {
                "224.0.0.1"
            };
            send_frame(net.thing(1), udp(from, source, group, MARK));
            assert_eq!(bench.heard().await, heard(source));
        }
        // Once it is bound, it is the Thing's.
        let mut bound = placed();
        let mut thing = (*bound.things[&thing_mac(1)]).clone();
        thing.bindings.push(Binding {
            address: "fe80::98".parse().unwrap(),
            expires: None,
        });
        bound.things.insert(thing.mac, thing.into());
        bench.firewall.apply(&bound).await.unwrap();
        let ear = Ear::open(net.thing(2));
        send_frame(net.thing(1), udp(from, "fe80::98", "ff02::1", LAST));
        assert!(ear.hears(LAST));
    });
}

#[test]
fn what_is_opened_to_a_managed_thing_at_an_address_that_is_not_bound_to_it_does_not_arrive() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        for number in [1, 2] {
            net.thing(number).ip(format!(
                "addr add 192.0.2.9{number}/24 dev eth0\naddr add 2001:db8::9{number}/64 dev eth0 nodad\n"
            ));
        }
        for (host, own, others) in [
            ("198.51.100.1", "192.0.2.91", "192.0.2.92"),
            ("2001:db8:f::1", "2001:db8::91", "2001:db8::92"),
        ] {
            let before = net.counter("bridge", "in_denied");
            assert!(
                super::probe::udp_is_dropped(&net.internet, net.thing(1), host, own, 1000),
                "{own}"
            );
            assert_eq!(net.counter("bridge", "in_denied"), before + 1, "{own}");
            assert!(
                udp_arrives(&net.internet, net.thing(2), host, others, 1000),
                "{others}"
            );
        }
    });
}
