//! DHCPv6 in a home: a real client and a real server, and a Thing that plays server.

use std::{
    fs,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use mudguard_observe::{Refusal, SightedBy, SightedUrl, Sighting};
use mudguard_tests::{
    home::{
        Home, Running, ThingPlan,
        addresses::{ROUTER_IPV6, ROUTER_LINK_LOCAL},
        until,
    },
    left_out_without_root,
};

use super::{
    frames::{Dhcpv6, URL},
    network::{Observed, SOON, Sender, connect, mac},
};

/// The MAC address of the home's `br-lan`.
const ROUTER: [u8; 6] = [2, 0xff, 0, 0, 0, 1];

/// A DHCPv6 server beside the home's own, which sends router advertisements only.
fn server(home: &Home) -> Running {
    let prefix = ROUTER_IPV6.segments();
    let [a, b, c, d, ..] = prefix;
    let address = |last| Ipv6Addr::new(a, b, c, d, 0, 0, 0xd, last);
    let server = home
        .router()
        .spawn(
            "dnsmasq",
            [
                "--keep-in-foreground".to_owned(),
                "--conf-file=/dev/null".to_owned(),
                "--port=0".to_owned(),
                "--user=root".to_owned(),
                "--group=root".to_owned(),
                "--pid-file".to_owned(),
                "--interface=br-lan".to_owned(),
                "--bind-interfaces".to_owned(),
                "--dhcp-authoritative".to_owned(),
                format!("--dhcp-range={},{},64,300", address(0x10), address(0x99)),
                format!(
                    "--dhcp-leasefile={}",
                    home.folder().join("dhcpv6.leases").display()
                ),
                "--log-dhcp".to_owned(),
                "--log-facility=-".to_owned(),
            ],
        )
        .unwrap();
    server
        .wait_for(SOON, |log| log.contains("started, version").then_some(()))
        .unwrap();
    server
}

#[test]
fn a_real_client_is_heard_with_its_lease_and_its_release() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().thing(ThingPlan::new("lamp")).build().unwrap();
    let lamp = home.thing("lamp");
    let _server = server(&home);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    lamp.join().unwrap();
    let file = |name: &str| home.folder().join(format!("dhcpv6-{name}"));
    let configuration = format!("option dhcp6.mud-url code 112 = text;\nsend dhcp6.mud-url \"{URL}\";\n");
    fs::write(file("conf"), configuration).unwrap();
    let dhclient = |last: &[&str]| {
        let mut command = lamp.command(home.folder().join("dhclient"));
        command.args(["-6", "-d", "-v", "-sf", "/bin/true"]);
        command.arg("-cf").arg(file("conf"));
        command.arg("-lf").arg(file("leases"));
        command.arg("-pf").arg(file("pid"));
        command.args(last).arg("eth0");
        Running::start(command).unwrap()
    };
    let client = dhclient(&[]);
    let said = observed.wait("the announcement by DHCPv6", |sighting| {
        let Sighting::Announced {
            channel: SightedBy::Dhcpv6,
            mac: who,
            port,
            url,
            ..
        } = sighting
        else {
            return None;
        };
        Some((*who, port.clone(), url.clone()))
    });
    assert_eq!(
        said,
        (
            mac(lamp),
            lamp.port().to_owned(),
            SightedUrl::Url(URL.parse().unwrap())
        )
    );
    let (port, address, lifetime) =
        observed.wait(&format!("a lease by DHCPv6; {}", client.log()), |sighting| {
            let Sighting::Leased {
                port,
                address: IpAddr::V6(address),
                lifetime,
                ..
            } = sighting
            else {
                return None;
            };
            Some((port.clone(), *address, *lifetime))
        });
    assert_eq!(port, lamp.port());
    assert_eq!(address.segments()[..4], ROUTER_IPV6.segments()[..4]);
    assert_eq!(lifetime, Duration::from_secs(300));
    // The client must have written down what it is to give back.
    until(SOON, || {
        let leases = fs::read_to_string(file("leases"))?;
        Ok(leases.contains("iaaddr").then_some(()))
    })
    .unwrap();
    drop(client);
    let releasing = dhclient(&["-r"]);
    let released = Sighting::Released {
        mac: mac(lamp),
        address: address.into(),
    };
    releasing
        .wait_for(SOON, |log| log.contains("Release on").then_some(()))
        .unwrap();
    observed.wait("the release", |sighting| (*sighting == released).then_some(()));
    assert_eq!(observed.observer.counters().refused, [].into());
}

