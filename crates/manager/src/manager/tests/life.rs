//! Lives drawn at random: whatever is seen, fetched, decided and restarted in whatever order, the promises of the manager hold.

use std::collections::BTreeSet;

use mudguard_policy::{Action as Does, Origin, Rule, compile};
use proptest::prelude::*;

use super::*;
use crate::{Binding, Flows, OverridePeer, Overriding, Snapshot};

/// One thing that happens to one of two Things.
#[derive(Clone, Debug)]
enum Step {
    Announce(MacAddress, usize, Channel),
    Silent(MacAddress),
    Lease(MacAddress, u8, u64),
    Neighbour(MacAddress, u8),
    Depart(MacAddress),
    At(MacAddress, u8),
    Forged(MacAddress),
    Network(Option<Mode>),
    Full(bool),
    Fetched(usize, Fate),
    Approve(MacAddress),
    Reject(MacAddress),
    Decide(MacAddress, Decided),
    Choose(MacAddress, bool),
    Undo(MacAddress),
    UndoEntry(usize),
    Forget(MacAddress),
    Pass(u64),
    Jump(i64),
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Signed(usize, bool),
    Unsigned(usize),
    Expired(usize),
    Unchanged,
    Refused,
    Failed,
}

#[derive(Clone, Copy, Debug)]
enum Decided {
    Allow(u8, Option<u64>),
    Block(u8, Option<u64>),
    Lift(u64),
    SetUrl(usize),
    SetMode(Option<Mode>),
}

fn urls() -> [MudUrl; 3] {
    ["maker.example/lamp", "maker.example/lamp2", "evil.example/lamp"]
        .map(|text| MudUrl::parse(&format!("https://{text}")).unwrap())
}

