//! A replay of the seeds of the fuzz target, which are good frames and what the target has found.

use std::{fs, path::Path};

use mudguard_observe::{Verdict, judge_frame};

#[test]
fn every_seed_announces_the_url_or_is_refused_with_a_reason() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut urls = 0;
    for seed in fs::read_dir(repository.join("tests/fuzz/seeds/frame")).unwrap() {
        let verdict = judge_frame(&fs::read(seed.unwrap().path()).unwrap());
        urls += usize::from(verdict.verdict == Verdict::Url);
        assert_eq!(
            verdict.reason.is_some(),
            matches!(verdict.verdict, Verdict::Drop | Verdict::BadUrl)
        );
    }
    assert_eq!(urls, 4, "the good frames among the seeds announce a URL");
}