#[test]
fn a_message_of_each_kind_announces_and_so_does_a_relayed_one() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let mut sender = Sender::new(thing, "eth0");
    // SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, INFORMATION-REQUEST.
    for kind in [1, 3, 4, 5, 6, 11] {
        let said = format!("https://lamp.example/{kind}");
        let message = Dhcpv6::client(kind).option(112, &said);
        for frame in [message.frame(), message.relayed(2).frame()] {
            sender.send(&frame);
            let (port, url) = observed.announced(mac(thing));
            assert_eq!(
                (port.as_str(), url),
                ("lan1", SightedUrl::Url(said.parse().unwrap()))
            );
        }
    }
}

/// The kernel lets a Thing send through the router from the router's own address on the link.
#[test]
fn an_answer_that_a_thing_sends_through_the_router_binds_nothing() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(2).build().unwrap();
    let (thief, victim) = (home.thing("thing1"), home.thing("thing2"));
    thief.join().unwrap();
    let addresses = victim.join().unwrap();
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let [a, b, c, d, ..] = ROUTER_IPV6.segments();
    let lent = |last| Ipv6Addr::new(a, b, c, d, 0, 0, 0xbad, last);
    let ask = |transaction: u32| {
        let request = Dhcpv6::client(3).with(|message| {
            message.frame_from = mac(victim).0;
            message.transaction = transaction;
        });
        Sender::new(victim, "eth0").send(&request.frame());
    };
    let reply = |transaction: u32, last: u16| {
        Dhcpv6::reply(lent(last), 300).with(|message| {
            message.transaction = transaction;
            message.frame_from = mac(thief).0;
            message.frame_to = ROUTER;
            message.from.0 = ROUTER_LINK_LOCAL;
            message.to.0 = addresses.link_local;
        })
    };
    ask(1);
    observed.announced(mac(victim));
    // The router must know where the victim is to send it on; it does, for the victim has just joined.
    let forged = reply(1, 1);
    Sender::new(thief, "eth0").send(&forged.frame());
    observed.counted(Refusal::ServerOnLan, 1);
    observed.counted(Refusal::AnswerForged, 1);
    // From the thief's own address, and from a global one of the router.
    for source in [ROUTER_IPV6, Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0x77)] {
        Sender::new(thief, "eth0").send(&reply(1, 2).with(|message| message.from.0 = source).frame());
    }
    observed.counted(Refusal::ServerNotRouter, 2);
    assert!(!leased(&mut observed));

    // What the router itself answers counts, in a transaction in which nobody else has answered.
    ask(2);
    observed.announced(mac(victim));
    let answer = reply(2, 3).with(|message| message.frame_from = ROUTER);
    Sender::new(home.router(), "br-lan").send(&answer.frame());
    let (port, address, _) = observed.leased(mac(victim));
    assert_eq!((port.as_str(), address), ("lan2", lent(3).into()));
}

/// More frames than there is room for, so that the forged one is not seen where it comes in.
#[test]
fn an_answer_that_is_drowned_in_a_flood_binds_nothing() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(2).build().unwrap();
    let (thief, victim) = (home.thing("thing1"), home.thing("thing2"));
    thief.join().unwrap();
    let addresses = victim.join().unwrap();
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let [a, b, c, d, ..] = ROUTER_IPV6.segments();
    let request = Dhcpv6::client(3).with(|message| message.frame_from = mac(victim).0);
    Sender::new(victim, "eth0").send(&request.frame());
    observed.announced(mac(victim));
    let forged = Dhcpv6::reply(Ipv6Addr::new(a, b, c, d, 0, 0, 0xbad, 1), 300).with(|message| {
        message.frame_from = mac(thief).0;
        message.frame_to = ROUTER;
        message.from.0 = ROUTER_LINK_LOCAL;
        message.to.0 = addresses.link_local;
    });
    let noise = Dhcpv6::client(8)
        .with(|message| message.frame_from = mac(thief).0)
        .frame();
    let mut sender = Sender::new(thief, "eth0");
    until(SOON * 4, || {
        for _ in 0..20_000 {
            sender.send(&noise);
        }
        sender.send(&forged.frame());
        let counters = observed.observer.counters();
        Ok((counters.frames_lost > 0 && counters.refused(Refusal::AnswerDoubtful) > 0).then_some(()))
    })
    .unwrap();
    assert!(!leased(&mut observed), "{:#?}", observed.observer.counters());
}

fn leased(observed: &mut Observed) -> bool {
    observed.try_seen();
    observed
        .seen
        .iter()
        .any(|sighting| matches!(sighting, Sighting::Leased { .. }))
}
