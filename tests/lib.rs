//! A home in network namespaces, and the tests that need one.
//!
//! What it is not: part of the product. It names none of the product's crates, so that all of them may test with it.

pub mod home;
pub mod loopback;
pub mod order;
pub mod packages;

use std::{io::Write, thread};

/// Whether the calling test must be left out because a home needs root. It says so, past the capture of the test runner.
#[must_use]
pub fn left_out_without_root() -> bool {
    let left_out = !nix::unistd::geteuid().is_root();
    if left_out {
        say_left_out("it makes network namespaces and needs root");
    }
    left_out
}

/// Whether the calling test must be left out because a package of [`packages::TEST_PACKAGES`] is missing. It says so in the same way.
#[must_use]
pub fn left_out_without(package: &str) -> bool {
    let missing = packages::missing_packages(&packages::TEST_PACKAGES).contains(&package);
    if missing {
        say_left_out(&format!("it needs the Debian package {package}"));
    }
    missing
}

fn say_left_out(reason: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    // There is nobody to tell that it cannot be told.
    let _ = writeln!(std::io::stderr(), "LEFT OUT {test}: {reason}");
}
