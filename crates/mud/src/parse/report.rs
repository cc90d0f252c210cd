//! Findings as they are made: what each weighs in the dialect, how many are kept, and where their lines and columns lie.

use super::{
    Dialect,
    place::{Place, Spot},
};
use crate::{Code, Finding, Severity, json::JsonError, work};

/// How many octets of foreign text a message quotes at most.
const LONGEST_QUOTE: usize = 60;

/// The findings so far.
pub(super) struct Report {
    dialect: Dialect,
    most: usize,
    kept: Vec<(usize, Finding)>,
    errors: usize,
    left_out: usize,
    refused: bool,
    deviates: bool,
}

/// What a finding does to the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The file is as it should be.
    Note,
    /// The file is as it may be, but doubtful.
    Advice,
    /// The file is not as RFC 8520 has it: an error in the strict dialect, a warning in the community dialect.
    Deviation,
    /// The file cannot be used.
    Fatal,
}

impl Report {
    pub(super) fn new(dialect: Dialect, most: usize) -> Self {
        Self {
            dialect,
            most,
            kept: Vec::new(),
            errors: 0,
            left_out: 0,
            refused: false,
            deviates: false,
        }
    }

    /// Says `message` and `hint` about a place.
    pub(super) fn say(
        &mut self,
        weight: Weight,
        place: &Place<'_>,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.weigh(weight);
        if self.has_room(weight) {
            self.keep(weight, place.spot(), code, message.into(), hint.into());
        } else {
            self.left_out += 1;
        }
    }

    /// Says `message` and `hint` about a place that was passed before.
    pub(super) fn say_at(
        &mut self,
        weight: Weight,
        spot: &Spot,
        code: Code,
        message: String,
        hint: &'static str,
    ) {
        self.weigh(weight);
        if self.has_room(weight) {
            let spot = Spot {
                at: spot.at,
                pointer: spot.pointer.clone(),
            };
            self.keep(weight, spot, code, message, hint.to_owned());
        } else {
            self.left_out += 1;
        }
    }

    fn keep(&mut self, weight: Weight, spot: Spot, code: Code, message: String, hint: String) {
        let severity = self.severity(weight);
        self.errors += usize::from(severity == Severity::Error);
        let Spot { at, pointer } = spot;
        self.kept.push((
            at,
            Finding {
                code,
                severity,
                pointer,
                line: 1,
                column: 1,
                message,
                hint,
            },
        ));
    }

    /// Whether a finding of this weight would be kept. Errors have a share of their own, for no flood of warnings may hide them.
    pub(super) fn has_room(&self, weight: Weight) -> bool {
        let kept = match self.severity(weight) {
            Severity::Error => self.errors,
            Severity::Note | Severity::Warning => self.kept.len() - self.errors,
        };
        kept < self.most
    }

    /// Says why the file as a whole is refused, and at which octet that was noticed.
    pub(super) fn say_whole(&mut self, at: usize, code: Code, message: String, hint: &'static str) {
        self.weigh(Weight::Fatal);
        self.errors += 1;
        let unread = unread(JsonError {
            at,
            code,
            message: "",
            hint,
        });
        self.kept.push((at, Finding { message, ..unread }));
    }

    /// Says what is wrong with the text before there is a tree; the file is refused.
    pub(super) fn say_unread(&mut self, error: JsonError) {
        self.weigh(Weight::Fatal);
        self.errors += 1;
        self.kept.push((error.at, unread(error)));
    }

    /// Says that the text starts with a byte order mark.
    pub(super) fn say_byte_order_mark(&mut self) {
        let error = JsonError {
            at: 0,
            code: Code::ByteOrderMark,
            message: "the file starts with a byte order mark",
            hint: "save the file as UTF-8 without a byte order mark",
        };
        self.weigh(Weight::Deviation);
        self.errors += usize::from(self.severity(Weight::Deviation) == Severity::Error);
        self.kept.push((
            0,
            Finding {
                severity: self.severity(Weight::Deviation),
                ..unread(error)
            },
        ));
    }

