//! A backup is brought back, and the work goes on from where it was made, although the devices have gone further.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checker::{Findings, Looks};
use crate::database::Database;
use crate::device::Device;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Tenant};

const ROWS: usize = 150;

#[test]
fn a_restored_database_goes_on_where_the_dump_was_made() {
    let mut site = Site::new("restore", 1, &["phone-system:latency=30ms"]);
    let mut worker = site.worker();
    let mut submission = site.submit(&site.tenants[0], ROWS);
    let more = site.chance_of_effects();
    site.await_effects(site.effects(), more);
    let dump = site.path("dialtone.dump");
    // The worker stands still meanwhile, so that the dump is surely made in the middle of the run.
    worker.signal("STOP");
    tool("pg_dump", &["--format=custom", &format!("--file={}", dump.display()), &site.database_url]);
    worker.signal("CONT");
    submission.end();
    worker.signal("TERM");
    assert!(worker.end("the worker ends").success());

    let (server, name) = site.database_url.rsplit_once('/').unwrap();
    let restored = Database::create(&site.services.postgres_url, &format!("{name}-restored"));
    assert!(restored.starts_with(server));
    tool("pg_restore", &["--no-owner", &format!("--dbname={restored}"), &dump.display().to_string()]);
    site.set("DIALTONE_DATABASE_URL", &restored);
    site.database = Database::open(&restored);
    site.run(&["migrate"]);
    assert!(site.is_working(), "the dump was made when all was done");
    let _worker = site.worker();
    wait_until("the restored run ends", || !site.is_working());
    let findings = Findings::of(&site, Looks::Unless);
    assert!(findings.is_clean(), "{findings}");
}

#[test]
fn a_restored_data_folder_goes_on_where_the_copy_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::start(&folder.path().join("device"), &["phone-system:latency=40ms"], 0);
    let tenant = Tenant::new("organization", device);
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let dialtone = |data: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
        command.args(arguments).env("DIALTONE_DATA", data);
        command
    };
    let import = tenant.write(&folder.path().join("import"));
    assert!(dialtone(&data, &["organization", "import", import.to_str().unwrap()]).status().unwrap().success());
    let file = tenant.next_file(folder.path(), ROWS);
    let run = ["run", file.to_str().unwrap(), "--json"];
    let mut first = Process::start(dialtone(&data, &run), folder.path().join("first.log"));
    wait_until("some rows are done", || tenant.device.effects() >= 20);
    first.kill();
    copy_folder(&data, &copy);
    assert!(dialtone(&data, &run).output().unwrap().status.success());

    let output = dialtone(&copy, &run).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let effects = tenant.device.effects_by_object();
    assert!(effects.len() == ROWS && effects.values().all(|times| *times == 1), "{effects:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Runs one of PostgreSQL's own programs, of the newest version that is installed.
fn tool(name: &str, arguments: &[&str]) {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().map(|entry| entry.unwrap().path());
    let installed = versions.map(|version| version.join("bin").join(name)).filter(|path| path.exists()).max();
    let run = Command::new(installed.unwrap_or_else(|| PathBuf::from(name))).args(arguments).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
}
