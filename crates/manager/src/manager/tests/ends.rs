//! What ends by itself: leases, and what a departure ends. The clock may jump meanwhile.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn address() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20))
}

fn lease(story: &mut Story, lifetime: Duration) {
    story.tell(Event::Leased {
        mac: LAMP,
        port: "lan1".to_owned(),
        address: address(),
        lifetime,
    });
}

fn is_bound(story: &mut Story) -> bool {
    !story.thing(LAMP).bindings.is_empty()
}

/// Sets the clock, and says so.
fn set_clock(story: &mut Story, wall: &str) {
    story.now.wall = wall.parse().unwrap();
    story.tell(Event::ClockChanged(ClockState::Valid));
    story.tell(Event::Tick);
}

#[test]
fn a_lease_that_is_not_renewed_ends_when_its_time_has_come() {
    let mut story = limited_lamp();
    lease(&mut story, HOUR);
    assert_eq!(story.manager.next_tick(), Some(story.now.uptime + HOUR));
    story.pass(HOUR / 2);
    lease(&mut story, HOUR);
    story.pass(HOUR / 2);
    story.tell(Event::Tick);
    assert!(is_bound(&mut story), "it was renewed");
    story.pass(HOUR / 2);
    assert!(story.tell(Event::Tick).contains(&Action::Apply));
    assert!(!is_bound(&mut story));
    let lamp = story.thing(LAMP);
    assert!(
        lamp.url.is_some() && lamp.file.is_some(),
        "its rules cost nothing and wait for it"
    );
}

#[test]
fn a_clock_that_is_set_ends_no_lease_that_was_given_since_the_start() {
    for wall in ["2031-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
        let mut story = limited_lamp();
        lease(&mut story, HOUR);
        set_clock(&mut story, wall);
        assert!(is_bound(&mut story), "{wall}");
        let expires = story.thing(LAMP).bindings[0].expires.unwrap();
        assert_eq!(
            expires.duration_since(story.now.wall),
            SignedDuration::from_hours(1)
        );
        story.pass(HOUR);
        story.tell(Event::Tick);
        assert!(!is_bound(&mut story), "{wall}");
    }
}

#[test]
fn a_lease_that_was_kept_is_judged_once_the_clock_is_set() {
    for (wall, bound) in [("2026-03-01T12:30:00Z", true), ("2026-03-01T13:30:00Z", false)] {
        let mut story = limited_lamp();
        lease(&mut story, HOUR);
        let at_boot = Moment {
            wall: Timestamp::UNIX_EPOCH,
            uptime: Duration::ZERO,
        };
        let (manager, _) = Manager::restore(Settings::default(), home(), story.stored(), at_boot);
        let mut story = Story {
            manager,
            now: at_boot,
            actions: Vec::new(),
        };
        assert!(is_bound(&mut story));
        set_clock(&mut story, wall);
        assert_eq!(is_bound(&mut story), bound, "{wall}");
    }
}

#[test]
fn a_departure_unbinds_what_is_not_lent() {
    let depart = |port: &str| Event::Departed {
        mac: LAMP,
        port: port.to_owned(),
    };
    let seen = Event::Neighbour {
        mac: LAMP,
        address: "2001:db8::20".parse().unwrap(),
    };
    let mut story = limited_lamp();
    lease(&mut story, HOUR);
    story.tell(seen);
    story.tell(depart("lan2"));
    assert_eq!(
        story.thing(LAMP).bindings.len(),
        2,
        "said on another port, it is somebody else's word"
    );
    assert!(story.tell(depart("lan1")).contains(&Action::Apply));
    let left: Vec<_> = (story.thing(LAMP).bindings.iter().map(|binding| binding.address)).collect();
    assert_eq!(left, [address()], "a lease ends by itself");
}
