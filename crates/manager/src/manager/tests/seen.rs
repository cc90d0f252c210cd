//! Who is there, what is bound to whom, what was blocked, and all of it within bounds.

use super::*;

#[test]
fn in_protect_a_new_thing_reaches_only_this_router_until_it_is_admitted() {
    let mut story = Story::new(Mode::Protect);
    story.announce(LAMP, &url());
    story.fetched(verified(&good(), "CN=Maker"));
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.enforcement, &*lamp.policy),
        (Enforcement::Enforce, &narrow())
    );
    assert!(matches!(
        lamp.question.as_ref().unwrap().waiting,
        Waiting::NewThing
    ));
    story.approve(LAMP).unwrap();
    assert_eq!(story.thing(LAMP).policy.verdicts.len(), 1);
}

#[test]
fn in_watch_nothing_is_dropped() {
    let mut story = Story::new(Mode::Watch);
    story.announce(LAMP, &url());
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
    story.fetched(verified(&good(), "CN=Maker"));
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::Observe);
}

#[test]
fn made_up_addresses_push_out_strangers_but_never_a_thing_with_a_url() {
    let mut story = limited_lamp();
    for number in 10..60 {
        story.pass(Duration::from_secs(1));
        let stranger = MacAddress([2, 0, 0, 0, 1, number]);
        let actions = story.tell(Event::Announced(announcement(stranger, Announced::Nothing)));
        assert!(
            !actions
                .iter()
                .any(|action| matches!(action, Action::SaveThing(_))),
            "flash is not for strangers"
        );
    }
    let snapshot = story.manager.snapshot();
    assert_eq!(snapshot.things.len(), 4);
    assert!(snapshot.things.contains_key(&LAMP));
}

#[test]
fn group_addresses_are_no_things() {
    let mut story = Story::new(Mode::Ask);
    story.announce(MacAddress([1, 0, 0x5e, 0, 0, 1]), &url());
    assert!(story.manager.snapshot().things.is_empty());
}

#[test]
fn an_address_belongs_to_the_thing_that_leased_it_last_and_a_claim_does_not_take_it() {
    let mut story = limited_lamp();
    let address = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
    let lifetime = Duration::from_secs(3600);
    let lease = |mac| Event::Leased {
        mac,
        port: "lan1".to_owned(),
        address,
        lifetime,
    };
    let holders = |story: &mut Story| -> Vec<_> {
        let snapshot = story.manager.snapshot();
        snapshot
            .things
            .values()
            .filter(|thing| !thing.bindings.is_empty())
            .map(|thing| thing.mac)
            .collect()
    };
    assert!(story.tell(lease(LAMP)).contains(&Action::Apply));
    story.tell(Event::Neighbour { mac: OTHER, address });
    assert_eq!(holders(&mut story), [LAMP]);
    story.tell(lease(OTHER));
    assert_eq!(holders(&mut story), [OTHER]);
    story.tell(Event::Released { mac: OTHER, address });
    // The kernel still knows it as a neighbour under that address, and says so when the entry ages.
    story.tell(Event::Neighbour { mac: OTHER, address });
    assert!(holders(&mut story).is_empty());
    story.tell(lease(OTHER));
    assert_eq!(holders(&mut story), [OTHER]);
    story.pass(lifetime);
    story.tell(Event::Tick);
    story.tell(Event::Neighbour { mac: OTHER, address });
    assert!(holders(&mut story).is_empty());
    story.tell(Event::Neighbour { mac: LAMP, address });
    assert_eq!(holders(&mut story), [LAMP]);
}

#[test]
fn blocked_flows_are_counted_named_and_bounded() {
    let mut story = limited_lamp();
    let peer = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    let name = mudguard_mud::DomainName::parse("cloud.maker.example").unwrap();
    story.tell(Event::Answered(Answer {
        mac: LAMP,
        name: name.clone(),
        addresses: vec![peer],
    }));
    let denial = |port| {
        Event::Denied(Denial {
            mac: LAMP,
            peer,
            initiator: Initiator::Thing,
            protocol: 6,
            port: Some(port),
        })
    };
    for port in [23, 24, 25, 26, 26] {
        story.tell(denial(port));
    }
    let lamp = story.thing(LAMP);
    let seen: Vec<_> = lamp
        .blocked
        .iter()
        .map(|flow| (flow.port.unwrap(), flow.count))
        .collect();
    assert_eq!(seen, [(24, 1), (25, 1), (26, 2)]);
    assert_eq!(lamp.blocked[0].name, Some(name));
}

