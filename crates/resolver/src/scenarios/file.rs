//! The form of scenario files, that of unbound's `testdata/*.rpl`: options, servers with what they answer from step to step, and steps.
//!
//! What it is not: the whole of it. What is not understood is an error, and the scenario is left out with that reason.

use std::net::IpAddr;

use super::text;
use crate::validate::{Name, Question, Record};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) options: Vec<(String, String)>,
    pub(super) ranges: Vec<Range>,
    pub(super) steps: Vec<(u32, Action)>,
}

/// What servers answer in some steps.
#[derive(Debug, Default)]
pub(super) struct Range {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) entries: Vec<Entry>,
}

/// A message: a question with its reply, a query of a client, or what a client is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// What of it counts.
    pub(super) matches: Vec<String>,
    /// What is taken from the query.
    pub(super) adjust: Vec<String>,
    /// Flags and response code.
    pub(super) header: Vec<String>,
    pub(super) question: Option<Question>,
    /// Answer, authority, additional.
    pub(super) sections: [Vec<Record>; 3],
}

/// What happens in a step.
#[derive(Debug)]
pub(super) enum Action {
    Query(Entry),
    CheckAnswer(Entry),
    TimePasses(u64),
    Nothing,
}

impl Entry {
    pub(super) fn is_set(&self, word: &str) -> bool {
        self.header.iter().any(|other| other == word)
    }

    pub(super) fn counts(&self, word: &str) -> bool {
        self.matches.iter().any(|other| other == word)
    }

    pub(super) fn response_code(&self) -> u16 {
        let codes = [
            ("FORMERR", 1),
            ("SERVFAIL", 2),
            ("NXDOMAIN", 3),
            ("NOTIMPL", 4),
            ("REFUSED", 5),
            ("YXDOMAIN", 6),
            ("NOTAUTH", 9),
        ];
        let code = codes.iter().find(|(word, _)| self.is_set(word));
        code.map_or(0, |(_, code)| *code)
    }
}

/// Reads a file.
pub(super) fn read(file: &str) -> Result<Scenario, String> {
    let (options, rest) = match file.split_once("CONFIG_END") {
        Some((options, rest)) => (options, rest),
        None => ("", file),
    };
    let mut scenario = Scenario::default();
    for line in options.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let line = if line.trim_start().starts_with(';') {
            ""
        } else {
            line
        };
        if let Some((key, value)) = line.trim().split_once(':') {
            let value = value.trim().trim_matches(['"', '\'']);
            scenario.options.push((key.to_owned(), value.to_owned()));
        }
    }
    let mut lines = Lines::new(rest)?;
    while let Some((_, words)) = lines.next() {
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["SCENARIO_BEGIN", ..] | [] => {}
            ["RANGE_BEGIN", first, last, ..] => {
                let range = lines.range(number(first)?, number(last)?)?;
                scenario.ranges.push(range);
            }
            ["STEP", step, action, ref rest @ ..] => {
                let action = match (action, rest) {
                    ("QUERY", _) => Action::Query(lines.entry_after_begin()?),
                    ("CHECK_ANSWER", _) => Action::CheckAnswer(lines.entry_after_begin()?),
                    ("TIME_PASSES", ["ELAPSE", seconds]) => Action::TimePasses(number(seconds)?.into()),
                    ("TRAFFIC" | "NOTHING", _) => Action::Nothing,
                    _ => return Err(format!("step {action}")),
                };
                scenario.steps.push((number(step)?, action));
            }
            ["SCENARIO_END", ..] => break,
            [other, ..] => return Err(format!("line {other}")),
        }
    }
    Ok(scenario)
}

fn number(word: &str) -> Result<u32, String> {
    word.parse().map_err(|_| format!("{word}: no number"))
}

/// The lines that hold something, each with whether it is indented; parentheses are closed.
struct Lines(std::vec::IntoIter<(bool, Vec<String>)>);

impl Lines {
    fn new(text: &str) -> Result<Self, String> {
        let mut lines: Vec<(bool, Vec<String>)> = Vec::new();
        let mut depth = 0_i32;
        for line in text.lines() {
            let words = text::words(line);
            let is_continued = depth > 0;
            let code = line.split(';').next().unwrap_or_default();
            depth += i32::try_from(code.matches('(').count()).unwrap_or_default();
            depth -= i32::try_from(code.matches(')').count()).unwrap_or_default();
            if is_continued {
                lines.last_mut().ok_or("a parenthesis")?.1.extend(words);
            } else if !words.is_empty() {
                lines.push((line.starts_with([' ', '\t']), words));
            }
        }
        Ok(Self(lines.into_iter()))
    }

    fn next(&mut self) -> Option<(bool, Vec<String>)> {
        self.0.next()
    }

    fn range(&mut self, first: u32, last: u32) -> Result<Range, String> {
        let mut range = Range {
            first,
            last,
            ..Range::default()
        };
        while let Some((_, words)) = self.next() {
            match words[0].as_str() {
                "ADDRESS" => {
                    let address = words.get(1).and_then(|word| word.parse().ok());
                    range.addresses.push(address.ok_or("an address of a range")?);
                }
                "ENTRY_BEGIN" => range.entries.push(self.entry()?),
                "RANGE_END" => return Ok(range),
                other => return Err(format!("line {other} in a range")),
            }
        }
        Err("a range without end".to_owned())
    }

    fn entry_after_begin(&mut self) -> Result<Entry, String> {
        match self.next() {
            Some((_, words)) if words[0] == "ENTRY_BEGIN" => self.entry(),
            _ => Err("a step without entry".to_owned()),
        }
    }

    fn entry(&mut self) -> Result<Entry, String> {
        let mut entry = Entry::default();
        let mut section = None;
        let mut owner: Option<Name> = None;
        while let Some((is_indented, words)) = self.next() {
            match (words[0].as_str(), section.clone()) {
                ("ENTRY_END", _) => return Ok(entry),
                ("MATCH", _) => entry.matches.extend(words.into_iter().skip(1)),
                ("ADJUST", _) => entry.adjust.extend(words.into_iter().skip(1)),
                ("REPLY", _) => entry.header.extend(words.into_iter().skip(1)),
                ("SECTION", _) => section = words.get(1).cloned(),
                (other, None) => return Err(format!("line {other} in an entry")),
                ("HEX_ANSWER_BEGIN" | "HEX_EDNS_BEGIN" | "HEX_EDNSDATA_BEGIN" | "EXTRA_PACKET", _) => {
                    return Err(words[0].clone());
                }
                (_, Some(ref name)) if name == "QUESTION" => entry.question = Some(text::question(&words)?),
                (_, Some(ref name)) => {
                    let place = match name.as_str() {
                        "ANSWER" => 0,
                        "AUTHORITY" => 1,
                        _ => 2,
                    };
                    let record = text::record(&words, owner.as_ref(), is_indented)?;
                    owner = Some(record.owner.clone());
                    entry.sections[place].push(record);
                }
            }
        }
        Err("an entry without end".to_owned())
    }
}
