//! The skeleton without one of its rules: `cargo xtask soak --mutation` runs the tests of this module's neighbours once for each rule, and
//! one of them must fail.
//!
//! What it is not: part of the product. A rule is named by its table, its chain and its place there.

use std::env;

use serde_json::{Value, json};

use super::net::{Namespace, left_out};
use crate::{
    kernel::Kernel,
    lower::{Lowered, skeleton, tests::text::text},
    sets::Plane,
    skeleton::{OWN_TARGETS, TARGETS},
};

/// Names the rule that is left out.
const VARIABLE: &str = "MUDGUARD_RULE_LEFT_OUT";

fn name(family: &str, chain: &str, number: usize) -> String {
    format!("{family} {chain} {number}")
}

fn family(plane: Plane) -> &'static str {
    match plane {
        Plane::Routed => "inet",
        Plane::Bridged => "bridge",
    }
}

/// Takes the rule out, if one is named.
pub(crate) fn leave_out(lowered: &mut Lowered) {
    let Ok(left_out) = env::var(VARIABLE) else { return };
    let tables = [
        (Plane::Routed, Some(&mut lowered.routed)),
        (Plane::Bridged, lowered.bridged.as_mut()),
    ];
    for (plane, table) in tables {
        for (chain, rules) in table.into_iter().flat_map(|table| &mut table.chains) {
            let mut numbers = 0..;
            rules.rules.retain(|_| {
                let number = numbers.next().unwrap();
                name(family(plane), chain, number) != left_out
            });
        }
    }
}

/// Whether the only rule of this chain is left out.
pub(crate) fn leaves_out(plane: Plane, chain: &str) -> bool {
    env::var(VARIABLE).is_ok_and(|left_out| left_out == name(family(plane), chain, 0))
}

/// One line for each rule that this kernel can have: its name, a tab, and what nft would call it.
#[test]
fn the_rules_of_the_skeleton_are_listed() {
    let Some(namespace) = Namespace::new() else {
        left_out();
        return;
    };
    let lowered = namespace.apart(|| skeleton(&Kernel::probe().unwrap()));
    println!();
    let mut rules = 0;
    for table in lowered.tables() {
        let family = json!(table.family);
        let family = family.as_str().unwrap();
        for (chain, number, rule) in table.chains.iter().flat_map(|(chain, content)| {
            let numbered = content.rules.iter().enumerate();
            numbered.map(move |(number, rule)| (chain, number, rule))
        }) {
            let command = json!({ "nftables": [table.rule(chain, rule)] });
            let text = text(&command, &Value::Null);
            println!("rule\t{}\t{}", name(family, chain, number), text.trim());
            rules += 1;
        }
    }
    if lowered.bridged.is_some() {
        for chain in [OWN_TARGETS, TARGETS] {
            println!("rule\t{}\tof octets", name(family(Plane::Bridged), chain, 0));
        }
    }
    assert!(rules > 0);
}
