//! What the manager promises, told as little stories: events in, actions and snapshots out.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use mudguard_mud::{MudUrl, MudUrlError};
use mudguard_policy::{Initiator, MacAddress, Verdict, narrow};

use super::{Manager, Restored, Settings};
use crate::{
    Action, Announced, Announcement, Answer, Author, Channel, ClockState, Command, CommandError, Denial,
    Doubt, Enforcement, Event, Fetched, Home, JournalKind, Lan, Mode, Moment, Notice, Retrieved, Thing,
    Trust, Waiting,
};

mod ends;
mod journal;
mod life;
mod lost;
mod modes;
mod owner;
mod places;
mod questions;
mod retrieval;
mod seen;
mod successors;
mod urls;

const LAMP: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

/// A manager with a clock, and everything that it wanted done.
struct Story {
    manager: Manager,
    now: Moment,
    actions: Vec<Action>,
}

impl Story {
    fn new(mode: Mode) -> Self {
        let settings = Settings {
            mode,
            max_things: 4,
            max_blocked: 3,
            ..Settings::default()
        };
        Self {
            manager: Manager::new(settings, home()),
            now: start(),
            actions: Vec::new(),
        }
    }

    fn tell(&mut self, event: Event) -> Vec<Action> {
        let actions = self.manager.handle(event, self.now);
        self.actions.extend(actions.clone());
        actions
    }

    fn announce(&mut self, mac: MacAddress, url: &MudUrl) -> Vec<Action> {
        self.tell(Event::Announced(announcement(mac, Announced::Url(url.clone()))))
    }

    fn fetched(&mut self, retrieved: Retrieved) -> Vec<Action> {
        self.tell(Event::Fetched(Fetched {
            url: url(),
            retrieved,
        }))
    }

    fn pass(&mut self, time: Duration) {
        self.now.uptime += time;
        self.now.wall += SignedDuration::try_from(time).unwrap();
    }

    fn command(&mut self, command: Command) -> Result<Vec<Action>, CommandError> {
        let actions = self.manager.command(command, Author::CommandLine, self.now)?;
        self.actions.extend(actions.clone());
        Ok(actions)
    }

    fn approve(&mut self, thing: MacAddress) -> Result<Vec<Action>, CommandError> {
        self.command(Command::Approve {
            thing,
            question: None,
        })
    }

    fn reject(&mut self, thing: MacAddress) -> Result<Vec<Action>, CommandError> {
        self.command(Command::Reject {
            thing,
            question: None,
        })
    }

    /// How many rows of the journal are of this kind.
    fn journalled(&self, kind: JournalKind) -> usize {
        let is_it = |action: &&Action| matches!(action, Action::Journal(entry) if entry.kind == kind);
        self.actions.iter().filter(is_it).count()
    }

    fn thing(&mut self, mac: MacAddress) -> Arc<Thing> {
        Arc::clone(&self.manager.snapshot().things[&mac])
    }

    /// The Things and files as the store would give them back.
    fn stored(&self) -> Restored {
        let mut restored = Restored::default();
        for action in &self.actions {
            match action {
                Action::SaveThing(record) | Action::SaveThingLater(record) => {
                    restored.things.retain(|old| old.mac != record.mac);
                    restored.things.push(record.clone());
                }
                Action::SaveFile(record) => {
                    restored.files.retain(|old| old.url != record.url);
                    restored.files.push(record.clone());
                }
                Action::ForgetThing(mac) => restored.things.retain(|old| old.mac != *mac),
                Action::ForgetFile(url) => restored.files.retain(|old| old.url != *url),
                Action::SaveWaiting(record) => {
                    restored.waiting.retain(|old| old.file.url != record.file.url);
                    restored.waiting.push(record.clone());
                }
                Action::ForgetWaiting(url) => restored.waiting.retain(|old| old.file.url != *url),
                Action::SaveUndo(record) => restored.undo.push(record.clone()),
                Action::ForgetUndo(id) => restored.undo.retain(|old| old.id != *id),
                Action::Journal(entry) => restored.last_entry = entry.id,
                Action::Fetch { .. } | Action::Apply => {}
            }
        }
        restored
    }
}

fn start() -> Moment {
    Moment {
        wall: "2026-03-01T12:00:00Z".parse().unwrap(),
        uptime: Duration::from_secs(1),
    }
}

fn home() -> Home {
    Home {
        lans: vec![Lan {
            interface: "br-lan".to_owned(),
            addresses: vec!["192.168.1.1".parse().unwrap()],
            prefixes: vec!["192.168.1.0/24".parse().unwrap()],
            ..Lan::default()
        }],
    }
}

fn url() -> MudUrl {
    MudUrl::parse("https://maker.example/lamp").unwrap()
}

fn announcement(mac: MacAddress, url: Announced) -> Announcement {
    Announcement {
        mac,
        port: "lan1".to_owned(),
        channel: Channel::Dhcpv4,
        url,
        host_name: None,
    }
}

