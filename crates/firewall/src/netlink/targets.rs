//! The rules about the target of a neighbour advertisement (RFC 4861 section 4.4), octet by octet.
//!
//! What it is not: a way to write other rules. nft has no word for this field before version 1.0.9, and does not compare octets without a
//! name with addresses.

use std::io;

use super::{
    Writer,
    batch::{Batch, BatchSocket},
};
use crate::{
    expression::FAMILIES,
    sets::Plane,
    skeleton::{OWN_TARGETS, TARGETS, bound, own, taken},
};

const ELEMENT: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;

const LINK_LAYER: u32 = 0;
const TRANSPORT: u32 = 2;

/// The first register of 16 octets, and the first of those of four.
const WIDE: u32 = 1;
const FIRST: u32 = 8;

/// Replaces the rules of both chains.
pub(crate) fn rules(batch: &mut Batch) {
    let [_, family] = FAMILIES;
    for chain in [TARGETS, OWN_TARGETS] {
        batch.flush_chain(Plane::Bridged, chain);
    }
    batch.add_rule(Plane::Bridged, OWN_TARGETS, |rule| {
        target(rule, WIDE);
        lookup(rule, &own(family), WIDE, false);
        spoofed(rule, "spoofed_router");
    });
    batch.add_rule(Plane::Bridged, TARGETS, |rule| {
        target(rule, WIDE);
        lookup(rule, &taken(family), WIDE, false);
        // A MAC address fills two of the small registers.
        payload(rule, FIRST, LINK_LAYER, 6, 6);
        target(rule, FIRST + 2);
        lookup(rule, &bound(family), FIRST, true);
        spoofed(rule, "spoofed_nd");
    });
}

/// Loads them into a table that nft has just made.
pub(crate) fn load() -> io::Result<()> {
    let mut batch = Batch::default();
    batch.begin();
    rules(&mut batch);
    BatchSocket::open()?.carry_out(&mut batch)
}

/// It stands behind the first eight octets.
fn target(rule: &mut Writer, register: u32) {
    payload(rule, register, TRANSPORT, 8, 16);
}

fn expression(rule: &mut Writer, name: &str, data: impl FnOnce(&mut Writer)) {
    rule.nest(ELEMENT, |expression| {
        expression.text(NAME, name);
        expression.nest(DATA, data);
    });
}

fn numbers(data: &mut Writer, numbers: &[(u16, u32)]) {
    for (kind, value) in numbers {
        data.attribute(*kind, &value.to_be_bytes());
    }
}

fn payload(rule: &mut Writer, register: u32, base: u32, offset: u32, length: u32) {
    expression(rule, "payload", |data| {
        numbers(data, &[(1, register), (2, base), (3, offset), (4, length)]);
    });
}

fn lookup(rule: &mut Writer, set: &str, register: u32, inverted: bool) {
    expression(rule, "lookup", |data| {
        data.text(1, set);
        numbers(data, &[(2, register), (5, u32::from(inverted))]);
    });
}

/// Counts and drops.
fn spoofed(rule: &mut Writer, counter: &str) {
    expression(rule, "objref", |data| {
        // A counter.
        numbers(data, &[(1, 1)]);
        data.text(2, counter);
    });
    expression(rule, "immediate", |data| {
        // The verdict's register, and NF_DROP.
        numbers(data, &[(1, 0)]);
        data.nest(2, |value| value.nest(2, |verdict| numbers(verdict, &[(1, 0)])));
    });
}
