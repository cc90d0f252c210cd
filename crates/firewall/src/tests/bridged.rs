//! Frames between two ports of one bridge.

use mudguard_manager::Enforcement;
use mudguard_policy::{Peer, Protocol};

use super::{
    bench,
    net::Net,
    probe::{
        self, ping, tcp_connects, tcp_is_dropped, udp_arrives, udp_is_dropped, udp_is_dropped_from,
        udp_passes,
    },
};
use crate::testing::*;

/// The addresses of Things 1, 2 and 3.
const ENDS: [[&str; 3]; 2] = [
    ["192.0.2.11", "192.0.2.12", "192.0.2.13"],
    ["2001:db8::11", "2001:db8::12", "2001:db8::13"],
];

#[test]
fn between_things_passes_what_both_permit_and_its_replies() {
    between_things(false);
}

#[test]
fn the_same_passes_where_the_kernel_shows_frames_of_a_bridge_to_the_rules_for_routed_packets() {
    between_things(true);
}

fn between_things(br_netfilter: bool) {
    let second = || Peer::Things(vec![thing_mac(2)]);
    let first = || Peer::Things(vec![thing_mac(1)]);
    let out = [
        rule("out", second(), tcp(1001)),
        rule("out", second(), udp(1001)),
        rule("out", second(), udp(1002)),
        rule("ping", Peer::Anything, Protocol::Icmp(None)),
        rule("ping", Peer::Anything, Protocol::Icmpv6(None)),
    ];
    let into = [
        from_peer(rule("in", first(), tcp(1001))),
        from_peer(rule("in", first(), udp(1001))),
        from_peer(rule("in", networks(["192.0.2.0/24", "2001:db8::/64"]), udp(1003))),
        from_peer(rule("ping", Peer::Anything, Protocol::Icmp(None))),
        from_peer(rule("ping", Peer::Anything, Protocol::Icmpv6(None))),
    ];
    let home = home([
        thing(1, Enforcement::Enforce, out),
        thing(2, Enforcement::Enforce, into),
        thing(3, Enforcement::None, []),
    ]);
    bench(3, &home, async move |_, net: &Net| {
        if br_netfilter {
            net.router.sysctl(&[
                ("bridge/bridge-nf-call-iptables", "1"),
                ("bridge/bridge-nf-call-ip6tables", "1"),
            ]);
        }
        let [one, two, three] = [1, 2, 3].map(|number| net.thing(number));
        for [first, second, third] in ENDS {
            assert!(tcp_connects(one, two, second, 1001), "{second}");
            assert!(udp_arrives(one, two, first, second, 1001), "{second}");
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
            assert!(
                udp_is_dropped(one, three, first, third, 1001),
                "not a permitted peer: {third}"
            );
            assert!(
                udp_arrives(three, two, third, second, 1003),
                "from one that is not managed: {second}"
            );
            assert!(
                udp_is_dropped(three, two, third, second, 1001),
                "from one that is not managed: {second}"
            );
            assert!(ping(one, second), "{second}");
            assert!(ping(one, third), "{third}");
        }
    });
}

#[test]
fn the_order_of_a_policy_holds_between_things_too() {
    let rules = [
        dropping(rule(
            "not",
            networks(["192.0.2.12/32", "2001:db8::12/128"]),
            tcp(1000),
        )),
        rule("but", Peer::Anything, tcp(1000)),
        rule("and", Peer::Anything, tcp(1001)),
        dropping(from_peer(rule(
            "not",
            networks(["192.0.2.12/32", "2001:db8::12/128"]),
            tcp(1002),
        ))),
        from_peer(rule("but", Peer::Anything, tcp(1002))),
    ];
    let home = home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::None, []),
        thing(3, Enforcement::None, []),
    ]);
    bench(3, &home, async |_, net: &Net| {
        for [first, second, third] in ENDS {
            assert!(
                tcp_is_dropped(net.thing(1), net.thing(2), second, 1000),
                "{second}"
            );
            assert!(tcp_connects(net.thing(1), net.thing(2), second, 1001), "{second}");
            assert!(tcp_connects(net.thing(1), net.thing(3), third, 1000), "{third}");
            assert!(tcp_is_dropped(net.thing(2), net.thing(1), first, 1002), "{first}");
            assert!(tcp_connects(net.thing(3), net.thing(1), first, 1002), "{first}");
        }
    });
}

#[test]
fn a_connection_is_not_opened_from_the_port_of_a_permitted_service() {
    let rules = [
        rule("out", Peer::Anything, tcp(1001)),
        rule("out", Peer::Anything, udp(1001)),
        from_peer(rule("in", Peer::Anything, tcp(1002))),
    ];
    let home = home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        for [first, second, _] in ENDS {
            assert!(
                probe::tcp_is_dropped_from(net.thing(2), net.thing(1), (second, 1001), (first, 80)),
                "{first}"
            );
            assert!(
                probe::tcp_is_dropped_from(net.thing(1), net.thing(2), (first, 1002), (second, 80)),
                "{second}"
            );
            // Nobody listens there, which an error says.
            assert!(probe::is_refused(net.thing(1), first, second, 1001), "{second}");
        }
    });
}

