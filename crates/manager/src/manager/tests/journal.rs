//! Rows of the journal: their numbers, who did it, and what can be taken back.

use super::*;
use crate::{Flows, JournalEntry, OverridePeer};

fn rows(story: &Story) -> Vec<JournalEntry> {
    let rows = story.actions.iter().filter_map(|action| {
        let Action::Journal(entry) = action else {
            return None;
        };
        Some(entry.clone())
    });
    rows.collect()
}

fn last(story: &Story, kind: JournalKind) -> JournalEntry {
    rows(story).into_iter().rfind(|row| row.kind == kind).unwrap()
}

fn restart(story: &mut Story) {
    let (manager, actions) = Manager::restore(Settings::default(), home(), story.stored(), story.now);
    story.manager = manager;
    story.actions.extend(actions);
}

fn rename(name: &str) -> Command {
    Command::Rename {
        thing: LAMP,
        name: Some(name.to_owned()),
    }
}

fn allow() -> Command {
    Command::Allow {
        thing: LAMP,
        flows: Flows {
            peer: OverridePeer::Address("198.51.100.1".parse().unwrap()),
            initiator: Initiator::Thing,
            protocol: None,
            port: None,
        },
        lasting: Some(Duration::from_secs(7200)),
    }
}

fn undoable(story: &mut Story, id: u64) -> bool {
    story.manager.snapshot().undoable.contains(&id)
}

#[test]
fn numbers_grow_through_restarts_and_each_row_says_who_did_it() {
    let mut story = limited_lamp();
    story.command(rename("Hall")).unwrap();
    restart(&mut story);
    let token = Author::Token("phone".to_owned());
    story
        .actions
        .extend(story.manager.command(allow(), token.clone(), story.now).unwrap());
    story.pass(Duration::from_secs(7200));
    story.tell(Event::Tick);
    let rows = rows(&story);
    assert!(rows.windows(2).all(|pair| pair[0].id < pair[1].id), "{rows:?}");
    let by = |kind| &rows.iter().find(|row| row.kind == kind).unwrap().by;
    assert_eq!(*by(JournalKind::UrlLearnt), Author::Thing);
    assert_eq!(*by(JournalKind::FileInForce), Author::Maker);
    assert_eq!(*by(JournalKind::Renamed), Author::CommandLine);
    assert_eq!(*by(JournalKind::Allowed), token);
    assert_eq!(*by(JournalKind::OverrideEnded), Author::Mudguard);
}

#[test]
fn any_row_is_taken_back_by_its_number_also_after_a_restart() {
    let mut story = limited_lamp();
    story.command(rename("Hall")).unwrap();
    let renamed = last(&story, JournalKind::Renamed).id;
    story.command(allow()).unwrap();
    let allowed = last(&story, JournalKind::Allowed).id;
    story.announce(LAMP, &MudUrl::parse("https://evil.example/").unwrap());
    story.reject(LAMP).unwrap();
    let rejected = last(&story, JournalKind::Rejected).id;
    restart(&mut story);
    for id in [renamed, allowed, rejected] {
        assert!(undoable(&mut story, id), "row {id}");
    }
    story.command(Command::UndoEntry { id: renamed }).unwrap();
    let lamp = story.thing(LAMP);
    assert_eq!((lamp.name.as_deref(), lamp.overrides.len()), (None, 1));
    story.command(Command::UndoEntry { id: allowed }).unwrap();
    assert!(story.thing(LAMP).overrides.is_empty());
    story.command(Command::UndoEntry { id: rejected }).unwrap();
    assert!(story.thing(LAMP).question.is_some());
    assert_eq!(last(&story, JournalKind::Undone).detail, rejected.to_string());
    for id in [renamed, allowed, rejected, 9_999] {
        assert_eq!(
            story.command(Command::UndoEntry { id }),
            Err(CommandError::CannotUndo(id))
        );
    }
    restart(&mut story);
    assert!(!undoable(&mut story, renamed), "what was taken back is not kept");
}

