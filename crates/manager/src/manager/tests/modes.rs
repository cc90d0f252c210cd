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
