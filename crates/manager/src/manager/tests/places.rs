//! A Thing that is heard where it cannot be: the old place stays, and one question comes.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn at(port: &str) -> Event {
    Event::Announced(Announcement {
        port: port.to_owned(),
        ..announcement(LAMP, Announced::Nothing)
    })
}

fn leased(port: &str, host: u8) -> Event {
    Event::Leased {
        mac: LAMP,
        port: port.to_owned(),
        address: IpAddr::V4(Ipv4Addr::new(192, 168, 1, host)),
        lifetime: Duration::from_secs(3600),
    }
}

fn asks_about(thing: &Thing, expected: &str) -> bool {
    matches!(thing.question.as_ref().map(|question| &question.waiting),
        Some(Waiting::Place(port)) if port == expected)
}

#[test]
fn a_thing_at_two_ports_at_once_stays_where_it_was_and_is_asked_about_once() {
    let mut story = limited_lamp();
    story.tell(leased("lan1", 20));
    for _ in 0..100 {
        story.pass(MINUTE);
        story.tell(at("lan3"));
        story.tell(at("lan1"));
    }
    let actions = story.tell(leased("lan3", 66));
    assert!(
        actions.contains(&Action::Apply),
        "the kernel was told of the lease, and must unlearn it"
    );
    let lamp = story.thing(LAMP);
    assert!(asks_about(&lamp, "lan3") && lamp.port.as_deref() == Some("lan1"));
    assert_eq!(lamp.bindings.len(), 1, "the address of the other is not bound");
    assert_eq!(story.journalled(JournalKind::QuestionRaised), 1);
    assert_eq!(lamp.policy.verdicts.len(), 1, "its rules stay");
}

#[test]
fn both_answers_settle_where_a_thing_is() {
    for (moved, port) in [(true, "lan3"), (false, "lan1")] {
        let mut story = limited_lamp();
        story.tell(at("lan3"));
        let answer = if moved { Story::approve } else { Story::reject };
        answer(&mut story, LAMP).unwrap();
        assert_eq!(story.thing(LAMP).port.as_deref(), Some(port));
        story.tell(at("lan3"));
        let lamp = story.thing(LAMP);
        assert!(lamp.question.is_none() && lamp.port.as_deref() == Some(port));
        story.command(Command::Undo { thing: LAMP }).unwrap();
        let lamp = story.thing(LAMP);
        assert!(asks_about(&lamp, "lan3") && lamp.port.as_deref() == Some("lan1"));
    }
}

#[test]
fn a_plug_that_was_moved_asks_nobody() {
    let mut story = limited_lamp();
    story.pass(MINUTE * 6);
    story.tell(leased("lan3", 20));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none() && lamp.port.as_deref() == Some("lan3"));
}

#[test]
fn a_phone_that_goes_from_radio_to_radio_asks_nobody() {
    let mut story = Story::new(Mode::Ask);
    for port in ["wlan0", "wlan1", "wlan0", "wlan1"] {
        story.tell(at(port));
        assert_eq!(story.thing(LAMP).port.as_deref(), Some(port));
    }
    assert!(story.thing(LAMP).question.is_none());
}

#[test]
fn a_frame_in_the_name_of_another_is_told_once_and_changes_nothing() {
    let mut story = limited_lamp();
    let before = story.thing(LAMP);
    for _ in 0..50 {
        let port = "lan3".to_owned();
        story.tell(Event::Forged { mac: LAMP, port });
    }
    story.tell(Event::Forged {
        mac: OTHER,
        port: "lan3".to_owned(),
    });
    let lamp = story.thing(LAMP);
    assert!(asks_about(&lamp, "lan3"));
    assert_eq!((&lamp.port, &lamp.policy), (&before.port, &before.policy));
    assert_eq!(story.journalled(JournalKind::QuestionRaised), 1);
    assert!(
        !story.manager.snapshot().things.contains_key(&OTHER),
        "it makes no Thing up"
    );
}
