//! The offline commands as makers and researchers use them: the built binary, files, exit codes and what is printed.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod anchors;
mod certificate;
mod compile;
mod diff;
mod explain;
mod lint;
mod manual;
mod observe;
mod test;
mod verify;

// How openssl makes certificates and signatures, and how frames are made of their parts, is told once.
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../../../observe/tests/observe/frames.rs"]
mod frames;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../../../fetch/tests/fetch/openssl.rs"]
mod openssl;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use expect_test::Expect;
use serde_json::Value;

/// What a command printed, and how it ended.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the command in the folder of the example files.
fn mudguard(arguments: &[&str]) -> Ended {
    with_input(arguments, "")
}

fn with_input(arguments: &[&str], input: &str) -> Ended {
    with_octets(arguments, input.as_bytes())
}

fn with_octets(arguments: &[&str], input: &[u8]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mudguard"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no standard input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    fn prints(&self, code: i32, expected: &Expect) {
        assert_eq!((self.code, self.err.as_str()), (Some(code), ""), "{}", self.out);
        expected.assert_eq(&self.out);
    }

    fn fails(&self, code: i32, expected: &Expect) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        expected.assert_eq(&self.err);
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}