#[test]
fn groups_are_reached_if_permitted() {
    let rules = [rule(
        "mdns",
        networks(["224.0.0.251/32", "ff02::fb/128"]),
        udp(5353),
    )];
    let home = home([
        thing(1, Enforcement::Enforce, rules),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        for (own, group) in [("192.0.2.11", "224.0.0.251"), ("fe80::ff:fe00:1", "ff02::fb")] {
            assert!(
                probe::group_hears(net.thing(1), net.thing(2), own, group, 5353),
                "{group}"
            );
            assert!(
                probe::group_does_not_hear(net.thing(1), net.thing(2), own, group, 5354),
                "{group}"
            );
        }
    });
}

#[test]
fn forged_sources_do_not_cross_the_bridge() {
    let home = home([
        thing(
            1,
            Enforcement::Enforce,
            [rule("any", Peer::Anything, Protocol::Any)],
        ),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async |_, net: &Net| {
        let (one, two) = (net.thing(1), net.thing(2));
        one.ip("addr add 192.0.2.99/24 dev eth0\n".to_owned());
        let before = net.counts().spoofed_ipv4;
        assert!(udp_is_dropped(one, two, "192.0.2.99", "192.0.2.12", 1000));
        assert!(net.counts().spoofed_ipv4 > before);
        one.ip("addr add 2001:db8::12/64 dev eth0 nodad\n".to_owned());
        two.ip("addr add 2001:db8::77/64 dev eth0 nodad\n".to_owned());
        assert!(udp_is_dropped(one, two, "2001:db8::12", "2001:db8::77", 1000));
        assert!(udp_arrives(one, two, "2001:db8::11", "2001:db8::77", 1000));
        assert!(udp_arrives(one, two, "192.0.2.11", "192.0.2.12", 1000));
    });
}

#[test]
fn leases_and_observed_things_pass_within_the_bridge() {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::Observe, []),
        thing(3, Enforcement::None, []),
    ]);
    bench(3, &home, async |_, net: &Net| {
        let [one, two, three] = [1, 2, 3].map(|number| net.thing(number));
        assert!(udp_passes(one, three, ("192.0.2.11", 68), ("192.0.2.13", 67)));
        assert!(udp_passes(three, one, ("192.0.2.13", 67), ("192.0.2.11", 68)));
        assert!(udp_passes(
            three,
            one,
            ("2001:db8::13", 547),
            ("2001:db8::11", 546)
        ));
        assert!(udp_is_dropped_from(
            three,
            one,
            ("192.0.2.13", 67),
            ("192.0.2.11", 69)
        ));
        for [_, second, third] in ENDS {
            assert!(udp_arrives(two, three, second, third, 1000), "{third}");
            assert!(udp_arrives(three, two, third, second, 1000), "{second}");
        }
    });
}

#[test]
fn what_every_network_needs_crosses_the_bridge() {
    crosses_the_bridge(false);
}

#[test]
fn it_does_where_the_kernel_shows_frames_of_a_bridge_to_the_rules_for_routed_packets() {
    crosses_the_bridge(true);
}

fn crosses_the_bridge(br_netfilter: bool) {
    let home = home([
        thing(1, Enforcement::Enforce, []),
        thing(2, Enforcement::None, []),
    ]);
    bench(2, &home, async move |_, net: &Net| {
        if br_netfilter {
            net.router.sysctl(&[
                ("bridge/bridge-nf-call-iptables", "1"),
                ("bridge/bridge-nf-call-ip6tables", "1"),
            ]);
        }
        let (one, two) = (net.thing(1), net.thing(2));
        assert!(probe::lease_is_asked_for(one, two));
        // DHCPv6 to all servers of the link.
        assert!(probe::group_hears_from(
            one,
            two,
            ("fe80::ff:fe00:1", 546),
            ("ff02::1:2", 547)
        ));
        let message = |kind: u8, last: u8| {
            let mut octets = [0; 24];
            octets[0] = kind;
            octets[16..].fill(last);
            octets
        };
        assert!(probe::raw_arrives(one, two, 2, probe::IGMP_QUERY, 1), "IGMP");
        for kind in [130, 133] {
            let hops = if kind == 133 { 255 } else { 1 };
            assert!(
                probe::raw_arrives(one, two, 58, message(kind, kind), hops),
                "ICMPv6 {kind}"
            );
        }
        // And nothing else does so.
        assert!(probe::group_does_not_hear(
            one,
            two,
            "192.0.2.11",
            "224.0.0.251",
            5353
        ));
    });
}

#[test]
fn a_managed_thing_speaks_nothing_but_ip_to_another_port() {
    let any = || [rule("any", Peer::Anything, Protocol::Any)];
    let home = home([
        thing(1, Enforcement::Enforce, any()),
        thing(2, Enforcement::Observe, any()),
    ]);
    bench(3, &home, async |_, net: &Net| {
        // The type of local experiments.
        let frame = |number| {
            let mut frame = vec![0xff; 6];
            frame.extend(thing_mac(number).0);
            frame.extend([0x88, 0xb5]);
            frame.resize(60, 0);
            frame
        };
        // Towards the two other ports; of the observed Thing it is only counted.
        for number in [1, 2] {
            let before = net.counter("bridge", "out_denied");
            probe::send_frame(net.thing(number), frame(number));
            assert_eq!(net.counter("bridge", "out_denied"), before + 2);
        }
    });
}
