//! Every hostile frame, sent by a Thing: the observer sees in it what the verdict says, and the kernel's filter hides none that announces.

use mudguard_observe::{LiveFrames, ObserveError, SightedUrl, Sighting};
use mudguard_tests::{home::Home, left_out_without_root};

use super::{
    frames::{Dhcpv4, LAMP, URL},
    hostile::{Expected, rows},
    network::{Observed, Sender, connect},
};

/// An Ethernet header; a card sends nothing shorter.
const SHORTEST_FRAME: usize = 14;

#[test]
fn each_hostile_frame_is_seen_as_its_verdict_says() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    // Some of the frames are longer than usual.
    home.router().ip("link set lan1 mtu 9000\n").unwrap();
    thing.ip("link set eth0 mtu 9000\n").unwrap();
    // A bridge without a DHCP server, which would answer some of the frames and so move counters when it likes.
    home.router()
        .ip("link add lan-other type bridge\nlink set lan-other up\nlink set lan1 master lan-other\n")
        .unwrap();
    connect(&home, thing);
    let mut observed = Observed::start(home.router(), &["lan-other"]);
    let mut sender = Sender::new(thing, "eth0");
    let mut wrong = Vec::new();
    for (number, (name, frame, expected)) in rows().into_iter().enumerate() {
        if frame.len() < SHORTEST_FRAME {
            continue;
        }
        let before = observed.observer.counters().refused;
        sender.send(&frame);
        let marker = format!("marker{number}");
        let last = Dhcpv4::discover().option(12, &marker).end();
        sender.send(&last.frame());
        let from = observed.seen.len();
        observed.wait(name, |sighting| {
            matches!(sighting, Sighting::Announced { host_name: Some(name), .. } if *name == marker)
                .then_some(())
        });
        let until = observed.seen.len() - 1;
        let announced: Vec<_> = observed.seen[from..until]
            .iter()
            .filter_map(|sighting| {
                let Sighting::Announced { mac, url, .. } = sighting else {
                    return None;
                };
                Some((mac.0, url.clone()))
            })
            .collect();
        let after = observed.observer.counters().refused;
        let refused = after != before;
        let right = match (&announced[..], expected) {
            ([(LAMP, SightedUrl::Url(url))], Expected::Url(text)) => url.as_str() == text && !refused,
            ([(LAMP, SightedUrl::Refused(..))], Expected::BadUrl(_)) => !refused,
            ([(LAMP, SightedUrl::Nothing)], Expected::BadUrl(reason)) => reason == "mud-url-twice" && refused,
            // A server's message, or one that gives up an address, announces nothing either.
            ([] | [(LAMP, SightedUrl::Nothing)], Expected::Nothing) => true,
            // The filter may have dropped it before.
            ([], Expected::Drop(_)) => true,
            _ => false,
        };
        if !right {
            wrong.push(format!(
                "{name}: expected {expected:?}, seen {announced:?}, refused: {before:?} and then {after:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_frames_of_one_interface_come_in_order_until_it_is_gone() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut frames = home
        .router()
        .enter(|| LiveFrames::start("lan1"))
        .unwrap()
        .unwrap();
    let mut sender = Sender::new(thing, "eth0");
    let sent = [
        Dhcpv4::discover().option(161, URL).end().frame(),
        Dhcpv4::client(3).end().frame(),
    ];
    for frame in &sent {
        sender.send(frame);
    }
    let mut next = || home.router().enter(|| frames.next()).unwrap();
    for frame in sent {
        assert_eq!(next().unwrap().unwrap(), frame);
    }
    home.router().ip("link del lan1\n").unwrap();
    let last = next();
    assert!(
        matches!(&last, Some(Err(ObserveError::NoInterface(name))) if name == "lan1"),
        "{:?}",
        last.map(|frame| frame.map_err(|error| error.to_string()))
    );
    assert!(next().is_none());
}

#[test]
fn an_interface_that_is_not_there_is_said_at_once() {
    let refused = LiveFrames::start("nowhere0").err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("there is no network interface nowhere0"));
}
