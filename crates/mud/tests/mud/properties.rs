//! Mutated files: the reader never panics, keeps its own promises, and never makes an ACE wider than the file's own text.

use std::collections::BTreeMap;

use mudguard_mud::{Acl, AclType, Action, Dialect, Limits, Parsed, Severity, parse};
use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

use super::{conditions, examples::example};

/// What the mutations start from.
const BASES: &[&str] = &[
    "lamp",
    "every-leaf",
    "pre-rfc",
    "lists",
    "conditions",
    "names",
    "namespaces",
    "extensions",
];

/// Names that mutations give: right ones, those of drafts, and strange ones.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "name", "acl-name", "rule-name", "type", "acl-type", "aces", "access-list-entries", "ace", "matches", "actions", "forwarding",
    "eth", "eth-acl", "ipv4", "ipv4-acl", "ipv6", "tcp", "tcp-acl", "udp", "icmp", "ietf-mud:mud", "mud-acl", "mud", "protocol",
    "dscp", "flags", "ietf-acldns:dst-dnsname", "src-dnsname", "acldns:src-dnsname", "destination-ipv4-network", "source-port",
    "source-port-range", "destination-port-range-or-operator", "lower-port", "upper-port", "operator", "port", "controller",
    "manufacturer", "model", "local-networks", "same-manufacturer", "ietf-mud:direction-initiated", "direction-initiated",
    "ethertype", "ingress-interface", "ietf-acl-tls:client-profiles", "l3", "ext:unknown", "portocol", "", "a/b~c",
];

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!([]),
        json!([null]),
        json!(true),
        json!(false),
        json!("true"),
        json!(0),
        json!(1),
        json!(6),
        json!("6"),
        json!(17),
        json!(443),
        json!(65536),
        json!(-1),
        json!(1.5),
        json!(""),
        json!("0x0800"),
        json!("eap"),
        json!("accept"),
        json!("ietf-access-control-list:accept"),
        json!("drop"),
        json!("deny"),
        json!("eq"),
        json!("neq"),
        json!("api.example.com"),
        json!("API.Example.com."),
        json!("192.0.2.1"),
        json!("192.0.2.1/24"),
        json!("2001:db8::1"),
        json!("*.example.com"),
        json!("ipv4-acl-type"),
        json!("ethernet-acl-type"),
        json!("other-type"),
        json!("from-device"),
        json!("urn:ietf:params:mud:gateway"),
        json!("https://other.example/hub"),
        json!("syn ack"),
        json!("AAEC"),
        json!({}),
        json!({"port": 443}),
        json!({"lower-port": 1, "upper-port": 9}),
        json!({"operator": "gte", "port": 9}),
        json!({"x": 1}),
        json!({"local-networks": [null]}),
        json!({"protocol": 17}),
    ]
}

/// One change of a tree.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, Index),
    Rename(Index, Index),
    Insert(Index, Index, Index),
    Remove(Index),
    Repeat(Index),
    Wrap(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        (index(), index()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        (index(), index()).prop_map(|(at, name)| Mutation::Rename(at, name)),
        (index(), index(), index()).prop_map(|(at, name, value)| Mutation::Insert(at, name, value)),
        index().prop_map(Mutation::Remove),
        index().prop_map(Mutation::Repeat),
        index().prop_map(Mutation::Wrap),
    ]
}

/// Every value of a tree below its root, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (escape(name), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (step, child) in children {
        let at = format!("{at}/{step}");
        pointers(child, &at, found);
        found.push(at);
    }
}

