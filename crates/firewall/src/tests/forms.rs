//! Frames of forms that are rare and yet needed, or rare and yet forbidden: single rules are there for each.

use mudguard_manager::Enforcement;
use mudguard_policy::{MacAddress, Peer, Protocol};

use super::{
    bench, bench_with,
    frames::{EVERYBODY, Ear, MARK, ethernet, neighbour, packet, udp},
    net::{Namespace, Net},
    probe::{self, send_frame, send_frame_by, udp_arrives},
};
use crate::{BridgeSetting, Heard, testing::*};

/// The router's, on its bridge.
const ROUTER: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xfe]);
/// The type of local experiments.
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

/// UDP between these ports, with the mark.
fn ports([from, to]: [u16; 2]) -> Vec<u8> {
    let [from, to] = [from, to].map(u16::to_be_bytes);
    [&from[..], &to, &[0, 14, 0, 0], MARK].concat()
}

/// The second part of a packet of UDP.
fn fragment(ends: (MacAddress, MacAddress), source: &str, destination: &str) -> Vec<u8> {
    const IPV4_OFFSET: usize = 14 + 7;
    if source.contains(':') {
        let header = [17, 0, 0, 8, 0, 0, 0, 1];
        return packet(ends, source, destination, (44, 64), &[&header[..], MARK].concat());
    }
    let mut frame = packet(ends, source, destination, (17, 64), MARK);
    frame[IPV4_OFFSET] = 1;
    frame
}

#[track_caller]
fn is_heard(at: &Namespace, mark: &[u8; 6], send: impl FnOnce()) {
    let ear = Ear::open(at);
    send();
    assert!(ear.hears(mark), "{mark:?}");
}

#[test]
fn the_router_sends_a_managed_thing_groups_leases_and_discovery_at_any_address() {
    bench(
        1,
        &home([thing(1, Enforcement::Enforce, [])]),
        async |_, net: &Net| {
            let ends = (thing_mac(1), ROUTER);
            let mut frames = vec![
                // Some ports make one frame for each listener of a group.
                udp(ends, "192.0.2.1", "224.0.0.1", MARK),
                udp(ends, "fe80::1", "ff02::1", MARK),
                udp(ends, "192.0.2.1", "255.255.255.255", MARK),
                packet(ends, "192.0.2.1", "192.0.2.99", (17, 64), &ports([67, 68])),
                packet(ends, "fe80::1", "fe80::99", (17, 64), &ports([547, 546])),
            ];
            for kind in [1, 2, 3, 4, 130, 133, 134, 135, 136, 137] {
                let ends_of_ip = ("fe80::1", "2001:db8::99");
                frames.push(neighbour(ends, ends_of_ip, kind, "2001:db8::99", MARK));
            }
            for frame in frames {
                is_heard(net.thing(1), MARK, || send_frame_by(&net.router, "br-lan", frame));
            }
        },
    );
}

#[test]
fn an_address_that_is_nobodys_may_speak_of_groups_and_ask_for_a_lease() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        let from = (EVERYBODY, thing_mac(1));
        let mut frames = vec![packet(from, "fe80::99", "ff02::1:2", (17, 1), &ports([546, 547]))];
        for kind in [130, 131, 132, 133, 143] {
            frames.push(neighbour(from, ("fe80::99", "ff02::16"), kind, "ff02::2", MARK));
        }
        for frame in frames {
            is_heard(net.thing(2), MARK, || send_frame(net.thing(1), frame));
        }
        let query = packet(from, "192.0.2.99", "224.0.0.1", (2, 1), &probe::IGMP_QUERY);
        is_heard(net.thing(2), &[7; 6], || send_frame(net.thing(1), query));
    });
}

