//! IoT-5, IoT-6 and IoT-9: what passes between a Thing and the internet, and between a Thing and its neighbours.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket},
    slice,
};

use mudguard_tests::{
    home::{
        Capture, Home, POOL, Packet, Protocol, Thing, ThingPlan,
        addresses::{WAN_IPV4, server},
        mud::{MudFile, Peer},
        until,
    },
    left_out_without_root,
};

use super::super::{
    LAMP_CLOUD, LAMP_TCP, LAMP_UDP, LAMP_URL, Lab, NEVER, SOON, look_up, reaches_tcp, reaches_udp,
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
const HUB_CLASS: &str = "https://hub.example/controller";
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
    let class = Peer::Controller(HUB_CLASS);
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

/// The same classes once the owner has said who is in them: each member is reached at the ports of its own class and at no others, and
/// whoever is no member at none of them. That the lamps are of one maker is the owner's word too.
#[test]
fn iot_6_whom_the_owner_put_into_a_class_is_reached_and_nobody_else() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(LAMP_URL))
        .thing(ThingPlan::new("sibling").mud_url(LAMP_URL))
        .thing(ThingPlan::new("hub"))
        .thing(ThingPlan::new("phone"))
        .thing(ThingPlan::new("laptop"));
    let lab = Lab::with(home);
    let file = MudFile::new(LAMP_URL)
        .permit_dns_and_ntp()
        .permit(Peer::Controller(HUB_CLASS), Protocol::Tcp, OF_CLASS)
        .permit(Peer::MyController, Protocol::Tcp, OF_MY_CONTROLLER)
        .permit(Peer::SameManufacturer, Protocol::Tcp, OF_SAME_MANUFACTURER)
        .permit(Peer::SameManufacturer, Protocol::Udp, OF_SAME_MANUFACTURER);
    lab.home.publish(&file).unwrap();
    let [hub, phone, laptop] = ["hub", "phone", "laptop"].map(|name| lab.home.thing(name));
    for thing in [hub, phone, laptop] {
        thing.join().unwrap();
    }
    let (lamp, sibling) = (lab.join("lamp", "waiting"), lab.join("sibling", "waiting"));
    let ports = [OF_CLASS, OF_MY_CONTROLLER, OF_SAME_MANUFACTURER];
    let _listening = [sibling, hub, phone, laptop].map(|thing| listen(thing, &ports));
    let reached = |to: &Thing| {
        let (v4, v6) = to.ip_addresses().unwrap();
        [v4, v6].map(|address| {
            let reached = |port: &u16| lamp.connect(SocketAddr::new(address, *port), NEVER).is_ok();
            ports.into_iter().filter(reached).collect::<Vec<_>>()
        })
    };
    let none: [&[u16]; 2] = [&[], &[]];
    for peer in [hub, phone, laptop] {
        assert_eq!(reached(peer), none, "{} before the owner chose", peer.name());
    }
    assert!(!hears(lamp, sibling) && !hears(sibling, lamp));

    let decide = |arguments: &[&str]| {
        let answer = lab.gateway.ask(arguments).unwrap();
        assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.complaint);
    };
    for name in ["lamp", "sibling"] {
        decide(&["controllers", name, hub.mac(), "--class", HUB_CLASS]);
        decide(&["controllers", name, phone.mac()]);
        lab.gateway
            .wait_for_thing(name, SOON, |thing| {
                (thing["question"]["kind"] == "group").then_some(())
            })
            .unwrap();
    }
    // One of two that say so of themselves is not enough: the other has not been let in.
    decide(&["approve", "lamp"]);
    lab.wait_for_state("lamp", "limited");
    until(SOON, || Ok((reached(hub)[0] == [OF_CLASS]).then_some(()))).unwrap();
    assert!(!hears(lamp, sibling) && !hears(sibling, lamp));
    decide(&["approve", "sibling"]);
    lab.wait_for_state("sibling", "limited");

    let only = |port| [vec![port], vec![port]];
    assert_eq!(reached(hub), only(OF_CLASS));
    assert_eq!(reached(phone), only(OF_MY_CONTROLLER));
    assert_eq!(reached(laptop), none);
    until(SOON, || Ok(hears(lamp, sibling).then_some(()))).unwrap();
    assert!(hears(sibling, lamp));
    // The other lamp's own file lets nobody open a connection to it, and no member of one class speaks for another.
    assert_eq!(reached(sibling), none);
    for stranger in [hub, phone, laptop] {
        assert!(!hears(lamp, stranger), "{}", stranger.name());
        assert!(!hears(stranger, lamp), "{}", stranger.name());
    }
    // Who is not enforced takes what the lamp's policy lets out: the connection of its class, by the lamp's file alone.
    decide(&["mode", "sibling", "watch"]);
    until(SOON, || {
        Ok((reached(sibling) == only(OF_SAME_MANUFACTURER)).then_some(()))
    })
    .unwrap();

    // What the owner takes back is closed again.
    decide(&["controllers", "lamp", "--none", "--class", HUB_CLASS]);
    until(SOON, || Ok((reached(hub) == none).then_some(()))).unwrap();
    assert_eq!(reached(phone), only(OF_MY_CONTROLLER));
}

/// Whether a datagram between the ports of the maker's class arrives, over both families; over one alone would be wrong.
fn hears(from: &Thing, to: &Thing) -> bool {
    let (v4, v6) = to.ip_addresses().unwrap();
    let heard = [v4, v6].map(|address| {
        let bind = || {
            let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, OF_SAME_MANUFACTURER)).unwrap();
            socket.set_read_timeout(Some(NEVER)).unwrap();
            socket
        };
        let (sender, receiver) = (from.enter(bind).unwrap(), to.enter(bind).unwrap());
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        // What the kernel of the sender says of it at once is no answer.
        let _ = sender.send_to(b"hello", (address, OF_SAME_MANUFACTURER));
        receiver.recv(&mut [0; 5]).is_ok()
    });
    assert_eq!(heard[0], heard[1], "{} to {}", from.name(), to.name());
    heard[0]
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
