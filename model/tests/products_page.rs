//! The page of the documentation that comes from the catalogue of products.

use std::path::Path;

use dialtone_model::catalog::products_page;

#[test]
fn the_page_of_the_products_is_up_to_date() {
    let (path, page) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/products.md"), products_page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/products.md isn't what the catalogue says: run the tests with UPDATE_DOCS=1");
}