/// The files, the later ones newer; the last three name an address, controllers and the Things of the maker.
fn files() -> [Arc<[u8]>; 6] {
    let by_name = |month: u8| {
        file(
            &format!("2026-0{month}-01T00:00:00Z"),
            &format!("v{month}.maker.example"),
        )
    };
    let text = String::from_utf8(by_name(4).to_vec()).unwrap();
    let by_address = text.replace(
        r#""ietf-acldns:dst-dnsname": "v4.maker.example""#,
        r#""destination-ipv4-network": "203.0.113.9/32""#,
    );
    let naming = |month: u8, others: &str| -> Arc<[u8]> {
        let text = String::from_utf8(by_name(month).to_vec()).unwrap();
        let named =
            format!(r#""ipv4": {{ "ietf-acldns:dst-dnsname": "v{month}.maker.example", "protocol": 6 }}"#);
        let text = text.replace(
            &named,
            &format!(r#""ietf-mud:mud": {{ {others} }}, "ipv4": {{ "protocol": 6 }}"#),
        );
        text.into_bytes().into()
    };
    [
        by_name(1),
        by_name(2),
        by_name(3),
        by_address.into_bytes().into(),
        naming(5, r#""my-controller": [null]"#),
        naming(6, r#""same-manufacturer": [null]"#),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let mac = || prop_oneof![Just(LAMP), Just(OTHER)];
    let channel = prop_oneof![
        4 => Just(Channel::Dhcpv4),
        2 => Just(Channel::Lldp),
        1 => Just(Channel::Certificate),
    ];
    let fate = prop_oneof![
        4 => (0_usize..6, any::<bool>()).prop_map(|(file, same)| Fate::Signed(file, same)),
        2 => (0_usize..6).prop_map(Fate::Unsigned),
        1 => (0_usize..6).prop_map(Fate::Expired),
        1 => Just(Fate::Unchanged),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Failed),
    ];
    let lasting = || proptest::option::of(1_u64..7200);
    let decided = prop_oneof![
        (0_u8..3, lasting()).prop_map(|(peer, lasting)| Decided::Allow(peer, lasting)),
        (0_u8..3, lasting()).prop_map(|(peer, lasting)| Decided::Block(peer, lasting)),
        (1_u64..7200).prop_map(Decided::Lift),
        (0_usize..3).prop_map(Decided::SetUrl),
        prop_oneof![Just(None), Just(Some(Mode::Watch)), Just(Some(Mode::Protect))]
            .prop_map(Decided::SetMode),
    ];
    prop_oneof![
        6 => (mac(), 0_usize..3, channel).prop_map(|(mac, url, channel)| Step::Announce(mac, url, channel)),
        1 => mac().prop_map(Step::Silent),
        2 => (mac(), 0_u8..3, 1_u64..7200).prop_map(|(mac, host, time)| Step::Lease(mac, host, time)),
        1 => (mac(), 0_u8..3).prop_map(|(mac, host)| Step::Neighbour(mac, host)),
        1 => mac().prop_map(Step::Depart),
        1 => (mac(), 1_u8..4).prop_map(|(mac, port)| Step::At(mac, port)),
        1 => mac().prop_map(Step::Forged),
        1 => prop_oneof![Just(None), Just(Some(Mode::Watch)), Just(Some(Mode::Protect))].prop_map(Step::Network),
        1 => any::<bool>().prop_map(Step::Full),
        1 => (mac(), any::<bool>()).prop_map(|(mac, some)| Step::Choose(mac, some)),
        1 => (0_usize..64).prop_map(Step::UndoEntry),
        6 => (0_usize..3, fate).prop_map(|(url, fate)| Step::Fetched(url, fate)),
        3 => mac().prop_map(Step::Approve),
        3 => mac().prop_map(Step::Reject),
        3 => (mac(), decided).prop_map(|(mac, decided)| Step::Decide(mac, decided)),
        1 => mac().prop_map(Step::Undo),
        1 => mac().prop_map(Step::Forget),
        2 => (1_u64..100_000).prop_map(Step::Pass),
        1 => (-100_000_000_i64..100_000_000).prop_map(Step::Jump),
        1 => Just(Step::Restart),
    ]
}

fn flows(peer: u8) -> Flows {
    Flows {
        peer: OverridePeer::Address(IpAddr::V4(Ipv4Addr::new(198, 51, 100, peer))),
        initiator: Initiator::Thing,
        protocol: None,
        port: None,
    }
}

fn take(story: &mut Story, step: &Step) {
    match step.clone() {
        Step::Announce(mac, url, channel) => {
            let url = Announced::Url(urls()[url].clone());
            story.tell(Event::Announced(Announcement {
                channel,
                ..announcement(mac, url)
            }));
        }
        Step::Silent(mac) => {
            story.tell(Event::Announced(announcement(mac, Announced::Nothing)));
        }
        Step::Lease(mac, host, time) => {
            story.tell(Event::Leased {
                mac,
                port: "lan1".to_owned(),
                address: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20 + host)),
                lifetime: Duration::from_secs(time),
            });
        }
        Step::Neighbour(mac, host) => {
            let address = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 20 + host));
            story.tell(Event::Neighbour { mac, address });
        }
        Step::Depart(mac) => {
            let port = "lan1".to_owned();
            story.tell(Event::Departed { mac, port });
        }
        Step::At(mac, port) => {
            story.tell(Event::Announced(Announcement {
                port: format!("lan{port}"),
                ..announcement(mac, Announced::Nothing)
            }));
        }
        Step::Forged(mac) => {
            let port = "lan3".to_owned();
            story.tell(Event::Forged { mac, port });
        }
        Step::Network(mode) => {
            let mut home = home();
            home.lans[0].mode = mode;
            story.tell(Event::HomeChanged(home));
        }
        Step::Full(full) => {
            story.tell(Event::Stored(full.then(|| "no space is left".to_owned())));
        }
        Step::Fetched(url, fate) => {
            let reason = "no".to_owned();
            let retrieved = match fate {
                Fate::Signed(file, same) => {
                    verified(&files()[file], if same { "CN=Maker" } else { "CN=Another" })
                }
                Fate::Unsigned(file) => unverified(&files()[file]),
                Fate::Expired(file) => Retrieved::Unverified {
                    bytes: Arc::clone(&files()[file]),
                    sha256: digest(&files()[file]),
                    doubt: Doubt::SignerExpired,
                    reason,
                    etag: None,
                },
                Fate::Unchanged => Retrieved::Unchanged,
                Fate::Refused => Retrieved::Refused { reason },
                Fate::Failed => Retrieved::Failed { reason },
            };
            let url = urls()[url].clone();
            story.tell(Event::Fetched(Fetched { url, retrieved }));
        }
        Step::Approve(mac) => drop(story.approve(mac)),
        Step::Reject(mac) => drop(story.reject(mac)),
        Step::Decide(thing, decided) => {
            let time = |lasting: Option<u64>| lasting.map(Duration::from_secs);
            drop(story.command(match decided {
                Decided::Allow(peer, lasting) => Command::Allow {
                    thing,
                    flows: flows(peer),
                    lasting: time(lasting),
                },
                Decided::Block(peer, lasting) => Command::Block {
                    thing,
                    flows: flows(peer),
                    lasting: time(lasting),
                },
                Decided::Lift(lasting) => Command::Lift {
                    thing,
                    lasting: Duration::from_secs(lasting),
                },
                Decided::SetMode(mode) => Command::SetMode { thing, mode },
                Decided::SetUrl(url) => Command::SetUrl {
                    thing,
                    url: urls()[url].clone(),
                    channel: Channel::Owner,
                },
            }));
        }
        Step::Choose(thing, some) => {
            let other = if thing == LAMP { OTHER } else { LAMP };
            drop(story.command(Command::ChooseControllers {
                thing,
                class: crate::MY_CONTROLLER.to_owned(),
                members: if some { vec![other] } else { Vec::new() },
            }));
        }
        Step::UndoEntry(place) => {
            let undoable = story.manager.snapshot().undoable.clone();
            // What is said to be possible is possible.
            if let Some(id) = undoable.iter().nth(place % undoable.len().max(1)) {
                story.command(Command::UndoEntry { id: *id }).unwrap();
            }
        }
        Step::Undo(thing) => drop(story.command(Command::Undo { thing })),
        Step::Forget(thing) => drop(story.command(Command::Forget { thing })),
        Step::Pass(seconds) => {
            story.pass(Duration::from_secs(seconds));
            story.tell(Event::Tick);
        }
        Step::Jump(seconds) => {
            story.now.wall += SignedDuration::from_secs(seconds);
            story.tell(Event::ClockChanged(ClockState::Valid));
            story.tell(Event::Tick);
        }
        Step::Restart => {
            let settings = story.manager.settings.clone();
            let home = story.manager.home.clone();
            let (manager, actions) = Manager::restore(settings, home, story.stored(), story.now);
            story.manager = manager;
            story.actions.extend(actions);
        }
    }
}