#[test]
fn an_approved_first_file_is_taken_back_after_a_restart() {
    let mut story = Story::new(Mode::Ask);
    story.announce(LAMP, &url());
    story.fetched(unverified(&good()));
    story.approve(LAMP).unwrap();
    let approved = last(&story, JournalKind::Approved).id;
    restart(&mut story);
    story.command(Command::UndoEntry { id: approved }).unwrap();
    restart(&mut story);
    let lamp = story.thing(LAMP);
    assert_eq!(*lamp.policy, narrow());
    assert!(matches!(
        lamp.question.as_ref().unwrap().waiting,
        Waiting::File(_)
    ));
}

#[test]
fn a_file_that_is_gone_with_a_restart_cannot_come_back_and_the_row_says_so() {
    let mut story = limited_lamp();
    story.fetched(verified(
        &file("2026-02-01T00:00:00Z", "new.maker.example"),
        "CN=Maker",
    ));
    story.approve(LAMP).unwrap();
    let approved = last(&story, JournalKind::Approved).id;
    assert!(undoable(&mut story, approved), "the old file is on the shelf");
    restart(&mut story);
    assert!(!undoable(&mut story, approved));
    let refused = Err(CommandError::CannotUndo(approved));
    assert_eq!(story.command(Command::UndoEntry { id: approved }), refused);
}

#[test]
fn a_row_that_something_came_after_is_taken_back_only_after_that() {
    let mut story = limited_lamp();
    story.command(rename("Hall")).unwrap();
    let first = last(&story, JournalKind::Renamed).id;
    story.command(rename("Attic")).unwrap();
    let second = last(&story, JournalKind::Renamed).id;
    assert_eq!(
        (undoable(&mut story, first), undoable(&mut story, second)),
        (false, true)
    );
    story.command(Command::Undo { thing: LAMP }).unwrap();
    assert_eq!(story.thing(LAMP).name.as_deref(), Some("Hall"));
    story.command(Command::Undo { thing: LAMP }).unwrap();
    assert_eq!(story.thing(LAMP).name, None);
}

#[test]
fn what_was_ended_or_forgotten_comes_back_as_it_was() {
    let mut story = limited_lamp();
    story.command(rename("Hall")).unwrap();
    story.command(allow()).unwrap();
    let until = story.thing(LAMP).overrides[0].until;
    story
        .command(Command::EndOverride { thing: LAMP, id: 1 })
        .unwrap();
    story.command(Command::Undo { thing: LAMP }).unwrap();
    assert_eq!(story.thing(LAMP).overrides[0].until, until);
    let before = story.thing(LAMP);
    story.command(Command::Forget { thing: LAMP }).unwrap();
    restart(&mut story);
    story.announce(OTHER, &url());
    story.command(Command::Undo { thing: LAMP }).unwrap();
    let after = story.thing(LAMP);
    assert_eq!(
        (
            &after.name,
            &after.url,
            &after.overrides,
            &after.policy,
            after.enforcement
        ),
        (
            &before.name,
            &before.url,
            &before.overrides,
            &before.policy,
            before.enforcement
        )
    );
    story.pass(Duration::from_secs(7200));
    story.tell(Event::Tick);
    assert!(story.thing(LAMP).overrides.is_empty(), "it ends at the same date");
}

#[test]
fn the_number_of_an_override_that_is_gone_takes_back_no_other() {
    let mut story = limited_lamp();
    story.command(allow()).unwrap();
    let first = last(&story, JournalKind::Allowed).id;
    story.pass(Duration::from_secs(7200));
    story.tell(Event::Tick);
    story
        .command(Command::Lift {
            thing: LAMP,
            lasting: Duration::from_secs(60),
        })
        .unwrap();
    assert!(!undoable(&mut story, first));
    assert!(story.thing(LAMP).is_lifted());
}