#[test]
fn a_lease_is_not_asked_for_from_the_address_of_another() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        let from = (EVERYBODY, thing_mac(1));
        let before = net.counts();
        let ask = |source, server, ports_of| {
            let frame = packet(from, source, server, (17, 64), &ports(ports_of));
            send_frame(net.thing(1), frame);
        };
        ask("192.0.2.12", "255.255.255.255", [68, 67]);
        ask("2001:db8::12", "ff02::1:2", [546, 547]);
        let after = net.counts();
        assert_eq!(after.spoofed_ipv4, before.spoofed_ipv4 + 1);
        assert_eq!(after.spoofed_ipv6, before.spoofed_ipv6 + 1);
    });
}

#[test]
fn to_a_managed_thing_another_port_speaks_nothing_but_ip() {
    let any = || [from_peer(rule("any", Peer::Anything, Protocol::Any))];
    let home = home([
        thing(1, Enforcement::Enforce, any()),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        let before = net.counter("bridge", "in_denied");
        let frame = ethernet(thing_mac(1), thing_mac(2), EXPERIMENT, &[0; 46]);
        send_frame(net.thing(2), frame);
        assert_eq!(net.counter("bridge", "in_denied"), before + 1);
    });
}

#[test]
fn fragments_of_an_observed_thing_pass_and_are_counted() {
    let home = home([
        thing(1, Enforcement::Observe, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        let (one, two) = (net.thing(1), net.thing(2));
        let counters = || ["out_denied", "in_denied"].map(|name| net.counter("bridge", name));
        for [first, second] in [["192.0.2.11", "192.0.2.12"], ["2001:db8::11", "2001:db8::12"]] {
            let [out, into] = counters();
            let there = fragment((thing_mac(2), thing_mac(1)), first, second);
            is_heard(two, MARK, || send_frame(one, there));
            let back = fragment((thing_mac(1), thing_mac(2)), second, first);
            is_heard(one, MARK, || send_frame(two, back));
            assert_eq!(counters(), [out + 1, into + 1], "{first}");
        }
    });
}

#[test]
fn the_router_speaks_to_itself() {
    bench(
        1,
        &home([thing(1, Enforcement::Enforce, [])]),
        async |_, net: &Net| {
            for own in ["192.0.2.1", "2001:db8::1", "198.51.100.254"] {
                net.router.ip("link set lo up\n".to_owned());
                assert!(udp_arrives(&net.router, &net.router, own, own, 1000), "{own}");
            }
        },
    );
}

#[test]
fn where_frames_are_not_filtered_sources_are_guarded_where_they_are_routed() {
    const LAST: &[u8; 6] = b"honest";
    let any = [rule("any", Peer::Anything, Protocol::Any)];
    let home = home([
        thing(1, Enforcement::Enforce, any),
        thing(2, Enforcement::None, []),
    ]);
    bench_with(BridgeSetting::Off, 2, &home, async |mut bench, net: &Net| {
        let interface = net
            .router
            .run(|| nix::net::if_::if_nametoindex("br-lan").unwrap());
        let ear = Ear::open(&net.internet);
        let send = |number, source, destination, mark| {
            let frame = udp((ROUTER, thing_mac(number)), source, destination, mark);
            send_frame(net.thing(number), frame);
        };
        for (other, nobodys, host, router) in [
            ("192.0.2.12", "192.0.2.99", "198.51.100.1", "192.0.2.1"),
            ("2001:db8::12", "2001:db8::99", "2001:db8:f::1", "2001:db8::1"),
        ] {
            let spoofed = || net.counts().spoofed_ipv4 + net.counts().spoofed_ipv6;
            let before = spoofed();
            send(1, other, host, MARK);
            send(1, nobodys, host, MARK);
            send(1, nobodys, router, MARK);
            assert_eq!(spoofed(), before + 3, "{host}");
            // Whose the other is need not be asked.
            for _ in 0..2 {
                let address = nobodys.parse().unwrap();
                assert_eq!(bench.heard().await, Heard::Address { address, interface });
            }
        }
        let before = net.counts().spoofed_router;
        send(2, "2001:db8::1", "2001:db8:f::1", MARK);
        assert_eq!(net.counts().spoofed_router, before + 1);
        send(1, "192.0.2.11", "198.51.100.1", LAST);
        assert_eq!(ear.first_of(&[MARK, LAST]), Some(1));
    });
}
