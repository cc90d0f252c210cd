//! The state of one reading: what was said so far, which ACE is being read, and what the limits still allow.
//!
//! The `impl` blocks in the files beside this one each read one kind of node.

use std::collections::HashSet;

use super::{Limits, Report, Weight, place::Place, quote};
use crate::{Code, DomainName, Extension, NotUnderstood, UnknownNode, json::Value};

/// So many parts of one ACE are listed as not understood; one is enough to make it permit nothing.
const MOST_NOT_UNDERSTOOD: usize = 32;

/// One reading of one file.
pub(super) struct Reader<'l> {
    /// What was said.
    pub(super) report: Report,
    /// The extensions that the file names.
    pub(super) declared: HashSet<Extension>,
    /// Nodes outside of ACEs that nobody knows.
    pub(super) unknown_nodes: Vec<UnknownNode>,
    /// While an ACE is read: what of it was not understood.
    pub(super) ace: Option<Vec<NotUnderstood>>,
    limits: &'l Limits,
    aces: usize,
    names: HashSet<DomainName>,
}

impl<'l> Reader<'l> {
    pub(super) fn new(report: Report, limits: &'l Limits) -> Self {
        Self {
            report,
            declared: HashSet::new(),
            unknown_nodes: Vec::new(),
            ace: None,
            limits,
            aces: 0,
            names: HashSet::new(),
        }
    }
}

impl Reader<'_> {
    /// The place is as it should be, and worth a word.
    pub(super) fn note(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Note, place, code, message, hint);
    }

    /// Whether the file names an extension that Mudguard does not know.
    pub(super) fn has_unknown_extension(&self) -> bool {
        self.declared
            .iter()
            .any(|extension| matches!(extension, Extension::Unknown(_)))
    }

    /// The place is as it may be, but doubtful.
    pub(super) fn advise(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Advice, place, code, message, hint);
    }

    /// The place is not as RFC 8520 has it, and was understood all the same.
    pub(super) fn deviate(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Deviation, place, code, message, hint);
    }

    /// The place is not as RFC 8520 has it and is left out; an ACE that holds it permits nothing.
    pub(super) fn bad(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Deviation, place, code, message, hint);
        self.not_understood(place, code);
    }

    /// The place is allowed, but nothing can be done with it; an ACE that holds it permits nothing.
    pub(super) fn useless(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Advice, place, code, message, hint);
        self.not_understood(place, code);
    }

    /// The file cannot be used.
    pub(super) fn fatal(
        &mut self,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report.say(Weight::Fatal, place, code, message, hint);
    }

    /// A leaf has another JSON type than it should have.
    pub(super) fn wrong_type(&mut self, place: &Place<'_>, expected: &'static str) {
        let (message, hint) = wrong_type(place, expected);
        self.bad(place, Code::WrongType, message, hint);
    }

    /// A container or list has another JSON type than it should have. Outside of ACEs nobody can tell what is lost with it.
    pub(super) fn wrong_structure(&mut self, place: &Place<'_>, expected: &'static str) {
        let (message, hint) = wrong_type(place, expected);
        if self.ace.is_some() {
            self.bad(place, Code::WrongType, message, hint);
        } else {
            self.fatal(place, Code::WrongType, message, hint);
        }
    }

    /// A node that must be there is not; `place` is the object that should hold it.
    pub(super) fn missing(&mut self, place: &Place<'_>, name: &str, hint: impl Into<String>) {
        self.deviate(place, Code::MissingNode, format!("`{name}` is missing"), hint);
    }

    /// Whether `key` is new among `seen`: the keys of a list and the values of a leaf-list occur once (RFC 7950 section 7.7).
    pub(super) fn is_new(&mut self, seen: &mut HashSet<String>, place: &Place<'_>, key: &str) -> bool {
        let is_new = seen.insert(key.to_owned());
        if !is_new {
            let message = format!("{} stands in this list already", quote(key));
            self.deviate(place, Code::DuplicateEntry, message, "keep one of them");
        }
        is_new
    }

    /// Lists a part of the ACE that is being read, if one is, as not understood.
    pub(super) fn not_understood(&mut self, place: &Place<'_>, code: Code) {
        if self.ace.is_some() {
            self.list_not_understood(NotUnderstood {
                name: place.name().to_owned(),
                pointer: place.pointer(),
                code,
            });
        }
    }

    /// Lists a part that was passed before.
    pub(super) fn list_not_understood(&mut self, part: NotUnderstood) {
        if let Some(parts) = self
            .ace
            .as_mut()
            .filter(|parts| parts.len() < MOST_NOT_UNDERSTOOD)
        {
            parts.push(part);
        }
    }

    /// Counts an ACE; `false` once there are more than the limit allows.
    pub(super) fn count_ace(&mut self, place: &Place<'_>) -> bool {
        self.aces += 1;
        let most = self.limits.aces;
        if self.aces == most.saturating_add(1) {
            let message = format!("the file has more than {most} ACEs");
            self.fatal(place, Code::TooManyAces, message, "use fewer entries");
        }
        self.aces <= most
    }

    /// Counts a domain name; the file is refused once it has more different ones than the limit allows.
    pub(super) fn count_name(&mut self, place: &Place<'_>, name: &DomainName) {
        let most = self.limits.names;
        if self.names.contains(name) || self.names.len() > most {
            return;
        }
        self.names.insert(name.clone());
        if self.names.len() > most {
            let message = format!("the file has more than {most} different domain names");
            self.fatal(place, Code::TooManyNames, message, "use fewer names");
        }
    }
}

fn wrong_type(place: &Place<'_>, expected: &'static str) -> (String, String) {
    let found = match place.value() {
        Value::Text(text) => format!("the text {}", quote(text)),
        Value::Number(number) => format!("the number {}", quote(number)),
        value @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            value.kind().to_owned()
        }
    };
    (
        format!("{found} stands where {expected} should stand"),
        format!("write {expected}"),
    )
}
