//! The whole way of a Thing with a signed file: from its DHCP request to its cloud, over both families, and nowhere else.

use std::net::{IpAddr, SocketAddr};

use mudguard_tests::{
    home::{
        Capture, Contact, DhcpClient, Home, Packet, ThingPlan,
        addresses::{RESOLVER_IPV4, RESOLVER_IPV6, WAN_IPV4, server},
        until,
    },
    left_out_without_root,
};

use serde_json::Value;

use super::{
    LAMP_CLOUD, LAMP_TCP, LAMP_UDP, LAMP_URL, Lab, NEVER, SOON, look_up, reaches_tcp, reaches_udp,
    wait_until_reached,
};

#[test]
fn a_thing_with_each_dhcp_client_reaches_its_cloud_by_name_over_both_families() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
            .thing(
                ThingPlan::new("bulb")
                    .mud_url(LAMP_URL)
                    .client(DhcpClient::Dhclient),
            ),
    );
    for name in ["lamp", "bulb"] {
        let thing = lab.join(name, "limited");
        wait_until_reached(thing, LAMP_CLOUD, LAMP_TCP);
        let cloud = look_up(thing, LAMP_CLOUD);
        assert_eq!(cloud, <[IpAddr; 2]>::from(server(11)), "{name}");
        for address in cloud {
            let (tcp, udp) = (
                SocketAddr::new(address, LAMP_TCP),
                SocketAddr::new(address, LAMP_UDP),
            );
            assert!(reaches_tcp(thing, tcp), "{name} does not reach {tcp}");
            assert!(reaches_udp(thing, udp), "{name} does not reach {udp}");
        }
        let shown = lab.wait_for_state(name, "limited");
        assert_eq!(shown["mud-url"], LAMP_URL);
        assert_eq!(shown["file"]["systeminfo"], "A lamp of the laboratory");
        assert!(
            shown["file"]["trust"].to_string().contains("Lamp Maker"),
            "{shown:#}"
        );
        assert_eq!(shown["sum"]["refused"], 0, "{shown:#}");
    }
    let by_nat = |contact: &Contact| {
        contact.server == SocketAddr::new(server(11).0, LAMP_TCP) && contact.peer.ip() == WAN_IPV4
    };
    lab.home.internet().wait_for_contact(SOON, by_nat).unwrap();
}

