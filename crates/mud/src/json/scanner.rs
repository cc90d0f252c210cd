//! The tokens of JSON (RFC 8259 sections 2, 6 and 7), octet by octet.

use std::borrow::Cow;

use super::JsonError;
use crate::{Code, work};

/// A text and how far it has been read.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The octet that comes next, as an offset.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The octet that comes next.
    pub(super) fn peek(&self) -> Option<u8> {
        work::done(1);
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over one octet.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Passes over `octet` if it comes next.
    pub(super) fn eat(&mut self, octet: u8) -> bool {
        let found = self.peek() == Some(octet);
        self.at += usize::from(found);
        found
    }

    /// Passes over white space.
    pub(super) fn skip_space(&mut self) {
        self.skip_until(|octet| !matches!(octet, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Passes over everything before the first octet of a kind; without one it stops at the end.
    fn skip_until(&mut self, is_meant: impl Fn(u8) -> bool) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let skipped = rest
            .iter()
            .position(|octet| is_meant(*octet))
            .unwrap_or(rest.len());
        work::done(skipped);
        self.at += skipped;
    }

    /// An error at this place.
    pub(super) fn error(&self, message: &'static str, hint: &'static str) -> JsonError {
        JsonError {
            at: self.at,
            code: Code::NotJson,
            message,
            hint,
        }
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.error(
                "this word is no JSON value",
                "only true, false and null stand without quotes",
            ));
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a number and gives it as written.
    pub(super) fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error(
                "a number starts with a needless zero",
                "write the number without it",
            ));
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(self.since(start))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("a digit of a number is missing here", "write a decimal number"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.step();
        }
        Ok(())
    }

    /// Reads a string; it is copied only if it holds escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.step();
        let mut start = self.at;
        let mut resolved = String::new();
        loop {
            self.skip_until(|octet| matches!(octet, b'"' | b'\\' | 0..=0x1f));
            match self.peek() {
                Some(b'"') if resolved.is_empty() => {
                    let text = self.since(start);
                    self.step();
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'"') => {
                    resolved.push_str(self.since(start));
                    self.step();
                    return Ok(Cow::Owned(resolved));
                }
                Some(b'\\') => {
                    resolved.push_str(self.since(start));
                    resolved.push(self.escape()?);
                    start = self.at;
                }
                Some(_) => {
                    return Err(self.error(
                        "a control character stands in a text",
                        "write it as an escape such as `\\n`",
                    ));
                }
                None => return Err(self.error("the file ends within a text", "the file seems to be cut off")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.step();
        let escaped = match self.peek() {
            Some(octet @ (b'"' | b'\\' | b'/')) => char::from(octet),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.step();
                return self.unicode_escape();
            }
            _ => return Err(self.error("this is no JSON escape", "write `\\\\` for a backslash")),
        };
        self.step();
        Ok(escaped)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let lone = self.error(
            "half of a surrogate pair stands alone",
            "write the character itself in UTF-8",
        );
        let first = self.hexadecimal()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(lone);
        }
        if first >= 0xdc00 || !self.rest().starts_with("\\u") {
            return Err(lone);
        }
        self.at += 2;
        let second = self.hexadecimal()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
    }

    fn hexadecimal(&mut self) -> Result<u32, JsonError> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|octet| char::from(octet).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error(
                    "four hexadecimal digits should follow `\\u`",
                    "write the character itself in UTF-8",
                ));
            };
            number = number * 16 + digit;
            self.step();
        }
        Ok(number)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text
            .get(start..self.at)
            .expect("both ends stand beside an ASCII octet")
    }
}
