//! IoT-11 and CnMUD-13: the ways in which a Thing says its MUD URL, and Things that say none.

use mudguard_tests::{
    home::{
        DhcpClient, Home, ThingPlan,
        addresses::ROUTER_IPV4,
        dhcp::{Dhcpv4, MUD_URL_V4, MUD_URL_V6, option, option_v6},
        until,
    },
    left_out_without, left_out_without_root,
};
use serde_json::Value;

use super::super::{CAMERA_URL, LAMP_CLOUD, LAMP_TCP, LAMP_URL, Lab, SOON, reaches_no, wait_until_reached};

/// REQUEST and INFORM of DHCPv4.
const REQUEST: u8 = 3;
const INFORM: u8 = 8;
/// INFORMATION-REQUEST of DHCPv6.
const INFORMATION_REQUEST: u8 = 11;

/// A home with a Thing that joins without a word about a MUD URL, and is not limited.
fn with_silent_thing() -> Lab {
    let lab = Lab::with(Home::builder().thing(ThingPlan::new("lamp")));
    lab.join("lamp", "not-limited");
    wait_until_reached(lab.home.thing("lamp"), "elsewhere.example", LAMP_TCP);
    lab
}

/// The URL is learnt by this way, and its rules hold.
fn is_learnt(lab: &Lab, channel: &str) {
    let lamp = lab.home.thing("lamp");
    // By its MAC address: not every way tells a name.
    let limited = |thing: &Value| (thing["state"] == "limited").then(|| thing.clone());
    let shown = lab.gateway.wait_for_thing(lamp.mac(), SOON, limited).unwrap();
    assert_eq!(
        (&shown["mud-url"], &shown["channel"]),
        (&LAMP_URL.into(), &channel.into())
    );
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    reaches_no(lamp, "elsewhere.example");
}

/// The gateway forgets the Thing with all it knows, its lease too; it joins again, to be learnt anew.
fn forget(lab: &Lab) {
    let lamp = lab.home.thing("lamp");
    let forgotten = lab.gateway.ask(&["forget", lamp.mac()]).unwrap();
    assert_eq!(forgotten.code, 0, "{}", forgotten.complaint);
    lamp.unplug().unwrap();
    lamp.join().unwrap();
}

/// What a client sends beside its own requests, with these options.
fn dhcpv4(kind: u8, options: Vec<u8>) -> Dhcpv4 {
    Dhcpv4 {
        kind,
        options,
        ..Dhcpv4::default()
    }
}

/// DHCPv4 (both real clients say it in the other cases): in messages that ask for no address, with text after the first space, split into
/// parts, and in the fields that option overload adds.
#[test]
fn iot_11_a_mud_url_is_learnt_by_dhcpv4_in_each_shape_of_the_option() {
    if left_out_without_root() {
        return;
    }
    let lab = with_silent_thing();
    let lamp = lab.home.thing("lamp");
    let url = LAMP_URL.as_bytes();
    let (first, second) = url.split_at(20);
    let (first, second) = (option(MUD_URL_V4, first), option(MUD_URL_V4, second));
    let reserved = [url, b" reserved \xff\0"].concat();
    let shapes = [
        ("REQUEST", dhcpv4(REQUEST, option(MUD_URL_V4, url))),
        ("reserved", dhcpv4(INFORM, option(MUD_URL_V4, &reserved))),
        (
            "split",
            dhcpv4(INFORM, [&first[..], &option(12, b"lamp"), &second].concat()),
        ),
        (
            "in file and sname",
            Dhcpv4 {
                file: first.clone(),
                server_name: second.clone(),
                ..dhcpv4(INFORM, option(52, &[3]))
            },
        ),
        (
            "INFORM, the rest in file",
            Dhcpv4 {
                file: second.clone(),
                ..dhcpv4(INFORM, [option(52, &[1]), first.clone()].concat())
            },
        ),
    ];
    let last = shapes.len() - 1;
    for (number, (shape, message)) in shapes.into_iter().enumerate() {
        lamp.send_dhcpv4(&message).unwrap();
        let learnt = |thing: &Value| (thing["mud-url"] == LAMP_URL).then_some(());
        lab.gateway
            .wait_for_thing(lamp.mac(), SOON, learnt)
            .unwrap_or_else(|error| panic!("{shape}: {error}"));
        if number != last {
            forget(&lab);
        }
    }
    is_learnt(&lab, "dhcpv4");
}

