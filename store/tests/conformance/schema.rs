use std::collections::BTreeMap;

use dialtone_store::{Store, StoreError};

use crate::bed::{Bed, migrations};

crate::on_both_engines!(a_newer_schema_is_refused, the_same_schema_is_opened_again, the_number_of_shards_is_fixed_once);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_can_be_opened_by_several_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dialtone.db");
    let opens: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { Store::open_embedded(&path).await.map(drop) })
        })
        .collect();
    for open in opens {
        open.await.unwrap().unwrap();
    }
}

async fn a_newer_schema_is_refused(bed: &Bed) {
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', true, ";
    bed.sql(&format!("{newer} x'00', 0)"), &format!("{newer} '\\x00', 0)")).await;
    let refused = bed.reopen().await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema { found: 9_999, .. }), "{refused}");
}

async fn the_same_schema_is_opened_again(bed: &Bed) {
    bed.tenant("Sample", 1, 1).await;
    let store = bed.reopen().await.unwrap();
    assert_eq!(store.organizations().await.unwrap().len(), 1);
    store.close().await;
}

async fn the_number_of_shards_is_fixed_once(bed: &Bed) {
    assert_eq!(bed.store.shards().await.unwrap(), None);
    assert_eq!(bed.store.fix_shards(Some(16)).await.unwrap(), 16);
    assert_eq!(bed.store.fix_shards(None).await.unwrap(), 16);
    let refused = bed.store.fix_shards(Some(64)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Shards { fixed: 16, wanted: 64 }), "{refused}");
    assert_eq!(bed.store.shards().await.unwrap(), Some(16));
}

#[tokio::test]
async fn an_unmigrated_database_is_refused() {
    let admin = std::env::var("DIALTONE_TEST_POSTGRES_URL").unwrap();
    let refused = Store::connect(&admin).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema { found: 0, .. }), "{refused}");
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    let sqlite = columns("sqlite");
    assert!(sqlite.len() > 10, "{sqlite:?}");
    assert_eq!(sqlite, columns("postgres"));
}

/// The columns of each table, and the indexes, as the migrations write them.
fn columns(engine: &str) -> BTreeMap<String, Vec<String>> {
    let text: String = migrations(engine).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["CREATE", "TABLE", name, ..] => table = Some((*name).to_owned()),
            ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] => {
                tables.entry((*name).to_owned()).or_default().push((*column).to_owned());
            }
            ["CREATE", "INDEX", name, ..] | ["CREATE", "UNIQUE", "INDEX", name, ..] => {
                tables.entry("indexes".to_owned()).or_default().push((*name).to_owned());
            }
            [column, ..] if line.starts_with("    ") && column.chars().all(|c| c.is_lowercase() || c == '_') => {
                let table = table.clone().unwrap();
                tables.entry(table).or_default().push((*column).to_owned());
            }
            _ => {}
        }
    }
    tables
}
