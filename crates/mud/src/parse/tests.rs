//! How much work a reading makes: for each shape that could be quadratic, twice the file is at most about twice the work.

use super::*;
use crate::work::steps;

/// A file of a certain shape, as large as asked for.
type Shape = fn(usize) -> String;

const SHAPES: &[(&str, Shape)] = &[
    ("unknown members", |n| {
        let members: String = (0..n).map(|i| format!(",\"matchez{i}\":0")).collect();
        ace(&format!("\"name\":\"a\"{members}"))
    }),
    ("unknown members of the container", |n| {
        let members: String = (0..n).map(|i| format!("\"systeminfe{i}\":0,")).collect();
        format!("{{\"ietf-mud:mud\":{{{members}\"mud-url\":\"https://a.example/\"}}}}")
    }),
    ("aces", |n| list(&vec!["{\"name\":\"same\"}"; n].join(","))),
    ("lists", |n| {
        let lists: String = (0..n).map(|i| format!("{{\"name\":\"l{i}\"}},")).collect();
        file("", &format!("{lists}{{\"name\":\"last\"}}"))
    }),
    ("policies", |n| {
        let names: String = (0..n).map(|i| format!("{{\"name\":\"l{}\"}},", i % 7)).collect();
        let lists: String = (0..7)
            .map(|i| format!("{{\"name\":\"l{i}\",\"aces\":{{\"ace\":[{{}},{{}}]}}}},"))
            .collect();
        let policy =
            format!(",\"from-device-policy\":{{\"access-lists\":{{\"access-list\":[{names}{{}}]}}}}");
        file(&policy, &format!("{lists}{{}}"))
    }),
    ("extensions", |n| {
        let names: String = (0..n).map(|i| format!("\"e{i}\",\"transparency\",")).collect();
        let nodes: String = (0..n).map(|i| format!(",\"x:e{i}\":0")).collect();
        file(&format!(",\"extensions\":[{names}\"last\"]{nodes}"), "")
    }),
    ("parameters", |n| {
        let numbers: String = (0..n).map(|i| format!("{i},")).collect();
        let profile = format!("{{\"name\":\"p\",\"cipher-suite\":[{numbers}0]}}");
        ace(&format!(
            "\"matches\":{{\"ietf-acl-tls:client-profiles\":{{\"tls-dtls-profile\":[{profile}]}}}}"
        ))
    }),
    ("escapes", |n| {
        file(
            &format!(",\"systeminfo\":\"{}\"", "\\u0041\\ud83d\\ude00".repeat(n)),
            "",
        )
    }),
    ("lines", |n| file(&"\n".repeat(n), "")),
    ("nothing else", |n| "[".repeat(n)),
    ("numbers", |n| {
        format!("{{\"ietf-mud:mud\":{{\"cache-validity\":{}}}}}", "9".repeat(n))
    }),
];

fn file(mud: &str, acls: &str) -> String {
    format!(
        "{{\"ietf-mud:mud\":{{\"mud-url\":\"https://a.example/\"{mud}}},\"ietf-access-control-list:acls\":{{\"acl\":[{acls}]}}}}"
    )
}

fn list(aces: &str) -> String {
    file("", &format!("{{\"name\":\"l\",\"aces\":{{\"ace\":[{aces}]}}}}"))
}

fn ace(members: &str) -> String {
    list(&format!("{{{members}}}"))
}

#[test]
fn work_grows_with_the_file_and_no_faster() {
    let limits = Limits {
        octets: usize::MAX,
        aces: usize::MAX,
        ..Limits::default()
    };
    for (name, shape) in SHAPES {
        let [once, twice] = [4_000, 8_000].map(|n| {
            let text = shape(n);
            steps(|| drop(parse(text.as_bytes(), &limits, Dialect::Community)))
        });
        assert!(
            once > 0 && twice <= once * 9 / 4,
            "{name}: {once} steps, and {twice} for twice the file"
        );
    }
}

#[test]
fn a_file_at_its_limit_is_read_in_a_bounded_number_of_steps() {
    let limits = Limits::default();
    for (name, shape) in SHAPES {
        let n = limits.octets * 600 / shape(1_000).len();
        let text = shape(n);
        assert!(
            text.len() > limits.octets / 3 && text.len() <= limits.octets,
            "{name}: {}",
            text.len()
        );
        let steps = steps(|| drop(parse(text.as_bytes(), &limits, Dialect::Strict)));
        assert!(
            steps < 50 * limits.octets,
            "{name}: {steps} steps for {} octets",
            text.len()
        );
    }
}
