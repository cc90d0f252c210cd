//! Writing to standard output: a reader that goes away (`mudguard things | head`) is no failure.

use std::{
    fmt::Display,
    io::{self, Write},
};

use anyhow::Context;
use serde::Serialize;

/// Prints one line.
///
/// # Errors
/// If standard output cannot be written for another reason than that its reader went away.
pub(crate) fn line(text: impl Display) -> anyhow::Result<()> {
    line_is_read(text).map(drop)
}

/// Prints one of many lines; whether there is still a reader.
///
/// # Errors
/// As [`line()`].
pub(crate) fn line_is_read(text: impl Display) -> anyhow::Result<bool> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.context("standard output").map(|()| true),
    }
}

/// Prints a value as JSON, indented, with a newline.
///
/// # Errors
/// As [`line()`].
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value).context("the answer cannot be written as JSON")?)
}

/// Foreign text for a terminal: control characters, and those that change the direction of text, are left out.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        })
        .take(200)
        .collect()
}

/// An error with its causes, each told once: some errors name their cause themselves.
pub(crate) fn reasons(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text += ": ";
            text += &cause;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let error = Err::<(), _>(anyhow!("no such file"))
            .context("a.toml: no such file")
            .context("the start");
        assert_eq!(reasons(&error.unwrap_err()), "the start: a.toml: no such file");
    }

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[31mred\u{202e}\r\nb"), "a[31mredb");
    }
}
