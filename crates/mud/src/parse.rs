//! Reading a MUD file: octets in, a [`MudFile`] and the findings out (RFC 8520, RFC 8519, RFC 7951).
//!
//! It is pure and total: no input makes it panic, and time and memory grow with the input, which [`Limits`] bounds.

mod abstraction;
mod ace;
mod acls;
mod address;
mod file;
mod l3;
mod l4;
mod leaf;
mod matches;
mod members;
mod ol;
mod place;
mod policy;
mod reader;
mod report;
mod syntax;
#[cfg(test)]
mod tests;
mod tls;
mod transparency;

use serde::Serialize;

pub(crate) use self::members::find;
use self::{
    place::Place,
    reader::Reader,
    report::{Report, Weight, quote},
};
use crate::{Code, Finding, MudFile, json};

/// What is accepted as a MUD file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// What the YANG modules of RFC 8520, RFC 8519 and the registered extensions say, and the rules that YANG cannot see.
    #[default]
    Strict,
    /// Also what exists in the wild: drafts, generators, slips of the pen. Each deviation is a finding.
    Community,
}

/// How much of a file is read. The defaults hold twice the largest profile learnt from a real device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the file.
    pub octets: usize,
    /// Nested objects and arrays; more than 128 counts as 128.
    pub depth: usize,
    /// ACEs of all access lists together.
    pub aces: usize,
    /// Different domain names.
    pub names: usize,
    /// Findings that are kept: so many errors, and so many others. The rest is counted.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            octets: 256 * 1024,
            depth: 32,
            aces: 1_000,
            names: 400,
            findings: 500,
        }
    }
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The file; `None` exactly if a finding is an error.
    pub file: Option<MudFile>,
    /// What is to be said, in the order of the file.
    pub findings: Vec<Finding>,
    /// Whether the file is written as its maker should have written it: `false` if anything deviates from RFC 8520.
    pub as_made: bool,
}

/// Reads a MUD file.
#[must_use]
pub fn parse(bytes: &[u8], limits: &Limits, dialect: Dialect) -> Parsed {
    let mut report = Report::new(dialect, limits.findings);
    let text = match text(bytes, limits, &mut report) {
        Ok(text) => text,
        Err(start) => {
            return Parsed {
                file: None,
                findings: report.finish(start),
                as_made: false,
            };
        }
    };
    let root = match json::read(text, limits.depth) {
        Ok(root) => root,
        Err(error) => {
            report.say_unread(error);
            return Parsed {
                file: None,
                findings: report.finish(text),
                as_made: false,
            };
        }
    };
    let mut reader = Reader::new(report, limits);
    let file = reader.file(&Place::root(&root));
    let report = reader.report;
    let file = file.filter(|_| !report.is_refused());
    let as_made = report.is_as_made();
    Parsed {
        file,
        findings: report.finish(text),
        as_made,
    }
}

/// The text of the file, without a byte order mark; or as much of its start as is text.
fn text<'a>(bytes: &'a [u8], limits: &Limits, report: &mut Report) -> Result<&'a str, &'a str> {
    if bytes.len() > limits.octets {
        let message = format!(
            "the file has {} octets and at most {} are read",
            bytes.len(),
            limits.octets
        );
        let hint = "say what the Thing may do in fewer entries";
        report.say_whole(0, Code::FileTooLarge, message, hint);
        return Err("");
    }
    let start = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let message = format!("octet {at} is no part of a UTF-8 character");
            report.say_whole(at, Code::NotUtf8, message, "save the file as UTF-8");
            let start = bytes.get(..at).unwrap_or_default();
            return Err(std::str::from_utf8(start).unwrap_or_default());
        }
    };
    let rest = start.strip_prefix('\u{feff}');
    if rest.is_some() {
        report.say_byte_order_mark();
    }
    Ok(rest.unwrap_or(start))
}
