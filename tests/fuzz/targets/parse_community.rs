//! Any octets, read in the community dialect.
#![no_main]

#[path = "../promises/parse.rs"]
mod promises;

use libfuzzer_sys::fuzz_target;
use mudguard_mud::Dialect;

fuzz_target!(|bytes: &[u8]| promises::read_and_check(bytes, Dialect::Community));
