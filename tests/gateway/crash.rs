//! The gateway dies, at any point, and comes back: what it limits stays limited meanwhile and afterwards.

use std::{
    fs,
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

use mudguard_tests::{
    home::{Capture, Certificate, ECHO_TCP_PORTS, Flow, Reply, addresses::server},
    left_out_without_root,
};

use super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, wait_until_reached};

/// How often it is killed; each time it has lived a little longer, from before its first system calls to after it is ready.
const KILLS: u32 = 20;

#[test]
fn no_forbidden_packet_passes_however_often_the_gateway_is_killed() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    let forbidden = <[_; 2]>::from(server(40)).map(|address| SocketAddr::new(address, ECHO_TCP_PORTS[0]));
    let wan = Capture::start(lab.home.internet(), "eth0").unwrap();
    lab.join("lamp", "limited");
    let passed = || {
        let is_one = |to: SocketAddr| forbidden.contains(&to);
        let packets = wan.packets().unwrap();
        packets
            .iter()
            .filter(|packet| is_one(SocketAddr::new(packet.destination, packet.ports[1])))
            .count()
    };
    // What passed before the lamp was limited is not what this is about.
    passed();
    let flow = Flow::start(lab.home.thing("lamp"), &forbidden).unwrap();
    for kill in 0..KILLS {
        lab.gateway.kill().unwrap();
        sleep(Duration::from_millis(50));
        lab.gateway.launch(&lab.configuration()).unwrap();
        // Random enough, and the same in every run.
        sleep(Duration::from_millis(u64::from(kill * 37 % 400)));
        assert_eq!(passed(), 0, "after {kill} kills");
    }
    lab.gateway.wait_until_ready().unwrap();
    lab.wait_for_state("lamp", "limited");
    assert_eq!(passed(), 0);
    assert!(flow.sent() > 1000, "only {} were sent", flow.sent());

    // The flow does pass where nothing limits it: the capture sees what it should.
    lab.gateway.stop().unwrap();
    lab.gateway.off().unwrap();
    let start = Instant::now();
    while passed() == 0 {
        assert!(start.elapsed() < SOON, "the capture sees nothing at all");
    }
}

#[test]
fn the_rules_are_back_before_anything_is_fetched() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.join("lamp", "limited");
    lab.gateway.kill().unwrap();
    // The router has restarted: no rules, and no way to the file server.
    lab.gateway.off().unwrap();
    let files = lab.home.internet().files();
    files.reply(LAMP_URL, Reply::nothing());
    let other = Certificate::OtherAuthority;
    files.certificate("mud.lamp-maker.example", other).unwrap();
    lab.gateway.restart(&lab.configuration()).unwrap();

    let shown = lab.gateway.get("/api/v1/things/lamp").unwrap();
    assert_eq!(shown["state"], "limited");
    let lamp = lab.home.thing("lamp");
    let elsewhere = <[_; 2]>::from(server(40)).map(|address| SocketAddr::new(address, LAMP_TCP));
    for to in elsewhere {
        assert!(lamp.connect(to, super::NEVER).is_err(), "{to}");
    }
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
}

#[test]
fn a_corrupt_database_is_set_aside_and_known_things_stay_restricted() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.join("lamp", "limited");
    lab.gateway.kill().unwrap();
    let state = lab.gateway.state();
    let database = state.join("mudguard.db");
    assert!(database.exists());
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("mudguard.db")
        {
            fs::write(path, b"this is no database").unwrap();
        }
    }
    // Its file is not to be had either: what the gateway knows of the lamp is lost.
    lab.home
        .internet()
        .files()
        .reply(LAMP_URL, Reply::status("404 Not Found"));
    lab.gateway.restart(&lab.configuration()).unwrap();

    let status = lab.gateway.get("/api/v1/status").unwrap();
    let said = |notice: &&serde_json::Value| notice["kind"] == "database-set-aside";
    let notice = status["notices"].as_array().unwrap().iter().find(said);
    assert!(notice.is_some(), "{status:#}");
    let kept = fs::read_dir(&state)
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).is_ok_and(|octets| octets == b"this is no database"));
    assert!(kept, "what was there is deleted");
    let lamp = lab.home.thing("lamp");
    for address in <[_; 2]>::from(server(40)) {
        let to = SocketAddr::new(address, LAMP_TCP);
        assert!(lamp.connect(to, super::NEVER).is_err(), "{to}");
    }
}

#[test]
fn mudguard_off_leaves_the_router_as_it_was() {
    if left_out_without_root() {
        return;
    }
    let mut lab = Lab::new();
    let ruleset = |lab: &Lab| lab.home.router().run("nft", ["list", "ruleset"]).unwrap();
    lab.join("lamp", "limited");
    assert!(ruleset(&lab).contains("table inet mudguard"));
    // Its end leaves the rules; off removes them without it.
    let (status, log) = lab.gateway.stop().unwrap();
    assert!(status.success(), "{log}");
    assert!(ruleset(&lab).contains("table inet mudguard"));
    let off = lab.gateway.off().unwrap();
    assert_eq!(off.code, 0, "{}", off.complaint);
    let table = mudguard_tests::home::FIREWALL;
    let after = ruleset(&lab);
    assert!(!after.contains("mudguard {"), "{after}");
    assert!(after.contains("masquerade"), "{table}");
    let lamp = lab.home.thing("lamp");
    for address in <[_; 2]>::from(server(40)) {
        let to = SocketAddr::new(address, LAMP_TCP);
        assert!(super::reaches_tcp(lamp, to), "{to}");
    }
    // Once more is no error.
    assert_eq!(lab.gateway.off().unwrap().code, 0);
}
