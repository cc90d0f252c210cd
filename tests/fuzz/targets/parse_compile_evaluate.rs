//! A packet and a file: what the compiled policy permits, the oracle permits.
#![no_main]

#[path = "../promises/evaluate.rs"]
mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| promises::compile_and_evaluate(input));
