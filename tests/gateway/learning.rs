//! Who is there, on which of the home's networks, and until when: what is said holds where it was said and for as long as it was said.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    thread::sleep,
};

use hickory_proto::rr::RecordType;
use mudguard_tests::{
    home::{
        Home, HomeBuilder, Thing, ThingPlan,
        addresses::{ROUTER_IPV4, server},
        dhcp::{Dhcpv4, MUD_URL_V4, option},
        dns::{self, Question},
        gateway::{Gateway, binary},
        until,
    },
    left_out_without, left_out_without_root,
};
use serde_json::Value;

use super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, NEVER, SOON, lamp_file, reaches_tcp, wait_until_reached};

const INFORM: u8 = 8;

/// Connects a Thing that asks nobody for its address.
fn connect(lab: &Lab, name: &str, address: Ipv4Addr, router: Ipv4Addr) {
    let thing = lab.home.thing(name);
    let port = thing.port();
    lab.home.router().ip(&format!("link set {port} up\n")).unwrap();
    thing
        .ip(&format!(
            "addr add {address}/24 dev eth0\nroute add default via {router}\n"
        ))
        .unwrap();
    until(SOON, || Ok(thing.ping(router.into(), NEVER)?.then_some(()))).unwrap();
}

/// Waits until this address is bound to the Thing, or is not.
fn wait_until_bound(lab: &Lab, thing: &Thing, address: IpAddr, bound: bool) {
    let text = Value::from(address.to_string());
    let is_so = |thing: &Value| (thing["addresses"].as_array()?.contains(&text) == bound).then_some(());
    lab.gateway.wait_for_thing(thing.mac(), SOON, is_so).unwrap();
}

/// Waits until the rules of the lamp's file hold, and shows that by packets.
fn is_limited(lab: &Lab, thing: &Thing, router: Ipv4Addr) {
    let limited = |thing: &Value| (thing["state"] == "limited").then_some(());
    lab.gateway.wait_for_thing(thing.mac(), SOON, limited).unwrap();
    let told = |name| {
        let question = Question::new(router, name, RecordType::A);
        let told = dns::addresses(&thing.enter(|| question.ask_again()).unwrap().unwrap());
        assert_eq!(told.len(), 1, "{name}");
        SocketAddr::new(told[0], LAMP_TCP)
    };
    let cloud = told(LAMP_CLOUD);
    until(SOON, || Ok(reaches_tcp(thing, cloud).then_some(()))).unwrap();
    assert!(!reaches_tcp(thing, told("elsewhere.example")));
}

#[test]
fn what_a_thing_says_by_lldp_ends_when_it_shuts_down_or_falls_silent_and_begins_again_with_it() {
    if left_out_without_root() || left_out_without("lldpd") {
        return;
    }
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp")));
    let (lamp, address) = (lab.home.thing("lamp"), Ipv4Addr::new(192, 168, 77, 5));
    // For the kernel, the lamp stays a neighbour that has just answered, so that nothing but its own word is news of it.
    let calm = ("net/ipv4/neigh/br-lan/base_reachable_time_ms", "3600000");
    lab.home.router().sysctl(&[calm]).unwrap();
    connect(&lab, "lamp", address, ROUTER_IPV4);
    lab.home.router().ping(address.into(), SOON).unwrap();
    wait_until_bound(&lab, lamp, address.into(), true);
    let cloud = SocketAddr::new(server(11).0, LAMP_TCP);
    for falls_silent in [false, true] {
        let lldpd = lamp.announce_by_lldp(LAMP_URL).unwrap();
        wait_until_bound(&lab, lamp, address.into(), true);
        until(SOON, || {
            // Without an address that is bound, not even its resolver is reached.
            let question = Question {
                limit: NEVER,
                ..Question::new(ROUTER_IPV4, LAMP_CLOUD, RecordType::A)
            };
            let _told = lamp.ask(&question);
            Ok(reaches_tcp(lamp, cloud).then_some(()))
        })
        .unwrap();
        if falls_silent {
            drop(lldpd);
        } else {
            lldpd.shut_down().unwrap();
        }
        wait_until_bound(&lab, lamp, address.into(), false);
        until(SOON, || Ok((!reaches_tcp(lamp, cloud)).then_some(()))).unwrap();
        // That the kernel's entry ages is no news of the lamp.
        let entry = format!(
            "neigh replace {address} lladdr {} dev br-lan nud stale\n",
            lamp.mac()
        );
        lab.home.router().ip(&entry).unwrap();
        sleep(NEVER);
        wait_until_bound(&lab, lamp, address.into(), false);
        // What it said stays its MUD URL (RFC 8520 section 16).
        let shown = lab
            .gateway
            .get(&format!("/api/v1/things/{}", lamp.mac()))
            .unwrap();
        assert_eq!(shown["mud-url"], LAMP_URL);
    }
}

