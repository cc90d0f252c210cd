//! The home's mode, and the modes that the owner chose for single Things.

use super::*;

fn choose(mode: Option<Mode>) -> Command {
    Command::SetMode { thing: LAMP, mode }
}

fn narrowed(thing: &Thing) -> bool {
    (thing.enforcement, &*thing.policy) == (Enforcement::Enforce, &narrow())
}

#[test]
fn a_thing_has_the_mode_that_was_chosen_for_it_and_keeps_it() {
    let mut story = limited_lamp();
    for (mode, enforcement) in [
        (Some(Mode::Watch), Enforcement::Observe),
        (Some(Mode::Protect), Enforcement::Enforce),
        (None, Enforcement::Enforce),
        (Some(Mode::Watch), Enforcement::Observe),
    ] {
        story.command(choose(mode)).unwrap();
        assert_eq!(story.thing(LAMP).enforcement, enforcement, "{mode:?}");
    }
    let (mut manager, _) = Manager::restore(Settings::default(), home(), story.stored(), story.now);
    let lamp = Arc::clone(&manager.snapshot().things[&LAMP]);
    assert_eq!(
        (lamp.mode, lamp.enforcement),
        (Some(Mode::Watch), Enforcement::Observe)
    );
}

#[test]
fn a_thing_that_is_to_be_protected_waits_and_one_that_is_not_does_not() {
    let mut story = Story::new(Mode::Ask);
    story.tell(Event::Announced(announcement(LAMP, Announced::Nothing)));
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
    story.command(choose(Some(Mode::Protect))).unwrap();
    let lamp = story.thing(LAMP);
    assert!(narrowed(&lamp) && lamp.question.is_some());
    story.command(choose(None)).unwrap();
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.enforcement, lamp.question.is_some()),
        (Enforcement::None, false)
    );
    story.command(Command::Undo { thing: LAMP }).unwrap();
    assert!(narrowed(&story.thing(LAMP)));
}

#[test]
fn a_thing_that_made_its_address_up_is_marked_and_in_ask_is_left_alone_until_it_names_a_url() {
    let made = MacAddress([0x3a, 0, 0, 0, 0, 9]);
    let bought = MacAddress([0x38, 0, 0, 0, 0, 9]);
    let mut story = Story::new(Mode::Ask);
    for mac in [made, bought] {
        story.tell(Event::Announced(announcement(mac, Announced::Nothing)));
        let thing = story.thing(mac);
        assert_eq!(thing.has_random_address(), mac == made);
        assert!(thing.enforcement == Enforcement::None && thing.question.is_none());
    }
    story.announce(made, &url());
    assert!(narrowed(&story.thing(made)));
}

fn two_networks(second: Option<Mode>) -> Home {
    let mut home = home();
    home.lans[0].ports = vec!["lan1".to_owned(), "lan2".to_owned()];
    home.lans.push(Lan {
        interface: "br-iot".to_owned(),
        prefixes: vec!["192.168.2.0/24".parse().unwrap()],
        ports: vec!["lan3".to_owned()],
        mode: second,
        ..Lan::default()
    });
    home
}

fn on(port: &str) -> Event {
    Event::Announced(Announcement {
        port: port.to_owned(),
        ..announcement(LAMP, Announced::Nothing)
    })
}

#[test]
fn each_network_has_its_mode_and_a_single_things_mode_wins() {
    for (port, mode, chosen, waits) in [
        ("lan1", Some(Mode::Protect), None, false),
        ("lan3", Some(Mode::Protect), None, true),
        ("br-iot", Some(Mode::Protect), None, true),
        ("wlan9", Some(Mode::Protect), None, false),
        ("lan3", None, None, false),
        ("lan3", Some(Mode::Protect), Some(Mode::Ask), false),
        ("lan1", Some(Mode::Protect), Some(Mode::Protect), true),
    ] {
        let mut story = Story::new(Mode::Ask);
        story.tell(Event::HomeChanged(two_networks(mode)));
        story.tell(on(port));
        story.command(choose(chosen)).unwrap();
        let lamp = story.thing(LAMP);
        assert_eq!(
            (narrowed(&lamp), lamp.question.is_some()),
            (waits, waits),
            "{port} {mode:?} {chosen:?}"
        );
    }
}

#[test]
fn a_thing_is_known_to_be_on_a_network_by_its_address_where_its_port_says_nothing() {
    let mut story = Story::new(Mode::Ask);
    story.tell(Event::HomeChanged(two_networks(Some(Mode::Protect))));
    story.tell(on("wlan9"));
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
    let link_local = "fe80::1234".parse().unwrap();
    story.tell(Event::Neighbour {
        mac: LAMP,
        address: link_local,
    });
    assert_eq!(
        story.thing(LAMP).enforcement,
        Enforcement::None,
        "that is on every network"
    );
    let address = "192.168.2.20".parse().unwrap();
    story.tell(Event::Neighbour { mac: LAMP, address });
    assert!(narrowed(&story.thing(LAMP)) && story.thing(LAMP).question.is_some());
}

#[test]
fn a_network_that_changes_its_mode_changes_it_for_its_things_and_asks_about_them() {
    let mut story = Story::new(Mode::Ask);
    story.tell(Event::HomeChanged(two_networks(None)));
    story.tell(on("lan3"));
    for (mode, waits) in [
        (Some(Mode::Protect), true),
        (Some(Mode::Watch), false),
        (Some(Mode::Protect), true),
    ] {
        let actions = story.tell(Event::HomeChanged(two_networks(mode)));
        assert!(actions.contains(&Action::Apply));
        let lamp = story.thing(LAMP);
        assert_eq!(
            (narrowed(&lamp), lamp.question.is_some()),
            (waits, waits),
            "{mode:?}"
        );
        let snapshot = story.manager.snapshot();
        assert_eq!(snapshot.mode_of(&lamp), mode.unwrap());
    }
}

#[test]
fn a_thing_that_is_moved_to_a_stricter_network_waits_there() {
    let mut story = Story::new(Mode::Ask);
    story.tell(Event::HomeChanged(two_networks(Some(Mode::Protect))));
    story.tell(on("lan1"));
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
    assert!(story.tell(on("lan3")).contains(&Action::Apply));
    assert!(narrowed(&story.thing(LAMP)));
}

#[test]
fn a_thing_that_made_its_address_up_is_asked_about_in_protect_and_forgotten_when_it_stays_away() {
    let mut story = Story::new(Mode::Protect);
    for number in 0..4 {
        let made = MacAddress([0x3a, 0, 0, 0, 0, number]);
        story.tell(Event::Announced(announcement(made, Announced::Nothing)));
        let thing = story.thing(made);
        assert!(narrowed(&thing) && thing.has_random_address() && thing.question.is_some());
    }
    let stays = MacAddress([0x3a, 0, 0, 0, 0, 2]);
    story.approve(stays).unwrap();
    story.pass(Duration::from_secs(24 * 3600));
    story.tell(Event::Tick);
    let snapshot = story.manager.snapshot();
    assert_eq!(
        snapshot.things.keys().collect::<Vec<_>>(),
        [&stays],
        "what the owner decided stays"
    );
}
