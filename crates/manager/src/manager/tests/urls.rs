//! Which MUD URL a Thing has when it says several, and how often the owner is asked.

use super::*;

fn other_url() -> MudUrl {
    MudUrl::parse("https://maker.example/other/lamp2").unwrap()
}

fn evil(number: usize) -> MudUrl {
    MudUrl::parse(&format!("https://evil.example/{number}")).unwrap()
}

fn by(channel: Channel, mac: MacAddress, url: &MudUrl) -> Event {
    Event::Announced(Announcement {
        channel,
        ..announcement(mac, Announced::Url(url.clone()))
    })
}

fn asks_for(thing: &Thing, url: &MudUrl) -> bool {
    matches!(thing.question.as_ref().map(|question| &question.waiting),
        Some(Waiting::Url(asked, _)) if asked == url)
}

#[test]
fn two_urls_by_two_channels_are_a_conflict_and_the_first_stays() {
    for (first, second) in [
        (Channel::Dhcpv4, Channel::Dhcpv6),
        (Channel::Dhcpv6, Channel::Lldp),
        (Channel::Lldp, Channel::Dhcpv4),
        (Channel::Certificate, Channel::Dhcpv4),
        (Channel::Certificate, Channel::Certificate),
        (Channel::Owner, Channel::Certificate),
        (Channel::Code, Channel::Lldp),
    ] {
        let mut story = Story::new(Mode::Ask);
        story.tell(by(first, LAMP, &url()));
        story.fetched(verified(&good(), "CN=Maker"));
        let before = story.thing(LAMP);
        assert_eq!(fetches(&story.tell(by(second, LAMP, &other_url()))), 0);
        let after = story.thing(LAMP);
        assert_eq!((&after.url, &after.policy), (&before.url, &before.policy));
        assert!(asks_for(&after, &other_url()), "{first:?} then {second:?}");
    }
}

#[test]
fn a_certificate_is_worth_more_than_what_was_only_said() {
    let mut story = limited_lamp();
    story.tell(by(Channel::Lldp, LAMP, &other_url()));
    let actions = story.tell(by(Channel::Certificate, LAMP, &other_url()));
    assert_eq!(fetches(&actions), 1);
    let lamp = story.thing(LAMP);
    assert_eq!(
        (lamp.url.as_ref(), lamp.channel, *lamp.policy == narrow()),
        (Some(&other_url()), Some(Channel::Certificate), true)
    );
    assert!(lamp.question.is_none(), "the question about it is settled");
}

#[test]
fn the_same_url_proven_later_is_proven() {
    let mut story = limited_lamp();
    story.tell(by(Channel::Certificate, LAMP, &url()));
    story.announce(LAMP, &url());
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.channel, Some(Channel::Certificate));
    assert!(lamp.file.is_some());
}

#[test]
fn the_url_of_another_things_certificate_waits_and_narrows() {
    let mut story = Story::new(Mode::Ask);
    story.tell(by(Channel::Certificate, LAMP, &url()));
    story.fetched(verified(&good(), "CN=Maker"));
    story.announce(OTHER, &url());
    let other = story.thing(OTHER);
    assert!(asks_for(&other, &url()));
    assert_eq!(
        (other.enforcement, &*other.policy),
        (Enforcement::Enforce, &narrow())
    );
    story.approve(OTHER).unwrap();
    assert_eq!(story.thing(OTHER).policy.verdicts.len(), 1);
}

#[test]
fn the_ninth_other_url_of_a_day_is_not_looked_at_even_if_each_was_rejected() {
    let mut story = limited_lamp();
    let question = |story: &mut Story| story.thing(LAMP).question.clone();
    let mut asked = 0;
    for number in 0..20 {
        story.announce(LAMP, &evil(number));
        if question(&mut story).is_some() {
            asked += 1;
            story.reject(LAMP).unwrap();
        }
    }
    assert_eq!(asked, 8);
    let told = |story: &Story| story.journalled(JournalKind::UrlsIgnored);
    assert_eq!(told(&story), 1);
    for number in 0..8 {
        story.announce(LAMP, &evil(number));
        assert!(
            question(&mut story).is_none(),
            "no \"no\" is forgotten for the next"
        );
    }
    story.pass(Duration::from_secs(25 * 3600));
    story.announce(LAMP, &evil(19));
    assert!(question(&mut story).is_some());
}

#[test]
fn an_answer_to_another_question_than_the_one_that_was_read_changes_nothing() {
    let mut story = limited_lamp();
    story.announce(LAMP, &other_url());
    let before = story.thing(LAMP);
    let approve = |question| Command::Approve {
        thing: LAMP,
        question: Some(question),
    };
    let stale = story
        .manager
        .command(approve("2026 other".to_owned()), Author::Page, story.now);
    assert_eq!(stale, Err(CommandError::OtherQuestion(LAMP)));
    assert!(Arc::ptr_eq(&before, &story.thing(LAMP)));
    let read = before.question.as_ref().unwrap().key();
    story
        .manager
        .command(approve(read), Author::Page, story.now)
        .unwrap();
    assert_eq!(story.thing(LAMP).url, Some(other_url()));
}

#[test]
fn a_hundred_other_urls_make_one_question_and_change_no_rule() {
    let mut story = limited_lamp();
    let before = story.thing(LAMP);
    for number in 0..100 {
        let other = MudUrl::parse(&format!("https://evil.example/{number}")).unwrap();
        assert_eq!(fetches(&story.announce(LAMP, &other)), 0);
    }
    let after = story.thing(LAMP);
    assert_eq!((&after.url, &after.policy), (&before.url, &before.policy));
    assert!(matches!(&after.question.as_ref().unwrap().waiting,
        Waiting::Url(url, _) if url.as_str() == "https://evil.example/0"));
    assert_eq!(story.journalled(JournalKind::QuestionRaised), 1);
}

#[test]
fn an_approved_url_starts_narrow_again() {
    let mut story = limited_lamp();
    let other = other_url();
    story.announce(LAMP, &other);
    let actions = story.approve(LAMP).unwrap();
    assert!(actions.contains(&Action::Fetch {
        url: other.clone(),
        etag: None
    }));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.url, Some(other));
    assert_eq!(*lamp.policy, narrow());
}
