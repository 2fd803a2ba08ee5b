//! Changes of the schema only add, so that the version before goes on working on it while it is being replaced.

use std::fs;
use std::path::Path;

/// What a migration after the first one may do, as the first words of its statements.
const EXPANDING: [&str; 5] = ["CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "INSERT INTO", "UPDATE"];

/// What is wrong with a statement of a migration for processes that know nothing of it.
fn contracts(statement: &str, migration: &[String]) -> Option<&'static str> {
    if let Some(index) = statement.strip_prefix("DROP INDEX ") {
        // No statement names an index. That the new one keeps the same rows apart is for its author to see to.
        let makes_anew = |other: &String| {
            let made = other.strip_prefix("CREATE UNIQUE INDEX ").or_else(|| other.strip_prefix("CREATE INDEX "));
            made.is_some_and(|made| made.starts_with(&format!("{index} ")))
        };
        return (!migration.iter().any(makes_anew)).then_some("it takes an index away and makes it not anew");
    }
    if statement.starts_with("ALTER TABLE ") && statement.contains(" SET (fillfactor = ") {
        return None;
    }
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
            let statements = statements(&fs::read_to_string(migration).unwrap());
            for statement in &statements {
                let wrong = contracts(statement, &statements);
                assert_eq!(wrong, None, "{}: {statement}", migration.display());
            }
        }
    }
}

#[test]
fn what_takes_away_is_recognised() {
    let anew = ["CREATE INDEX devices_revision ON devices (revision) WHERE revision > 0".to_owned()];
    for statement in [
        "ALTER TABLE devices ADD COLUMN a text",
        "ALTER TABLE devices ADD COLUMN a bigint NOT NULL DEFAULT 0",
        "ALTER TABLE devices SET (fillfactor = 50)",
        "DROP INDEX devices_revision",
    ] {
        assert_eq!(contracts(statement, &anew), None, "{statement}");
    }
    for statement in [
        "ALTER TABLE devices ADD COLUMN a bigint NOT NULL",
        "ALTER TABLE devices DROP COLUMN password",
        "ALTER TABLE devices RENAME COLUMN a TO b",
        "DROP INDEX devices",
        "DELETE FROM devices",
    ] {
        assert!(contracts(statement, &anew).is_some(), "{statement}");
    }
}
