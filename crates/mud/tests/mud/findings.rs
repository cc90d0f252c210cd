//! Golden files: what is said of each example in each dialect, and what becomes of its ACEs.
//!
//! `UPDATE_EXPECT=1` writes them anew.

use std::{collections::BTreeSet, fmt::Write};

use expect_test::expect_file;
use mudguard_mud::{Code, Dialect, Limits, Parsed, Severity, parse};

use super::examples::{example, examples, folder};

fn told(parsed: &Parsed) -> String {
    let mut told = String::new();
    for finding in &parsed.findings {
        writeln!(told, "{finding}\n    at {}", finding.pointer).unwrap();
    }
    let Some(file) = &parsed.file else {
        told.push_str("refused\n");
        return told;
    };
    writeln!(
        told,
        "read, {}",
        if parsed.as_made {
            "as made"
        } else {
            "not as its maker should have written it"
        }
    )
    .unwrap();
    for ace in file
        .from_device
        .iter()
        .chain(&file.to_device)
        .flat_map(|list| &list.aces)
    {
        if !ace.not_understood.is_empty() {
            let parts: Vec<_> = ace
                .not_understood
                .iter()
                .map(|part| format!("{} {}", part.code, part.name))
                .collect();
            writeln!(
                told,
                "ACE {}[{}] {:?} is not understood: {}",
                ace.acl,
                ace.index,
                ace.name,
                parts.join(", ")
            )
            .unwrap();
        }
    }
    for node in &file.unknown_nodes {
        writeln!(told, "unknown node at {}", node.pointer).unwrap();
    }
    told
}

#[test]
fn findings_of_each_example_stay_as_they_are() {
    for (name, bytes) in examples() {
        let limits = Limits::default();
        let strict = parse(&bytes, &limits, Dialect::Strict);
        let community = parse(&bytes, &limits, Dialect::Community);
        let text = format!("strict\n\n{}\ncommunity\n\n{}", told(&strict), told(&community));
        expect_file![folder().join(format!("{name}.txt"))].assert_eq(&text);
    }
}

#[test]
fn a_file_is_refused_exactly_if_a_finding_is_an_error() {
    for (name, bytes) in examples() {
        for dialect in [Dialect::Strict, Dialect::Community] {
            let parsed = parse(&bytes, &Limits::default(), dialect);
            let has_error = parsed
                .findings
                .iter()
                .any(|finding| finding.severity == Severity::Error);
            assert_eq!(parsed.file.is_none(), has_error, "{name} {dialect:?}");
        }
    }
}

#[test]
fn each_code_is_said_of_some_example() {
    let tight = Limits {
        octets: 10_000,
        aces: 1,
        names: 0,
        findings: 1,
        ..Limits::default()
    };
    let mut said = BTreeSet::new();
    for (_, bytes) in examples() {
        for limits in [Limits::default(), tight] {
            said.extend(
                parse(&bytes, &limits, Dialect::Community)
                    .findings
                    .iter()
                    .map(|finding| finding.code),
            );
        }
    }
    let limits = Limits {
        octets: 1,
        ..Limits::default()
    };
    said.extend(
        parse(b"{}", &limits, Dialect::Strict)
            .findings
            .iter()
            .map(|finding| finding.code),
    );
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !said.contains(code))
        .map(|code| code.name())
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn limits_refuse_what_exceeds_them_and_nothing_else() {
    let bytes = example("lamp");
    let fits = Limits {
        octets: bytes.len(),
        depth: 12,
        aces: 2,
        names: 1,
        findings: 0,
    };
    assert!(parse(&bytes, &fits, Dialect::Strict).file.is_some());
    for (limits, code) in [
        (
            Limits {
                octets: fits.octets - 1,
                ..fits
            },
            Code::FileTooLarge,
        ),
        (Limits { depth: 8, ..fits }, Code::NestedTooDeeply),
        (
            Limits {
                aces: 1,
                findings: 9,
                ..fits
            },
            Code::TooManyAces,
        ),
        (
            Limits {
                names: 0,
                findings: 9,
                ..fits
            },
            Code::TooManyNames,
        ),
    ] {
        let parsed = parse(&bytes, &limits, Dialect::Community);
        let codes: Vec<_> = parsed.findings.iter().map(|finding| finding.code).collect();
        assert_eq!((parsed.file.is_none(), codes), (true, vec![code]), "{limits:?}");
    }
}

#[test]
fn a_flood_of_warnings_hides_no_error_and_is_counted() {
    let limits = Limits {
        findings: 2,
        ..Limits::default()
    };
    let parsed = parse(&example("conditions"), &limits, Dialect::Strict);
    let errors = parsed
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    assert_eq!(errors, 3, "two, and the one that tells of the rest");
    let last = parsed.findings.last().unwrap();
    assert_eq!(
        (last.code, last.severity),
        (Code::TooManyFindings, Severity::Error)
    );
}

#[test]
fn every_leaf_is_read_into_the_model() {
    let parsed = parse(&example("every-leaf"), &Limits::default(), Dialect::Strict);
    let model = format!("{:#?}\n", parsed.file.unwrap());
    expect_file![folder().join("every-leaf.model")].assert_eq(&model);
}
