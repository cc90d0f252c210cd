//! What the owner decides beside the file: it holds through everything, ends by itself, and can be taken back.

use mudguard_policy::{Action as Does, Origin, Peer};

use super::*;
use crate::{Flows, OverridePeer, Overriding};

const HOUR: Duration = Duration::from_secs(3600);

fn flows(name: &str) -> Flows {
    Flows {
        peer: OverridePeer::Name(mudguard_mud::DomainName::parse(name).unwrap()),
        initiator: Initiator::Thing,
        protocol: Some(6),
        port: Some(443),
    }
}

fn allow(lasting: Option<Duration>) -> Command {
    Command::Allow {
        thing: LAMP,
        flows: flows("shop.example"),
        lasting,
    }
}

fn block() -> Command {
    Command::Block {
        thing: LAMP,
        flows: flows("cloud.maker.example"),
        lasting: None,
    }
}

fn restarted(story: &Story) -> Story {
    let (manager, actions) = Manager::restore(Settings::default(), home(), story.stored(), story.now);
    Story {
        manager,
        now: story.now,
        actions,
    }
}

fn is_allowed(story: &mut Story) -> bool {
    let lamp = story.thing(LAMP);
    let first = &lamp.policy.permits[0];
    first.origin == Origin::Owner
        && first.action == Does::Accept
        && matches!(&first.peer, Peer::Name(name) if name.as_str() == "shop.example")
}

#[test]
fn what_is_allowed_holds_through_a_new_file_and_a_restart_and_ends_by_itself() {
    let mut story = limited_lamp();
    assert!(story.command(allow(Some(HOUR))).unwrap().contains(&Action::Apply));
    assert!(is_allowed(&mut story));
    story.fetched(verified(
        &file("2026-02-01T00:00:00Z", "new.maker.example"),
        "CN=Maker",
    ));
    assert!(is_allowed(&mut story));
    story.pass(HOUR / 2);
    let mut story = restarted(&story);
    assert!(is_allowed(&mut story));
    assert_eq!(story.manager.next_tick(), Some(story.now.uptime + HOUR / 2));
    story.pass(HOUR / 2);
    assert!(story.tell(Event::Tick).contains(&Action::Apply));
    assert!(!is_allowed(&mut story));
    assert!(story.stored().things[0].overrides.is_empty());
    assert_eq!(story.journalled(JournalKind::OverrideEnded), 1);
}

#[test]
fn what_is_allowed_for_an_hour_is_not_prolonged_by_a_clock_that_goes_back() {
    for wall in ["1970-01-01T00:00:00Z", "2031-01-01T00:00:00Z"] {
        let mut story = limited_lamp();
        story.command(allow(Some(HOUR))).unwrap();
        story.now.wall = wall.parse().unwrap();
        story.tell(Event::ClockChanged(ClockState::Valid));
        story.tell(Event::Tick);
        assert!(is_allowed(&mut story), "{wall}");
        let mut story = restarted(&story);
        assert!(is_allowed(&mut story), "{wall}");
        story.pass(HOUR);
        story.tell(Event::Tick);
        assert!(!is_allowed(&mut story), "{wall}");
    }
}

#[test]
fn what_is_allowed_for_an_hour_ends_within_an_hour_of_a_start_without_a_clock() {
    let mut story = limited_lamp();
    story.command(allow(Some(HOUR))).unwrap();
    story.now.wall = Timestamp::UNIX_EPOCH;
    let mut story = restarted(&story);
    assert!(is_allowed(&mut story));
    story.pass(HOUR);
    story.tell(Event::Tick);
    assert!(!is_allowed(&mut story));
}

