//! The JSON reader: positions, refusals, limits, and agreement with serde_json.

use proptest::prelude::*;
use serde_json::Value as Serde;

use super::*;

fn error(text: &str) -> (Code, usize) {
    let error = read(text, 8).expect_err(text);
    (error.code, error.at)
}

#[test]
fn positions_are_those_of_the_first_octet_of_each_value() {
    let node = read(" {\"a\":\n [1, \"x\"]}", 8).unwrap();
    let Value::Object(members) = &node.value else {
        panic!("an object")
    };
    assert_eq!((node.at, members[0].node.at), (1, 8));
    let Value::Array(items) = &members[0].node.value else {
        panic!("an array")
    };
    assert_eq!(items.iter().map(|item| item.at).collect::<Vec<_>>(), [9, 12]);
}

#[test]
fn escapes_are_resolved_and_plain_text_is_not_copied() {
    let text = r#"["a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z", "plain"]"#;
    let node = read(text, 8).unwrap();
    let Value::Array(items) = node.value else {
        panic!("an array")
    };
    assert_eq!(
        items[0].value,
        Value::Text("a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}z".into())
    );
    assert!(matches!(items[1].value, Value::Text(Cow::Borrowed("plain"))));
}

#[test]
fn each_slip_is_told_at_its_place() {
    for (text, at) in [
        ("", 0),
        ("  ", 2),
        ("{", 1),
        ("[1", 2),
        ("[1 2]", 3),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":1 \"b\":2}", 7),
        ("nul", 0),
        ("True", 0),
        ("01", 1),
        ("-", 1),
        ("1.", 2),
        ("1e", 2),
        ("+1", 0),
        (".5", 0),
        ("\"a", 2),
        ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5),
        ("\"\\ud800\"", 3),
        ("\"\\udc00\"", 3),
        ("\"\\ud800\\u0041\"", 3),
        ("\"a\nb\"", 2),
        ("{} {}", 3),
        ("{}\0", 2),
        ("// x\n{}", 0),
    ] {
        assert_eq!(error(text), (Code::NotJson, at), "{text:?}");
    }
}

#[test]
fn duplicate_members_are_refused_in_small_and_large_objects() {
    assert_eq!(error(r#"{"a":1,"b":2,"\u0061":3}"#), (Code::DuplicateMember, 13));
    let many: String = (0..100).map(|number| format!("\"m{number}\":0,")).collect();
    assert!(read(&format!("{{{many}\"new\":0}}"), 8).is_ok());
    let text = format!("{{{many}\"m99\":0}}");
    assert_eq!(error(&text), (Code::DuplicateMember, many.len() + 1));
    // The same name in another object is no duplicate.
    assert!(read(r#"[{"a":{"a":1}},{"a":1}]"#, 8).is_ok());
}

#[test]
fn depth_ends_at_the_limit_and_never_reaches_the_stack() {
    assert!(read("[[[[[[[[]]]]]]]]", 8).is_ok());
    assert_eq!(error("[[[[[[[[[]]]]]]]]]"), (Code::NestedTooDeeply, 8));
    let deep = "[".repeat(1_000_000);
    assert_eq!(
        read(&deep, usize::MAX).map_err(|error| (error.code, error.at)),
        Err((Code::NestedTooDeeply, DEEPEST))
    );
}

#[test]
fn a_member_name_of_endless_length_is_refused() {
    assert!(read(&format!("{{\"{}\":1}}", "n".repeat(LONGEST_NAME)), 8).is_ok());
    assert_eq!(
        error(&format!("{{\"{}\":1}}", "n".repeat(LONGEST_NAME + 1))),
        (Code::MemberNameTooLong, 1)
    );
}

/// Compares with serde_json, which keeps the last of duplicate members and so is asked only about values without any.
fn same(node: &Node<'_>, serde: &Serde) -> bool {
    match (&node.value, serde) {
        (Value::Null, Serde::Null) => true,
        (Value::Bool(a), Serde::Bool(b)) => a == b,
        (Value::Number(a), Serde::Number(b)) => a.parse::<f64>().ok() == b.as_f64(),
        (Value::Text(a), Serde::String(b)) => a == b,
        (Value::Array(a), Serde::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Serde::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|member| {
                    b.get(&*member.name)
                        .is_some_and(|value| same(&member.node, value))
                })
        }
        _ => false,
    }
}

fn any_json() -> impl Strategy<Value = Serde> {
    let leaf = prop_oneof![
        Just(Serde::Null),
        any::<bool>().prop_map(Serde::from),
        any::<i64>().prop_map(Serde::from),
        any::<String>().prop_map(Serde::from),
    ];
    leaf.prop_recursive(4, 64, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Serde::from),
            proptest::collection::btree_map("[a-c\"\\\\\u{e9}]{0,4}", inner, 0..20)
                .prop_map(|members| Serde::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_read_as_it_was_written(value in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let node = read(&text, DEEPEST).expect("valid JSON");
        prop_assert!(same(&node, &value), "{}", text);
    }

    #[test]
    fn any_text_is_accepted_only_if_it_is_json(text in r#"([\[\]{}:,"\\ a0-9.eEu+-]|true|null){0,24}"#) {
        match (read(&text, DEEPEST), serde_json::from_str::<Serde>(&text)) {
            (Ok(node), Ok(value)) => prop_assert!(same(&node, &value), "{}", text),
            (Err(error), Ok(_)) => prop_assert_eq!(error.code, Code::DuplicateMember, "{}", text),
            // serde_json refuses numbers beyond f64, which are JSON all the same.
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{}: {}", text, error),
            (Err(_), Err(_)) => {}
        }
    }
}