fn mutate(tree: &mut Value, mutation: &Mutation) {
    let mut found = Vec::new();
    pointers(tree, "", &mut found);
    if found.is_empty() {
        return;
    }
    let (Mutation::Replace(at, _)
    | Mutation::Rename(at, _)
    | Mutation::Insert(at, _, _)
    | Mutation::Remove(at)
    | Mutation::Repeat(at)
    | Mutation::Wrap(at)) = mutation;
    let pointer = at.get(&found);
    let (parent, step) = pointer.rsplit_once('/').unwrap();
    let step = step.replace("~1", "/").replace("~0", "~");
    match mutation {
        Mutation::Replace(_, value) => *tree.pointer_mut(pointer).unwrap() = value.get(&values()).clone(),
        Mutation::Wrap(_) => {
            let value = tree.pointer_mut(pointer).unwrap();
            let single = value
                .as_array_mut()
                .filter(|items| items.len() == 1)
                .map(|items| items.remove(0));
            *value = single.unwrap_or_else(|| json!([value.take()]));
        }
        Mutation::Insert(_, name, value) => {
            let node = tree.pointer_mut(pointer).unwrap();
            match node {
                Value::Object(members) => {
                    members.insert((*name.get(NAMES)).to_owned(), value.get(&values()).clone());
                }
                Value::Array(items) => items.push(value.get(&values()).clone()),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        Mutation::Rename(_, name) => {
            if let Some(members) = tree.pointer_mut(parent).and_then(Value::as_object_mut) {
                let value = members.remove(&step).unwrap();
                members.insert((*name.get(NAMES)).to_owned(), value);
            }
        }
        Mutation::Remove(_) => match tree.pointer_mut(parent) {
            Some(Value::Object(members)) => drop(members.remove(&step)),
            Some(Value::Array(items)) => drop(items.remove(step.parse().unwrap())),
            _ => {}
        },
        Mutation::Repeat(_) => {
            if let Some(items) = tree.pointer_mut(parent).and_then(Value::as_array_mut) {
                let item = items[step.parse::<usize>().unwrap()].clone();
                items.push(item);
            }
        }
    }
}

fn mutated() -> impl Strategy<Value = Value> {
    let base = proptest::sample::select(BASES);
    (base, proptest::collection::vec(mutation(), 0..6)).prop_map(|(base, mutations)| {
        let mut tree = serde_json::from_slice(&example(base)).unwrap();
        mutations.iter().for_each(|mutation| mutate(&mut tree, mutation));
        tree
    })
}

/// What holds of every reading.
fn check_promises(bytes: &[u8], strict: &Parsed, community: &Parsed) -> Result<(), TestCaseError> {
    for parsed in [strict, community] {
        let has_error = parsed
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        prop_assert_eq!(parsed.file.is_none(), has_error);
        let lines = 1 + bytes.iter().filter(|octet| **octet == b'\n').count();
        for finding in &parsed.findings {
            prop_assert!((1..=lines).contains(&(finding.line as usize)), "{}", finding);
            prop_assert!(
                finding.message.len() < 400 && finding.hint.len() < 400,
                "{}",
                finding
            );
        }
        prop_assert!(
            parsed
                .findings
                .is_sorted_by_key(|finding| (finding.line, finding.column))
        );
    }
    prop_assert_eq!(strict.as_made, community.as_made);
    if strict.file.is_some() {
        prop_assert!(strict.as_made);
        prop_assert_eq!(
            &strict.file,
            &community.file,
            "the dialects differ about a strict file"
        );
    } else {
        prop_assert!(!community.as_made);
    }
    Ok(())
}

/// A member by any of its names, without the module name.
fn member<'a>(members: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    let local = |name: &'a String| name.rsplit(':').next().unwrap();
    members
        .iter()
        .find(|(name, _)| names.contains(&local(name)))
        .map(|(_, value)| value)
}

fn type_in(list: &Map<String, Value>) -> Option<AclType> {
    let text = member(list, &["type", "acl-type"])?.as_str().unwrap_or("?");
    Some(match text.rsplit(':').next().unwrap() {
        "ipv4-acl-type" | "ipv4-acl" | "ipv4" => AclType::Ipv4,
        "ipv6-acl-type" | "ipv6-acl" | "ipv6" => AclType::Ipv6,
        "mixed-eth-ipv4-ipv6-acl-type" => AclType::MixedEthIpv4Ipv6,
        "eth-acl-type" | "ethernet-acl-type" => AclType::Eth,
        other => panic!("{other} was taken as a type"),
    })
}

/// Each ACE that would permit something holds every condition that its text holds, as the text has it.
fn check_not_wider(
    tree: &Value,
    lists: &[Acl],
    seen: &mut BTreeMap<&str, usize>,
) -> Result<(), TestCaseError> {
    for list in lists {
        for (index, ace) in list.aces.iter().enumerate() {
            prop_assert_eq!(ace.index, index, "an ACE was left out before {}", &ace.pointer);
            if !ace.not_understood.is_empty() {
                *seen.entry("not understood").or_default() += 1;
                continue;
            }
            let Some(Value::Object(written)) = tree.pointer(&ace.pointer) else {
                return Err(TestCaseError::fail(format!("{} is no ACE", ace.pointer)));
            };
            let action = member(written, &["actions"])
                .and_then(|actions| member(actions.as_object()?, &["forwarding"]));
            let action = action
                .and_then(Value::as_str)
                .and_then(|action| action.rsplit(':').next());
            prop_assert_eq!(
                action == Some("accept"),
                ace.action == Action::Accept,
                "{}",
                &ace.pointer
            );
            let matches = member(written, &["matches"]).cloned().unwrap_or_default();
            prop_assert_eq!(
                conditions::of_json(&matches),
                conditions::of_model(&ace.matches),
                "{}",
                &ace.pointer
            );
            let pointer: Vec<_> = ace.pointer.split('/').collect();
            let entries = pointer
                .iter()
                .position(|step| ["aces", "access-list-entries"].contains(&step.rsplit(':').next().unwrap()));
            let list_pointer = pointer[..entries.unwrap()].join("/");
            let written = tree.pointer(&list_pointer).and_then(Value::as_object).unwrap();
            prop_assert_eq!(type_in(written), list.acl_type, "{}", &list_pointer);
            *seen.entry("compared").or_default() += 1;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_dialect_makes_an_ace_wider_than_its_text(tree in mutated()) {
        let bytes = serde_json::to_vec_pretty(&tree).unwrap();
        let strict = parse(&bytes, &Limits::default(), Dialect::Strict);
        let community = parse(&bytes, &Limits::default(), Dialect::Community);
        check_promises(&bytes, &strict, &community)?;
        if let Some(file) = &community.file {
            let mut seen = BTreeMap::new();
            check_not_wider(&tree, &file.from_device, &mut seen)?;
            check_not_wider(&tree, &file.to_device, &mut seen)?;
        }
    }

    #[test]
    fn no_octets_make_it_panic(
        base in proptest::sample::select(BASES),
        changes in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut bytes = example(base);
        for (at, octet, change) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = octet,
                1 => bytes.insert(at, octet),
                _ => drop(bytes.splice(at..(at + usize::from(octet)).min(bytes.len()), [])),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let strict = parse(&bytes, &Limits::default(), Dialect::Strict);
        let community = parse(&bytes, &Limits::default(), Dialect::Community);
        check_promises(&bytes, &strict, &community)?;
        let _ = mudguard_mud::outline(&bytes);
    }
}

#[test]
fn most_aces_of_the_examples_are_compared() {
    let mut seen = BTreeMap::new();
    for base in BASES {
        let bytes = example(base);
        let tree = serde_json::from_slice(&bytes).unwrap();
        let file = parse(&bytes, &Limits::default(), Dialect::Community)
            .file
            .unwrap();
        check_not_wider(&tree, &file.from_device, &mut seen).unwrap();
        check_not_wider(&tree, &file.to_device, &mut seen).unwrap();
    }
    assert!(seen["compared"] > 30 && seen["not understood"] > 20, "{seen:?}");
}
