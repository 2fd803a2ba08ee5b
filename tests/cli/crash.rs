use std::path::PathBuf;

use crate::crash_labels::crash_labels;
use crate::home::{Home, key};

const ROWS: usize = 40;

/// Kills the process at every labelled point, goes on, and compares the rows that were accepted with the device's own
/// log and with the report. A label that no run passes fails.
#[test]
fn a_kill_at_any_labelled_point_loses_and_doubles_nothing() {
    let labels = crash_labels();
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
                let templates = home.line("template list --json").done().json_lines();
                assert_eq!(templates.len(), 1, "{label}: a submission that was cut short left a template");
            }
        }
    }
}
