//! The picture in ARCHITECTURE.md, held against what the rooms really use.

#![expect(clippy::unwrap_used, reason = "a test that can't read the sources fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each room may use of the others. The binary may use all of them.
const ROOMS: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("templates", &["model"]),
    ("validators", &["model", "templates"]),
    ("store", &["model"]),
    ("queue", &["model"]),
    ("files", &["model"]),
    ("drivers", &["model"]),
    ("simulator", &["model"]),
    ("scheduler", &["model", "templates", "validators", "store", "queue", "files"]),
    ("worker", &["model", "drivers", "store", "queue"]),
];

/// Libraries that only these rooms may know, so that what they stand for can be exchanged in one place.
const KEPT_IN: [(&str, &[&str]); 27] = [
    ("csv", &["templates"]),
    ("csv-core", &["templates"]),
    ("calamine", &["templates"]),
    ("rust_xlsxwriter", &["templates"]),
    ("zip", &["templates"]),
    // The Kamailio driver talks to the device's own database.
    ("sqlx", &["store", "drivers"]),
    ("jiff-sqlx", &["store"]),
    ("lapin", &["queue"]),
    ("aws-sdk-s3", &["files"]),
    ("aws-smithy-http-client", &["files"]),
    ("russh", &["drivers", "simulator"]),
    ("aes-gcm", &["store"]),
    ("axum", &["cli"]),
    ("metrics-exporter-prometheus", &["cli"]),
    ("sd-notify", &["cli"]),
    ("hyper", &["drivers", "simulator"]),
    ("rustls", &["drivers", "simulator"]),
    ("tokio-rustls", &["drivers", "simulator"]),
    ("anyhow", &["cli"]),
    ("clap", &["cli"]),
    ("comfy-table", &["cli"]),
    ("console", &["cli"]),
    ("indicatif", &["cli"]),
    ("opentelemetry", &["cli"]),
    ("opentelemetry-otlp", &["cli"]),
    ("opentelemetry_sdk", &["cli"]),
    ("tracing-subscriber", &["cli"]),
];

/// Libraries that do I/O or start tasks: the words know none of them.
const NEVER_IN_MODEL: [&str; 3] = ["tokio", "tracing", "rayon"];

/// The most lines of a source file.
const LONGEST_FILE: usize = 600;

/// What each room really uses: rooms by their names, libraries by theirs.
fn uses() -> BTreeMap<String, Vec<String>> {
    let metadata =
        MetadataCommand::new().no_deps().other_options(["--offline".to_owned(), "--locked".to_owned()]).exec().unwrap();
    let packages = metadata.packages.iter().map(|package| {
        let of_the_program = package.dependencies.iter().filter(|used| used.kind == DependencyKind::Normal);
        (room(&package.name), of_the_program.map(|used| room(&used.name)).collect())
    });
    packages.collect()
}

fn room(package: &str) -> String {
    match package.strip_prefix("dialtone-") {
        Some(room) => room.to_owned(),
        None if package == "dialtone" => "cli".to_owned(),
        None => package.to_owned(),
    }
}

#[test]
fn arrows_point_down_only() {
    let uses = uses();
    let rooms: BTreeMap<&str, &[&str]> = ROOMS.into_iter().collect();
    for (room, used) in uses.iter().filter(|(room, _)| *room != "cli") {
        let allowed = rooms.get(room.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("the room `{room}` isn't in the picture: draw it first"));
        for other in used.iter().filter(|other| rooms.contains_key(other.as_str()) || *other == "cli") {
            assert!(
                allowed.contains(&other.as_str()),
                "`{room}` uses `{other}`, which the picture doesn't allow: it may use {allowed:?}"
            );
        }
    }
    for room in rooms.keys() {
        assert!(uses.contains_key(*room), "the picture has a room `{room}` that isn't there");
    }
}

#[test]
fn a_library_is_known_where_it_belongs() {
    for (room, used) in uses() {
        for (library, rooms) in KEPT_IN {
            assert!(
                rooms.contains(&room.as_str()) || !used.iter().any(|name| name == library),
                "`{room}` uses `{library}`, which only {rooms:?} may know"
            );
        }
        let forbidden = used.iter().find(|name| NEVER_IN_MODEL.contains(&name.as_str()));
        assert!(room != "model" || forbidden.is_none(), "`model` uses {forbidden:?}, but it is pure");
    }
}

#[test]
fn no_source_file_is_too_long_to_read() {
    for path in sources(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let name = path.display();
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines, the most is {LONGEST_FILE}: it is two things, part them"
        );
    }
}

#[test]
fn only_the_clocks_read_the_time() {
    let clocks = ["cli/clock.rs", "simulator/src/clock.rs"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of_the_program =
        |path: &PathBuf| !path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "benches")));
    for path in sources(root).into_iter().filter(of_the_program) {
        let place = path.strip_prefix(root).unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let excused = text.contains("expect(clippy::disallowed_methods");
        assert!(!excused || clocks.contains(&place), "{place} excuses itself from a ban of clippy.toml");
    }
}

/// Every Rust file of the workspace.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found
}