fn file(last_update: &str, name: &str) -> Arc<[u8]> {
    format!(
        r#"{{
  "ietf-mud:mud": {{
    "mud-version": 1, "mud-url": "https://maker.example/lamp", "last-update": "{last_update}", "cache-validity": 24,
    "is-supported": true, "systeminfo": "A lamp",
    "from-device-policy": {{ "access-lists": {{ "access-list": [ {{ "name": "from" }} ] }} }}
  }},
  "ietf-access-control-list:acls": {{ "acl": [ {{
    "name": "from", "type": "ipv4-acl-type", "aces": {{ "ace": [ {{
      "name": "cloud",
      "matches": {{
        "ipv4": {{ "ietf-acldns:dst-dnsname": "{name}", "protocol": 6 }},
        "tcp": {{ "ietf-mud:direction-initiated": "from-device",
                  "destination-port": {{ "operator": "eq", "port": 443 }} }}
      }},
      "actions": {{ "forwarding": "accept" }}
    }} ] }}
  }} ] }}
}}"#
    )
    .into_bytes()
    .into()
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0_u8; 32];
    for (index, octet) in bytes.iter().enumerate() {
        digest[index % 32] = digest[index % 32].wrapping_mul(31).wrapping_add(*octet);
    }
    digest
}

fn verified(bytes: &Arc<[u8]>, signer: &str) -> Retrieved {
    Retrieved::Verified {
        bytes: Arc::clone(bytes),
        sha256: digest(bytes),
        signer: signer.to_owned(),
        key: "00".to_owned(),
        ca: "aa".to_owned(),
        provisional: false,
        etag: Some("\"1\"".to_owned()),
    }
}

fn unverified(bytes: &Arc<[u8]>) -> Retrieved {
    Retrieved::Unverified {
        bytes: Arc::clone(bytes),
        sha256: digest(bytes),
        doubt: Doubt::Unverified,
        reason: "the file is not signed".to_owned(),
        etag: None,
    }
}

fn good() -> Arc<[u8]> {
    file("2026-01-01T00:00:00Z", "cloud.maker.example")
}

fn fetches(actions: &[Action]) -> usize {
    actions
        .iter()
        .filter(|action| matches!(action, Action::Fetch { .. }))
        .count()
}

fn limited_lamp() -> Story {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(verified(&good(), "CN=Maker"));
    story
}

#[test]
fn a_thing_that_names_its_url_is_narrowed_before_its_file_is_there() {
    let mut story = Story::new(Mode::Ask);
    let actions = story.announce(LAMP, &url());
    assert!(actions.contains(&Action::Fetch {
        url: url(),
        etag: None
    }));
    assert!(actions.contains(&Action::Apply));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.enforcement, Enforcement::Enforce);
    assert_eq!(*lamp.policy, narrow());
}

#[test]
fn a_thing_that_names_no_url_is_not_managed() {
    let mut story = Story::new(Mode::Ask);
    let actions = story.tell(Event::Announced(announcement(LAMP, Announced::Nothing)));
    assert_eq!(fetches(&actions), 0);
    assert_eq!(story.thing(LAMP).enforcement, Enforcement::None);
}

#[test]
fn a_refused_url_is_shown_with_its_reason_and_never_fetched() {
    let mut story = Story::new(Mode::Ask);
    let refused = Announced::Refused("http://maker.example/lamp".to_owned(), MudUrlError::NotHttps);
    let actions = story.tell(Event::Announced(announcement(LAMP, refused)));
    assert_eq!(fetches(&actions), 0);
    assert_eq!(
        story.thing(LAMP).refused_url.as_ref().unwrap().1,
        MudUrlError::NotHttps
    );
}

#[test]
fn a_verified_file_takes_hold_for_every_thing_of_its_url() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    assert_eq!(fetches(&story.announce(OTHER, &url())), 0, "one flight per URL");
    let actions = story.fetched(verified(&good(), "CN=Maker"));
    assert!(actions.contains(&Action::Apply));
    assert!(actions.iter().any(|action| matches!(action, Action::SaveFile(_))));
    for mac in [LAMP, OTHER] {
        let thing = story.thing(mac);
        assert_eq!(thing.policy.verdicts.len(), 1);
        assert_eq!(thing.policy.verdicts[0].verdict, Verdict::Enforced);
        assert!(
            matches!(&thing.file.as_ref().unwrap().trust, Trust::Signed { signer, .. } if signer == "CN=Maker")
        );
    }
}

#[test]
fn an_unsigned_file_waits_and_the_narrow_policy_stays_until_the_owner_says_yes() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    let lamp = story.thing(LAMP);
    assert_eq!(*lamp.policy, narrow());
    assert!(matches!(&lamp.question.as_ref().unwrap().waiting,
        Waiting::File(file) if file.reason == "the file is not signed" && file.policy.verdicts.len() == 1));

    let actions = story.approve(LAMP).unwrap();
    assert!(actions.contains(&Action::Apply));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none());
    assert_eq!(lamp.policy.verdicts[0].verdict, Verdict::Enforced);
    assert_eq!(
        lamp.file.as_ref().unwrap().trust,
        Trust::Approved { at: story.now.wall }
    );
}

