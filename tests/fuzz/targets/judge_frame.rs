//! Any octets, read as an Ethernet frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mudguard_observe::{Verdict, judge_frame};

fuzz_target!(|frame: &[u8]| {
    let verdict = judge_frame(frame);
    assert_eq!(
        verdict.reason.is_some(),
        matches!(verdict.verdict, Verdict::Drop | Verdict::BadUrl),
        "what is refused has a reason, and nothing else has"
    );
});
