//! Leaves by their YANG types, as RFC 7951 section 6 writes them in JSON: numbers, texts, booleans, `empty`, lists, identities.

use std::{collections::HashSet, ops::RangeInclusive};

use super::{Reader, place::Place, quote};
use crate::{Code, json::Value, schema::Module};

impl Reader<'_> {
    /// A whole number within a range.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        place: &Place<'_>,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let written: &str = match place.value() {
            Value::Number(number) => number,
            Value::Text(text) if is_digits(text) => {
                let message = format!("the number {} stands in quotes", quote(text));
                self.deviate(place, Code::NumberAsText, message, "write it without quotes");
                text
            }
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(place, "a number");
                return None;
            }
        };
        let number = written.parse().ok().filter(|number| range.contains(number));
        let number = number.and_then(|number: u64| T::try_from(number).ok());
        if number.is_none() {
            let (first, last) = range.into_inner();
            let message = format!("{} is no whole number from {first} to {last}", quote(written));
            self.bad(
                place,
                Code::OutOfRange,
                message,
                format!("write a number from {first} to {last}"),
            );
        }
        number
    }

    /// A `uint8`.
    pub(super) fn uint8(&mut self, place: &Place<'_>) -> Option<u8> {
        self.number(place, 0..=u64::from(u8::MAX))
    }

    /// A `uint16`.
    pub(super) fn uint16(&mut self, place: &Place<'_>) -> Option<u16> {
        self.number(place, 0..=u64::from(u16::MAX))
    }

    /// A `uint32`.
    pub(super) fn uint32(&mut self, place: &Place<'_>) -> Option<u32> {
        self.number(place, 0..=u64::from(u32::MAX))
    }

    /// A `boolean`.
    pub(super) fn boolean(&mut self, place: &Place<'_>) -> Option<bool> {
        let value = match place.value() {
            Value::Bool(value) => return Some(*value),
            Value::Text(text) if text == "true" => true,
            Value::Text(text) if text == "false" => false,
            Value::Null | Value::Number(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) => {
                self.wrong_type(place, "a boolean");
                return None;
            }
        };
        self.deviate(
            place,
            Code::BooleanAsText,
            format!("`{value}` stands in quotes"),
            "write it without quotes",
        );
        Some(value)
    }

    /// A leaf of type `empty`: whether it is there. `[null]` is right; others mean it without doubt, and some do not.
    pub(super) fn empty(&mut self, place: &Place<'_>) -> bool {
        let means_it = match place.value() {
            Value::Array(items) => match items.as_slice() {
                [] => true,
                [item] if item.value == Value::Null => return true,
                _ => false,
            },
            Value::Null | Value::Bool(true) => true,
            Value::Bool(false) | Value::Number(_) | Value::Text(_) | Value::Object(_) => false,
        };
        let message = format!(
            "`{}` is not written as `[null]` (RFC 7951 section 6.9)",
            place.name()
        );
        if means_it {
            self.deviate(place, Code::EmptyLeafForm, message, "write `[null]`");
        } else {
            self.bad(
                place,
                Code::EmptyLeafForm,
                message,
                "write `[null]`, or leave it out if it should not hold",
            );
        }
        means_it
    }

    /// A `string` of any length.
    pub(super) fn text<'a>(&mut self, place: &Place<'a>) -> Option<&'a str> {
        let Value::Text(text) = place.value() else {
            self.wrong_type(place, "a text");
            return None;
        };
        // Printable ASCII, as nearly all texts are, needs no closer look.
        if text.bytes().all(|octet| matches!(octet, 0x20..=0x7e)) {
            return Some(text);
        }
        if let Some(character) = text.chars().find(|character| !is_yang_character(*character)) {
            let message = format!(
                "the text holds the character U+{:04X}, which YANG forbids",
                u32::from(character)
            );
            self.bad(place, Code::TextCharacter, message, "remove it");
            return None;
        }
        Some(text)
    }

    /// A `string` of a length in characters.
    pub(super) fn text_of<'a>(
        &mut self,
        place: &Place<'a>,
        length: RangeInclusive<usize>,
    ) -> Option<&'a str> {
        let text = self.text(place)?;
        if length.contains(&text.chars().count()) {
            return Some(text);
        }
        let (least, most) = length.into_inner();
        let message = format!("{} has {} characters", quote(text), text.chars().count());
        self.bad(
            place,
            Code::TextLength,
            message,
            format!("write {least} to {most} characters"),
        );
        None
    }

    /// The entries of a list or leaf-list.
    pub(super) fn entries<'a>(&mut self, place: &'a Place<'a>) -> Vec<Place<'a>> {
        match place.value() {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| place.item(index, item))
                .collect(),
            Value::Null => {
                self.wrong_structure(place, "an array");
                Vec::new()
            }
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Object(_) => {
                let message = format!("`{}` is a list and is written as its single entry", place.name());
                self.deviate(place, Code::SingleForList, message, "write it as an array");
                vec![*place]
            }
        }
    }

    /// The values of a leaf-list, each of them once.
    pub(super) fn values<'a>(&mut self, place: &'a Place<'a>) -> Vec<Place<'a>> {
        let mut seen = HashSet::new();
        let mut values = self.entries(place);
        values.retain(|entry| match entry.value() {
            Value::Text(text) => self.is_new(&mut seen, entry, text),
            Value::Number(number) => self.is_new(&mut seen, entry, number),
            // No leaf-list holds such values; that is told where they are read.
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
        });
        values
    }

    /// An identity of `module`, without the module name that may stand before it (RFC 7951 section 6.8).
    pub(super) fn identity<'a>(&mut self, place: &Place<'a>, module: Module) -> Option<&'a str> {
        let text = self.text(place)?;
        let Some((qualifier, name)) = text.split_once(':') else {
            return Some(text);
        };
        if qualifier == module.prefix() && qualifier != module.name() {
            let message = format!(
                "{} is written with a prefix in place of the module name",
                quote(text)
            );
            self.deviate(
                place,
                Code::WrongNamespace,
                message,
                format!("write `{}:{name}`", module.name()),
            );
        } else if qualifier != module.name() {
            self.unknown_value(place, text, &format!("the names of {}", module.name()));
            return None;
        }
        Some(name)
    }

    /// A value that the leaf does not know.
    pub(super) fn unknown_value(&mut self, place: &Place<'_>, text: &str, known: &str) {
        let message = format!("`{}` does not know the value {}", place.name(), quote(text));
        self.bad(place, Code::UnknownValue, message, format!("one of: {known}"));
    }

    /// A `bits` leaf: names between spaces, each with its value in `known`.
    pub(super) fn bits(&mut self, place: &Place<'_>, known: &[(&str, u8)]) -> Option<u8> {
        let text = self.text(place)?;
        let mut flags = 0;
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            let Some((_, bit)) = known.iter().find(|(known, _)| *known == name) else {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                self.unknown_value(place, name, &names.join(", "));
                return None;
            };
            flags |= bit;
        }
        Some(flags)
    }

    /// A `binary` leaf of so many octets, in base64 (RFC 4648 section 4).
    pub(super) fn binary(&mut self, place: &Place<'_>, length: RangeInclusive<usize>) -> Option<Vec<u8>> {
        let text = self.text(place)?;
        let octets = super::syntax::base64(text).filter(|octets| length.contains(&octets.len()));
        if octets.is_none() {
            let message = format!("{} is not base64 of a right length", quote(text));
            let hint = match length.into_inner() {
                (least, usize::MAX) => format!("write at least {least} octets in base64"),
                (least, most) => format!("write {least} to {most} octets in base64"),
            };
            self.bad(place, Code::NotBinary, message, hint);
        }
        octets
    }

    /// A text that is kept, whatever it says.
    pub(super) fn owned(&mut self, place: &Place<'_>) -> Option<String> {
        self.text(place).map(str::to_owned)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// What a YANG string may hold (RFC 7950 section 9.4).
fn is_yang_character(character: char) -> bool {
    let code = u32::from(character);
    let is_noncharacter = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    (code >= 0x20 || matches!(character, '\t' | '\n' | '\r')) && !is_noncharacter
}
