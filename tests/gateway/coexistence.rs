//! Other programs that keep tables of their own in the same kernel: OpenWrt's firewall (fw4), Docker, banIP. They come, go and start again,
//! and one of them removes every table of everybody.

use std::net::SocketAddr;

use mudguard_tests::{
    home::{Capture, ECHO_TCP_PORTS, Flow, addresses::server, until},
    left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_CLOUD, LAMP_TCP, Lab, SOON, wait_until_reached};

/// As fw4 loads its table: all of it in one transaction, the old one being removed there.
const FW4: &str = "\
table inet fw4
flush table inet fw4
table inet fw4 {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname br-lan accept
    }
    chain srcnat {
        type nat hook postrouting priority srcnat;
        oifname wan0 meta nfproto ipv4 masquerade
    }
}
";

/// As Docker has it by iptables over nftables, with its own NAT.
const DOCKER: &str = "\
table ip docker_filter {
    chain DOCKER_USER { return; }
    chain FORWARD {
        type filter hook forward priority filter; policy accept;
        jump DOCKER_USER
        oifname docker0 ct state established,related accept
        iifname docker0 oifname != docker0 accept
    }
}
table ip docker_nat {
    chain POSTROUTING {
        type nat hook postrouting priority srcnat;
        ip saddr 172.17.0.0/16 oifname != docker0 masquerade
    }
}
";

/// As banIP has it: sets of addresses that are dropped early.
const BANIP: &str = "\
table inet banIP {
    set blocklist { type ipv4_addr; flags interval; elements = { 198.51.100.200-198.51.100.201 }; }
    chain pre-routing {
        type filter hook prerouting priority -175; policy accept;
        ip saddr @blocklist drop
    }
    chain wan-forward {
        type filter hook forward priority -100; policy accept;
        ct state established,related accept
        ip daddr @blocklist drop
    }
}
";

/// The kernel's numbers of our tables: a table that is made anew has another.
fn handles(lab: &Lab) -> Vec<u64> {
    let tables = lab.home.router().run("nft", ["-j", "list", "tables"]).unwrap();
    let tables: Value = serde_json::from_str(&tables).unwrap();
    let tables = tables["nftables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| &object["table"]);
    let ours = tables.filter(|table| table["name"] == "mudguard");
    ours.map(|table| table["handle"].as_u64().unwrap()).collect()
}

#[test]
fn tables_of_others_come_and_go_and_ours_stay_or_come_back_by_themselves() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    let router = lab.home.router();
    let forbidden = <[_; 2]>::from(server(40)).map(|address| SocketAddr::new(address, ECHO_TCP_PORTS[0]));
    let wan = Capture::start(lab.home.internet(), "eth0").unwrap();
    let passed = || {
        let packets = wan.packets().unwrap();
        let to = packets
            .iter()
            .map(|packet| SocketAddr::new(packet.destination, packet.ports[1]));
        to.filter(|to| forbidden.contains(to)).count()
    };
    passed();
    let flow = Flow::start(lab.home.thing("lamp"), &forbidden).unwrap();
    let before = handles(&lab);
    assert!(!before.is_empty());

    // Start, reload and restart of others do not touch ours: nothing passes at any time.
    for ruleset in [
        FW4,
        FW4,
        DOCKER,
        BANIP,
        "delete table inet fw4",
        FW4,
        "delete table ip docker_filter; delete table ip docker_nat",
        "delete table inet banIP",
        BANIP,
    ] {
        router.nft(ruleset).unwrap();
        wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
        assert_eq!(passed(), 0, "{ruleset}");
    }
    assert_eq!(handles(&lab), before, "ours were made anew");

    // fw4's stop, and `nft flush ruleset`: every table goes. The kernel tells it, and ours are back without anybody's doing.
    for _ in 0..3 {
        router.nft("flush ruleset").unwrap();
        until(SOON, || Ok((handles(&lab).len() == before.len()).then_some(()))).unwrap();
        router.nft(FW4).unwrap();
        wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
        // Flows that began in between end when the rules are back.
        let is_over = || {
            passed();
            let sent = flow.sent();
            until(SOON, || Ok((flow.sent() > sent + 20).then_some(())))?;
            Ok((passed() == 0).then_some(()))
        };
        until(SOON, is_over).unwrap();
    }
}
