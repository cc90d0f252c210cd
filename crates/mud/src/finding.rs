//! What is to be said about a MUD file: findings with their place, their code and the way out.
//!
//! A finding's texts may quote the file: they are foreign text, and whoever shows them escapes them.

mod code;

use std::fmt;

use serde::Serialize;

pub use self::code::Code;

/// One thing to be said about one place of a MUD file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of finding it is; stable between versions.
    pub code: Code,
    /// How much it weighs in the dialect that was asked for.
    pub severity: Severity,
    /// The place, as a JSON pointer (RFC 6901); the empty pointer is the whole file.
    pub pointer: String,
    /// The line of that place, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is the case, with what was found.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; the file is as it should be.
    Note,
    /// Allowed but doubtful, or read although it is not as RFC 8520 has it.
    Warning,
    /// The file is refused.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// `line:column: severity MUDnnn name: message (hint)`, to follow a file name and a colon.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            severity,
            line,
            column,
            message,
            hint,
            ..
        } = self;
        write!(
            f,
            "{line}:{column}: {severity} {} {}: {message} ({hint})",
            code.number(),
            code.name()
        )
    }
}
