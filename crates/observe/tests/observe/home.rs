//! Things join, leave and move, with real DHCP clients and a real DHCP server.

use std::{os::unix::fs::MetadataExt, time::Duration};

use mudguard_mud::{MudUrl, MudUrlError};
use mudguard_observe::{ObserveError, Refusal, SightedUrl, Sighting, neighbour};
use mudguard_tests::{
    home::{DhcpClient, Home, Namespace, ThingPlan, addresses::ROUTER_IPV4},
    left_out_without_root,
};
use tokio::time::timeout;

use super::{
    frames::{Dhcpv4, URL},
    network::{NEVER, Observed, SOON, Sender, connect, mac},
};

fn url(text: &str) -> SightedUrl {
    SightedUrl::Url(MudUrl::parse(text).unwrap())
}

#[test]
fn each_client_is_heard_on_its_port_with_its_lease_and_its_release() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder()
        .thing(ThingPlan::new("lamp").mud_url(URL))
        .thing(
            ThingPlan::new("camera")
                .mud_url("https://mud.camera-maker.example/camera.json")
                .client(DhcpClient::Dhclient),
        )
        .thing(ThingPlan::new("laptop"))
        .build()
        .unwrap();
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    for (name, said) in [
        ("lamp", url(URL)),
        ("camera", url("https://mud.camera-maker.example/camera.json")),
        ("laptop", SightedUrl::Nothing),
    ] {
        let thing = home.thing(name);
        let addresses = thing.join().unwrap();
        assert_eq!(
            observed.announced(mac(thing)),
            (thing.port().to_owned(), said),
            "{name}"
        );
        assert_eq!(
            observed.leased(mac(thing)),
            (
                thing.port().to_owned(),
                addresses.ipv4.into(),
                Duration::from_secs(600)
            ),
            "{name}"
        );
        thing.release().unwrap();
        let released = Sighting::Released {
            mac: mac(thing),
            address: addresses.ipv4.into(),
        };
        observed.wait(&format!("the release of {name}"), |sighting| {
            (*sighting == released).then_some(())
        });
    }
    assert!(
        observed.seen.iter().any(|sighting| matches!(
            sighting,
            Sighting::Announced { host_name: Some(name), .. } if name == "camera"
        )),
        "the host name of dhclient was not seen"
    );
    assert_eq!(observed.observer.counters().refused, [].into());
}

#[test]
fn a_malformed_frame_moves_one_counter_and_nothing_else() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let mut sender = Sender::new(thing, "eth0");
    let malformed = Dhcpv4::discover()
        .option(161, URL)
        .with(|message| message.hardware[1] = 255);
    sender.send(&malformed.frame());
    observed.counted(Refusal::DhcpHardware, 1);
    sender.send(
        &Dhcpv4::discover()
            .option(161, "http://lamp.example/")
            .end()
            .frame(),
    );
    let refused = SightedUrl::Refused("http://lamp.example/".to_owned(), MudUrlError::NotHttps);
    assert_eq!(observed.announced(mac(thing)), ("lan1".to_owned(), refused));
    let announcements = observed
        .seen
        .iter()
        .filter(|sighting| matches!(sighting, Sighting::Announced { .. }));
    assert_eq!(announcements.count(), 1);
    assert_eq!(observed.observer.counters().refused.len(), 1);
}

#[test]
fn vlan_tags_do_not_hide_a_thing() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let mut sender = Sender::new(thing, "eth0");
    for (number, tags) in [
        &[][..],
        &[(0x8100, 0)],
        &[(0x8100, 7)],
        &[(0x88a8, 5), (0x8100, 7)],
        &[(0x8100, 5), (0x8100, 7)],
        &[(0x8100, 5), (0x88a8, 7)],
    ]
    .into_iter()
    .enumerate()
    {
        let said = format!("https://lamp.example/{number}");
        let frame = Dhcpv4::discover()
            .option(161, &said)
            .end()
            .with(|message| message.tags = tags.to_vec());
        sender.send(&frame.frame());
        assert_eq!(observed.announced(mac(thing)).1, url(&said), "{tags:x?}");
    }
}

