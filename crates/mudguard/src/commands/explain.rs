//! `mudguard explain`: what a MUD file permits, in the sentences that the household reads.

use std::process::ExitCode;

use mudguard_policy::{Site, compile};
use serde::Serialize;

use super::{
    source,
    words::{Told, told},
};
use crate::{
    cli::{DialectName, ExplainArgs},
    print,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Explanation<'a> {
    mud_url: &'a str,
    sentences: Vec<Told>,
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let file = source::usable(&args.file, DialectName::Community)?;
    let site = Site::with_a_member_of_each_class(&[&file]);
    let sentences = told(&compile(&file, &site), &file, &site);
    if args.json {
        print::json(&Explanation {
            mud_url: file.mud_url.as_str(),
            sentences,
        })?;
    } else {
        for sentence in &sentences {
            print::line(&sentence.text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