#[test]
fn a_limited_thing_reaches_no_host_and_no_port_that_its_file_does_not_name() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    let wan = Capture::start(lab.home.internet(), "eth0").unwrap();
    let (cloud, elsewhere) = (server(11), server(40));

    // Telling an address opens nothing by itself.
    assert_eq!(look_up(lamp, "elsewhere.example"), <[IpAddr; 2]>::from(elsewhere));
    for address in <[IpAddr; 2]>::from(elsewhere) {
        assert!(
            !reaches_tcp(lamp, SocketAddr::new(address, LAMP_TCP)),
            "{address}"
        );
        assert!(
            !reaches_udp(lamp, SocketAddr::new(address, LAMP_UDP)),
            "{address}"
        );
        assert!(!lamp.ping(address, NEVER).unwrap(), "{address}");
    }
    // Permitted by name, but the name has not been asked for.
    for address in <[IpAddr; 2]>::from(cloud) {
        assert!(
            !reaches_tcp(lamp, SocketAddr::new(address, LAMP_TCP)),
            "{address}"
        );
    }
    // The provider's resolver and somebody's time server: the file permits those of this network only.
    for address in [IpAddr::from(RESOLVER_IPV4), RESOLVER_IPV6.into()] {
        assert!(!reaches_udp(lamp, SocketAddr::new(address, 53)), "{address}");
    }
    for address in <[IpAddr; 2]>::from(server(30)) {
        assert!(!reaches_udp(lamp, SocketAddr::new(address, 123)), "{address}");
    }
    // Only the gateway's own resolver has spoken to the internet.
    let seen = wan.packets().unwrap();
    let passed: Vec<_> = seen
        .iter()
        .filter(|packet| !between_resolvers(packet) && !link_local(packet))
        .collect();
    assert!(passed.is_empty(), "{passed:?}");

    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    for address in look_up(lamp, LAMP_CLOUD) {
        assert!(!reaches_tcp(lamp, SocketAddr::new(address, 22)), "{address}");
        assert!(!reaches_udp(lamp, SocketAddr::new(address, 123)), "{address}");
        assert!(reaches_tcp(lamp, SocketAddr::new(address, LAMP_TCP)), "{address}");
        assert!(reaches_udp(lamp, SocketAddr::new(address, LAMP_UDP)), "{address}");
    }
    let seen = wan.packets().unwrap();
    let ports = |packet: &Packet| [LAMP_TCP, LAMP_UDP].map(|port| packet.ports.contains(&port));
    let passed: Vec<_> = seen
        .iter()
        .filter(|packet| !between_resolvers(packet) && !link_local(packet) && ports(packet) == [false, false])
        .collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn a_limited_thing_reaches_neither_its_neighbour_nor_the_routers_own_servers() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::with(
        Home::builder()
            .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
            .thing(ThingPlan::new("laptop")),
    );
    let laptop = lab.home.thing("laptop");
    let neighbour = laptop.join().unwrap();
    let own = lab.home.thing("lamp").join().unwrap();
    lab.wait_for_state("lamp", "limited");
    let lamp = lab.home.thing("lamp");
    let at_neighbour = Capture::start(laptop, "eth0").unwrap();
    for address in [IpAddr::from(neighbour.ipv4), neighbour.ipv6.into()] {
        assert!(!lamp.ping(address, NEVER).unwrap(), "{address}");
        assert!(!reaches_udp(lamp, SocketAddr::new(address, 7)), "{address}");
        assert!(
            lamp.connect(SocketAddr::new(address, 80), NEVER).is_err(),
            "{address}"
        );
    }
    let from_lamp = [IpAddr::from(own.ipv4), own.ipv6.into()];
    let arrived: Vec<_> = at_neighbour
        .packets()
        .unwrap()
        .into_iter()
        .filter(|packet| from_lamp.contains(&packet.source) && !packet.destination.is_multicast())
        // Neighbour discovery (RFC 4861) is how hosts of a link find each other, and tells the neighbour nothing else.
        .filter(|packet| packet.protocol != 58)
        .collect();
    assert!(arrived.is_empty(), "{arrived:?}");

    // And the other way: a laptop that nothing limits does not reach the lamp.
    let at_lamp = Capture::start(lamp, "eth0").unwrap();
    for address in from_lamp {
        assert!(!laptop.ping(address, NEVER).unwrap(), "{address}");
        assert!(
            laptop.connect(SocketAddr::new(address, 80), NEVER).is_err(),
            "{address}"
        );
    }
    let from_laptop = [IpAddr::from(neighbour.ipv4), neighbour.ipv6.into()];
    let arrived: Vec<_> = at_lamp
        .packets()
        .unwrap()
        .into_iter()
        .filter(|packet| from_laptop.contains(&packet.source) && packet.destination == from_lamp[0])
        .collect();
    assert!(arrived.is_empty(), "{arrived:?}");

    // The router's page: it listens on loopback only, and a server on the LAN side is not for the lamp either.
    let router = lab.home.router();
    let page = router
        .enter(|| std::net::TcpListener::bind(("::", 8080)))
        .unwrap()
        .unwrap();
    let port = page.local_addr().unwrap().port();
    for address in [
        IpAddr::from(mudguard_tests::home::addresses::ROUTER_IPV4),
        mudguard_tests::home::addresses::ROUTER_IPV6.into(),
    ] {
        assert!(
            laptop.connect(SocketAddr::new(address, port), SOON).is_ok(),
            "{address}"
        );
        assert!(
            lamp.connect(SocketAddr::new(address, port), NEVER).is_err(),
            "{address}"
        );
    }
}

#[test]
fn nobody_on_the_internet_reaches_a_limited_thing() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let own = lab.home.thing("lamp").join().unwrap();
    lab.wait_for_state("lamp", "limited");
    let lamp = lab.home.thing("lamp");
    let cloud = look_up(lamp, LAMP_CLOUD);
    assert_eq!(cloud.len(), 2);
    let bound = Value::from(own.ipv6.to_string());
    let is_bound = |thing: &Value| thing["addresses"].as_array()?.contains(&bound).then_some(());
    lab.gateway.wait_for_thing("lamp", SOON, is_bound).unwrap();
    let internet = lab.home.internet();
    let answers = || Ok((!internet.ping(own.ipv6.into(), NEVER)?).then_some(()));
    until(SOON, answers).unwrap();
    let at_lamp = Capture::start(lamp, "eth0").unwrap();
    // Over IPv6, where no NAT hides it; from its own cloud too, since the file says who opens connections.
    for port in [22, LAMP_TCP] {
        let to = SocketAddr::new(own.ipv6.into(), port);
        assert!(internet.connect(to, NEVER).is_err(), "{to}");
    }
    assert!(!internet.ping(own.ipv6.into(), NEVER).unwrap());
    let arrived: Vec<_> = at_lamp
        .packets()
        .unwrap()
        .into_iter()
        .filter(|packet| packet.destination == own.ipv6 && packet.protocol != 58)
        .collect();
    assert!(arrived.is_empty(), "{arrived:?}");
}

/// What hosts of the WAN link say to find each other (RFC 4861, RFC 3810), which no Thing has sent.
fn link_local(packet: &Packet) -> bool {
    packet.destination.is_multicast() || packet.protocol == 58
}

/// What the gateway asks the provider's resolver, and that the others on the internet.
fn between_resolvers(packet: &Packet) -> bool {
    packet.protocol == 17
        && packet.ports.contains(&53)
        && [packet.source, packet.destination].contains(&RESOLVER_IPV4.into())
        && [packet.source, packet.destination].contains(&WAN_IPV4.into())
}