#[test]
fn an_approval_holds_for_those_octets_only() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    story.approve(LAMP).unwrap();
    story.fetched(unverified(&good()));
    assert!(
        story.thing(LAMP).question.is_none(),
        "the same octets ask nobody again"
    );
    story.fetched(unverified(&file("2026-02-01T00:00:00Z", "other.example")));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_some());
    assert_eq!(
        lamp.file.as_ref().unwrap().sha256,
        digest(&good()),
        "the approved file stays"
    );
}

#[test]
fn what_the_owner_rejected_is_not_asked_again() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    story
        .manager
        .command(
            Command::Reject {
                thing: LAMP,
                question: None,
            },
            Author::Page,
            story.now,
        )
        .unwrap();
    story.fetched(unverified(&good()));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_none());
    assert_eq!(*lamp.policy, narrow());
    story.fetched(unverified(&file("2026-02-01T00:00:00Z", "other.example")));
    assert!(
        story.thing(LAMP).question.is_some(),
        "another file is another question"
    );
}

#[test]
fn a_decision_without_a_question_is_refused() {
    let mut story = limited_lamp();
    assert_eq!(story.approve(LAMP), Err(CommandError::NothingWaits(LAMP)));
    assert_eq!(story.approve(OTHER), Err(CommandError::UnknownThing(OTHER)));
}

#[test]
fn a_wrong_signature_leaves_the_last_good_file_and_asks_nobody() {
    let mut story = limited_lamp();
    let before = story.thing(LAMP);
    story.fetched(Retrieved::Refused {
        reason: "the file was changed after it was signed".to_owned(),
    });
    let after = story.thing(LAMP);
    assert_eq!(after.policy, before.policy);
    assert_eq!(
        after.problem.as_deref(),
        Some("the file was changed after it was signed")
    );
    assert!(after.question.is_none());
}

#[test]
fn an_older_file_is_a_replay_and_is_refused() {
    let mut story = limited_lamp();
    story.fetched(verified(&file("2025-01-01T00:00:00Z", "old.example"), "CN=Maker"));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&good()));
    assert!(lamp.problem.as_ref().unwrap().contains("older"));
}

#[test]
fn a_newer_file_of_the_same_signer_that_permits_no_more_replaces_the_older() {
    let mut story = limited_lamp();
    let newer = file("2026-02-01T00:00:00Z", "cloud.maker.example");
    story.fetched(verified(&newer, "CN=Maker"));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&newer));
    assert!(lamp.question.is_none());
}

#[test]
fn another_signer_waits_for_the_owner_and_stays_a_signer_when_approved() {
    let mut story = limited_lamp();
    let newer = file("2026-02-01T00:00:00Z", "new.maker.example");
    story.fetched(verified(&newer, "CN=Somebody"));
    let lamp = story.thing(LAMP);
    assert_eq!(lamp.file.as_ref().unwrap().sha256, digest(&good()));
    assert!(matches!(&lamp.question.as_ref().unwrap().waiting,
        Waiting::File(file) if file.reason.contains("CN=Somebody")));
    story.approve(LAMP).unwrap();
    assert!(matches!(&story.thing(LAMP).file.as_ref().unwrap().trust,
        Trust::Signed { signer, .. } if signer == "CN=Somebody"));
}

#[test]
fn a_signed_file_that_comes_back_unsigned_waits() {
    let mut story = limited_lamp();
    story.fetched(unverified(&good()));
    let lamp = story.thing(LAMP);
    assert!(lamp.question.is_some());
    assert!(matches!(lamp.file.as_ref().unwrap().trust, Trust::Signed { .. }));
}

#[test]
fn a_restart_brings_the_same_rules_before_anything_is_fetched() {
    let mut story = limited_lamp();
    let before = story.thing(LAMP);
    let moment = Moment {
        uptime: Duration::ZERO,
        ..story.now
    };
    let (mut manager, actions) = Manager::restore(Settings::default(), home(), story.stored(), moment);
    assert_eq!(fetches(&actions), 0, "the time of the last retrieval is kept");
    assert!(actions.contains(&Action::Apply));
    let after = Arc::clone(&manager.snapshot().things[&LAMP]);
    assert_eq!(
        (&after.policy, after.enforcement),
        (&before.policy, before.enforcement)
    );
}

#[test]
fn a_kept_file_that_cannot_be_read_leaves_the_narrow_policy() {
    let mut story = limited_lamp();
    let _ = story.thing(LAMP);
    let mut stored = story.stored();
    stored.files[0].bytes = Arc::from(&b"{"[..]);
    let (mut manager, actions) = Manager::restore(Settings::default(), home(), stored, story.now);
    let lamp = Arc::clone(&manager.snapshot().things[&LAMP]);
    assert_eq!(
        (lamp.enforcement, &*lamp.policy),
        (Enforcement::Enforce, &narrow())
    );
    assert_eq!(fetches(&actions), 1);
}