/// "Nothing widens by accident": each rule that permits is the file's, the owner's, or one that every Thing has.
fn nothing_exceeds(story: &Story, thing: &Thing) {
    let permitted: Vec<Rule> = thing.file.as_ref().map_or_else(Vec::new, |file| {
        compile(&file.file, &story.manager.site(thing.mac, true)).permits
    });
    let allowed = thing
        .overrides
        .iter()
        .any(|decided| matches!(decided.what, Overriding::Allow(_)));
    for rule in &thing.policy.permits {
        match &rule.origin {
            Origin::Ace(_) => assert!(permitted.contains(rule), "{rule:?}"),
            Origin::Owner => assert!(allowed && rule.action == Does::Accept),
            Origin::ImplicitDns | Origin::ImplicitNtp => assert!(narrow().permits.contains(rule)),
        }
    }
    if thing.enforcement != Enforcement::Enforce {
        assert!(
            thing.is_lifted() || thing.url.is_none() || story.manager.mode_of(thing.mac) == Mode::Watch,
            "a Thing with a MUD URL is limited"
        );
    }
}

/// "Last good stays": only the owner, a proof or a newer file changes what is in force.
fn last_good_stays(before: &Snapshot, after: &Snapshot, step: &Step) {
    if matches!(step, Step::Undo(_) | Step::UndoEntry(_) | Step::Forget(_)) {
        return;
    }
    for (mac, old) in &before.things {
        // A restart forgets strangers.
        let Some(file) = &old.file else { continue };
        let new = &after.things[mac];
        if new.url == old.url {
            if before.mode_of(old) != after.mode_of(new) {
                // In the mode "protect" a Thing waits that was not admitted.
                continue;
            }
            let now = new.file.as_ref().expect("the file stays");
            assert!(now.file.last_update >= file.file.last_update);
        } else {
            let is_proof = matches!(step, Step::Announce(_, _, Channel::Certificate));
            let is_decided = matches!(step, Step::Approve(_) | Step::Decide(..));
            assert!(
                is_proof || is_decided || succeeds(old, new, after),
                "{step:?} changed the MUD URL"
            );
        }
    }
}

/// "Only the owner adds rights": in the same mode, a Thing with the same file server's file permits no more than before, unless the
/// owner did something or there were no rules yet.
fn only_the_owner_adds(story: &Story, before: &Snapshot, after: &Snapshot, step: &Step) {
    let is_owner = matches!(
        step,
        Step::Approve(_)
            | Step::Reject(_)
            | Step::Decide(..)
            | Step::Choose(..)
            | Step::Undo(_)
            | Step::UndoEntry(_)
            | Step::Forget(_)
            | Step::Network(_)
    );
    if is_owner {
        return;
    }
    let gateway: Vec<_> = (after.home.lans.iter().flat_map(|lan| lan.addresses.clone())).collect();
    for (mac, old) in &before.things {
        let Some(new) = after.things.get(mac).filter(|_| old.file.is_some()) else {
            continue;
        };
        if new.url != old.url || new.channel != old.channel {
            continue;
        }
        // What the owner blocked or allowed may end in the meantime, and members of a class may prove themselves.
        let is_plain = old.overrides.is_empty()
            && new.overrides.is_empty()
            && story.manager.site(*mac, true).things.is_empty();
        if is_plain {
            let more = new.policy.beyond(&old.policy, &gateway);
            assert!(more.is_empty(), "{step:?} added {more:?}");
        }
    }
}

