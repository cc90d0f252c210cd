//! `mudguard restore`: loads the last good rules if none are in the kernel. It needs no running gateway, so that Things are limited before
//! it runs: the firewall service of a router calls it when it starts.

use std::process::ExitCode;

use anyhow::Context;
use mudguard_firewall::{Restored, restore};
use serde::Serialize;

use crate::{cli::RestoreArgs, config::Config, daemon::last_good, print};

/// What was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "rules")]
enum Report {
    /// They were loaded.
    Restored,
    /// There were some, which were left alone.
    AlreadyThere,
    /// There is no file: no gateway has run yet.
    NothingKept,
}

pub(super) fn run(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let folder = match &args.state {
        Some(folder) => folder.clone(),
        None => Config::read(&args.config)?.paths.state,
    };
    let file = last_good::path(&folder);
    let text = last_good::read(&folder).with_context(|| format!("{} cannot be read", file.display()))?;
    let report = match text {
        None => Report::NothingKept,
        Some(text) => {
            match restore(&text).with_context(|| format!("{} cannot be loaded", file.display()))? {
                Restored::Loaded => Report::Restored,
                Restored::AlreadyThere => Report::AlreadyThere,
            }
        }
    };
    if args.json {
        print::json(&report)?;
    } else {
        print::line(match report {
            Report::Restored => "the last good rules are in the kernel",
            Report::AlreadyThere => "rules of Mudguard are in the kernel already; they are left alone",
            Report::NothingKept => "no rules were kept: the gateway has not run yet",
        })?;
    }
    Ok(ExitCode::SUCCESS)
}
