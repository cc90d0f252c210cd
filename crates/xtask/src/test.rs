//! `cargo xtask test`: every check, each with its time, and at the end what failed and what was left out.
//!
//! The tests themselves are run and counted by cargo, whose lines stand above; the closing line counts what cargo does not: each check,
//! each step of the story, and the tests as a whole only if one failed.

use std::{
    env,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Context;
use mudguard_tests::{
    home::gateway,
    packages::{PACKAGES, TEST_PACKAGES},
};

use crate::{
    build, demo,
    packages::{self, Counts},
};

/// Arguments of `test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these steps; all without any
    #[arg(value_enum)]
    steps: Vec<Step>,
}

/// A step of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    /// Formatting
    Fmt,
    /// Lints, warnings denied
    Clippy,
    /// Documents of the code, warnings denied
    Doc,
    /// All tests of all crates, and the floors; those that need root make their own network namespaces
    Tests,
    /// The story of the demo, checked
    Story,
}

/// The order of the suite: what fails quickly comes first.
const ALL: [Step; 5] = [Step::Fmt, Step::Clippy, Step::Doc, Step::Tests, Step::Story];

/// Runs the suite.
///
/// # Errors
/// If a tool cannot be started.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let steps = if args.steps.is_empty() {
        &ALL[..]
    } else {
        &args.steps[..]
    };
    let root = packages::is_root();
    let with_home = steps.iter().any(|step| matches!(step, Step::Tests | Step::Story));
    if root && with_home {
        packages::install_missing(&[&PACKAGES[..], &TEST_PACKAGES].concat())?;
    }
    let (mut sum, mut failed, mut left_out) = (Counts::default(), Vec::new(), Vec::new());
    for &step in steps {
        let name = format!("{step:?}").to_lowercase();
        if step == Step::Story && !root {
            left_out.push("story: it makes network namespaces and needs root");
            continue;
        }
        eprintln!("==> {name}");
        let start = Instant::now();
        let counts = check(step, &name)?;
        let verdict = if counts.failed == 0 { "passed" } else { "FAILED" };
        eprintln!("==> {name}: {verdict} in {:.0?}", start.elapsed());
        if counts.failed > 0 {
            failed.push(name);
        }
        sum.passed += counts.passed;
        sum.failed += counts.failed;
    }
    if !root && with_home {
        left_out.push("within tests: all that make network namespaces, which need root");
    }
    for line in &left_out {
        eprintln!("LEFT OUT {line}; run `sudo cargo xtask test` for them");
    }
    if !failed.is_empty() {
        eprintln!("failed steps: {}", failed.join(", "));
    }
    Ok(sum.close())
}

fn check(step: Step, name: &str) -> anyhow::Result<Counts> {
    if step == Step::Story {
        return demo::check();
    }
    let mut command = command(step);
    if step == Step::Tests && packages::is_root() {
        // Once for all tests: each would otherwise ask cargo for it.
        command.env(gateway::BINARY_VARIABLE, gateway::build(false)?);
    }
    let good = command
        .status()
        .with_context(|| format!("{name} cannot be started"))?
        .success();
    Ok(Counts {
        passed: usize::from(good && step != Step::Tests),
        failed: usize::from(!good),
    })
}

fn command(step: Step) -> Command {
    match step {
        Step::Fmt => build::cargo(&["fmt", "--all", "--check"]),
        Step::Clippy => build::cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ]),
        Step::Doc => {
            let mut command = build::cargo(&[
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--locked",
            ]);
            let flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
            command.env("RUSTDOCFLAGS", format!("{flags} --deny warnings"));
            command
        }
        Step::Tests | Step::Story => build::cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
    }
}
