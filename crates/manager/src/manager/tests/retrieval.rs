//! When files are retrieved.

use super::*;

#[test]
fn a_failed_retrieval_keeps_the_last_good_file_and_is_tried_again_later_and_later() {
    let mut story = limited_lamp();
    let before = story.thing(LAMP);
    let mut waits = Vec::new();
    for _ in 0..4 {
        story.fetched(Retrieved::Failed {
            reason: "no answer".to_owned(),
        });
        let due = story.manager.next_tick().unwrap();
        waits.push(due - story.now.uptime);
        story.pass(due - story.now.uptime);
        assert_eq!(fetches(&story.tell(Event::Tick)), 1);
    }
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
    let after = story.thing(LAMP);
    assert_eq!(after.policy, before.policy);
    assert_eq!(after.problem.as_deref(), Some("no answer"));
}

#[test]
fn announcing_again_asks_the_file_server_only_after_the_cache_validity() {
    let mut story = limited_lamp();
    for _ in 0..100 {
        story.pass(Duration::from_secs(60));
        assert_eq!(fetches(&story.announce(LAMP, &url())), 0);
    }
    story.pass(Duration::from_secs(27 * 3600));
    let actions = story.announce(LAMP, &url());
    assert_eq!(
        actions,
        [Action::Fetch {
            url: url(),
            etag: Some("\"1\"".to_owned())
        }]
    );
}

#[test]
fn an_unchanged_file_waits_for_its_cache_validity_again() {
    let mut story = limited_lamp();
    story.pass(Duration::from_secs(27 * 3600));
    story.tell(Event::Tick);
    story.fetched(Retrieved::Unchanged);
    assert!(story.manager.next_tick().unwrap() >= story.now.uptime + Duration::from_secs(24 * 3600));
}

fn due_after_restart(story: &Story, now: Moment) -> Duration {
    let (manager, actions) = Manager::restore(Settings::default(), home(), story.stored(), now);
    assert_eq!(fetches(&actions), 0);
    manager.next_tick().unwrap() - now.uptime
}

#[test]
fn the_cache_validity_goes_on_through_a_restart_and_what_is_overdue_comes_within_minutes() {
    const HOUR: u64 = 3600;
    let mut story = limited_lamp();
    let _ = story.thing(LAMP);
    for (passed, least, most) in [
        (0, 24 * HOUR, 24 * HOUR * 11 / 10),
        (20 * HOUR, 4 * HOUR, 4 * HOUR * 11 / 10),
        (24 * HOUR, 0, 180),
        (1_000 * HOUR, 0, 180),
    ] {
        let mut now = story.now;
        now.wall += SignedDuration::from_secs(i64::try_from(passed).unwrap());
        let due = due_after_restart(&story, now).as_secs();
        assert!((least..=most).contains(&due), "{passed}: {due}");
    }
    let before_it_was_retrieved = Moment {
        wall: Timestamp::UNIX_EPOCH,
        ..story.now
    };
    let due = due_after_restart(&story, before_it_was_retrieved);
    assert!(
        due.as_secs() >= 24 * HOUR,
        "a clock that does not know is no reason to be early"
    );
}

fn brought(retrieved: Retrieved) -> Event {
    Event::Brought(Fetched {
        url: url(),
        retrieved,
    })
}

#[test]
fn a_file_that_is_brought_and_refused_changes_nothing_but_its_answer() {
    let mut story = limited_lamp();
    let (before, due) = (story.thing(LAMP), story.manager.next_tick());
    let older = file("2025-01-01T00:00:00Z", "old.example");
    let unreadable = Arc::from(&b"{"[..]);
    for refused in [
        verified(&older, "CN=Maker"),
        verified(&unreadable, "CN=Maker"),
        Retrieved::Refused {
            reason: "no".to_owned(),
        },
    ] {
        story.tell(brought(refused));
        assert!(Arc::ptr_eq(&story.thing(LAMP), &before));
        assert_eq!(story.manager.next_tick(), due);
    }
    assert_eq!(
        story.journalled(JournalKind::FileRefused),
        3,
        "the answer is in the journal"
    );
}

#[test]
fn a_file_that_is_brought_and_waits_leaves_the_server_to_be_asked() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(Retrieved::Failed {
        reason: "no answer".to_owned(),
    });
    let due = story.manager.next_tick();
    story.tell(brought(unverified(&good())));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_some());
    assert_eq!(
        (story.manager.next_tick(), lamp.problem.as_deref()),
        (due, Some("no answer"))
    );
}

#[test]
fn a_file_that_is_brought_does_not_end_the_retrieval_under_way() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.tell(brought(verified(&good(), "CN=Maker")));
    assert!(story.thing(LAMP).file.is_some());
    story.pass(Duration::from_secs(60));
    assert_eq!(
        fetches(&story.announce(OTHER, &url())),
        0,
        "one flight per URL, whatever is brought"
    );
    let due = story.manager.next_tick();
    story.fetched(Retrieved::Failed {
        reason: "no answer".to_owned(),
    });
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.problem.as_deref(), story.manager.next_tick()),
        (None, due),
        "it was overtaken"
    );
    // The next one is told again.
    story.pass(Duration::from_secs(27 * 3600));
    assert_eq!(fetches(&story.tell(Event::Tick)), 1);
    story.fetched(Retrieved::Failed {
        reason: "no answer".to_owned(),
    });
    assert_eq!(story.thing(LAMP).problem.as_deref(), Some("no answer"));
}

#[test]
fn what_came_while_a_file_was_brought_is_judged_like_any_other() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.tell(brought(verified(&good(), "CN=Maker")));
    let newer = file("2026-02-01T00:00:00Z", "cloud.maker.example");
    story.fetched(verified(&newer, "CN=Maker"));
    assert_eq!(story.thing(LAMP).file.as_ref().unwrap().sha256, digest(&newer));
}

#[test]
fn what_is_overdue_after_a_start_without_a_clock_comes_within_minutes_of_its_setting() {
    let mut story = limited_lamp();
    let _ = story.thing(LAMP);
    // The router was off for a month, and starts with the newest time that it knows.
    let (mut manager, actions) = Manager::restore(Settings::default(), home(), story.stored(), story.now);
    assert_eq!(fetches(&actions), 0);
    let after = Duration::from_secs(30 * 24 * 3600);
    let now = Moment {
        wall: story.now.wall + SignedDuration::try_from(after).unwrap(),
        uptime: story.now.uptime + Duration::from_secs(20),
    };
    assert_eq!(
        fetches(&manager.handle(Event::ClockChanged(ClockState::Valid), now)),
        0,
        "homes that got their power back together do not ask together"
    );
    let due = manager.next_tick().unwrap();
    assert!(due <= now.uptime + Duration::from_secs(180), "{due:?}");
    let then = Moment { uptime: due, ..now };
    assert_eq!(fetches(&manager.handle(Event::Tick, then)), 1);
    // A clock that jumps later, while the daemon runs, says nothing about when a file was retrieved.
    let retrieved = verified(&good(), "CN=Maker");
    manager.handle(
        Event::Fetched(Fetched {
            url: url(),
            retrieved,
        }),
        then,
    );
    let due = manager.next_tick();
    let later = Moment {
        wall: then.wall + SignedDuration::try_from(after).unwrap(),
        ..then
    };
    manager.handle(Event::ClockChanged(ClockState::Valid), later);
    assert_eq!(manager.next_tick(), due);
}
