//! IoT-7 and IoT-8: a Thing gives its address back, or its lease ends.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use mudguard_tests::{
    home::{
        DhcpClient, Home, Thing, ThingPlan,
        addresses::{ROUTER_IPV4, server},
        until,
    },
    left_out_without_root,
};
use serde_json::Value;

use super::super::{LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, reaches_tcp, wait_until_reached};

/// Puts an address on a Thing again that it no longer has, and the way through it.
fn takes_by_itself(thing: &Thing, address: IpAddr) {
    thing
        .ip(&format!(
            "addr replace {address}/24 dev eth0\nroute replace default via {}\n",
            ROUTER_IPV4
        ))
        .unwrap();
}

/// Waits until no address of this Thing is bound that is not its own to make (RFC 4862).
fn wait_until_unbound(lab: &Lab, name: &str, address: IpAddr) {
    let text = Value::from(address.to_string());
    let unbound = |thing: &Value| (!thing["addresses"].as_array()?.contains(&text)).then_some(());
    lab.gateway.wait_for_thing(name, SOON, unbound).unwrap();
}

/// A Thing releases its lease, with each client: from then on the address is nobody's, and nothing passes under it.
#[test]
fn iot_7_an_address_that_is_released_is_no_longer_the_things_own() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(
            ThingPlan::new("bulb")
                .mud_url(LAMP_URL)
                .client(DhcpClient::Dhclient),
        );
    let lab = Lab::with(home);
    for name in ["lamp", "bulb"] {
        let thing = lab.join(name, "limited");
        wait_until_reached(thing, LAMP_CLOUD, LAMP_TCP);
        let (lent, _) = thing.ip_addresses().unwrap();
        thing.release().unwrap();
        wait_until_unbound(&lab, name, lent);
        keeps_nothing_of(&lab, thing, lent);
    }
}

/// A Thing goes without a word, and its lease ends: the same.
#[test]
fn iot_8_an_address_whose_lease_has_ended_is_no_longer_the_things_own() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .lease_time(Duration::from_secs(4));
    let lab = Lab::with(home);
    let lamp = lab.join("lamp", "limited");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    let (lent, _) = lamp.ip_addresses().unwrap();
    lamp.unplug().unwrap();
    wait_until_unbound(&lab, "lamp", lent);
    let port = lamp.port();
    lab.home.router().ip(&format!("link set {port} up\n")).unwrap();
    keeps_nothing_of(&lab, lamp, lent);
}

/// The Thing takes the address by itself and tries to reach its cloud under it.
fn keeps_nothing_of(lab: &Lab, thing: &Thing, lent: IpAddr) {
    let cloud = SocketAddr::new(server(11).0, LAMP_TCP);
    takes_by_itself(thing, lent);
    // The router knows it as a neighbour again, which is what must not be enough.
    let known = || {
        let neighbours = lab.home.router().run("ip", ["neigh", "show", "dev", "br-lan"])?;
        let line = format!("{lent} lladdr {}", thing.mac());
        let _asks_for_the_router = reaches_tcp(thing, cloud);
        Ok(neighbours.contains(&line).then_some(()))
    };
    until(SOON, known).unwrap();
    for _ in 0..3 {
        assert!(!reaches_tcp(thing, cloud), "{}", thing.name());
    }
    wait_until_unbound(lab, thing.name(), lent);
}
