//! What the mud crate promises: findings are stable and at their place, no input makes the reader panic, nothing that stood in
//! an ACE is lost in silence, and real files are read.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod conditions;
mod corpora;
mod examples;
mod findings;
mod properties;
mod support;
mod wild;

use std::io::Write;

/// Says something past the capture of the test harness.
fn say(text: &str) {
    let mut terminal = std::io::stderr();
    writeln!(terminal, "{text}").unwrap();
}
