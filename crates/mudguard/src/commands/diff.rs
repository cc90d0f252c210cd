//! `mudguard diff`: which rights a new version of a MUD file adds and removes. Rights are compared by what they permit: an entry that
//! is written in another way, or in another place, is none.

use std::process::ExitCode;

use mudguard_mud::MudFile;
use mudguard_policy::{Origin, Peer, Right, Rule, Site, ThingPolicy, compile};
use serde::Serialize;

use super::{
    source,
    words::{self, Told, told},
};
use crate::{
    cli::{DialectName, DiffArgs},
    print,
};

/// The exit code when rights are added.
const RIGHTS_ARE_ADDED: u8 = 3;

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Difference {
    added: Rights,
    removed: Rights,
}

/// Rights that only one of the files gives.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Rights {
    sentences: Vec<Told>,
    rules: Vec<RuleTold>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct RuleTold {
    rule: String,
    origin: Origin,
    /// Whether it is known that the other file does not permit all of it; what is too manifold to compare counts as a difference.
    certain: bool,
}

pub(super) fn run(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let old = source::usable(&args.old, DialectName::Community)?;
    let new = source::usable(&args.new, DialectName::Community)?;
    let site = Site::with_a_member_of_each_class(&[&old, &new]);
    let (old_policy, new_policy) = (compile(&old, &site), compile(&new, &site));
    let difference = Difference {
        added: rights(&new_policy.beyond(&old_policy, &site.gateway), &new, &site),
        removed: rights(&old_policy.beyond(&new_policy, &site.gateway), &old, &site),
    };
    if args.json {
        print::json(&difference)?;
    } else {
        text("Added", &difference.added)?;
        text("Removed", &difference.removed)?;
    }
    Ok(if difference.added.rules.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(RIGHTS_ARE_ADDED)
    })
}

fn rights(beyond: &[Right<'_>], file: &MudFile, site: &Site) -> Rights {
    let policy = ThingPolicy {
        permits: beyond.iter().map(|right| right.rule.clone()).collect(),
        ..ThingPolicy::default()
    };
    let sentences = if beyond.is_empty() {
        Vec::new()
    } else {
        told(&policy, file, site)
    };
    let rules = beyond.iter().map(|right| RuleTold {
        rule: rule(right.rule),
        origin: right.rule.origin.clone(),
        certain: right.example.is_some(),
    });
    Rights {
        sentences,
        rules: rules.collect(),
    }
}

/// The members of classes are nobody's: the home is made up.
fn rule(rule: &Rule) -> String {
    let text = rule.to_string();
    match &rule.peer {
        Peer::Things(things) => things.iter().fold(text, |text, mac| {
            text.replace(&mac.to_string(), "members of its class")
        }),
        Peer::Anything | Peer::Name(_) | Peer::Networks(_) | Peer::Gateway => text,
    }
}

fn text(heading: &str, rights: &Rights) -> anyhow::Result<()> {
    if rights.rules.is_empty() {
        return print::line(format_args!("{heading}: nothing"));
    }
    print::line(format_args!("{heading}:"))?;
    for sentence in &rights.sentences {
        print::line(format_args!("  {}", sentence.text))?;
    }
    for RuleTold {
        rule,
        origin,
        certain,
    } in &rights.rules
    {
        let doubt = if *certain {
            ""
        } else {
            ", perhaps: there was too much to compare"
        };
        print::line(format_args!(
            "    {}  # {}{doubt}",
            print::plain(rule),
            words::origin(origin)
        ))?;
    }
    Ok(())
}
