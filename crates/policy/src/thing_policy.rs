//! The result of compiling a MUD file for a home: ordered rules and the verdict of every ACE.

use serde::{Deserialize, Serialize};

use crate::{AceName, Rule};

/// What one Thing may do.
///
/// A flow may be opened when the first of `vetoes` that matches it is not a drop, and the first of `permits` that matches it
/// is an accept. Vetoes exist only where the file drops packets of the opposite direction (RFC 8519: first match wins), so
/// that a flow whose replies the file forbids is not opened; most policies have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingPolicy {
    /// Rules that can only forbid, in order.
    pub vetoes: Vec<Rule>,
    /// Rules that permit or forbid, in order; what matches none is dropped.
    pub permits: Vec<Rule>,
    /// One for each ACE that the file's policies name, in the order of the file.
    pub verdicts: Vec<AceVerdict>,
}

/// What became of one ACE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AceVerdict {
    /// The ACE.
    pub ace: AceName,
    /// The verdict.
    pub verdict: Verdict,
}

/// How an ACE ends. It never ends wider than it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds as written.
    Enforced,
    /// It holds in part; the text says what is left out and why.
    Narrowed(String),
    /// It is left out; the text says why.
    Refused(String),
}

/// How many ACEs ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Enforced as written.
    pub enforced: usize,
    /// Enforced in part.
    pub narrowed: usize,
    /// Left out.
    pub refused: usize,
}

impl ThingPolicy {
    /// Counts the verdicts.
    #[must_use]
    pub fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        for verdict in &self.verdicts {
            match verdict.verdict {
                Verdict::Enforced => sum.enforced += 1,
                Verdict::Narrowed(_) => sum.narrowed += 1,
                Verdict::Refused(_) => sum.refused += 1,
            }
        }
        sum
    }
}
