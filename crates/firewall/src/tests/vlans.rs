//! Things of one LAN that are reached through VLANs.

use mudguard_manager::{Enforcement, Snapshot};
use mudguard_policy::Peer;

use super::{
    bench,
    frames::{EVERYBODY, Ear, MARK, tagged as with_tag, udp as frame},
    net::Net,
    probe::{send_frame, tcp_connects, tcp_is_dropped, udp_arrives, udp_is_dropped},
};
use crate::testing::*;

const ENDS: [[&str; 2]; 2] = [["192.0.2.11", "192.0.2.12"], ["2001:db8::11", "2001:db8::12"]];

/// Thing 1 speaks with the tag 10 and may use port 1001 of Thing 2, as that permits.
fn home_of_two(port: &str) -> Snapshot {
    let [first, second] = [1, 2].map(|number| Peer::Things(vec![thing_mac(number)]));
    let out = [
        rule("out", second, tcp(1001)),
        rule("local", networks(["192.0.2.0/24", "2001:db8::/64"]), udp(1002)),
    ];
    let into = [
        from_peer(rule("in", first, tcp(1001))),
        from_peer(rule("in", Peer::Anything, udp(1002))),
    ];
    let mut one = thing(1, Enforcement::Enforce, out);
    one.port = Some(port.to_owned());
    let mut home = home([one, thing(2, Enforcement::Enforce, into)]);
    home.home.lans[0].ports = vec![port.to_owned(), "port2".to_owned()];
    home
}

fn tagged(net: &Net) {
    net.thing(1).sysctl(&[("ipv6/conf/default/accept_dad", "0")]);
    net.thing(1).ip(
        "addr flush dev eth0\nlink add link eth0 name eth0.10 type vlan id 10\nlink set eth0.10 up\n\
         addr add 192.0.2.11/24 dev eth0.10\naddr add 2001:db8::11/64 dev eth0.10\n\
         addr add fe80::ff:fe00:1/64 dev eth0.10\n"
            .to_owned(),
    );
}

fn judged(net: &Net) {
    let (one, two) = (net.thing(1), net.thing(2));
    for [first, second] in ENDS {
        assert!(tcp_connects(one, two, second, 1001), "{second}");
        assert!(udp_arrives(one, two, first, second, 1002), "{second}");
        assert!(tcp_is_dropped(one, two, second, 1002), "{second}");
        assert!(udp_is_dropped(one, two, first, second, 1001), "{second}");
        assert!(tcp_is_dropped(two, one, first, 1001), "{first}");
    }
    one.ip("addr add 192.0.2.99/24 dev eth0.10\n".to_owned());
    let before = net.counts();
    assert!(udp_is_dropped(one, two, "192.0.2.99", "192.0.2.12", 1002));
    let after = net.counts();
    assert!(after.spoofed_ipv4 > before.spoofed_ipv4);
    assert_eq!(after.spoofed_port, 0);
}

#[test]
fn rules_hold_where_a_port_of_the_bridge_is_a_vlan_of_a_link() {
    bench(2, &home_of_two("port1.10"), async |_, net: &Net| {
        let vlan = [
            "link", "add", "link", "port1", "name", "port1.10", "type", "vlan", "id", "10",
        ];
        if !net.router.has("VLANs (8021q)", &vlan) {
            return;
        }
        net.router
            .ip("link set port1 nomaster\nlink set port1.10 master br-lan up\n".to_owned());
        tagged(net);
        judged(net);
    });
}

#[test]
fn rules_hold_where_the_bridge_itself_knows_vlans() {
    bench(2, &home_of_two("port1"), async |_, net: &Net| {
        let filtering = ["link", "set", "br-lan", "type", "bridge", "vlan_filtering", "1"];
        if !net.router.has("bridges that know VLANs", &filtering) {
            return;
        }
        for arguments in [
            ["vlan", "add", "dev", "port1", "vid", "10"].as_slice(),
            &["vlan", "add", "dev", "port2", "vid", "10", "pvid", "untagged"],
        ] {
            let made = net
                .router
                .apart(|| std::process::Command::new("bridge").args(arguments).status());
            assert!(made.unwrap().success());
        }
        tagged(net);
        judged(net);
    });
}

#[test]
fn a_frame_with_a_tag_is_judged_by_what_is_in_it() {
    const LAST: &[u8; 6] = b"honest";
    bench(2, &home_of_two("port1"), async |_, net: &Net| {
        let (one, two) = (net.thing(1), net.thing(2));
        let send = |source, destination, tags| {
            let frame = frame((EVERYBODY, thing_mac(1)), source, destination, MARK);
            send_frame(one, with_tag(frame, tags));
        };
        let ear = Ear::open(two);
        let before = net.counts();
        // Port 1000 is not permitted; nor is a tag in a tag, which the bridge does not read.
        send("192.0.2.11", "192.0.2.12", 1);
        send("2001:db8::11", "2001:db8::12", 1);
        send("192.0.2.11", "192.0.2.12", 2);
        assert_eq!(net.counts().out_denied, before.out_denied + 3);
        send("192.0.2.12", "192.0.2.12", 1);
        send("2001:db8::12", "2001:db8::12", 1);
        let after = net.counts();
        assert_eq!(after.spoofed_ipv4, before.spoofed_ipv4 + 1);
        assert_eq!(after.spoofed_ipv6, before.spoofed_ipv6 + 1);
        let arp = super::frames::arp(thing_mac(1), (thing_mac(1), "192.0.2.11"), LAST);
        send_frame(one, with_tag(arp, 1));
        assert_eq!(ear.first_of(&[MARK, LAST]), Some(1));
    });
}
