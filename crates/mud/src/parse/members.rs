//! Which node a member of an object is: names, the module names before them (RFC 7951 section 4), and the names of drafts.

use super::{Reader, Weight, place::Place, quote};
use crate::{
    Code, UnknownNode,
    json::Value,
    schema::{Container, Kind, Known, Module},
    work,
};

/// Unknown nodes that are listed at most; all of them are findings.
const MOST_UNKNOWN: usize = 100;

/// Goes through the members of an object once, in the order of the file.
pub(super) struct Members {
    container: &'static Container,
    index: usize,
    /// A bit for each known member that was given out already: two spellings may mean one node.
    seen: u64,
}

/// How a member name fits a known node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// As RFC 7951 has it.
    Right,
    /// The name is right; the module name before it is wrong, missing or superfluous.
    Qualifier,
    /// A name that only drafts used.
    Draft,
}

impl Members {
    pub(super) fn of(container: &'static Container) -> Self {
        Self {
            container,
            index: 0,
            seen: 0,
        }
    }

    /// The next known member, by its name in the module. What is not known or comes twice is reported and passed over.
    pub(super) fn next<'a>(
        &mut self,
        reader: &mut Reader<'_>,
        place: &'a Place<'a>,
    ) -> Option<(&'static str, Place<'a>)> {
        let Value::Object(members) = place.value() else {
            if self.index == 0 {
                reader.wrong_structure(place, "an object");
            }
            self.index = usize::MAX;
            return None;
        };
        loop {
            let member = members.get(self.index)?;
            self.index += 1;
            let child = place.member(member);
            let Some((at, known, fit)) = find(self.container, &member.name) else {
                reader.unknown(&child, self.container);
                continue;
            };
            report_fit(reader, &child, self.container, known, fit);
            let bit = 1_u64.checked_shl(at).unwrap_or_default();
            if self.seen & bit != 0 {
                reader.ambiguous(&child, known.name);
                continue;
            }
            self.seen |= bit;
            if matches!(known.kind, Kind::Draft(None)) {
                reader.not_understood(&child, Code::PreRfcName);
                continue;
            }
            return Some((known.name, child));
        }
    }
}

/// Which node of a container a member name means, and how it fits.
pub(crate) fn find(container: &'static Container, written: &str) -> Option<(u32, &'static Known, Fit)> {
    work::done(container.members.len());
    let (qualifier, name) = match written.split_once(':') {
        Some((qualifier, name)) => (Some(qualifier), name),
        None => (None, written),
    };
    (0..)
        .zip(container.members)
        .find_map(|(at, known)| Some((at, known, fit(container, known, qualifier, name)?)))
}

fn fit(container: &Container, known: &Known, qualifier: Option<&str>, name: &str) -> Option<Fit> {
    let is_name = known.name == name;
    if !is_name && !known.drafts.contains(&name) {
        return None;
    }
    // A qualifier of a foreign module makes it a foreign node, whatever its name.
    let meant = match qualifier {
        Some(qualifier) => Some(Module::of(qualifier)?),
        None => None,
    };
    if !is_name || matches!(known.kind, Kind::Draft(_)) {
        return Some(Fit::Draft);
    }
    let wanted = (container.module != Some(known.module)).then_some(known.module);
    let is_exact = wanted.map(Module::name) == qualifier;
    Some(if meant == wanted && is_exact {
        Fit::Right
    } else {
        Fit::Qualifier
    })
}

fn report_fit(reader: &mut Reader<'_>, child: &Place<'_>, container: &Container, known: &Known, fit: Fit) {
    let qualified = || match container.module == Some(known.module) {
        true => known.name.to_owned(),
        false => format!("{}:{}", known.module.name(), known.name),
    };
    match fit {
        Fit::Right => {}
        Fit::Qualifier => {
            // RFC 9472 itself writes its prefix in place of its name.
            let is_own_prefix = known.module == Module::Transparency && child.name().starts_with("mudtx:");
            let weight = if is_own_prefix {
                Weight::Advice
            } else {
                Weight::Deviation
            };
            let message = format!(
                "the member name {} has not the module name that RFC 7951 asks for",
                quote(child.name())
            );
            reader.report.say(
                weight,
                child,
                Code::WrongNamespace,
                message,
                format!("write `{}`", qualified()),
            );
        }
        Fit::Draft => {
            let hint = match known.kind {
                Kind::Draft(_) => "RFC 8519 has no such node here".to_owned(),
                Kind::Inner(_) | Kind::Leaf(..) => format!("write `{}`", qualified()),
            };
            let message = format!(
                "the member name {} is from a draft before the RFC",
                quote(child.name())
            );
            reader.deviate(child, Code::PreRfcName, message, hint);
        }
    }
}