#[test]
fn ports_and_interfaces_that_come_and_go_are_followed() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(2).build().unwrap();
    let (first, second) = (home.thing("thing1"), home.thing("thing2"));
    let router = home.router();
    router.ip("link set lan2 nomaster\n").unwrap();
    connect(&home, first);
    let mut observed = Observed::start(router, &["br-lan", "lan-guest"]);
    let say = |thing: &mudguard_tests::home::Thing, number: u8| {
        let said = format!("https://lamp.example/{number}");
        let frame = Dhcpv4::discover().option(161, &said).end().with(|message| {
            message.client = mac(thing).0;
            message.frame_from = mac(thing).0;
        });
        (url(&said), frame.frame())
    };
    let mut heard = |thing: &mudguard_tests::home::Thing, port: &str, number: u8, change: &str| {
        if !change.is_empty() {
            router.ip(change).unwrap();
        }
        let (said, frame) = say(thing, number);
        let mut sender = Sender::new(thing, "eth0");
        // The kernel may still be bringing the link up; a client would say it again, too.
        mudguard_tests::home::until(SOON, || {
            sender.send(&frame);
            let seen = observed.try_seen();
            Ok(seen
                .into_iter()
                .any(|sighting| {
                    matches!(sighting, Sighting::Announced { mac: who, port: on, url, .. }
                        if (who, on.as_str(), &url) == (mac(thing), port, &said))
                })
                .then_some(()))
        })
        .unwrap_or_else(|error| panic!("{change}: {error}"));
    };
    heard(first, "lan1", 1, "");
    heard(
        second,
        "lan2",
        2,
        "link set lan2 up\nlink set lan2 master br-lan\n",
    );
    heard(first, "lan1", 3, "link set lan1 down\nlink set lan1 up\n");
    heard(
        second,
        "uplink",
        4,
        "link set lan2 down\nlink set lan2 name uplink\nlink set uplink up\n",
    );
    heard(
        first,
        "lan1",
        5,
        "link del br-lan\nlink add br-lan type bridge\nlink set br-lan up\nlink set lan1 master br-lan\n",
    );
    // No bridge: the interface itself.
    heard(
        second,
        "lan-guest",
        6,
        "link set uplink down\nlink set uplink name lan-guest\nlink set lan-guest up\n",
    );
}

/// The number of a link may be given to another as soon as it is gone.
#[test]
fn a_port_with_the_number_of_one_that_is_gone_is_followed() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let (router, thing) = (home.router(), home.thing("thing1"));
    let mut observed = Observed::start(router, &["br-lan"]);
    let add = format!(
        "link add port9 index 900 type veth peer name eth9 address 02:00:00:00:00:09 netns {}\nlink set port9 master br-lan up\n",
        thing.netns()
    );
    for change in [add.clone(), format!("link del port9\n{add}")] {
        router.ip(&change).unwrap();
        thing.ip("link set eth9 up\n").unwrap();
        let mut sender = Sender::new(thing, "eth9");
        let frame = Dhcpv4::discover().end().with(|message| {
            message.client[5] = 9;
            message.frame_from[5] = 9;
        });
        // The kernel may still be bringing the link up; a client would say it again, too.
        mudguard_tests::home::until(SOON, || {
            sender.send(&frame.frame());
            let seen = observed.try_seen();
            Ok(seen
                .iter()
                .any(|sighting| matches!(sighting, Sighting::Announced { port, .. } if port == "port9"))
                .then_some(()))
        })
        .unwrap();
    }
}

#[test]
fn an_interface_that_is_down_costs_no_time() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let (router, thing) = (home.router(), home.thing("thing1"));
    connect(&home, thing);
    let mut observed = Observed::start(router, &["br-lan"]);
    router.ip("link set lan1 down\nlink set br-lan down\n").unwrap();
    observed.wait("that the link is down", |sighting| {
        (*sighting == Sighting::AddressesChanged).then_some(())
    });
    let before = time_of_the_observer(router);
    std::thread::sleep(NEVER);
    let spent = time_of_the_observer(router) - before;
    assert!(spent < NEVER / 10, "{spent:?} of {NEVER:?}");
}

