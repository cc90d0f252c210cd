//! The tables against an example that holds every node: a node that is in a table and not in the example would be read by nobody's test.

use std::{
    collections::{BTreeMap, BTreeSet},
    ptr,
};

use super::{Container, Kind, Module, ROOT};
use crate::json::{self, Node, Value};

const EXAMPLE: &str = include_str!("../../tests/examples/every-leaf.json");

/// Nodes that the example cannot hold: the other cases of a choice, what only drafts had, and what says nothing in a MUD file.
const ABSENT: &[&str] = &[
    "attachment-points",
    "statistics",
    "ingress-interface",
    "egress-interface",
    "sbom-local-well-known",
    "sbom-contact-uri",
    "vuln-contact-uri",
    "spdx-tags",
];

/// Whether a node of a container is held.
type Holds = BTreeMap<(*const Container, &'static str), bool>;

fn held(nodes: &[&Node<'_>], container: &'static Container, holds: &mut Holds) {
    let objects = nodes.iter().flat_map(|node| match &node.value {
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Object(_) => vec![*node],
    });
    let members: Vec<_> = objects
        .filter_map(|node| match &node.value {
            Value::Object(members) => Some(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Array(_) => None,
        })
        .flatten()
        .collect();
    for known in container.members {
        let name = match container.module == Some(known.module) {
            true => known.name.to_owned(),
            false => format!("{}:{}", known.module.name(), known.name),
        };
        let found: Vec<_> = members
            .iter()
            .filter(|member| member.name == name)
            .map(|member| &member.node)
            .collect();
        let is_found = !found.is_empty();
        match known.kind {
            Kind::Draft(_) => continue,
            Kind::Inner(inner) => held(&found, inner, holds),
            Kind::Leaf(..) => {}
        }
        // A container may stand in several places; one of them holds the node.
        *holds.entry((ptr::from_ref(container), known.name)).or_default() |= is_found;
    }
}

#[test]
fn the_example_of_every_leaf_holds_every_leaf() {
    let root = json::read(EXAMPLE, 32).unwrap();
    let mut holds = Holds::new();
    held(&[&root], &ROOT, &mut holds);
    let missing = holds
        .into_iter()
        .filter(|(_, is_found)| !is_found)
        .map(|((_, name), _)| name);
    assert_eq!(missing.collect::<BTreeSet<_>>(), ABSENT.iter().copied().collect());
}

#[test]
fn names_and_prefixes_of_modules_mean_one_module_each() {
    for module in Module::ALL {
        assert_eq!(Module::of(module.name()), Some(*module));
        assert_eq!(Module::of(module.prefix()), Some(*module));
    }
    assert_eq!(Module::of("ietf"), None);
}

#[test]
fn no_container_has_more_nodes_than_a_mask_has_bits_or_one_name_for_two_nodes() {
    fn check(container: &'static Container) {
        assert!(container.members.len() <= 64);
        let names: Vec<_> = container
            .members
            .iter()
            .flat_map(|known| known.drafts.iter().chain([&known.name]))
            .collect();
        assert_eq!(
            names.iter().collect::<BTreeSet<_>>().len(),
            names.len(),
            "{names:?}"
        );
        for known in container.members {
            if let Kind::Inner(inner) = known.kind {
                check(inner);
            }
        }
    }
    check(&ROOT);
}