    /// Whether the file can be used.
    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }

    /// Whether the file is as its maker should have written it.
    pub(super) fn is_as_made(&self) -> bool {
        !self.deviates
    }

    /// The findings in the order of the file, with lines and columns in `text`.
    pub(super) fn finish(mut self, text: &str) -> Vec<Finding> {
        self.kept.sort_by_key(|(at, _)| *at);
        if self.left_out > 0 {
            let severity = if self.refused {
                Severity::Error
            } else {
                Severity::Warning
            };
            let finding = Finding {
                code: Code::TooManyFindings,
                severity,
                pointer: String::new(),
                line: 1,
                column: 1,
                message: format!("{} more findings are left out", self.left_out),
                hint: "mend the others first".to_owned(),
            };
            self.kept.push((text.len(), finding));
        }
        let mut lines = Lines::new(text);
        let place = |(at, finding): (usize, Finding)| {
            let (line, column) = lines.at(at);
            Finding {
                line,
                column,
                ..finding
            }
        };
        self.kept.into_iter().map(place).collect()
    }

    fn weigh(&mut self, weight: Weight) {
        self.refused |= self.severity(weight) == Severity::Error;
        self.deviates |= matches!(weight, Weight::Deviation | Weight::Fatal);
    }

    fn severity(&self, weight: Weight) -> Severity {
        match (weight, self.dialect) {
            (Weight::Note, _) => Severity::Note,
            (Weight::Advice, _) | (Weight::Deviation, Dialect::Community) => Severity::Warning,
            (Weight::Deviation, Dialect::Strict) | (Weight::Fatal, _) => Severity::Error,
        }
    }
}

/// A finding about a text that was not read, without its line and column.
fn unread(error: JsonError) -> Finding {
    let JsonError {
        code, message, hint, ..
    } = error;
    let (message, hint) = (message.to_owned(), hint.to_owned());
    Finding {
        code,
        severity: Severity::Error,
        pointer: String::new(),
        line: 1,
        column: 1,
        message,
        hint,
    }
}

/// Finds lines and columns for ascending octets in one pass over the text.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
            column: 1,
        }
    }

    fn at(&mut self, at: usize) -> (u32, u32) {
        let passed = self
            .text
            .get(self.at..at.min(self.text.len()))
            .unwrap_or_default();
        work::done(passed.len());
        self.at += passed.len();
        let lines = count(passed, |octet| octet == b'\n');
        let end = if lines > 0 {
            passed.iter().rposition(|octet| *octet == b'\n')
        } else {
            None
        };
        let rest = match end {
            Some(end) => {
                self.column = 1;
                passed.get(end + 1..).unwrap_or_default()
            }
            None => passed,
        };
        // The octets that go on with a character do not count.
        let characters = count(rest, |octet| octet & 0xc0 != 0x80);
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.column = self
            .column
            .saturating_add(u32::try_from(characters).unwrap_or(u32::MAX));
        (self.line, self.column)
    }
}

/// How many octets are of a kind, counted in strides of which each fits an octet: that is what processors are quick at, if they need
/// not look for an overflow.
fn count(octets: &[u8], is_meant: impl Fn(u8) -> bool) -> usize {
    let in_stride = |stride: &[u8]| {
        stride
            .iter()
            .fold(0_u8, |sum, octet| sum.wrapping_add(u8::from(is_meant(*octet))))
    };
    octets
        .chunks(255)
        .map(|stride| usize::from(in_stride(stride)))
        .sum()
}

/// Foreign text for a message: in quotes, shortened, with control characters shown as escapes.
pub(super) fn quote(text: &str) -> String {
    let mut end = text.len().min(LONGEST_QUOTE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = text.get(..end).unwrap_or_default();
    let more = if end < text.len() { "..." } else { "" };
    format!("`{}{more}`", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let text = "a\u{e9}b\n\n x";
        let mut lines = Lines::new(text);
        let places: Vec<_> = [0, 1, 3, 4, 5, 6, 7, 99].map(|at| lines.at(at)).to_vec();
        assert_eq!(
            places,
            [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (3, 1), (3, 2), (3, 3)]
        );
    }

    #[test]
    fn quoted_text_is_short_and_shows_control_characters() {
        assert_eq!(quote("a\u{1b}[0m\n"), "`a\\u{1b}[0m\\n`");
        assert_eq!(
            quote(&"\u{e9}".repeat(31)),
            format!("`{}...`", "\u{e9}".repeat(30))
        );
    }
}