#[test]
fn addresses_are_approved_and_rejected_for_one_file_only() {
    let by_address = |month: u8| -> Arc<[u8]> {
        let text = file(&format!("2026-0{month}-01T00:00:00Z"), "to-be-replaced");
        let text = String::from_utf8(text.to_vec()).unwrap().replace(
            r#""ietf-acldns:dst-dnsname": "to-be-replaced""#,
            &format!(r#""destination-ipv4-network": "203.0.113.{month}/32""#),
        );
        text.into_bytes().into()
    };
    let is_held = |thing: &Thing| matches!(thing.policy.verdicts[0].verdict, Verdict::Refused(_));
    let mut story = limited_lamp();
    for (month, approved) in [(2, true), (3, false), (4, true)] {
        story.fetched(verified(&by_address(month), "CN=Maker"));
        let lamp = story.thing(LAMP);
        assert!(is_held(&lamp), "file {month}");
        assert!(matches!(
            lamp.question.as_ref().unwrap().waiting,
            Waiting::Addresses
        ));
        let answer = if approved { Story::approve } else { Story::reject };
        answer(&mut story, LAMP).unwrap();
        story.fetched(verified(&by_address(month), "CN=Maker"));
        let lamp = story.thing(LAMP);
        assert_eq!((is_held(&lamp), lamp.question.is_some()), (!approved, false));
    }
}

#[test]
fn a_block_is_a_veto_that_no_file_and_no_allowance_beats() {
    let mut story = limited_lamp();
    story.command(block()).unwrap();
    story
        .command(Command::Allow {
            thing: LAMP,
            flows: flows("cloud.maker.example"),
            lasting: None,
        })
        .unwrap();
    story.fetched(verified(
        &file("2026-02-01T00:00:00Z", "cloud.maker.example"),
        "CN=Maker",
    ));
    let mut story = restarted(&story);
    let policy = Arc::clone(&story.thing(LAMP).policy);
    let [from, to] = &policy.vetoes[..] else {
        panic!("{:?}", policy.vetoes)
    };
    assert_eq!((from.action, to.action), (Does::Drop, Does::Drop));
    assert_eq!(
        (from.initiator, to.initiator),
        (Initiator::Thing, Initiator::Peer)
    );
    assert!(matches!(&from.peer, Peer::Name(name) if name.as_str() == "cloud.maker.example"));
}

#[test]
fn lifted_limits_are_shown_and_come_back() {
    let mut story = limited_lamp();
    let lift = |lasting| Command::Lift { thing: LAMP, lasting };
    assert_eq!(story.command(lift(HOUR * 49)), Err(CommandError::TooLong));
    story.command(lift(HOUR)).unwrap();
    let lamp = story.thing(LAMP);
    assert_eq!((lamp.enforcement, lamp.is_lifted()), (Enforcement::Observe, true));
    let mut story = restarted(&story);
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::Observe);
    story.pass(HOUR);
    story.tell(Event::Tick);
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.enforcement, lamp.is_lifted()),
        (Enforcement::Enforce, false)
    );
}

#[test]
fn the_same_decision_again_only_changes_how_long_it_lasts() {
    let mut story = limited_lamp();
    for lasting in [Some(HOUR), None, Some(HOUR * 2)] {
        story.command(allow(lasting)).unwrap();
    }
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.overrides.len(), 1);
    assert_eq!(story.manager.next_tick(), Some(story.now.uptime + HOUR * 2));
}

#[test]
fn what_means_nothing_or_is_too_much_is_refused() {
    let mut story = limited_lamp();
    story.tell(Event::Announced(announcement(OTHER, Announced::Nothing)));
    let lift = Command::Lift {
        thing: OTHER,
        lasting: HOUR,
    };
    assert_eq!(story.command(lift), Err(CommandError::NotLimited(OTHER)));
    for number in 0..32 {
        let flows = flows(&format!("n{number}.example"));
        let lasting = None;
        story
            .command(Command::Allow {
                thing: LAMP,
                flows,
                lasting,
            })
            .unwrap();
    }
    assert_eq!(
        story.command(allow(None)),
        Err(CommandError::TooManyOverrides(LAMP))
    );
    let end = |id| Command::EndOverride { thing: LAMP, id };
    assert_eq!(
        story.command(end(99)),
        Err(CommandError::NoSuchOverride(LAMP, 99))
    );
    story.command(end(7)).unwrap();
    story.command(allow(None)).unwrap();
}