#[test]
fn names_are_remembered_for_managed_things_only() {
    let mut story = Story::new(Mode::Ask);
    story.tell(Event::Announced(announcement(LAMP, Announced::Nothing)));
    let name = mudguard_mud::DomainName::parse("private.example").unwrap();
    let addresses = vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))];
    story.tell(Event::Answered(Answer {
        mac: LAMP,
        name,
        addresses,
    }));
    assert!(story.thing(LAMP).looked_up.is_empty());
}

#[test]
fn a_snapshot_is_the_same_until_something_changes() {
    let mut story = limited_lamp();
    let first = story.manager.snapshot();
    story.tell(Event::Tick);
    assert!(Arc::ptr_eq(&first, &story.manager.snapshot()));
    story.tell(Event::HomeChanged(Home::default()));
    assert!(story.manager.snapshot().version > first.version);
}

#[test]
fn a_kept_lease_that_has_ended_binds_nothing() {
    let mut story = limited_lamp();
    let address = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20));
    story.tell(Event::Leased {
        mac: LAMP,
        port: "lan1".to_owned(),
        address,
        lifetime: Duration::from_secs(60),
    });
    let later = Moment {
        wall: "2026-03-02T00:00:00Z".parse::<Timestamp>().unwrap(),
        ..story.now
    };
    let (mut manager, _) = Manager::restore(Settings::default(), home(), story.stored(), later);
    assert!(manager.snapshot().things[&LAMP].bindings.is_empty());
}

#[test]
fn an_address_of_this_router_is_bound_to_nobody() {
    let mut story = Story::new(Mode::Ask);
    let address = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 1));
    story.tell(Event::Neighbour { mac: LAMP, address });
    assert!(story.manager.snapshot().things.is_empty());
}

#[test]
fn a_thing_that_is_forgotten_while_it_is_there_keeps_the_addresses_it_was_lent() {
    let mut story = limited_lamp();
    let [lent, found, short] = [7, 8, 9].map(|host| IpAddr::V4(Ipv4Addr::new(192, 168, 1, host)));
    let lease = |address, seconds| Event::Leased {
        mac: LAMP,
        port: "lan1".to_owned(),
        address,
        lifetime: Duration::from_secs(seconds),
    };
    story.tell(lease(lent, 3600));
    story.tell(lease(short, 60));
    story.tell(Event::Neighbour {
        mac: LAMP,
        address: found,
    });
    let forget = Command::Forget { thing: LAMP };
    story.command(forget.clone()).unwrap();
    assert!(!story.manager.snapshot().things.contains_key(&LAMP));
    story.pass(Duration::from_secs(600));
    story.announce(LAMP, &url());
    let bound = |story: &mut Story| {
        let thing = story.thing(LAMP);
        thing
            .bindings
            .iter()
            .map(|binding| binding.address)
            .collect::<Vec<_>>()
    };
    assert_eq!(bound(&mut story), [lent, found], "without a new lease");
    assert_eq!(
        story.thing(LAMP).bindings[0].expires.unwrap(),
        story.now.wall + SignedDuration::from_secs(3000),
        "its lease lasts no longer"
    );
    story.pass(Duration::from_secs(3001));
    story.tell(Event::Tick);
    assert_eq!(bound(&mut story), [found]);

    // What it gives back, and what another is lent meanwhile, is its own no longer.
    story.tell(lease(lent, 3600));
    story.tell(lease(short, 3600));
    story.command(forget).unwrap();
    story.tell(Event::Released {
        mac: LAMP,
        address: short,
    });
    story.tell(Event::Leased {
        mac: OTHER,
        port: "lan2".to_owned(),
        address: lent,
        lifetime: Duration::from_secs(3600),
    });
    // Nor when it is taken back that it was forgotten.
    story.command(Command::Undo { thing: LAMP }).unwrap();
    assert_eq!(bound(&mut story), [found]);
    let other = story.thing(OTHER);
    assert_eq!(other.bindings[0].address, lent);
}
