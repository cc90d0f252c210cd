//! Mutants of frames: none makes the reader panic, and none that the kernel's filter would let through is read differently twice.

use mudguard_observe::{Verdict, judge_frame};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::hostile::rows;

/// How a frame is changed.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, u8),
    Remove(Index, usize),
    Copy(Index, Index, usize),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, octet)| Change::Set(at, octet)),
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, octet)| Change::Insert(at, octet)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<Index>(), any::<Index>(), 1..40_usize)
            .prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

impl Change {
    fn apply(&self, frame: &mut Vec<u8>) {
        if frame.is_empty() {
            return;
        }
        let length = frame.len();
        match self {
            Self::Set(at, octet) => frame[at.index(length)] = *octet,
            Self::Flip(at, bit) => frame[at.index(length)] ^= 1 << bit,
            Self::Insert(at, octet) => frame.insert(at.index(length), *octet),
            Self::Remove(at, count) => {
                let at = at.index(length);
                frame.drain(at..(at + count).min(length));
            }
            Self::Copy(from, to, count) => {
                let (from, to) = (from.index(length), to.index(length));
                let count = (*count).min(length - from.max(to));
                frame.copy_within(from..from + count, to);
            }
            Self::Cut(at) => frame.truncate(at.index(length)),
        }
    }
}

/// Makes checksums right or absent, so that mutants get past them.
fn repair(frame: &mut [u8]) {
    if frame.len() >= 42 && frame[12..14] == [8, 0] && frame[14] & 0xf >= 5 {
        super::frames::seal_ipv4(&mut frame[14..]);
        let udp = 14 + usize::from(frame[14] & 0xf) * 4;
        if let Some(checksum) = frame.get_mut(udp + 6..udp + 8) {
            checksum.fill(0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutants_get_a_verdict(row in any::<Index>(), changes in vec(change(), 0..8), repaired in any::<bool>()) {
        thread_local!(static ROWS: Vec<Vec<u8>> = rows().into_iter().map(|(_, frame, _)| frame).collect());
        let mut frame = ROWS.with(|rows| row.get(rows).clone());
        for change in &changes {
            change.apply(&mut frame);
        }
        if repaired {
            repair(&mut frame);
        }
        let verdict = judge_frame(&frame);
        // Whoever is told a URL is told who said it, and how.
        if verdict.verdict == Verdict::Url {
            prop_assert!(verdict.mac.is_some() && verdict.via.is_some());
        }
        prop_assert_eq!(verdict.clone(), judge_frame(&frame));
        prop_assert_eq!(verdict.verdict == Verdict::Drop, verdict.via.is_none() && verdict.reason.is_some());
    }

    #[test]
    fn noise_gets_a_verdict(frame in vec(any::<u8>(), 0..600)) {
        let _ = judge_frame(&frame);
    }
}