#[test]
fn an_approved_file_is_taken_back_and_asked_about_again() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    story.approve(LAMP).unwrap();
    assert_eq!(story.stored().files.len(), 1);
    story.command(Command::Undo { thing: LAMP }).unwrap();
    let lamp = story.thing(LAMP);
    assert_eq!(*lamp.policy, narrow());
    assert!(matches!(
        lamp.question.as_ref().unwrap().waiting,
        Waiting::File(_)
    ));
    assert!(story.stored().files.is_empty());
    assert_eq!(
        story.command(Command::Undo { thing: LAMP }),
        Err(CommandError::NothingToUndo(LAMP))
    );
    story.approve(LAMP).unwrap();
    assert_eq!(story.thing(LAMP).policy.verdicts.len(), 1);
}

#[test]
fn a_decision_that_something_came_after_is_not_taken_back() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    story.approve(LAMP).unwrap();
    story.fetched(verified(
        &file("2026-02-01T00:00:00Z", "cloud.maker.example"),
        "CN=Maker",
    ));
    let before = story.thing(LAMP);
    assert_eq!(
        story.command(Command::Undo { thing: LAMP }),
        Err(CommandError::NothingToUndo(LAMP))
    );
    assert_eq!(story.thing(LAMP).policy, before.policy);
}

#[test]
fn a_no_a_name_an_address_and_an_allowance_are_taken_back() {
    let undo = || Command::Undo { thing: LAMP };
    let mut story = limited_lamp();
    story.announce(LAMP, &MudUrl::parse("https://evil.example/").unwrap());
    story.reject(LAMP).unwrap();
    story.command(undo()).unwrap();
    assert!(story.thing(LAMP).question.is_some());

    let name = |name: &str| Command::Rename {
        thing: LAMP,
        name: Some(name.to_owned()),
    };
    story.command(name(" Hall ")).unwrap();
    assert_eq!(story.thing(LAMP).name.as_deref(), Some("Hall"));
    for bad in ["", "  ", "a\nb", &"x".repeat(61)] {
        assert_eq!(story.command(name(bad)), Err(CommandError::BadName));
    }
    story.command(undo()).unwrap();
    assert_eq!(story.thing(LAMP).name, None);

    story
        .command(Command::SetUrl {
            thing: LAMP,
            url: MudUrl::parse("https://other.example/").unwrap(),
            channel: Channel::Code,
        })
        .unwrap();
    assert_eq!(story.thing(LAMP).channel, Some(Channel::Code));
    story.command(undo()).unwrap();
    assert_eq!(story.thing(LAMP).url, Some(url()));

    story.command(allow(None)).unwrap();
    story.command(undo()).unwrap();
    assert!(story.thing(LAMP).overrides.is_empty());
    assert!(matches!(&story.thing(LAMP).policy.verdicts[..], [one] if one.verdict == Verdict::Enforced));
}

#[test]
fn a_thing_that_is_forgotten_leaves_nothing_behind() {
    let mut story = limited_lamp();
    story.command(allow(Some(HOUR))).unwrap();
    let actions = story.command(Command::Forget { thing: LAMP }).unwrap();
    assert!(actions.contains(&Action::ForgetThing(LAMP)) && actions.contains(&Action::Apply));
    assert!(story.manager.snapshot().things.is_empty());
    assert!(story.stored().things.is_empty());
    story.pass(HOUR);
    story.tell(Event::Tick);
    story.announce(LAMP, &url());
    assert!(
        !story
            .thing(LAMP)
            .overrides
            .iter()
            .any(|decided| decided.what != Overriding::Lift)
    );
}

#[test]
fn a_url_by_hand_needs_no_thing_that_was_seen() {
    let mut story = Story::new(Mode::Ask);
    let actions = story
        .command(Command::SetUrl {
            thing: LAMP,
            url: url(),
            channel: Channel::Dhcpv4,
        })
        .unwrap();
    assert_eq!(fetches(&actions), 1);
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.channel, lamp.enforcement),
        (Some(Channel::Owner), Enforcement::Enforce)
    );
}
