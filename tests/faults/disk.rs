//! A disk that is full: for kept files, and for the database of the embedded mode.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chance::Chance;
use crate::checker::{Findings, Looks};
use crate::device::Device;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission, Tenant};

const ROWS: usize = 200;

/// Starts a program that can't make a file longer than 4 KiB; a write beyond it fails as on a full disk.
const NO_ROOM: [&str; 4] = ["sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "no-room"];

#[test]
fn an_upload_that_finds_no_room_is_refused_whole_and_may_be_repeated() {
    let site = Site::new("files", 1, &["phone-system:latency=2ms"]);
    let _worker = site.worker();
    let tenant = &site.tenants[0];
    let file = tenant.next_file(&site.path(""), ROWS);
    let arguments = ["run", file.to_str().unwrap(), "--json", "--organization", &tenant.name];
    let refused = site.command_under(&NO_ROOM, &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("can't be written"), "{said}");
    assert_eq!(files_below(&site.path("files")), [] as [PathBuf; 0], "a half-written file was left");
    assert_eq!(site.database.number("SELECT count(*)::text FROM runs"), 0);

    let mut submission = Submission::of(site.start(site.command(&arguments)), file);
    submission.end();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}

#[test]
fn an_embedded_database_that_is_full_stops_the_work_and_loses_nothing() {
    let mut chance = Chance::of("database");
    let folder = tempfile::tempdir().unwrap();
    let device = Device::start(&folder.path().join("device"), &["phone-system:latency=2ms"], 0);
    let tenant = Tenant::new("organization", device);
    let dialtone = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
        command.args(arguments).env("DIALTONE_DATA", folder.path().join("data")).env("DIALTONE_LOG", "warn");
        command
    };
    let import = tenant.write(&folder.path().join("import"));
    assert!(dialtone(&["organization", "import", import.to_str().unwrap()]).status().unwrap().success());
    let file = tenant.next_file(folder.path(), ROWS);
    let run = ["run", file.to_str().unwrap(), "--json"];
    let database = folder.path().join("data/dialtone.db");
    let mut stopped = 0;
    for attempt in 0..6 {
        let pages = fs::metadata(&database).unwrap().len() / 4_096;
        let room = chance.number(1..=40) as u64;
        let mut command = dialtone(&run);
        command.env("DIALTONE_FAULT_SQLITE_PAGES", (pages + room).to_string());
        let mut process = Process::start(command, folder.path().join(format!("process-{attempt}.log")));
        wait_until("the database is full, or the run ends", || {
            process.said().contains("full") || !process.is_running()
        });
        stopped += usize::from(process.said().contains("full"));
        process.kill();
    }
    assert!(stopped > 0, "no attempt found the database full");
    let mut last = Process::start(dialtone(&run), folder.path().join("last.log"));
    assert!(last.end("the run ends").success(), "{}", last.said());
    let effects = tenant.device.effects_by_object();
    for key in tenant.ordered() {
        assert_eq!(effects.get(&format!("extension/{key}")), Some(&1), "effects of {key}");
    }
    assert_eq!(effects.len(), ROWS, "effects on other objects");
    let answer: serde_json::Value = serde_json::from_str(last.answered().lines().last().unwrap()).unwrap();
    assert_eq!(answer["orders"]["completed"], ROWS, "{answer}");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
