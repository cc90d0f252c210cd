//! The manual page `docs/mud-support.md`, made from the same tables by which files are read.

use std::{fmt::Write, ptr};

use crate::{
    Code, Limits,
    schema::{Container, Kind, Known, Module, ROOT},
};

const INTRODUCTION: &str = "\
# What Mudguard does with each node of a MUD file

<!-- Made from the code: `UPDATE_EXPECT=1 cargo test -p mudguard-mud --test mud support` writes it anew. -->

Each node of each module that Mudguard knows, by the object that it stands in. *Enforced* nodes are conditions that rules test.
An ACE with a node that no rule can test, that is not known, or whose value is refused permits nothing; an ACE that drops still
drops, without that node. A node of an extension that Mudguard does not know is ignored outside of ACEs, listed, and reported
(RFC 8520 section 3.9).

Two dialects are read. *Strict* is RFC 8520, RFC 8519 and the registered extensions as their YANG modules have them, written as
RFC 7951 says, and the rules that YANG cannot see. *Community* also reads what exists: names from drafts (last column), module
names that are wrong, missing or shortened, numbers and booleans in quotes, EtherTypes as text, `[]` or `null` for `[null]`, a
list written as its single entry, `urn:ietf:params:mud:gateway`, dates without an offset. Each such deviation is a finding, and the
file counts as not written as its maker should have written it. No dialect makes an ACE wider than its text.
";

/// What Mudguard does with each node of each module, as a page in Markdown.
#[must_use]
pub fn support_markdown() -> String {
    let mut page = Page(INTRODUCTION.to_owned());
    let mut containers = Vec::new();
    collect(&ROOT, String::new(), &mut containers);
    for (container, paths) in &containers {
        page.container(container, paths);
    }
    page.limits();
    page.codes();
    page.0
}

/// Every container once, with all the places where it stands.
fn collect(container: &'static Container, path: String, found: &mut Vec<(&'static Container, Vec<String>)>) {
    if let Some((_, paths)) = found.iter_mut().find(|(known, _)| ptr::eq(*known, container)) {
        paths.push(path);
        return;
    }
    found.push((container, vec![path.clone()]));
    for known in container.members {
        if let Kind::Inner(inner) = known.kind {
            let path = format!("{path}/{}", qualified(container.module, known));
            collect(inner, path, found);
        }
    }
}

/// The name as it is written in an object of that module (RFC 7951 section 4).
fn qualified(parent: Option<Module>, known: &Known) -> String {
    if parent == Some(known.module) {
        known.name.to_owned()
    } else {
        format!("{}:{}", known.module.name(), known.name)
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a String does not fail");
    }

    fn container(&mut self, container: &Container, paths: &[String]) {
        let (first, others) = paths
            .split_first()
            .map_or(("", paths), |(first, others)| (first.as_str(), others));
        let title = if first.is_empty() {
            "The file".to_owned()
        } else {
            format!("`{first}`")
        };
        self.line(format_args!("\n## {title}\n"));
        for other in others {
            self.line(format_args!("Also `{other}`.\n"));
        }
        self.line(format_args!(
            "| node | what becomes of it | | names in drafts |\n|---|---|---|---|"
        ));
        for known in container.members {
            let (what, note) = match &known.kind {
                Kind::Inner(_) => ("see below", ""),
                Kind::Leaf(treatment, note) => (treatment.words(), *note),
                Kind::Draft(Some(_)) => ("read", "only drafts had it here"),
                Kind::Draft(None) => ("not read; a finding", "only drafts had it here"),
            };
            let drafts: Vec<_> = known.drafts.iter().map(|draft| format!("`{draft}`")).collect();
            let (name, drafts) = (qualified(container.module, known), drafts.join(", "));
            self.line(format_args!("| `{name}` | {what} | {note} | {drafts} |"));
        }
    }

    fn limits(&mut self) {
        let Limits {
            octets,
            depth,
            aces,
            names,
            findings,
        } = Limits::default();
        self.line(format_args!(
            "\n## Limits\n\nA file is refused beyond {octets} octets, {depth} nested objects and arrays, {aces} ACEs, {names} \
             different domain names,\nor member names of more than 128 octets. Of its findings {findings} errors and {findings} \
             others are kept; the rest is counted."
        ));
    }

    fn codes(&mut self) {
        self.line(format_args!(
            "\n## Findings\n\n| code | name | what is the case |\n|---|---|---|"
        ));
        for code in Code::ALL {
            self.line(format_args!(
                "| {} | `{}` | {} |",
                code.number(),
                code.name(),
                code.about()
            ));
        }
    }
}
