//! The six questions: what raises each, what stays in force meanwhile, what both answers do, and that they outlive a restart.

use super::*;
use crate::{Asked, ControllerChoice, MY_CONTROLLER};

const HUB: MacAddress = MacAddress([0, 0, 0, 0, 0, 3]);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn waiting(story: &mut Story) -> Waiting {
    story.thing(LAMP).question.clone().expect("a question").waiting
}

/// A file whose one ACE names these others instead of a name.
fn naming(others: &str) -> Arc<[u8]> {
    let text = String::from_utf8(file("2026-02-01T00:00:00Z", "x.example").to_vec()).unwrap();
    let text = text.replace(
        r#""ipv4": { "ietf-acldns:dst-dnsname": "x.example", "protocol": 6 }"#,
        &format!(r#""ietf-mud:mud": {{ {others} }}, "ipv4": {{ "protocol": 6 }}"#),
    );
    text.into_bytes().into()
}

fn permits_hub(thing: &Thing) -> bool {
    let hub = mudguard_policy::Peer::Things(vec![HUB]);
    thing.policy.permits.iter().any(|rule| rule.peer == hub)
}

fn restart(story: &mut Story) {
    let settings = story.manager.settings.clone();
    let home = story.manager.home.clone();
    let (manager, actions) = Manager::restore(settings, home, story.stored(), story.now);
    story.manager = manager;
    story.actions.extend(actions);
}

#[test]
fn wider_rules_of_the_same_signer_wait_with_their_difference_and_survive_a_restart() {
    let mut story = limited_lamp();
    let wider = file("2026-02-01T00:00:00Z", "new.maker.example");
    story.fetched(verified(&wider, "CN=Maker"));
    for _ in 0..2 {
        let Waiting::File(asked) = waiting(&mut story) else {
            panic!("no file waits")
        };
        assert_eq!((asked.doubt, asked.file.sha256), (Doubt::Wider, digest(&wider)));
        assert_eq!((asked.gained.len(), asked.lost.len()), (1, 1));
        assert_eq!(story.thing(LAMP).file.as_ref().unwrap().sha256, digest(&good()));
        restart(&mut story);
    }
    assert_eq!(
        story.journalled(JournalKind::QuestionRaised),
        1,
        "a restart asks nobody again"
    );
    story.approve(LAMP).unwrap();
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&wider));
    assert!(matches!(lamp.file.as_ref().unwrap().trust, Trust::Signed { .. }));
    assert!(story.stored().waiting.is_empty());
}

#[test]
fn rules_that_were_rejected_stay_rejected_through_retrievals_and_restarts() {
    let mut story = limited_lamp();
    let wider = file("2026-02-01T00:00:00Z", "new.maker.example");
    story.fetched(verified(&wider, "CN=Maker"));
    story.reject(LAMP).unwrap();
    for _ in 0..2 {
        story.fetched(verified(&wider, "CN=Maker"));
        let lamp = story.thing(LAMP);
        assert!(lamp.question.is_none() && lamp.file.as_ref().unwrap().sha256 == digest(&good()));
        restart(&mut story);
    }
}

#[test]
fn a_new_file_by_an_expired_signer_waits_and_the_same_file_stays_with_the_reason() {
    let mut story = limited_lamp();
    let expired = |bytes: &Arc<[u8]>| Retrieved::Unverified {
        bytes: Arc::clone(bytes),
        sha256: digest(bytes),
        doubt: Doubt::SignerExpired,
        reason: "the certificate of the signer expired".to_owned(),
        etag: None,
    };
    story.fetched(expired(&good()));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none(), "nothing is new");
    assert!(matches!(lamp.file.as_ref().unwrap().trust, Trust::Signed { .. }));
    assert_eq!(
        lamp.problem.as_deref(),
        Some("the certificate of the signer expired")
    );
    story.fetched(expired(&file("2026-02-01T00:00:00Z", "cloud.maker.example")));
    assert!(matches!(waiting(&mut story), Waiting::File(asked) if asked.doubt == Doubt::SignerExpired));
    assert_eq!(story.thing(LAMP).file.as_ref().unwrap().sha256, digest(&good()));
}

#[test]
fn a_file_in_the_way_of_the_wild_and_one_that_another_signed_say_so() {
    let mut story = limited_lamp();
    let newer = file("2026-02-01T00:00:00Z", "cloud.maker.example");
    story.fetched(verified(&newer, "CN=Another"));
    assert!(matches!(waiting(&mut story), Waiting::File(asked) if asked.doubt == Doubt::OtherSigner));
}

#[test]
fn an_older_file_is_refused_with_its_reason_and_asks_nobody() {
    let mut story = limited_lamp();
    story.fetched(verified(
        &file("2025-12-01T00:00:00Z", "old.maker.example"),
        "CN=Maker",
    ));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none() && lamp.file.as_ref().unwrap().sha256 == digest(&good()));
    assert!(
        lamp.problem
            .as_ref()
            .unwrap()
            .contains("older than the one in force")
    );
    assert_eq!(story.journalled(JournalKind::FileRefused), 1);
}

