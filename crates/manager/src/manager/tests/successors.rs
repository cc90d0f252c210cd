//! MUD URLs that change without a question, and all those that do not (draft-ietf-iotops-mud-acceptable-urls).

use super::*;

fn successor() -> MudUrl {
    MudUrl::parse("https://maker.example/lamp2").unwrap()
}

fn newer() -> Arc<[u8]> {
    file("2026-02-01T00:00:00Z", "cloud.maker.example")
}

/// The lamp announces a successor, and its file comes.
fn succeed(channel: Channel, url: &MudUrl, retrieved: Retrieved) -> (Story, Vec<Action>) {
    let mut story = limited_lamp();
    let announced = Announcement {
        channel,
        ..announcement(LAMP, Announced::Url(url.clone()))
    };
    assert_eq!(fetches(&story.tell(Event::Announced(announced))), 1);
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none() && lamp.url == Some(super::url()) && lamp.file.is_some());
    let actions = story.tell(Event::Fetched(Fetched {
        url: url.clone(),
        retrieved,
    }));
    (story, actions)
}

#[test]
fn the_same_signer_under_the_same_base_needs_no_question() {
    let (mut story, actions) = succeed(Channel::Dhcpv4, &successor(), verified(&newer(), "CN=Maker"));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.url, Some(successor()));
    assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&newer()));
    assert!(lamp.question.is_none() && actions.contains(&Action::Apply));
    assert_eq!(story.journalled(JournalKind::QuestionRaised), 0);
}

#[test]
fn everything_else_is_a_question_and_the_old_rules_stay() {
    let failed = Retrieved::Failed {
        reason: "no answer".to_owned(),
    };
    let more = file("2026-02-01T00:00:00Z", "more.maker.example");
    let older = file("2025-02-01T00:00:00Z", "cloud.maker.example");
    for (what, retrieved) in [
        ("another signer", verified(&newer(), "CN=Another")),
        ("no signature", unverified(&newer())),
        ("an older file", verified(&older, "CN=Maker")),
        ("rights that nothing proves", verified(&more, "CN=Maker")),
        ("no file", failed),
    ] {
        let (mut story, _) = succeed(Channel::Dhcpv4, &successor(), retrieved);
        let lamp = story.thing(LAMP);
        assert_eq!(lamp.url, Some(url()), "{what}");
        assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&good()), "{what}");
        assert!(matches!(&lamp.question.as_ref().expect(what).waiting,
                Waiting::Url(asked, _) if *asked == successor()));
        assert!(
            story.stored().files.iter().all(|file| file.url == url()),
            "{what}: nothing of it is kept"
        );
    }
}

#[test]
fn another_base_is_not_even_retrieved() {
    for other in [
        "https://evil.example/lamp2",
        "https://maker.example:8443/lamp2",
        "https://maker.example/other/lamp2",
    ] {
        let mut story = limited_lamp();
        assert_eq!(fetches(&story.announce(LAMP, &MudUrl::parse(other).unwrap())), 0);
        assert!(story.thing(LAMP).question.is_some(), "{other}");
    }
}

#[test]
fn what_was_rejected_does_not_come_back_as_a_successor() {
    let (mut story, _) = succeed(Channel::Dhcpv4, &successor(), verified(&newer(), "CN=Another"));
    story.reject(LAMP).unwrap();
    assert_eq!(fetches(&story.announce(LAMP, &successor())), 0);
    assert!(story.thing(LAMP).question.is_none());
}

#[test]
fn a_file_of_the_other_url_that_holds_already_is_judged_at_once() {
    let mut story = limited_lamp();
    story.announce(OTHER, &successor());
    story.tell(Event::Fetched(Fetched {
        url: successor(),
        retrieved: verified(&newer(), "CN=Maker"),
    }));
    assert_eq!(fetches(&story.announce(LAMP, &successor())), 0);
    assert_eq!(story.thing(LAMP).url, Some(successor()));
    assert!(story.thing(LAMP).file.is_some());
}

/// The lamp's file in force and the successor's, by signers' keys and authorities.
fn by_authorities(old: (&str, &str), new: (&str, &str)) -> bool {
    let signed = |bytes: &Arc<[u8]>, (key, ca): (&str, &str)| Retrieved::Verified {
        bytes: Arc::clone(bytes),
        sha256: digest(bytes),
        signer: "CN=Maker".to_owned(),
        key: key.to_owned(),
        ca: ca.to_owned(),
        provisional: false,
        etag: None,
    };
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(signed(&good(), old));
    story.announce(LAMP, &successor());
    story.tell(Event::Fetched(Fetched {
        url: successor(),
        retrieved: signed(&newer(), new),
    }));
    story.thing(LAMP).url == Some(successor())
}

#[test]
fn the_same_subject_counts_under_the_same_authority_or_with_the_same_key() {
    for (old, new, succeeds) in [
        (("k1", "a"), ("k1", "a"), true),
        (("k1", "a"), ("k2", "a"), true),
        (("k1", "a"), ("k2", "b"), false),
        (("k1", ""), ("k1", "a"), true),
        (("k1", ""), ("k2", "a"), false),
        (("k1", ""), ("k2", ""), false),
    ] {
        assert_eq!(by_authorities(old, new), succeeds, "{old:?} {new:?}");
    }
}

#[test]
fn a_url_that_the_owner_set_has_no_successor_and_neither_has_one_that_is_asked_about() {
    let mut set_by_hand = Story::new(Mode::Ask);
    let command = Command::SetUrl {
        thing: LAMP,
        url: url(),
        channel: Channel::Owner,
    };
    set_by_hand.command(command).unwrap();
    set_by_hand.fetched(verified(&good(), "CN=Maker"));
    let mut asked = limited_lamp();
    asked.announce(LAMP, &MudUrl::parse("https://evil.example/").unwrap());
    for story in [&mut set_by_hand, &mut asked] {
        assert_eq!(fetches(&story.announce(LAMP, &successor())), 0);
        let lamp = story.thing(LAMP);
        assert!(lamp.url == Some(url()) && lamp.question.is_some());
    }
}

#[test]
fn a_url_that_another_thing_has_proven_to_be_its_own_is_no_successor() {
    let mut story = limited_lamp();
    let proven = Announcement {
        channel: Channel::Certificate,
        ..announcement(OTHER, Announced::Url(successor()))
    };
    story.tell(Event::Announced(proven));
    story.tell(Event::Fetched(Fetched {
        url: successor(),
        retrieved: verified(&newer(), "CN=Maker"),
    }));
    story.announce(LAMP, &successor());
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.url, Some(url()));
    assert!(matches!(
        lamp.question.as_ref().unwrap().waiting,
        Waiting::Url(..)
    ));
}

#[test]
fn a_successor_that_is_not_adopted_leaves_nothing_in_the_store() {
    let (story, _) = succeed(Channel::Dhcpv4, &successor(), unverified(&newer()));
    assert!(story.stored().waiting.is_empty());
    assert!(story.stored().files.iter().all(|file| file.url == url()));
}
