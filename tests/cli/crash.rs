use std::fs;
use std::path::{Path, PathBuf};

use crate::home::{Home, key};

const ROWS: usize = 40;

/// Kills the process at every labelled point, goes on, and compares the rows that were accepted with the device's own
/// log and with the report. A label that no run passes fails.
#[test]
fn a_kill_at_any_labelled_point_loses_and_doubles_nothing() {
    let labels = labels();
    assert!(labels.len() > 3, "{labels:?}");
    for label in &labels {
        for passage in [1, 3] {
            let home = Home::with_organization(ROWS);
            let file = home.bulk(0..ROWS);
            let killed =
                home.command(["run", &file]).env("DIALTONE_CRASH_AT", format!("{label}:{passage}")).output().unwrap();
            let said = String::from_utf8(killed.stderr).unwrap();
            let hit = said.contains(&format!("crash point {label} reached"));
            assert!(hit || passage > 1, "no run passes {label}: {said}");
            assert_eq!(killed.status.code().is_none(), hit, "{label}: {said}");
            if hit {
                let answer = home.run(["run", &file, "--json"]).done().json();
                let report: PathBuf = answer["report"].as_str().unwrap().into();
                home.assert_all_done_once(&report, (0..ROWS).map(key));
            }
        }
    }
}

/// Every label in the sources. Each is there once, so that a report of a crash names one place.
fn labels() -> Vec<String> {
    let mut labels = Vec::new();
    for room in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let sources = room.unwrap().path().join("src");
        if sources.is_dir() {
            collect(&sources, &mut labels);
        }
    }
    labels.sort();
    let count = labels.len();
    labels.dedup();
    assert_eq!(labels.len(), count, "a label is there twice: {labels:?}");
    labels
}

fn collect(folder: &Path, labels: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, labels);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).unwrap();
            let found = text.split("crash_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
            labels.extend(found.map(str::to_owned));
        }
    }
}