#[test]
fn controllers_are_chosen_taken_back_and_kept() {
    for (class, others) in [
        (MY_CONTROLLER, r#""my-controller": [null]"#),
        ("urn:example:hub", r#""controller": "urn:example:hub""#),
    ] {
        let mut story = limited_lamp();
        story.tell(Event::Announced(announcement(HUB, Announced::Nothing)));
        story.fetched(verified(&naming(others), "CN=Maker"));
        assert!(
            matches!(waiting(&mut story), Waiting::Controllers(asked) if asked == class),
            "{class}"
        );
        assert!(
            !permits_hub(&story.thing(LAMP)),
            "nobody is in the class meanwhile"
        );
        assert_eq!(story.approve(LAMP), Err(CommandError::ChooseFirst(LAMP)));
        let choose = |members: Vec<MacAddress>| Command::ChooseControllers {
            thing: LAMP,
            class: class.to_owned(),
            members,
        };
        for bad in [vec![LAMP], vec![MacAddress([0, 9, 9, 9, 9, 9])], vec![HUB; 17]] {
            assert_eq!(story.command(choose(bad)), Err(CommandError::BadController));
        }
        story.command(choose(vec![HUB])).unwrap();
        assert!(permits_hub(&story.thing(LAMP)) && story.thing(LAMP).question.is_none());
        restart(&mut story);
        assert!(permits_hub(&story.thing(LAMP)), "{class} is kept");
        story.command(Command::Undo { thing: LAMP }).unwrap();
        assert!(!permits_hub(&story.thing(LAMP)));
        assert!(
            matches!(waiting(&mut story), Waiting::Controllers(_)),
            "it is asked again"
        );
        story.reject(LAMP).unwrap();
        restart(&mut story);
        let lamp = story.thing(LAMP);
        assert!(!permits_hub(&lamp) && lamp.question.is_none());
        assert_eq!(lamp.controllers, Vec::<ControllerChoice>::new());
    }
}

#[test]
fn a_thing_without_proof_joins_the_things_of_its_maker_only_when_the_owner_agrees() {
    let mut story = limited_lamp();
    let proven = Announcement {
        channel: Channel::Certificate,
        ..announcement(
            HUB,
            Announced::Url(MudUrl::parse("https://maker.example/hub").unwrap()),
        )
    };
    story.tell(Event::Announced(proven));
    story.fetched(verified(&naming(r#""same-manufacturer": [null]"#), "CN=Maker"));
    assert!(matches!(waiting(&mut story), Waiting::Group));
    assert!(!permits_hub(&story.thing(LAMP)));
    story.approve(LAMP).unwrap();
    assert!(permits_hub(&story.thing(LAMP)));
    restart(&mut story);
    assert!(permits_hub(&story.thing(LAMP)));
    story.command(Command::Forget { thing: HUB }).unwrap();
    assert!(!permits_hub(&story.thing(LAMP)), "a member that is gone is none");
    story.command(Command::Undo { thing: HUB }).unwrap();
    assert!(permits_hub(&story.thing(LAMP)), "and one that comes back is one");
}

#[test]
fn another_things_word_brings_nobody_into_a_class() {
    let mut story = limited_lamp();
    story.announce(HUB, &MudUrl::parse("https://maker.example/hub").unwrap());
    story.fetched(verified(&naming(r#""same-manufacturer": [null]"#), "CN=Maker"));
    story.approve(LAMP).unwrap();
    assert!(!permits_hub(&story.thing(LAMP)), "the other has proven nothing");
}

#[test]
fn a_question_about_another_url_survives_a_restart_and_ends_after_a_week() {
    let evil = MudUrl::parse("https://evil.example/").unwrap();
    let mut story = limited_lamp();
    story.announce(LAMP, &evil);
    restart(&mut story);
    assert!(matches!(waiting(&mut story), Waiting::Url(asked, _) if asked == evil));
    story.pass(WEEK);
    story.tell(Event::Tick);
    let lamp = story.thing(LAMP);
    assert!(
        lamp.question.is_none() && lamp.url == Some(url()),
        "the narrower policy stays"
    );
    assert_eq!(story.journalled(JournalKind::QuestionEnded), 1);
    story.announce(LAMP, &evil);
    assert!(
        story.thing(LAMP).question.is_some(),
        "who says it again is asked about again"
    );
}

#[test]
fn a_question_that_limits_a_thing_never_ends_by_itself() {
    let mut story = Story::new(Mode::Ask);
    let proven = Announcement {
        channel: Channel::Certificate,
        ..announcement(HUB, Announced::Url(url()))
    };
    story.tell(Event::Announced(proven));
    story.announce(LAMP, &url());
    for _ in 0..2 {
        story.pass(WEEK * 2);
        story.tell(Event::Tick);
        let lamp = story.thing(LAMP);
        assert_eq!(
            (lamp.enforcement, &*lamp.policy),
            (Enforcement::Enforce, &narrow())
        );
        assert!(matches!(waiting(&mut story), Waiting::Url(..)));
        restart(&mut story);
    }
}

#[test]
fn eight_urls_a_day_are_eight_with_restarts_between_them() {
    let mut story = limited_lamp();
    for number in 0..20 {
        let evil = MudUrl::parse(&format!("https://evil.example/{number}")).unwrap();
        story.announce(LAMP, &evil);
        if story.thing(LAMP).question.is_some() {
            story.reject(LAMP).unwrap();
        }
        restart(&mut story);
    }
    assert_eq!(story.journalled(JournalKind::QuestionRaised), 8);
}

#[test]
fn one_question_comes_after_the_other() {
    let mut story = limited_lamp();
    story.tell(Event::Announced(announcement(HUB, Announced::Nothing)));
    let both = naming(r#""my-controller": [null]"#);
    story.announce(LAMP, &MudUrl::parse("https://evil.example/").unwrap());
    story.fetched(verified(&both, "CN=Maker"));
    assert!(matches!(waiting(&mut story), Waiting::Url(..)));
    story.reject(LAMP).unwrap();
    assert!(matches!(waiting(&mut story), Waiting::Controllers(_)));
    let stored = story.stored().things;
    let lamp = stored.iter().find(|thing| thing.mac == LAMP).unwrap();
    assert!(matches!(&lamp.question, Some((_, Asked::Controllers { .. }))));
}