impl Reader<'_> {
    /// Reports a member that no known module defines. Within an ACE it is a condition or action that is not understood.
    fn unknown(&mut self, child: &Place<'_>, container: &'static Container) {
        let foreign = child
            .name()
            .split_once(':')
            .is_some_and(|(qualifier, _)| Module::of(qualifier).is_none());
        let (weight, code) = match foreign && self.has_unknown_extension() {
            true => (Weight::Advice, Code::ExtensionNode),
            false => (Weight::Deviation, Code::UnknownNode),
        };
        // Looking for what was perhaps meant takes time: not for a finding that nobody sees.
        let alike = self
            .report
            .has_room(weight)
            .then(|| nearest(child.name(), container))
            .flatten();
        let hint = match alike {
            _ if code == Code::ExtensionNode => {
                "it is ignored; within an ACE it makes the ACE permit nothing".to_owned()
            }
            Some(known) => format!("perhaps `{known}` is meant"),
            None if foreign => "name the extension in `extensions`, or remove the node".to_owned(),
            None => "remove it; notes have no place in a MUD file".to_owned(),
        };
        self.report.say(
            weight,
            child,
            code,
            format!("{} is not known here", quote(child.name())),
            hint,
        );
        if self.ace.is_some() {
            self.not_understood(child, code);
        } else if self.unknown_nodes.len() < MOST_UNKNOWN {
            self.unknown_nodes.push(UnknownNode {
                name: child.name().to_owned(),
                pointer: child.pointer(),
            });
        }
    }

    /// Reports a node that stands there twice, in two spellings.
    fn ambiguous(&mut self, child: &Place<'_>, name: &str) {
        let message = format!(
            "{} means `{name}`, which stands in this object already",
            quote(child.name())
        );
        let hint = "keep one of them";
        if self.ace.is_some() {
            self.bad(child, Code::DuplicateMember, message, hint);
        } else {
            self.fatal(child, Code::DuplicateMember, message, hint);
        }
    }
}

/// The known name that looks most like `written`, if one is close.
fn nearest(written: &str, container: &'static Container) -> Option<&'static str> {
    let name = written.rsplit(':').next().unwrap_or(written);
    if name.len() > 40 {
        return None;
    }
    let distance = |known: &&Known| distance(name, known.name);
    let nearest = container
        .members
        .iter()
        .filter(|known| !matches!(known.kind, Kind::Draft(_)))
        .min_by_key(distance)?;
    (distance(&nearest) <= 2 && nearest.name.len() > 3).then_some(nearest.name)
}

/// How many letters differ (Levenshtein), taking `_` for `-` and any case as the same.
fn distance(a: &str, b: &str) -> usize {
    work::done(a.len() * b.len());
    let letter = |octet: u8| {
        if octet == b'_' {
            b'-'
        } else {
            octet.to_ascii_lowercase()
        }
    };
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let changed = corner + usize::from(letter(x) != letter(y));
            corner = *cell;
            left = changed.min(left + 1).min(corner + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{IPV4, MUD};

    #[test]
    fn distance_counts_letters() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "", 3),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
        assert_eq!(distance("Mud_URL", "mud-url"), 0);
    }

    #[test]
    fn slips_of_the_pen_are_recognised_and_other_names_are_not() {
        assert_eq!(nearest("protocl", &IPV4), Some("protocol"));
        assert_eq!(nearest("ietf-mud:system_info", &MUD), Some("systeminfo"));
        assert_eq!(nearest("colour", &MUD), None);
        assert_eq!(nearest("ttx", &IPV4), None);
    }
}
