//! `mudguard compile`: what a MUD file means for a home: the verdict of each ACE, the sum, and the rules or the ruleset.

use std::{collections::BTreeMap, process::ExitCode, sync::Arc};

use anyhow::Context;
use jiff::Timestamp;
use mudguard_firewall::{Kernel, ruleset_text};
use mudguard_manager::{ClockState, Enforcement, Home, Lan, Mode, Snapshot, Thing};
use mudguard_mud::MudFile;
use mudguard_policy::{MacAddress, Rule, Site, Sum, ThingPolicy, compile};
use serde::Serialize;

use super::{site_file, source, words};
use crate::{cli::CompileArgs, print};

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Compiled<'a> {
    mud_url: &'a str,
    sum: Sum,
    #[serde(flatten)]
    policy: &'a ThingPolicy,
}

pub(super) fn run(args: &CompileArgs) -> anyhow::Result<ExitCode> {
    let file = source::usable(&args.file, args.dialect)?;
    let site = site_file::read(args.site.as_deref(), args.thing)?;
    let policy = compile(&file, &site);
    if args.nft {
        let thing = args.thing.context("--nft needs --thing")?;
        print::line(ruleset_text(&snapshot(thing, &site, policy), &Kernel::FULL))?;
    } else if args.json {
        print::json(&Compiled {
            mud_url: file.mud_url.as_str(),
            sum: policy.sum(),
            policy: &policy,
        })?;
    } else {
        text(&file, &policy)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(file: &MudFile, policy: &ThingPolicy) -> anyhow::Result<()> {
    print::line(file.mud_url.as_str())?;
    for verdict in &policy.verdicts {
        let ace = words::ace(&verdict.ace);
        match words::verdict(&verdict.verdict) {
            (word, None) => print::line(format_args!("  {word}: {ace}"))?,
            (word, Some(reason)) => print::line(format_args!("  {word}: {ace}: {}", print::plain(reason)))?,
        }
    }
    let Sum {
        enforced,
        narrowed,
        refused,
    } = policy.sum();
    print::line(format_args!(
        "{} ACEs: {enforced} enforced, {narrowed} narrowed, {refused} refused",
        policy.verdicts.len()
    ))?;
    if !policy.vetoes.is_empty() {
        rules(
            "No flow is opened that these forbid, the first that matches",
            &policy.vetoes,
        )?;
    }
    rules(
        "Flows may be opened by the first of these that matches, and else are dropped",
        &policy.permits,
    )
}

fn rules(heading: &str, rules: &[Rule]) -> anyhow::Result<()> {
    print::line(format_args!("\n{heading}:"))?;
    for rule in rules {
        print::line(format_args!(
            "  {}  # {}",
            print::plain(&rule.to_string()),
            words::origin(&rule.origin)
        ))?;
    }
    Ok(())
}

/// A home with this one Thing, whose policy is enforced.
fn snapshot(mac: MacAddress, site: &Site, policy: ThingPolicy) -> Snapshot {
    let mut thing = Thing::stranger(mac, Timestamp::UNIX_EPOCH);
    thing.enforcement = Enforcement::Enforce;
    thing.policy = Arc::new(policy);
    let lan = Lan {
        interface: "br-lan".to_owned(),
        addresses: site.gateway.clone(),
        prefixes: site.local_networks.clone(),
        ..Lan::default()
    };
    Snapshot {
        version: 1,
        mode: Mode::Ask,
        home: Home { lans: vec![lan] },
        clock: ClockState::Valid,
        notices: Vec::new(),
        things: BTreeMap::from([(mac, Arc::new(thing))]),
        ..Snapshot::default()
    }
}
