//! Rule first, answer second.

use mudguard_tests::{home::gateway::binary, left_out_without_root, order::measure};

#[test]
fn no_first_syn_is_refused_to_an_address_that_was_just_told() {
    if left_out_without_root() {
        return;
    }
    let figures = measure(&binary().unwrap(), |_| {}).unwrap();
    assert!(
        figures.refused.is_empty(),
        "{} of {}: {:#?}",
        figures.refused.len(),
        figures.lookups,
        figures.refused
    );
    assert!(figures.lookups >= 1000, "{}", figures.lookups);
    assert_eq!(figures.blocked, 0);
}
