//! The Mudguard daemon and command line.
fn main() {}