/// Whether the new MUD URL may take the place of the old one without a question.
fn succeeds(old: &Thing, new: &Thing, home: &Snapshot) -> bool {
    let is_maker = |url: &Option<MudUrl>| url.as_ref().is_some_and(|url| url.host() == "maker.example");
    let (Some(before), Some(after)) = (&old.file, &new.file) else {
        return false;
    };
    let gateway: Vec<_> = (home.home.lans.iter().flat_map(|lan| lan.addresses.clone())).collect();
    // What is proven may bring more (RFC 8520 section 16).
    let is_proven = new.channel.is_some_and(Channel::is_proven);
    let is_wider = !is_proven && !new.policy.beyond(&old.policy, &gateway).is_empty();
    let is_signed = matches!((&before.trust, &after.trust),
        (Trust::Signed { signer, .. }, Trust::Signed { signer: other, .. }) if signer == other);
    let is_newer = after.file.last_update >= before.file.last_update;
    is_maker(&old.url) && is_maker(&new.url) && is_signed && is_newer && !is_wider
}

/// What a restart must bring back of a Thing that is kept.
fn kept(thing: &Thing) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        thing.name.clone(),
        thing.url.clone(),
        thing.channel,
        thing.enforcement,
        Arc::clone(&thing.policy),
        thing.overrides.clone(),
        thing.file.as_ref().map(|file| file.sha256),
    )
}

fn subject(thing: &Thing) -> Option<String> {
    let waiting = &thing.question.as_ref()?.waiting;
    let file = thing.file.as_ref().map(|file| file.sha256);
    Some(match waiting {
        Waiting::Addresses => format!("{file:?}"),
        Waiting::File(_)
        | Waiting::Url(..)
        | Waiting::NewThing
        | Waiting::Controllers(_)
        | Waiting::Group
        | Waiting::Place(_) => waiting.subject(),
    })
}

fn live(mode: Mode, steps: &[Step]) {
    let mut story = Story::new(mode);
    let mut rejected = BTreeSet::new();
    for step in steps {
        let before = story.manager.snapshot();
        take(&mut story, step);
        let after = story.manager.snapshot();
        if let Step::Undo(mac) | Step::Forget(mac) = step {
            rejected.retain(|(rejecter, _)| rejecter != mac);
        } else if matches!(step, Step::UndoEntry(_)) {
            rejected.clear();
        }
        for (mac, thing) in &after.things {
            nothing_exceeds(&story, thing);
            assert!(thing.bindings.len() <= 3 && thing.overrides.len() <= 7);
            for other in after.things.values().filter(|other| other.mac != *mac) {
                let of_both =
                    |binding: &Binding| other.bindings.iter().any(|one| one.address == binding.address);
                assert!(
                    !thing.bindings.iter().any(of_both),
                    "an address is bound to one Thing"
                );
            }
            if let Some(subject) = subject(thing) {
                assert!(
                    !rejected.contains(&(*mac, subject)),
                    "{step:?} asks again what was rejected"
                );
            }
        }
        last_good_stays(&before, &after, step);
        only_the_owner_adds(&story, &before, &after, step);
        if let Step::Reject(mac) = step {
            let asked = before.things.get(mac).and_then(|thing| subject(thing));
            rejected.extend(asked.map(|subject| (*mac, subject)));
        }
        if matches!(step, Step::Restart) {
            for record in story.stored().things {
                let (old, new) = (&before.things[&record.mac], &after.things[&record.mac]);
                // What is asked is asked again by whoever asked it.
                if old.url.is_some() {
                    assert_eq!(kept(old), kept(new));
                    let asked = |thing: &Thing| subject(thing);
                    assert_eq!(asked(old), asked(new), "a question outlives a restart");
                }
            }
        }
    }
    let ids = story.actions.iter().filter_map(|action| {
        let Action::Journal(entry) = action else {
            return None;
        };
        Some(entry.id)
    });
    assert!(
        ids.is_sorted_by(|one, next| one < next),
        "numbers of rows only grow"
    );
    for mac in story.manager.snapshot().things.keys() {
        let asked = story.actions.iter().filter(|action| {
            matches!(action, Action::Journal(entry)
                if entry.kind == JournalKind::QuestionRaised && entry.thing == Some(*mac))
        });
        assert!(
            asked.count() <= steps.len(),
            "at most one question for each thing that happens"
        );
    }
}

/// As many as `PROPTEST_CASES` says, but never fewer than these.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: asked.cases.max(400),
        ..asked
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..cases() })]

    #[test]
    fn the_promises_hold_whatever_happens(steps in proptest::collection::vec(step(), 1..60)) {
        live(Mode::Ask, &steps);
    }
}
