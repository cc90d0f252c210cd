//! `mudguard off`: the rules leave the kernel, and the router is what it was. It needs no running gateway; one that runs is told, and
//! leaves the kernel alone until it is started again.

use std::{os::unix::net::UnixStream, process::ExitCode};

use anyhow::Context;
use mudguard_firewall::{Removal, TABLE};
use serde::Serialize;

use crate::{cli::OffArgs, daemon::off, print};

/// What was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    /// The tables that were removed, such as `inet mudguard`.
    removed: Vec<String>,
    /// Whether a gateway runs; it goes on to resolve names and limits nothing until it is started again.
    gateway_runs: bool,
}

pub(super) fn run(args: &OffArgs) -> anyhow::Result<ExitCode> {
    let told = off::tell();
    let removal = mudguard_firewall::remove().context("the rules cannot be removed")?;
    let told = told.context(
        "the rules are removed, but a gateway runs and does not hear; stop it, or it brings them back",
    )?;
    let report = Report {
        removed: removed(removal),
        gateway_runs: told || UnixStream::connect(&args.control).is_ok(),
    };
    if args.json {
        print::json(&report)?;
    } else {
        for line in lines(&report) {
            print::line(line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn removed(removal: Removal) -> Vec<String> {
    let tables = [("inet", removal.inet), ("bridge", removal.bridge)];
    tables
        .into_iter()
        .filter(|(_, gone)| *gone)
        .map(|(family, _)| format!("{family} {TABLE}"))
        .collect()
}

fn lines(report: &Report) -> Vec<String> {
    let mut lines: Vec<_> = report
        .removed
        .iter()
        .map(|table| format!("removed the table {table}"))
        .collect();
    if lines.is_empty() {
        lines.push("no rules of Mudguard were in the kernel".to_owned());
    } else {
        lines.push("nothing is limited any more".to_owned());
    }
    if report.gateway_runs {
        lines.push(
            "the gateway goes on to answer names; it limits devices again when it is started anew".to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_that_went_is_named() {
        assert_eq!(
            removed(Removal {
                inet: true,
                bridge: true
            }),
            ["inet mudguard", "bridge mudguard"]
        );
        assert!(removed(Removal::default()).is_empty());
    }

    #[test]
    fn what_a_running_gateway_goes_on_to_do_is_said() {
        let report = Report {
            removed: removed(Removal {
                inet: true,
                bridge: false,
            }),
            gateway_runs: true,
        };
        assert_eq!(lines(&report).len(), 3);
        assert!(lines(&report)[2].contains("started anew"));
    }
}
