//! LLDP in a home: a real sender, and what it said ends with its time to live.

use std::{fs, path::Path, time::Duration};

use mudguard_observe::{SightedBy, SightedUrl, Sighting};
use mudguard_tests::{
    home::{Home, Thing, ThingPlan, until},
    left_out_without_root,
};

use super::{
    frames::{URL, lldp, lldp_value, mud_value},
    network::{Observed, SOON, Sender, connect, mac},
};

fn departed(thing: &Thing) -> impl Fn(&Sighting) -> Option<()> {
    let departed = Sighting::Departed {
        mac: mac(thing),
        port: thing.port().to_owned(),
        channel: SightedBy::Lldp,
    };
    move |sighting| (*sighting == departed).then_some(())
}

#[test]
fn what_a_neighbour_said_ends_with_its_time_to_live_or_when_it_shuts_down() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let mut sender = Sender::new(thing, "eth0");
    let announce = |seconds: u16| lldp(mac(thing).0, seconds, &[mud_value(URL)].concat());
    let said = ("lan1".to_owned(), SightedUrl::Url(URL.parse().unwrap()));

    sender.send(&announce(1));
    assert_eq!(observed.announced(mac(thing)), said);
    observed.wait("that its time passes", departed(thing));

    sender.send(&announce(120));
    assert_eq!(observed.announced(mac(thing)), said);
    sender.send(&lldp(mac(thing).0, 0, &[]));
    observed.wait("that it shuts down", departed(thing));

    sender.send(&announce(120));
    assert_eq!(observed.announced(mac(thing)), said);
    sender.send(&lldp(mac(thing).0, 120, &lldp_value(5, b"lamp")));
    observed.wait("that it no longer has a MUD URL", departed(thing));
    assert_eq!(observed.announced(mac(thing)).1, SightedUrl::Nothing);
}

#[test]
fn the_group_of_lldp_is_joined_on_each_port_while_it_is_observed() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let joined = || {
        let groups = home
            .router()
            .run("ip", ["maddress", "show", "dev", "lan1"])
            .unwrap();
        groups.contains("01:80:c2:00:00:0e")
    };
    assert!(!joined());
    let observed = Observed::start(home.router(), &["br-lan"]);
    assert!(joined());
    drop(observed);
    assert!(!joined());
}

#[test]
fn lldpd_is_heard_and_says_when_it_ends() {
    if left_out_without_root() {
        return;
    }
    let program = Path::new("/usr/sbin/lldpd");
    if !program.exists() {
        super::network::left_out("lldpd is not installed");
        return;
    }
    let home = Home::builder().thing(ThingPlan::new("lamp")).build().unwrap();
    let lamp = home.thing("lamp");
    connect(&home, lamp);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    // Its own folder for privilege separation is bound to its package; the copy is not bound by AppArmor to the package's paths.
    let copy = home.folder().join("lldpd");
    fs::copy(program, &copy).unwrap();
    let socket = home.folder().join("lldpd.socket");
    let mut daemon = lamp
        .spawn(
            &copy,
            [
                "-d".as_ref(),
                "-u".as_ref(),
                socket.as_os_str(),
                "-I".as_ref(),
                "eth0".as_ref(),
            ],
        )
        .unwrap();
    let configure = |words: &[&str]| {
        let socket = socket.to_str().unwrap();
        lamp.run("lldpcli", ["-u", socket].iter().chain(words))
    };
    until(SOON, || Ok(configure(&["show", "configuration"]).ok())).unwrap_or_else(|error| {
        panic!("lldpd does not answer ({error}); its log:\n{}", daemon.log());
    });
    let octets: Vec<_> = URL.bytes().map(|octet| format!("{octet:02x}")).collect();
    configure(&[
        "configure",
        "lldp",
        "custom-tlv",
        "add",
        "oui",
        "00,00,5e",
        "subtype",
        "1",
        "oui-info",
        &octets.join(","),
    ])
    .unwrap();
    configure(&["update"]).unwrap();
    let url = observed.wait(&format!("lldpd; its log:\n{}", daemon.log()), |sighting| {
        let Sighting::Announced {
            channel: SightedBy::Lldp,
            mac: who,
            url: SightedUrl::Url(url),
            ..
        } = sighting
        else {
            return None;
        };
        Some((*who, url.to_string()))
    });
    assert_eq!(url, (mac(lamp), URL.to_owned()));
    daemon.signal(nix::sys::signal::Signal::SIGTERM).unwrap();
    daemon.wait(Duration::from_secs(5)).unwrap();
    observed.wait("that lldpd shuts down", departed(lamp));
}
