use std::path::PathBuf;

use crate::crash_labels::crash_labels;
use crate::home::{Home, key};

const ROWS: usize = 40;
/// The label at which the report is kept and known to be.
const REPORTED: &str = "scheduler-after-note-report";
/// How a command ends whose rows are refused.
const REFUSED: i32 = 3;

/// Kills the process at every labelled point, goes on, and compares the rows that were accepted with the device's own
/// log and with the report. A label that no run passes fails. Whoever repeats the command gets the report, unless the
/// killed one had it already: then the rows are refused, because their users have extensions.
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
                let again = home.run(["run", &file, "--json"]);
                let report: PathBuf = if label == REPORTED {
                    again.code(REFUSED);
                    let run = home.line("runs list --json").done().json_lines().remove(0);
                    let path = home.path("report.csv");
                    home.run(["report", run["id"].as_str().unwrap(), "-o", path.to_str().unwrap()]).done();
                    path
                } else {
                    again.done().json()["report"].as_str().unwrap().into()
                };
                home.assert_all_done_once(&report, (0..ROWS).map(key));
                let templates = home.line("template list --json").done().json_lines();
                assert_eq!(templates.len(), 1, "{label}: a submission that was cut short left a template");
            }
        }
    }
}
