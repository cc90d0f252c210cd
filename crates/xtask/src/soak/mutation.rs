//! `cargo xtask soak --mutation`: for each rule of the firewall's skeleton, what notices that it is missing.
//!
//! The rule is left out, and real packets go through a real router until a test fails. Golden rulesets do not count: they notice every change,
//! and say nothing about packets. A test that fails is run once more, alone: on a busy machine one may fail for another reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    build,
    packages::{Counts, say},
};

/// The tests that send packets.
const GROUPS: [&[&str]; 6] = [ROUTED, BRIDGED, SOURCES, LEARNED, SETS, ORACLE];
const ROUTED: &[&str] = &["tests::routed"];
const BRIDGED: &[&str] = &["tests::bridged", "tests::vlans", "tests::denied"];
const SOURCES: &[&str] = &["tests::sources", "tests::forms"];
const LEARNED: &[&str] = &["tests::learned", "tests::changes"];
const SETS: &[&str] = &["tests::shapes"];
const ORACLE: &[&str] = &["tests::oracle"];
const LIST: &str = "tests::mutation::the_rules_of_the_skeleton_are_listed";
const VARIABLE: &str = "MUDGUARD_RULE_LEFT_OUT";
/// Rules that no packet can miss here, by what nft calls them, and why they stand.
const KEPT: [(&str, &str); 3] = [
    (
        "meta iifname . ip saddr vmap @out4",
        "speed: a later rule decides the same",
    ),
    (
        "meta iifname . ip6 saddr vmap @out6",
        "speed: a later rule decides the same",
    ),
    (
        "meta iifname lo return",
        "older kernels, which find no way back to themselves",
    ),
];
/// The oracle draws the same packets for each rule.
const SEED: &str = "1";
/// A test that waits so long for what never comes has noticed.
const LONGEST: Duration = Duration::from_secs(120);
const ATTEMPTS: u32 = 3;
const STEP: Duration = Duration::from_millis(20);

/// A rule of the skeleton.
struct Rule {
    name: String,
    text: String,
}

/// What a run said.
enum End {
    Passed,
    /// The first test that failed, or that did not end.
    Failed(String),
}

/// The test binary, and which tests have noticed rules of a chain: they are the first to be run for its other rules.
struct Hunt {
    binary: PathBuf,
    of_chains: Mutex<BTreeMap<String, BTreeSet<String>>>,
}

/// Runs it for the rules whose names begin so, or all if there are no such words, so many at a time.
pub(crate) fn run(only: &[String], jobs: usize) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    // A copy, for it may be built anew meanwhile.
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("tests");
    fs::copy(binary()?, &copy)?;
    let hunt = Hunt {
        binary: copy,
        of_chains: Mutex::default(),
    };
    let rules = hunt.rules()?;
    let is_wanted = |rule: &&Rule| only.is_empty() || only.iter().any(|start| rule.name.starts_with(start));
    let rules: Vec<&Rule> = rules.iter().filter(is_wanted).collect();
    for group in GROUPS {
        if let End::Failed(test) = hunt.tests(None, group, false)? {
            bail!("{test} fails though no rule is left out");
        }
    }
    let (next, noticed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| -> anyhow::Result<()> {
        let worker = || -> anyhow::Result<()> {
            while let Some(rule) = rules.get(next.fetch_add(1, Ordering::Relaxed)) {
                let verdict = match hunt.noticed_by(rule)? {
                    Some(test) => {
                        noticed.fetch_add(1, Ordering::Relaxed);
                        format!("noticed by {test}")
                    }
                    None => match KEPT.into_iter().find(|(text, _)| rule.text.contains(text)) {
                        Some((_, reason)) => {
                            noticed.fetch_add(1, Ordering::Relaxed);
                            format!("kept for {reason}")
                        }
                        None => "NOBODY NOTICED".to_owned(),
                    },
                };
                say(&format!("{} ({}): {verdict}", rule.name, rule.text));
            }
            Ok(())
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })?;
    let passed = noticed.into_inner();
    eprintln!("==> {} rules left out in {:.0?}", rules.len(), start.elapsed());
    let failed = rules.len() - passed;
    Ok(Counts { passed, failed }.close())
}

