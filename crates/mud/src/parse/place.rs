//! A node with the way to it, so that a finding can name its place.

use std::fmt::Write;

use crate::{
    json::{Member, Node, Value},
    work,
};

/// A node and the way to it. Places live on the stack; a JSON pointer is made only when one is needed.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The node.
    pub(super) node: &'a Node<'a>,
    parent: Option<&'a Self>,
    step: Step<'a>,
}

/// Where a node is.
pub(super) struct Spot {
    /// The octet at which it starts.
    pub(super) at: usize,
    /// Its JSON pointer.
    pub(super) pointer: String,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The whole file.
    pub(super) fn root(node: &'a Node<'a>) -> Self {
        Self {
            node,
            parent: None,
            step: Step::Root,
        }
    }

    /// A member of this object.
    pub(super) fn member(&'a self, member: &'a Member<'a>) -> Self {
        Self {
            node: &member.node,
            parent: Some(self),
            step: Step::Member(&member.name),
        }
    }

    /// An item of this array.
    pub(super) fn item(&'a self, index: usize, node: &'a Node<'a>) -> Self {
        Self {
            node,
            parent: Some(self),
            step: Step::Item(index),
        }
    }

    /// The value.
    pub(super) fn value(&self) -> &'a Value<'a> {
        &self.node.value
    }

    /// The member name by which it is reached; an item has that of its array, the file none.
    pub(super) fn name(&self) -> &'a str {
        match (self.step, self.parent) {
            (Step::Member(name), _) => name,
            (Step::Item(_), Some(parent)) => parent.name(),
            (Step::Root | Step::Item(_), _) => "",
        }
    }

    /// Where it is, for a finding that is made later.
    pub(super) fn spot(&self) -> Spot {
        Spot {
            at: self.node.at,
            pointer: self.pointer(),
        }
    }

    /// The JSON pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::with_capacity(96);
        self.write_pointer(&mut pointer);
        pointer
    }

    fn write_pointer(&self, pointer: &mut String) {
        work::done(1 + self.name().len());
        if let Some(parent) = self.parent {
            parent.write_pointer(pointer);
        }
        match self.step {
            Step::Root => {}
            Step::Item(index) => {
                write!(pointer, "/{index}").expect("writing to a String does not fail");
            }
            Step::Member(name) => {
                pointer.push('/');
                if !name.bytes().any(|octet| matches!(octet, b'~' | b'/')) {
                    pointer.push_str(name);
                    return;
                }
                for character in name.chars() {
                    match character {
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        other => pointer.push(other),
                    }
                }
            }
        }
    }
}