/// The router's side of a second network.
const GUESTS: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 1);
/// It comes, with these ports in it.
fn add_guest_network(home: &Home, ports: &[&str]) {
    let mut lines = format!(
        "link add br-guest type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n\
         addr add {GUESTS}/24 dev br-guest\nlink set br-guest up\n"
    );
    for port in ports {
        lines += &format!("link set {port} master br-guest\n");
    }
    home.router().ip(&lines).unwrap();
}

#[test]
fn a_network_that_goes_and_comes_back_is_learnt_from_like_the_others() {
    if left_out_without_root() {
        return;
    }
    let things = ["lamp", "bulb", "late"].map(ThingPlan::new);
    let home = things
        .into_iter()
        .fold(Home::builder(), HomeBuilder::thing)
        .build()
        .unwrap();
    home.publish(&lamp_file()).unwrap();
    add_guest_network(&home, &["lan2", "lan3"]);
    let configuration = Gateway::configuration(&home).replace("[\"br-lan\"]", "[\"br-lan\", \"br-guest\"]");
    let gateway = Gateway::start(&home, &binary().unwrap(), &configuration).unwrap();
    let lab = Lab { gateway, home };
    let says = |name: &str, host: u8, router: Ipv4Addr| {
        let [a, b, c, _] = router.octets();
        let address = Ipv4Addr::new(a, b, c, host);
        connect(&lab, name, address, router);
        let thing = lab.home.thing(name);
        wait_until_bound(&lab, thing, address.into(), true);
        let message = Dhcpv4 {
            kind: INFORM,
            options: option(MUD_URL_V4, LAMP_URL.as_bytes()),
            ..Dhcpv4::default()
        };
        // A network that has just come back takes a moment to be listened at; a client would say it again, too.
        let heard = || {
            thing.send_dhcpv4_from(address, &message)?;
            let shown = lab.gateway.get(&format!("/api/v1/things/{}", thing.mac()))?;
            Ok((shown["mud-url"] == LAMP_URL).then_some(shown))
        };
        let shown = until(SOON, heard).unwrap();
        assert_eq!(shown["port"], thing.port(), "{name}");
        is_limited(&lab, thing, router);
    };
    says("lamp", 5, ROUTER_IPV4);
    says("bulb", 5, GUESTS);
    lab.home.router().ip("link del br-guest\n").unwrap();
    add_guest_network(&lab.home, &["lan2", "lan3"]);
    says("late", 6, GUESTS);
}

/// As phones do. Whoever says no MUD URL is not asked for one, and its traffic is nobody's business.
#[test]
fn a_thing_that_made_its_address_up_is_told_from_one_that_was_bought_with_it() {
    if left_out_without_root() {
        return;
    }
    let things = ["phone", "plug"].map(ThingPlan::new);
    let lab = Lab::with(things.into_iter().fold(Home::builder(), HomeBuilder::thing));
    let bought = "38:00:00:00:00:09";
    let plug = lab.home.thing("plug");
    plug.ip(&format!("link set eth0 address {bought}\n")).unwrap();
    for (name, mac, random) in [
        ("phone", lab.home.thing("phone").mac(), true),
        ("plug", bought, false),
    ] {
        let thing = lab.home.thing(name);
        thing.join().unwrap();
        let there = |thing: &Value| (thing["state"] == "not-limited").then_some(());
        lab.gateway.wait_for_thing(mac, SOON, there).unwrap();
        wait_until_reached(thing, "elsewhere.example", LAMP_TCP);
        let listed = lab.gateway.ask(&["things"]).unwrap().json;
        let shown = listed["things"].as_array().unwrap();
        let shown = shown.iter().find(|shown| shown["mac"] == mac).unwrap();
        assert_eq!(shown["random-address"], random, "{shown:#}");
        assert_eq!(
            (&shown["question"], &shown["mud-url"]),
            (&Value::Null, &Value::Null)
        );
    }
}
