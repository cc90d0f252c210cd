//! A Thing that plays DHCP server binds nothing, whichever way it sends (RFC 7513 section 8: server messages only from the trusted side).

use std::net::Ipv4Addr;

use mudguard_observe::{Refusal, Sighting};
use mudguard_tests::{
    home::{Home, addresses::ROUTER_IPV4},
    left_out_without_root,
};

use super::{
    frames::{BROADCAST, Dhcpv4},
    network::{Observed, Sender, mac},
};

/// The MAC address of the home's `br-lan`.
const ROUTER: [u8; 6] = [2, 0xff, 0, 0, 0, 1];

struct Scene {
    home: Home,
    observed: Observed,
    thief: Sender,
    victim: [u8; 6],
    thief_mac: [u8; 6],
    thief_address: Ipv4Addr,
    victim_address: Ipv4Addr,
}

/// The victim has asked and waits; the thief knows the transaction, for requests are broadcast to all ports.
fn scene() -> Scene {
    let home = Home::builder().plain_things(2).build().unwrap();
    let (thief, victim) = (home.thing("thing1"), home.thing("thing2"));
    let thief_address = thief.join().unwrap().ipv4;
    let victim_address = victim.join().unwrap().ipv4;
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let request = Dhcpv4::client(3).end().with(|message| {
        message.client = mac(victim).0;
        message.frame_from = mac(victim).0;
        // The router's server is not to answer.
        message.frame_to = [2, 0xff, 0, 0, 0, 9];
    });
    Sender::new(victim, "eth0").send(&request.frame());
    observed.announced(mac(victim));
    let sender = Sender::new(thief, "eth0");
    let (victim, thief_mac) = (mac(victim).0, mac(thief).0);
    Scene {
        home,
        observed,
        thief: sender,
        victim,
        thief_mac,
        thief_address,
        victim_address,
    }
}

impl Scene {
    /// An ACK as the thief may write it.
    fn forged(&self) -> Dhcpv4 {
        Dhcpv4::ack(ROUTER_IPV4, self.victim, Ipv4Addr::new(192, 0, 2, 66)).end()
    }

    /// Makes sure that all that was sent before has been looked at, and that nothing was lent.
    fn nothing_was_lent(&mut self) {
        let last = Dhcpv4::discover().option(12, "last").end().with(|message| {
            message.client = self.thief_mac;
            message.frame_from = self.thief_mac;
        });
        self.thief.send(&last.frame());
        self.observed.wait("the last frame", |sighting| {
            matches!(sighting, Sighting::Announced { host_name: Some(name), .. } if name == "last")
                .then_some(())
        });
        let seen = &self.observed.seen;
        assert!(
            !seen
                .iter()
                .any(|sighting| matches!(sighting, Sighting::Leased { .. })),
            "{seen:#?}"
        );
    }
}

#[test]
fn an_ack_from_a_port_only_moves_a_counter_whoever_it_claims_to_be_from() {
    if left_out_without_root() {
        return;
    }
    let mut scene = scene();
    let forms = [
        (scene.thief_mac, BROADCAST),
        (scene.thief_mac, scene.victim),
        // The bridge forwards these as well, so they leave through the port of the victim with the router's source address.
        (ROUTER, BROADCAST),
        (ROUTER, scene.victim),
    ];
    for (from, to) in forms {
        let frame = scene.forged().with(|message| {
            message.frame_from = from;
            message.frame_to = to;
        });
        scene.thief.send(&frame.frame());
    }
    scene
        .observed
        .counted(Refusal::ServerOnLan, u64::try_from(forms.len()).unwrap());
    scene.nothing_was_lent();
    let refused = &scene.observed.observer.counters().refused;
    assert_eq!(refused.len(), 1, "{refused:?}");
}

#[test]
fn an_ack_that_the_router_forwards_for_a_thing_is_not_the_routers() {
    if left_out_without_root() {
        return;
    }
    let mut scene = scene();
    // To the router's MAC address, for the victim's IP address: the router sends it on, from its own MAC address. It has every source
    // address that the kernel does not refuse.
    for source in [scene.thief_address, Ipv4Addr::new(198, 51, 100, 7), ROUTER_IPV4] {
        let frame = scene.forged().with(|message| {
            message.frame_from = scene.thief_mac;
            message.frame_to = ROUTER;
            message.from.0 = source;
            message.to.0 = scene.victim_address;
        });
        scene.thief.send(&frame.frame());
    }
    // Each is counted when it comes in; the two that go out again are counted there.
    scene.observed.counted(Refusal::ServerOnLan, 3);
    scene.observed.counted(Refusal::ServerNotRouter, 2);
    scene.nothing_was_lent();
}

#[test]
fn an_answer_of_the_router_that_nobody_asked_for_binds_nothing() {
    if left_out_without_root() {
        return;
    }
    let mut scene = scene();
    let mut router = Sender::new(scene.home.router(), "br-lan");
    let unasked = scene.forged().with(|message| {
        message.transaction ^= 1;
        message.frame_from = ROUTER;
    });
    router.send(&unasked.frame());
    scene.observed.counted(Refusal::AnswerNotAsked, 1);
    scene.nothing_was_lent();
    // A container beside the router's own programs, say, has a MAC address of its own.
    let beside = scene
        .forged()
        .with(|message| message.frame_from = [2, 0xff, 0, 0, 0, 2]);
    router.send(&beside.frame());
    scene.observed.counted(Refusal::ServerNotRouter, 1);
    scene.nothing_was_lent();
    // The same frame with the right transaction is the router's answer.
    let answer = unasked.with(|message| message.transaction ^= 1);
    router.send(&answer.frame());
    let (port, address, lifetime) = scene.observed.leased(mac(scene.home.thing("thing2")));
    assert_eq!(port, "lan2");
    assert_eq!(address, Ipv4Addr::new(192, 0, 2, 66));
    assert_eq!(lifetime.as_secs(), 600);
}

#[test]
fn an_address_is_not_given_up_from_another_port() {
    if left_out_without_root() {
        return;
    }
    let mut scene = scene();
    let mut router = Sender::new(scene.home.router(), "br-lan");
    let answer = scene.forged().with(|message| message.frame_from = ROUTER);
    router.send(&answer.frame());
    scene.observed.leased(mac(scene.home.thing("thing2")));
    let release = Dhcpv4::client(7).end().with(|message| {
        message.client = scene.victim;
        message.frame_from = scene.victim;
        message.client_address = Ipv4Addr::new(192, 0, 2, 66);
    });
    scene.thief.send(&release.frame());
    scene.observed.counted(Refusal::ReleasedElsewhere, 1);
    Sender::new(scene.home.thing("thing2"), "eth0").send(&release.frame());
    scene.observed.wait("the release", |sighting| {
        matches!(sighting, Sighting::Released { .. }).then_some(())
    });
}
