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
