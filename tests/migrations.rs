//! Changes of the schema only add, so that the version before goes on working on it while it is being replaced.

use std::fs;
use std::path::Path;

/// What a migration after the first one may do, as the first words of its statements.
const EXPANDING: [&str; 5] = ["CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "INSERT INTO", "UPDATE"];

/// What is wrong with a statement for processes that know nothing of it.
fn contracts(statement: &str) -> Option<&'static str> {
    if let Some(change) = statement.strip_prefix("ALTER TABLE ") {
        let Some((_, column)) = change.split_once(" ADD COLUMN ") else {
            return Some("it takes something away or renames it");
        };
        let is_filled = !column.contains("NOT NULL") || column.contains("DEFAULT");
        return (!is_filled).then_some("rows that the version before adds have no value for the column");
    }
    let expands = EXPANDING.iter().any(|words| statement.starts_with(words));
    (!expands).then_some("it is nothing that only adds")
}

fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let statements = code.join(" ");
    let statements = statements.split(';').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter(|one| !one.is_empty()).collect()
}

#[test]
fn every_migration_after_the_first_only_adds() {
    for engine in ["postgres", "sqlite"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let mut migrations: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        migrations.sort();
        assert!(migrations.len() > 1, "{engine} has one migration");
        for migration in &migrations[1..] {
            for statement in statements(&fs::read_to_string(migration).unwrap()) {
                let wrong = contracts(&statement);
                assert_eq!(wrong, None, "{}: {statement}", migration.display());
            }
        }
    }
}

#[test]
fn what_takes_away_is_recognised() {
    assert_eq!(contracts("ALTER TABLE devices ADD COLUMN a text"), None);
    assert_eq!(contracts("ALTER TABLE devices ADD COLUMN a bigint NOT NULL DEFAULT 0"), None);
    for statement in [
        "ALTER TABLE devices ADD COLUMN a bigint NOT NULL",
        "ALTER TABLE devices DROP COLUMN password",
        "ALTER TABLE devices RENAME COLUMN a TO b",
        "DROP INDEX devices_revision",
        "DELETE FROM devices",
    ] {
        assert!(contracts(statement).is_some(), "{statement}");
    }
}