/// DHCPv6: a real client that asks for no address, one that asks for one through a real relay, and a bare message.
#[test]
fn iot_11_a_mud_url_is_learnt_by_dhcpv6_relayed_or_not() {
    if left_out_without_root() {
        return;
    }
    let lab = with_silent_thing();
    let lamp = lab.home.thing("lamp");
    let bare = option_v6(MUD_URL_V6, LAMP_URL.as_bytes());
    lamp.send_dhcpv6(INFORMATION_REQUEST, &bare).unwrap();
    is_learnt(&lab, "dhcpv6");
    forget(&lab);
    let client = lamp.announce_by_dhcpv6("eth0", LAMP_URL, &["-S"]).unwrap();
    is_learnt(&lab, "dhcpv6");
    drop(client);
    if left_out_without("isc-dhcp-relay") {
        return;
    }
    // Behind the lamp, which relays, is a bulb.
    lamp.ip("link add down0 type veth peer name bulb0 address 02:00:00:00:0b:01\n")
        .unwrap();
    lamp.sysctl(&[
        ("net/ipv6/conf/down0/accept_dad", "0"),
        ("net/ipv6/conf/bulb0/accept_dad", "0"),
    ])
    .unwrap();
    lamp.ip("link set down0 up\nlink set bulb0 up\naddr add 2001:db8:1:b::1/64 dev down0 nodad\n")
        .unwrap();
    let relay = lamp
        .spawn("dhcrelay", ["-6", "-d", "-l", "down0", "-u", "eth0"])
        .unwrap();
    relay
        .wait_for(SOON, |log| {
            log.contains("Sending on   Socket/down0").then_some(())
        })
        .unwrap();
    let client = lamp.announce_by_dhcpv6("bulb0", CAMERA_URL, &[]).unwrap();
    let learnt = |thing: &Value| (thing["mud-url"] == CAMERA_URL).then(|| thing.clone());
    let bulb = lab
        .gateway
        .wait_for_thing("02:00:00:00:0b:01", SOON, learnt)
        .unwrap_or_else(|error| panic!("{error}; {}; {}", relay.log(), client.log()));
    assert_eq!(
        (&bulb["channel"], &bulb["port"]),
        (&"dhcpv6".into(), &lamp.port().into())
    );
    // What the lamp handed on is not the lamp's.
    is_learnt(&lab, "dhcpv6");
}

/// LLDP, from a real sender.
#[test]
fn iot_11_a_mud_url_is_learnt_by_lldp() {
    if left_out_without_root() || left_out_without("lldpd") {
        return;
    }
    let lab = with_silent_thing();
    let _lldpd = lab.home.thing("lamp").announce_by_lldp(LAMP_URL).unwrap();
    is_learnt(&lab, "lldp");
}

/// Things that say no MUD URL are listed like the others, with what is known of them; none of their traffic is dropped.
#[test]
fn cnmud_13_things_without_a_mud_url_are_listed() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("laptop"))
        .thing(ThingPlan::new("printer").client(DhcpClient::Dhclient))
        // It asks for no address: the router knows it as a neighbour.
        .thing(ThingPlan::new("static"));
    let lab = Lab::with(home);
    let (fixed, address) = (lab.home.thing("static"), "192.168.77.5");
    for name in ["laptop", "printer"] {
        lab.join(name, "not-limited");
    }
    let port = fixed.port();
    lab.home.router().ip(&format!("link set {port} up\n")).unwrap();
    fixed.ip(&format!("addr add {address}/24 dev eth0\n")).unwrap();
    until(SOON, || Ok(fixed.ping(ROUTER_IPV4.into(), SOON)?.then_some(()))).unwrap();
    let seen = |thing: &Value| {
        thing["addresses"]
            .as_array()?
            .contains(&address.into())
            .then_some(())
    };
    lab.gateway.wait_for_thing(fixed.mac(), SOON, seen).unwrap();
    let listed = lab.gateway.ask(&["things"]).unwrap().json;
    let listed = listed["things"].as_array().unwrap();
    for thing in lab.home.things() {
        let shown = listed.iter().find(|shown| shown["mac"] == thing.mac());
        let shown = shown.unwrap_or_else(|| panic!("{} is not listed: {listed:#?}", thing.name()));
        assert_eq!(
            (&shown["mud-url"], &shown["question"]),
            (&Value::Null, &Value::Null)
        );
        let (state, port) = (&shown["state"], &shown["port"]);
        assert_eq!(state, "not-limited");
        if thing.name() != "static" {
            assert_eq!(
                (&shown["host-name"], port),
                (&thing.name().into(), &thing.port().into())
            );
            wait_until_reached(thing, "elsewhere.example", LAMP_TCP);
        }
    }
}
