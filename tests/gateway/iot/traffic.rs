//! IoT-5, IoT-6 and IoT-9: what passes between a Thing and the internet, and between a Thing and its neighbours.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener},
    slice,
};

use mudguard_tests::{
    home::{
        Capture, Home, POOL, Packet, Protocol, Thing, ThingPlan,
        addresses::{WAN_IPV4, server},
        mud::{MudFile, Peer},
    },
    left_out_without_root,
};

use super::super::{
    LAMP_CLOUD, LAMP_TCP, LAMP_UDP, LAMP_URL, Lab, NEVER, look_up, reaches_tcp, reaches_udp,
    wait_until_reached,
};

/// To and from the internet, over both families: what the file names passes, and nothing else does, whoever begins.
#[test]
fn iot_5_between_a_thing_and_the_internet_passes_what_its_file_names_and_nothing_else() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let lamp = lab.join("lamp", "limited");
    wait_until_reached(lamp, LAMP_CLOUD, LAMP_TCP);
    let (_, own) = lamp.ip_addresses().unwrap();
    let wan = Capture::start(lab.home.internet(), "eth0").unwrap();
    for address in look_up(lamp, LAMP_CLOUD) {
        let to = |port| SocketAddr::new(address, port);
        assert!(reaches_tcp(lamp, to(LAMP_TCP)), "{address}");
        assert!(reaches_udp(lamp, to(LAMP_UDP)), "{address}");
        // Ports at which that server does answer.
        assert!(!reaches_tcp(lamp, to(1883)), "{address}");
        assert!(!reaches_udp(lamp, to(7)), "{address}");
        assert!(!lamp.ping(address, NEVER).unwrap(), "{address}");
    }
    for address in look_up(lamp, "elsewhere.example") {
        assert!(
            !reaches_tcp(lamp, SocketAddr::new(address, LAMP_TCP)),
            "{address}"
        );
        assert!(
            !reaches_udp(lamp, SocketAddr::new(address, LAMP_UDP)),
            "{address}"
        );
    }
    let from_lamp = |packet: &&Packet| [IpAddr::from(WAN_IPV4), own].contains(&packet.source);
    let packets = wan.packets().unwrap();
    let left: Vec<_> = packets
        .iter()
        .filter(from_lamp)
        .filter(|packet| packet.protocol != 58 && packet.ports[1] != 53)
        .collect();
    let named = |packet: &&Packet| {
        <[_; 2]>::from(server(11)).contains(&packet.destination)
            && [(6, LAMP_TCP), (17, LAMP_UDP)].contains(&(packet.protocol, packet.ports[1]))
    };
    assert!(left.iter().any(named), "nothing of the lamp was seen");
    let others: Vec<_> = left.iter().filter(|packet| !named(packet)).collect();
    assert!(others.is_empty(), "{others:?}");

    let at_lamp = Capture::start(lamp, "eth0").unwrap();
    for port in [22, LAMP_TCP, LAMP_UDP] {
        let to = SocketAddr::new(own, port);
        assert!(lab.home.internet().connect(to, NEVER).is_err(), "{to}");
    }
    let packets = at_lamp.packets().unwrap();
    let opened: Vec<_> = packets
        .iter()
        .filter(|packet| packet.destination == own)
        .collect();
    assert!(opened.is_empty(), "{opened:?}");
}

/// What the file of the lamps permits, each class under a port of its own.
const OF_CLASS: u16 = 1001;
const OF_MY_CONTROLLER: u16 = 1002;
const OF_SAME_MANUFACTURER: u16 = 1003;
const OF_LOCAL_NETWORKS: u16 = 1004;
const OF_NOBODY: u16 = 1005;

/// Between three hosts of one bridge: the local networks may be spoken with as the file says; a class without members lets nobody through,
/// and no Thing becomes a member by what it says of itself (RFC 8520 section 16).
#[test]
fn iot_6_between_neighbours_passes_what_the_classes_of_the_file_say() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("sibling").mud_url(LAMP_URL))
        .thing(ThingPlan::new("laptop"));
    let lab = Lab::with(home);
    let class = Peer::Controller("https://hub.example/controller");
    let file = MudFile::new(LAMP_URL)
        .permit_dns_and_ntp()
        .permit(class, Protocol::Tcp, OF_CLASS)
        .permit(Peer::MyController, Protocol::Tcp, OF_MY_CONTROLLER)
        .permit(Peer::SameManufacturer, Protocol::Tcp, OF_SAME_MANUFACTURER)
        .permit(Peer::LocalNetworks, Protocol::Tcp, OF_LOCAL_NETWORKS);
    lab.home.publish(&file).unwrap();
    let laptop = lab.home.thing("laptop");
    laptop.join().unwrap();
    // The owner is asked who controls them, and has not answered.
    let (lamp, sibling) = (lab.join("lamp", "waiting"), lab.join("sibling", "waiting"));
    let ports = [
        OF_CLASS,
        OF_MY_CONTROLLER,
        OF_SAME_MANUFACTURER,
        OF_LOCAL_NETWORKS,
        OF_NOBODY,
    ];
    let _listening = [lamp, sibling, laptop].map(|thing| listen(thing, &ports));
    let reached = |from: &Thing, to: &Thing| {
        let (v4, v6) = to.ip_addresses().unwrap();
        [v4, v6].map(|address| {
            let reached = |port: &u16| from.connect(SocketAddr::new(address, *port), NEVER).is_ok();
            ports.into_iter().filter(reached).collect::<Vec<_>>()
        })
    };
    let local = slice::from_ref(&OF_LOCAL_NETWORKS);
    assert_eq!(reached(lamp, laptop), [local, local]);
    // The file says that lamps open connections, not that anybody opens one to them: neither the laptop nor the other lamp.
    let none: [&[u16]; 2] = [&[], &[]];
    assert_eq!(reached(laptop, lamp), none);
    assert_eq!(reached(lamp, sibling), none);
    // This router is the controller of the class for DNS, and the lamp knows nobody else who answers.
    assert_eq!(look_up(lamp, LAMP_CLOUD).len(), 2);
    // Who is not limited speaks with whom they like, so that all these ports are open.
    lab.gateway.off().unwrap();
    assert_eq!(reached(lamp, sibling), [&ports[..], &ports[..]]);
}

/// Listens on these ports of a Thing, for both families; the kernel takes connections until the result is dropped.
fn listen(thing: &Thing, ports: &[u16]) -> Vec<TcpListener> {
    let listen = |port: &u16| TcpListener::bind((Ipv6Addr::UNSPECIFIED, *port)).unwrap();
    thing.enter(|| ports.iter().map(listen).collect()).unwrap()
}

/// A name of several servers: every one of them that the Thing was told is reached.
#[test]
fn iot_9_each_address_of_a_permitted_name_is_reached() {
    if left_out_without_root() {
        return;
    }
    let lab = Lab::new();
    let file = MudFile::new(LAMP_URL)
        .permit_dns_and_ntp()
        .permit(Peer::Name(POOL), Protocol::Tcp, LAMP_TCP);
    lab.home.publish(&file).unwrap();
    let lamp = lab.join("lamp", "limited");
    let mut told = look_up(lamp, POOL);
    told.sort_unstable();
    let mut servers: Vec<_> = [51, 52, 53]
        .into_iter()
        .flat_map(|number| <[IpAddr; 2]>::from(server(number)))
        .collect();
    servers.sort_unstable();
    assert_eq!(told, servers);
    wait_until_reached(lamp, POOL, LAMP_TCP);
    for address in told {
        assert!(!reaches_tcp(lamp, SocketAddr::new(address, 22)), "{address}");
    }
}
