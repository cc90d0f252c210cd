//! A small JSON reader (RFC 8259) that keeps positions, refuses duplicate members (RFC 7493) and is bounded in depth.
//!
//! It is not a general JSON library: numbers stay text, and nothing is decoded that nobody asks for. Time and memory are
//! linear in the input, and the recursion ends at [`DEEPEST`] whatever the caller asks for.

mod scanner;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashSet};

use self::scanner::Scanner;
use crate::{Code, work};

/// The deepest nesting that is ever read, whatever the limit of the caller: it bounds the stack.
pub(crate) const DEEPEST: usize = 128;

/// The longest member name in octets; no YANG module comes near it.
pub(crate) const LONGEST_NAME: usize = 128;

/// Up to so many members, comparing each with each is quicker than hashing.
const FEW_MEMBERS: usize = 16;

/// A value and where it starts.
#[derive(Debug, PartialEq)]
pub(crate) struct Node<'a> {
    /// The octet at which it starts.
    pub(crate) at: usize,
    /// The value.
    pub(crate) value: Value<'a>,
}

/// A JSON value.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(&'a str),
    /// A string, with its escapes resolved.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object, in the order of the file.
    Object(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Debug, PartialEq)]
pub(crate) struct Member<'a> {
    /// Its name, with escapes resolved.
    pub(crate) name: Cow<'a, str>,
    /// Its value.
    pub(crate) node: Node<'a>,
}

impl Value<'_> {
    /// What the value is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Why a text is not JSON that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// The octet at which it was noticed.
    pub(crate) at: usize,
    /// What kind of finding it makes.
    pub(crate) code: Code,
    /// What was found.
    pub(crate) message: &'static str,
    /// What would be right.
    pub(crate) hint: &'static str,
}

/// Reads one JSON value with at most `depth` nested arrays and objects.
///
/// # Errors
/// The first place at which the text is not such a value.
pub(crate) fn read(text: &str, depth: usize) -> Result<Node<'_>, JsonError> {
    let mut scanner = Scanner::new(text);
    scanner.skip_space();
    let node = value(&mut scanner, depth.min(DEEPEST))?;
    scanner.skip_space();
    if scanner.peek().is_some() {
        return Err(scanner.error(
            "there is more text after the end of the JSON value",
            "remove what follows the last brace",
        ));
    }
    Ok(node)
}

fn value<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Node<'a>, JsonError> {
    let at = scanner.at();
    let value = match scanner.peek() {
        Some(b'{') => Value::Object(object(scanner, deeper(scanner, depth)?)?),
        Some(b'[') => Value::Array(array(scanner, deeper(scanner, depth)?)?),
        Some(b'"') => Value::Text(scanner.string()?),
        Some(b'-' | b'0'..=b'9') => Value::Number(scanner.number()?),
        Some(b't') => scanner.word("true").map(|()| Value::Bool(true))?,
        Some(b'f') => scanner.word("false").map(|()| Value::Bool(false))?,
        Some(b'n') => scanner.word("null").map(|()| Value::Null)?,
        Some(_) => {
            return Err(scanner.error(
                "no JSON value starts with this character",
                "write a JSON value here",
            ));
        }
        None => {
            return Err(scanner.error(
                "the file ends where a value should stand",
                "the file seems to be cut off",
            ));
        }
    };
    Ok(Node { at, value })
}

fn deeper(scanner: &Scanner<'_>, depth: usize) -> Result<usize, JsonError> {
    depth.checked_sub(1).ok_or_else(|| JsonError {
        code: Code::NestedTooDeeply,
        ..scanner.error(
            "arrays and objects are nested too deeply here",
            "a MUD file needs no more than 12 levels",
        )
    })
}

fn array<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Vec<Node<'a>>, JsonError> {
    let mut items = Vec::new();
    scanner.step();
    scanner.skip_space();
    if scanner.eat(b']') {
        return Ok(items);
    }
    loop {
        scanner.skip_space();
        items.push(value(scanner, depth)?);
        scanner.skip_space();
        if scanner.eat(b']') {
            return Ok(items);
        }
        if !scanner.eat(b',') {
            return Err(scanner.error(
                "neither a comma nor the end of the array stands here",
                "write `,` or `]`",
            ));
        }
    }
}

fn object<'a>(scanner: &mut Scanner<'a>, depth: usize) -> Result<Vec<Member<'a>>, JsonError> {
    let mut members = Vec::new();
    scanner.step();
    scanner.skip_space();
    if scanner.eat(b'}') {
        return Ok(members);
    }
    let mut names = Names::default();
    loop {
        scanner.skip_space();
        let member = member(scanner, depth, &members, &mut names)?;
        members.push(member);
        scanner.skip_space();
        if scanner.eat(b'}') {
            return Ok(members);
        }
        if !scanner.eat(b',') {
            return Err(scanner.error(
                "neither a comma nor the end of the object stands here",
                "write `,` or `}`",
            ));
        }
    }
}

fn member<'a>(
    scanner: &mut Scanner<'a>,
    depth: usize,
    before: &[Member<'a>],
    names: &mut Names<'a>,
) -> Result<Member<'a>, JsonError> {
    let start = *scanner;
    if scanner.peek() != Some(b'"') {
        return Err(scanner.error(
            "no member name in quotes stands here",
            "write a name in quotes; no comma may stand before `}`",
        ));
    }
    let name = scanner.string()?;
    if name.len() > LONGEST_NAME {
        let error = start.error(
            "the member name is longer than 128 octets",
            "use the names that the YANG modules define",
        );
        return Err(JsonError {
            code: Code::MemberNameTooLong,
            ..error
        });
    }
    if names.holds(&name, before) {
        let error = start.error(
            "a member of this name stands in this object already",
            "keep one of them",
        );
        return Err(JsonError {
            code: Code::DuplicateMember,
            ..error
        });
    }
    scanner.skip_space();
    if !scanner.eat(b':') {
        return Err(scanner.error(
            "no colon follows the member name",
            "write `:` between name and value",
        ));
    }
    scanner.skip_space();
    Ok(Member {
        name,
        node: value(scanner, depth)?,
    })
}

/// The names of an object so far, hashed once there are many.
#[derive(Default)]
struct Names<'a>(HashSet<Cow<'a, str>>);

impl<'a> Names<'a> {
    /// Whether `name` is among the members `before`.
    fn holds(&mut self, name: &str, before: &[Member<'a>]) -> bool {
        work::done(before.len().min(FEW_MEMBERS));
        if before.len() < FEW_MEMBERS {
            return before.iter().any(|member| member.name == name);
        }
        if self.0.is_empty() {
            self.0.extend(before.iter().map(|member| member.name.clone()));
        }
        !self.0.insert(Cow::Owned(name.to_owned()))
    }
}
