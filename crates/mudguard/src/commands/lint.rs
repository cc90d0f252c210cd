//! `mudguard lint`: what is wrong with MUD files, for their makers.

mod sarif;

use std::process::ExitCode;

use mudguard_mud::{Finding, MudUrl, Parsed, Severity};
use serde::Serialize;

use super::{
    retrieve,
    source::{self, Unreadable},
};
use crate::{cli::LintArgs, print};

/// The exit code when some input could not be read at all.
const CANNOT_READ: u8 = 2;

/// What was found in one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Report {
    /// The file, as the user named it.
    file: String,
    /// Whether it is written as RFC 8520 says.
    as_made: bool,
    /// Whether it can be used.
    usable: bool,
    /// The findings, in the order of the file.
    findings: Vec<Finding>,
}

pub(super) fn run(args: &LintArgs) -> anyhow::Result<ExitCode> {
    let mut reports = Vec::new();
    let mut unreadable = false;
    for name in &args.files {
        match parsed(name, args) {
            Ok(Parsed {
                file,
                findings,
                as_made,
            }) => {
                reports.push(Report {
                    file: name.clone(),
                    as_made,
                    usable: file.is_some(),
                    findings,
                });
            }
            Err(error) => {
                eprintln!("mudguard: {error}");
                unreadable = true;
            }
        }
    }
    if args.json {
        print::json(&reports)?;
    } else if args.sarif {
        print::json(&sarif::log(&reports))?;
    } else {
        for report in &reports {
            for finding in &report.findings {
                print::line(line(&report.file, finding))?;
            }
        }
    }
    let errors = reports
        .iter()
        .flat_map(|report| &report.findings)
        .any(|f| f.severity == Severity::Error);
    Ok(match (unreadable, errors) {
        (true, _) => ExitCode::from(CANNOT_READ),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}

fn parsed(name: &str, args: &LintArgs) -> Result<Parsed, Unreadable> {
    let dialect = args.dialect;
    if !name.contains("://") {
        return source::mud_file(name, dialect);
    }
    let unreadable = |reason: String| Unreadable {
        name: name.to_owned(),
        reason,
    };
    let url = MudUrl::parse(name).map_err(|error| unreadable(error.to_string()))?;
    let bytes = retrieve::octets(&url, &args.tls_roots).map_err(|error| unreadable(format!("{error:#}")))?;
    Ok(mudguard_mud::parse(
        &bytes,
        &mudguard_mud::Limits::default(),
        dialect.into(),
    ))
}

/// `file:line:column: code: text`, as compilers write and editors read.
fn line(file: &str, finding: &Finding) -> String {
    let Finding {
        code,
        severity,
        line,
        column,
        message,
        hint,
        ..
    } = finding;
    format!(
        "{file}:{line}:{column}: {}: {severity}: {} ({})",
        code.number(),
        print::plain(message),
        print::plain(hint)
    )
}