/// For how long the observer of this namespace has run on a processor.
fn time_of_the_observer(namespace: &Namespace) -> Duration {
    let of_namespace = std::fs::metadata(format!("/run/netns/{}", namespace.netns()))
        .unwrap()
        .ino();
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanoseconds: u64 = tasks
        .filter_map(|task| {
            // Threads of other tests come and go.
            let task = task.ok()?.path();
            let name = std::fs::read_to_string(task.join("comm")).ok()?;
            let of_task = std::fs::metadata(task.join("ns/net")).ok()?.ino();
            let times = std::fs::read_to_string(task.join("schedstat")).ok()?;
            let spent = times.split(' ').next()?.parse::<u64>().ok()?;
            (name.trim() == "observe" && of_task == of_namespace).then_some(spent)
        })
        .sum();
    assert!(nanoseconds > 0, "the thread of the observer was not found");
    Duration::from_nanos(nanoseconds)
}

#[test]
fn neighbours_and_changes_of_addresses_are_told() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    let mut observed = Observed::start(home.router(), &["br-lan"]);
    let addresses = thing.join().unwrap();
    thing
        .run("ping", ["-c", "1", "-W", "2", &ROUTER_IPV4.to_string()])
        .unwrap();
    let here = Sighting::Neighbour {
        mac: mac(thing),
        address: addresses.ipv4.into(),
    };
    observed.wait("the neighbour", |sighting| (*sighting == here).then_some(()));
    let ask = |address| {
        let ask = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(neighbour(address, &["absent".to_owned(), "br-lan".to_owned()]))
        };
        home.router().enter(ask).unwrap()
    };
    assert_eq!(ask(addresses.ipv4.into()), Some(mac(thing)));
    assert_eq!(ask("192.0.2.77".parse().unwrap()), None);

    // One that starts later is told of neighbours that are there already.
    let mut later = Observed::start(home.router(), &["br-lan"]);
    later.wait("the neighbour", |sighting| (*sighting == here).then_some(()));

    let changed = |sighting: &Sighting| (*sighting == Sighting::AddressesChanged).then_some(());
    home.router().ip("addr add 192.0.2.1/24 dev br-lan\n").unwrap();
    later.wait("an address", changed);
    home.router().ip("addr del 192.0.2.1/24 dev br-lan\n").unwrap();
    later.wait("an address that goes", changed);
    home.router().ip("addr add 192.0.2.1/24 dev wan0\n").unwrap();
    home.router()
        .ip("addr add 2001:db8:77::1/64 dev br-lan nodad\n")
        .unwrap();
    later.wait("an IPv6 address", changed);
    assert!(!later.try_seen().contains(&Sighting::AddressesChanged));
}

#[test]
fn a_slow_receiver_loses_sightings_but_not_that_addresses_changed() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let thing = home.thing("thing1");
    connect(&home, thing);
    let mut observed = Observed::start_with_room(home.router(), &["br-lan"], 2);
    let mut sender = Sender::new(thing, "eth0");
    for _ in 0..10 {
        sender.send(&Dhcpv4::discover().end().frame());
    }
    mudguard_tests::home::until(SOON, || {
        Ok((observed.observer.counters().sightings_lost >= 8).then_some(()))
    })
    .unwrap();
    home.router().ip("addr add 192.0.2.1/24 dev br-lan\n").unwrap();
    observed.wait("the address", |sighting| {
        (*sighting == Sighting::AddressesChanged).then_some(())
    });
}

#[test]
fn the_thread_ends_with_the_observer_and_with_the_receiver() {
    if left_out_without_root() {
        return;
    }
    let home = Home::builder().plain_things(1).build().unwrap();
    let Observed {
        observer,
        mut sightings,
        runtime,
        ..
    } = Observed::start(home.router(), &["br-lan"]);
    drop(observer);
    // The thread held the sender. Whatever it said is still there.
    runtime.block_on(async { while sightings.recv().await.is_some() {} });

    let observed = Observed::start(home.router(), &["br-lan"]);
    drop(observed.sightings);
    home.router().ip("addr add 192.0.2.1/24 dev br-lan\n").unwrap();
    let mut observer = observed.observer;
    let end = observed
        .runtime
        .block_on(async { timeout(SOON, observer.ended()).await })
        .unwrap();
    assert!(matches!(end, ObserveError::NobodyListens), "{end}");
}
