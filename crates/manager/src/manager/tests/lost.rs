//! What the manager promises when the store has lost something, and when the clock was not known.

use super::*;

const ASK: Settings = Settings {
    mode: Mode::Ask,
    max_things: 4,
    max_bindings: 16,
    max_blocked: 3,
    max_looked_up: 8,
    restrict_strangers: false,
    jitter: 0,
};

fn lost(restricted: Vec<MacAddress>, settings: Settings) -> Story {
    let restored = Restored {
        restricted,
        ..Restored::default()
    };
    let (manager, actions) = Manager::restore(settings, home(), restored, start());
    Story {
        manager,
        now: start(),
        actions,
    }
}

fn narrowed(thing: &Thing) -> bool {
    (thing.enforcement, &*thing.policy) == (Enforcement::Enforce, &narrow())
}

#[test]
fn a_limited_thing_that_the_store_lost_stays_limited_until_its_file_is_there_again() {
    let mut story = lost(vec![LAMP], ASK);
    assert!(narrowed(&story.thing(LAMP)));
    story.tell(Event::Announced(announcement(LAMP, Announced::Nothing)));
    assert!(narrowed(&story.thing(LAMP)));
    story.announce(LAMP, &url());
    assert!(narrowed(&story.thing(LAMP)));
    story.fetched(verified(&good(), "CN=Maker"));
    assert_eq!(story.thing(LAMP).policy.verdicts.len(), 1);
}

#[test]
fn a_thing_that_was_never_limited_is_not_limited_by_the_loss() {
    let mut story = lost(vec![LAMP], ASK);
    story.tell(Event::Announced(announcement(OTHER, Announced::Nothing)));
    assert_eq!(story.thing(OTHER).enforcement, Enforcement::None);
}

#[test]
fn the_owner_may_free_a_thing_that_was_limited_before_the_loss() {
    let mut story = lost(vec![LAMP], ASK);
    story.approve(LAMP).unwrap();
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
}

#[test]
fn what_is_written_after_the_loss_does_not_free_a_thing_at_the_next_start() {
    let mut story = lost(vec![LAMP], ASK);
    story.tell(Event::Leased {
        mac: LAMP,
        port: "lan1".to_owned(),
        address: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20)),
        lifetime: Duration::from_secs(600),
    });
    let restored = Restored {
        restricted: vec![LAMP],
        ..story.stored()
    };
    let (mut manager, _) = Manager::restore(ASK, home(), restored, story.now);
    assert!(narrowed(&manager.snapshot().things[&LAMP]));
}

#[test]
fn when_nobody_knows_what_was_limited_every_stranger_waits() {
    let mut story = lost(
        Vec::new(),
        Settings {
            restrict_strangers: true,
            ..ASK
        },
    );
    story.tell(Event::Announced(announcement(OTHER, Announced::Nothing)));
    assert!(narrowed(&story.thing(OTHER)));
    assert!(matches!(
        story.thing(OTHER).question.as_ref().unwrap().waiting,
        Waiting::NewThing
    ));
}

#[test]
fn in_watch_a_loss_drops_nothing() {
    let watch = Settings {
        mode: Mode::Watch,
        restrict_strangers: true,
        ..ASK
    };
    let mut story = lost(vec![LAMP], watch);
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
}

#[test]
fn a_file_that_was_believed_without_dates_is_judged_again_when_the_clock_is_set() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    let without_dates = |provisional| Retrieved::Verified {
        bytes: good(),
        sha256: digest(&good()),
        signer: "CN=Maker".to_owned(),
        key: "00".to_owned(),
        ca: String::new(),
        provisional,
        etag: None,
    };
    story.fetched(without_dates(true));
    let actions = story.tell(Event::ClockChanged(ClockState::Valid));
    assert_eq!(
        actions,
        [Action::Fetch {
            url: url(),
            etag: None
        }]
    );
    story.fetched(without_dates(false));
    let lamp = story.thing(LAMP);
    assert!(matches!(
        lamp.file.as_ref().unwrap().trust,
        Trust::Signed {
            provisional: false,
            ..
        }
    ));
}

#[test]
fn the_kernels_consent_ends_the_notice_of_its_refusal() {
    let mut story = limited_lamp();
    story.tell(Event::Noticed(Notice::FirewallRefused("no".to_owned())));
    story.tell(Event::Noticed(Notice::Limitation("a switch chip".to_owned())));
    story.tell(Event::Applied { version: 1 });
    assert_eq!(
        story.manager.snapshot().notices,
        [Notice::Limitation("a switch chip".to_owned())]
    );
}

#[test]
fn what_is_left_out_is_said_until_nothing_is() {
    let mut story = Story::new(Mode::Ask);
    for rules in ["one rule", "two rules"] {
        story.tell(Event::Noticed(Notice::LeftOut(rules.to_owned())));
        assert_eq!(
            story.manager.snapshot().notices,
            [Notice::LeftOut(rules.to_owned())]
        );
    }
    story.tell(Event::Noticed(Notice::LeftOut(String::new())));
    assert_eq!(story.manager.snapshot().notices, []);
}
