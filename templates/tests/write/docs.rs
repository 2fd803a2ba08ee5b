//! The pages of the documentation that come from the catalogue.

use std::path::Path;

use dialtone_templates::{columns_page, rules_page};

/// Compares a page with what the catalogue says; `UPDATE_DOCS=1` writes it instead.
fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/{name} isn't what the catalogue says: run the tests with UPDATE_DOCS=1");
}

#[test]
fn the_page_of_the_rules_is_up_to_date() {
    check("rules.md", &rules_page());
}

#[test]
fn the_page_of_the_columns_is_up_to_date() {
    check("columns.md", &columns_page());
}
