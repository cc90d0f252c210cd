//! Rule first, answer second.

use mudguard_tests::{home::gateway::binary, left_out_without_root, order::measure};

#[test]
fn no_first_syn_is_refused_to_an_address_that_was_just_told() {
    if left_out_without_root() {
        return;
    }
    let figures = measure(&binary().unwrap(), |_| {}).unwrap();
    assert!(figures.lookups >= 1000, "{}", figures.lookups);
    assert!(
        figures.refused.is_empty(),
        "{} of {}: {:#?}",
        figures.refused.len(),
        figures.lookups,
        figures.refused
    );
    assert_eq!(figures.blocked, 0);
    eprintln!(
        "{:?}",
        [
            &figures.fresh_limited,
            &figures.fresh_free,
            &figures.cached_limited,
            &figures.cached_free
        ]
        .map(|t| (t.count(), t.percentile(50), t.percentile(99)))
    );
}