/// The tests that most likely notice a rule of this chain.
fn likely(chain: &str) -> &'static [&'static str] {
    let (table, chain) = chain.split_once(' ').unwrap_or_default();
    match table {
        _ if chain.contains("sets") || chain.contains("fragments") => SETS,
        _ if ["guard", "unbound", "arriving", "leaving", "misplaced"]
            .iter()
            .any(|part| chain.contains(part)) =>
        {
            SOURCES
        }
        "bridge" => BRIDGED,
        _ => ROUTED,
    }
}

/// Builds the tests of the firewall.
fn binary() -> anyhow::Result<PathBuf> {
    let mut command = build::cargo(&["test", "--locked", "--package", "mudguard-firewall", "--lib"]);
    command.args(["--no-run", "--message-format", "json"]);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let binary = messages
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    binary.context("cargo built no tests")
}

impl Hunt {
    fn rules(&self) -> anyhow::Result<Vec<Rule>> {
        let output = Command::new(&self.binary)
            .args([LIST, "--exact", "--nocapture"])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rules: Vec<_> = text
            .lines()
            .filter_map(|line| {
                let (name, text) = line.strip_prefix("rule\t")?.split_once('\t')?;
                Some(Rule {
                    name: name.to_owned(),
                    text: text.to_owned(),
                })
            })
            .collect();
        if rules.is_empty() {
            bail!("the tests name no rule:\n{text}");
        }
        Ok(rules)
    }

    /// The first test that fails without this rule.
    fn noticed_by(&self, rule: &Rule) -> anyhow::Result<Option<String>> {
        let chain = rule.name.rsplit_once(' ').map_or("", |(chain, _)| chain);
        let known: Vec<String> = {
            let of_chains = self.of_chains.lock().unwrap_or_else(PoisonError::into_inner);
            of_chains.get(chain).into_iter().flatten().cloned().collect()
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let first = (!known.is_empty()).then_some((&known[..], true));
        let mut groups = GROUPS.map(|group| (group, false));
        groups.sort_by_key(|(group, _)| *group != likely(chain));
        for (tests, exact) in first.into_iter().chain(groups) {
            // A test that failed for another reason kept others from their end.
            for _ in 0..ATTEMPTS {
                let End::Failed(test) = self.tests(Some(rule), tests, exact)? else {
                    break;
                };
                if matches!(self.tests(Some(rule), &[&test], true)?, End::Failed(_)) {
                    let mut of_chains = self.of_chains.lock().unwrap_or_else(PoisonError::into_inner);
                    of_chains
                        .entry(chain.to_owned())
                        .or_default()
                        .insert(test.clone());
                    return Ok(Some(test));
                }
            }
        }
        Ok(None)
    }

    /// Runs tests until one fails.
    fn tests(&self, rule: Option<&Rule>, tests: &[&str], exact: bool) -> anyhow::Result<End> {
        let output = tempfile::NamedTempFile::new()?;
        let mut command = Command::new(&self.binary);
        command
            .args(tests)
            .args(exact.then_some("--exact"))
            .arg("--test-threads=8");
        command.env("MUDGUARD_SEED", SEED).env("RUST_BACKTRACE", "0");
        match rule {
            Some(rule) => command.env(VARIABLE, &rule.name),
            None => command.env_remove(VARIABLE),
        };
        command.stdout(File::create(output.path())?).stderr(Stdio::null());
        let mut child = command.spawn().context("the tests cannot be started")?;
        let end = watch(&mut child, output.path());
        // It has ended, or need not go on.
        let _ = child.kill();
        child.wait()?;
        end
    }
}

fn watch(child: &mut Child, output: &Path) -> anyhow::Result<End> {
    let start = Instant::now();
    loop {
        let status = child.try_wait()?;
        let text = fs::read_to_string(output)?;
        let with_end = |end: &str| {
            text.lines()
                .find_map(|line| Some(line.strip_prefix("test ")?.strip_suffix(end)?.to_owned()))
        };
        if let Some(test) = with_end(" ... FAILED") {
            return Ok(End::Failed(test));
        }
        if let Some(status) = status {
            if !status.success() || !text.contains("test result: ok") {
                bail!("the tests ended with {status}:\n{text}");
            }
            return Ok(End::Passed);
        }
        if start.elapsed() > LONGEST {
            let slow = with_end(" has been running for over 60 seconds");
            return Ok(End::Failed(
                slow.context("the tests do not end, and none says that it is slow")?,
            ));
        }
        thread::sleep(STEP);
    }
}
