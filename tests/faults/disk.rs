//! A disk that is full: for kept files, and for the database of the embedded mode.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{Connection as _, SqliteConnection};

use crate::chance::Chance;
use crate::checker::{Findings, Looks};
use crate::device::Device;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission, Tenant};

/// Recording the outcomes of so many takes some fifty pages of a database.
const ROWS: usize = 1_000;

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
    let start = |room: Option<usize>, name: &str| {
        let mut command = dialtone(&run);
        if let Some(room) = room {
            command.env("DIALTONE_FAULT_SQLITE_PAGES", (pages(&database) + room).to_string());
        }
        Process::start(command, folder.path().join(format!("{name}.log")))
    };

    let mut refused = start(Some(chance.number(1..=40)), "refused");
    assert_eq!(refused.end("the run is refused").code(), Some(1), "{}", refused.said());
    assert!(refused.said().contains("full"), "{}", refused.said());
    assert_eq!(tenant.device.effects(), 0, "it was worked on although nothing was submitted");

    let mut submitted = start(None, "submitted");
    let more = chance.number(5..=60);
    wait_until("some rows are done", || tenant.device.effects() >= more);
    submitted.kill();
    for attempt in 1..=5 {
        let mut process = start(Some(chance.number(1..=4)), &format!("process-{attempt}"));
        wait_until("the database is full", || process.said().contains("full"));
        assert!(process.is_running(), "it ended, although its work isn't done: {}", process.said());
        process.kill();
    }
    assert!(tenant.device.effects() < ROWS, "all was done before the database was full");
    let mut last = start(None, "last");
    assert!(last.end("the run ends").success(), "{}", last.said());
    let effects = tenant.device.effects_by_object();
    for key in tenant.ordered() {
        assert_eq!(effects.get(&format!("extension/{key}")), Some(&1), "effects of {key}");
    }
    assert_eq!(effects.len(), ROWS, "effects on other objects");
    let answer: serde_json::Value = serde_json::from_str(last.answered().lines().last().unwrap()).unwrap();
    assert_eq!(answer["orders"]["completed"], ROWS, "{answer}");
}

/// How many pages a database has, those included that lie in its log.
fn pages(database: &Path) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.unwrap();
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        usize::try_from(pages).unwrap()
    })
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
