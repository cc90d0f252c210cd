//! Real MUD files, when they are there: no ACE of them widens, and nearly all are enforced as written.
//!
//! They lie beside the repository, in `shared/mudfiles`; they are not part of the project.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use mudguard_mud::{Ace, Acl, Dialect, Limits, MudFile, parse};
use mudguard_policy::{
    Initiator, Site, Sum, Verdict, compile,
    oracle::may_open,
    testing::{Plan, plans},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

/// Packets around each ACE that stands alone, and around each among the others, on average.
const ALONE: usize = 60;
const AMONG_OTHERS: usize = 8;

/// Beyond what a test prints only when it fails.
fn say(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// The files of a folder, as far as they can be read.
fn files(folder: &str) -> Option<Vec<(String, MudFile)>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = repository.parent()?.join("shared/mudfiles").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let parsed = parse(&fs::read(path).unwrap(), &Limits::default(), Dialect::Community);
        Some((name, parsed.file?))
    };
    Some(paths.into_iter().filter_map(read).collect())
}

fn lists(file: &MudFile) -> impl Iterator<Item = (Initiator, &Acl)> {
    let from = file.from_device.iter().map(|list| (Initiator::Thing, list));
    from.chain(file.to_device.iter().map(|list| (Initiator::Peer, list)))
}

/// The file as if it held this ACE only.
fn alone(file: &MudFile, initiator: Initiator, list: &Acl, ace: &Ace) -> MudFile {
    let only = Acl {
        aces: vec![ace.clone()],
        ..list.clone()
    };
    let (from_device, to_device) = match initiator {
        Initiator::Thing => (vec![only], Vec::new()),
        Initiator::Peer => (Vec::new(), vec![only]),
    };
    MudFile {
        from_device,
        to_device,
        ..file.clone()
    }
}

/// How many packets were judged, and how many of them may pass.
#[derive(Debug, Default)]
struct Judged {
    packets: usize,
    allowed: usize,
}

/// Judges packets around an ACE by the policy and by the oracle. Where all is enforced as written they must agree.
fn compare(
    name: &str,
    file: &MudFile,
    site: &Site,
    around: (Initiator, &Acl, &Ace),
    plans: &[Plan],
    judged: &mut Judged,
) {
    let policy = compile(file, site);
    let is_exact = policy
        .verdicts
        .iter()
        .all(|verdict| verdict.verdict == Verdict::Enforced);
    let (initiator, list, ace) = around;
    for plan in plans {
        let packet = plan.around(initiator, list.acl_type, ace, site);
        let by_policy = policy.judge(&packet, &site.gateway);
        let by_oracle = may_open(file, site, &packet);
        assert!(
            !by_policy.allowed || by_oracle.allowed,
            "{name}: {packet:#?}\nis permitted by {by_policy:?}, the oracle says {by_oracle:?}\n{ace:#?}"
        );
        if is_exact {
            assert_eq!(by_policy, by_oracle, "{name}: {packet:#?}\n{ace:#?}");
        }
        judged.packets += 1;
        judged.allowed += usize::from(by_policy.allowed);
    }
}

#[test]
fn no_ace_of_a_real_file_widens() {
    let (Some(learned), Some(handwritten)) = (files("learned"), files("handwritten")) else {
        say("LEFT OUT: packets around the ACEs of real MUD files, for there is no ../shared/mudfiles");
        return;
    };
    let mut runner = TestRunner::deterministic();
    let mut draw = |count| plans(count).new_tree(&mut runner).unwrap().current();
    let (mut judged, mut aces) = (Judged::default(), 0);
    for (name, file) in learned.iter().chain(&handwritten) {
        let filled = Site::with_a_member_of_each_class(&[file]);
        for (initiator, list) in lists(file) {
            for ace in &list.aces {
                aces += 1;
                let around = (initiator, list, ace);
                let only = alone(file, initiator, list, ace);
                for site in [&filled, &Site::typical()] {
                    compare(name, &only, site, around, &draw(ALONE), &mut judged);
                }
                compare(name, file, &filled, around, &draw(AMONG_OTHERS), &mut judged);
            }
        }
    }
    say(&format!("around {aces} ACEs of real files: {judged:?}"));
    assert!(judged.allowed > judged.packets / 40, "{judged:?}");
}

#[test]
fn of_what_was_learned_nearly_every_ace_is_enforced() {
    let Some(learned) = files("learned") else {
        say("LEFT OUT: the share of ACEs enforced, for there is no ../shared/mudfiles");
        return;
    };
    let mut all = Sum::default();
    let mut reasons: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut whole = 0;
    for (name, file) in &learned {
        let policy = compile(file, &Site::with_a_member_of_each_class(&[file]));
        let sum = policy.sum();
        all.enforced += sum.enforced;
        all.narrowed += sum.narrowed;
        all.refused += sum.refused;
        whole += usize::from(sum.enforced == policy.verdicts.len());
        for verdict in policy.verdicts {
            let (word, reason) = match verdict.verdict {
                Verdict::Enforced => continue,
                Verdict::Narrowed(reason) => ("narrowed", reason),
                Verdict::Refused(reason) => ("refused", reason),
            };
            let entry = reasons.entry(format!("{word}: {reason}")).or_default();
            entry.0 += 1;
            entry.1 = format!("{name}, {}", verdict.ace.ace);
        }
    }
    let Sum {
        enforced,
        narrowed,
        refused,
    } = all;
    let total = enforced + narrowed + refused;
    say(&format!(
        "{enforced} of {total} ACEs of {} learned files are enforced as written, {narrowed} narrowed, {refused} refused; \
         {whole} files wholly",
        learned.len()
    ));
    for (reason, (count, example)) in &reasons {
        say(&format!("  {count} {reason} (such as {example})"));
    }
    assert!(enforced * 100 > total * 98, "{all:?}");
}
