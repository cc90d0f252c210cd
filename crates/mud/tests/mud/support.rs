//! `docs/mud-support.md` is what the code says. `UPDATE_EXPECT=1` writes it anew.

use std::path::Path;

use expect_test::expect_file;

#[test]
fn the_page_of_supported_nodes_is_what_the_code_says() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    expect_file![repository.join("docs/mud-support.md")].assert_eq(&mudguard_mud::support_markdown());
}
