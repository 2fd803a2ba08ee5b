use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use serde_json::Value;

use crate::home::{Answer, Home};
use crate::installation::Installation;
use crate::patience::{PATIENCE, comes_true, wait_until};

const NULL: &str = "kind = \"null\"\naddress = \"null\"";
const ROWS: usize = 30;

fn installation() -> Installation {
    let installation = Installation::new();
    installation.home.write_organization("Test", ROWS, NULL);
    let folder = installation.home.path("organization");
    installation.line(&format!("organization import {}", folder.display())).done();
    installation
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What the endpoint on a port answers: the status and the body; `None` while nobody listens.
fn get(port: u16, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Some((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

/// Asks until the answer has that status.
#[track_caller]
fn await_status(port: u16, path: &str, wanted: u16) -> String {
    let mut answered = String::new();
    wait_until(&format!("{path} answers {wanted}"), || {
        let Some((status, body)) = get(port, path) else { return false };
        answered = body;
        status == wanted
    });
    answered
}

/// Asks until the metrics have all these lines: what is counted after a commit may come later than its effects.
#[track_caller]
fn await_metrics(port: u16, lines: &[String]) {
    let mut told = String::new();
    let come = comes_true(PATIENCE, || {
        (_, told) = get(port, "/metrics").unwrap();
        lines.iter().all(|line| told.lines().any(|one| one == line))
    });
    assert!(come, "not all of {lines:#?} are in:\n{told}");
}

#[test]
fn a_role_says_how_it_is_and_what_it_did() {
    let mut installation = installation();
    let (worker, scheduler) = (free_port(), free_port());
    installation.start(&format!("worker --listen 127.0.0.1:{worker}"));
    installation.start(&format!("scheduler --listen 127.0.0.1:{scheduler}"));
    for port in [worker, scheduler] {
        let ready = await_status(port, "/readyz", 200);
        assert!(ready.contains("database ok") && ready.contains("leases ok") && ready.contains("broker ok"), "{ready}");
        assert_eq!(get(port, "/livez"), Some((200, "alive\n".to_owned())));
    }
    installation.line(&format!("run {} --json", installation.home.bulk(0..ROWS))).done();

    let of_worker = [
        format!("dialtone_orders_total{{outcome=\"completed\"}} {ROWS}"),
        format!("dialtone_steps_total{{device_kind=\"null\",result=\"done\"}} {ROWS}"),
        format!("dialtone_step_duration_seconds_count{{device_kind=\"null\"}} {ROWS}"),
        format!("dialtone_claims_total {ROWS}"),
        "dialtone_held_shards 64".to_owned(),
        "dialtone_runs_finished_total 1".to_owned(),
        // What an alert watches is there before anything goes wrong.
        "dialtone_store_failures_total 0".to_owned(),
        "dialtone_queue_returned_total{lane=\"batch\"} 0".to_owned(),
        "dialtone_queue_blocked 0".to_owned(),
        "# TYPE dialtone_step_duration_seconds histogram".to_owned(),
    ];
    await_metrics(worker, &of_worker);
    await_metrics(scheduler, &["dialtone_leader 1", "# TYPE dialtone_backlog_orders gauge"].map(str::to_owned));
}

#[test]
fn a_worker_whose_database_is_gone_is_alive_but_not_ready() {
    let mut installation = installation();
    let port = free_port();
    installation.start(&format!("worker --listen 127.0.0.1:{port}"));
    await_status(port, "/readyz", 200);
    installation.let_nobody_connect(true);
    assert!(await_status(port, "/readyz", 503).contains("failed"));
    assert_eq!(get(port, "/livez").unwrap().0, 200);
    installation.let_nobody_connect(false);
    await_status(port, "/readyz", 200);
}

#[test]
fn a_log_line_is_json_and_says_which_step_of_which_order_it_is_about() {
    let mut installation = installation();
    installation.set("DIALTONE_LOG", "dialtone_worker=debug");
    let log = installation.home.path("worker.log");
    let worker = installation.start_logging("worker --log-format json", &log);
    let answer = installation.line(&format!("run {} --json", installation.home.bulk(0..1))).done();
    assert_eq!(installation.end(worker, "TERM"), Some(0));
    let lines = fs::read_to_string(log).unwrap();
    let entries = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let done: Vec<Value> = entries.filter(|entry| entry["fields"]["message"] == "the step is done").collect();
    assert_eq!(done.len(), 1, "{lines}");
    assert_eq!(done[0]["span"]["run.id"], answer.json()["run"]);
    assert_eq!(done[0]["span"]["step"], 0);
    assert!(done[0]["span"]["order.id"].is_string() && done[0]["span"]["device.id"].is_string());
}

/// The entries of a JSON log that have that message.
fn entries(log: &Path, message: &str) -> Vec<Value> {
    let text = fs::read_to_string(log).unwrap();
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter(|entry| entry["fields"]["message"] == message).collect()
}

#[test]
fn a_run_is_one_trace_from_its_submission_over_the_broker_to_its_steps() {
    let mut installation = installation();
    installation.set("DIALTONE_LOG", "dialtone_worker=debug,dialtone_scheduler=debug");
    installation.set("DIALTONE_LOG_FORMAT", "json");
    // Only a message can tell of the orders before the run is over.
    installation.set("DIALTONE_WORKER_PULL_EVERY", "60m");
    let (worked, submitted) = (installation.home.path("worker.log"), installation.home.path("run.log"));
    let worker = installation.start_logging("worker", &worked);
    let held = "SELECT count(*) FROM shard_leases WHERE holder IS NOT NULL";
    installation.await_numbers(held, |held| held == [64]);
    let run = installation.start_logging(&format!("run {}", installation.home.bulk(0..3)), &submitted);
    assert_eq!((installation.wait(run), installation.end(worker, "TERM")), (Some(0), Some(0)));

    let submissions = entries(&submitted, "the run is submitted");
    let trace = submissions[0]["span"]["trace_id"].as_str().unwrap();
    let run = submissions[0]["span"]["run.id"].as_str().unwrap();
    assert_eq!(trace, run.replace('-', ""));
    let hints = entries(&worked, "a hint came");
    assert!(hints.iter().any(|hint| hint["fields"]["trace_id"] == trace), "{hints:?}");
    let steps = entries(&worked, "the step is done");
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|step| step["span"]["trace_id"] == trace), "{steps:?}");
}

fn state_of(checks: &[Value], name: &str) -> String {
    let check = checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("no {name}: {checks:?}"));
    format!("{}: {}", check["state"].as_str().unwrap(), check["detail"].as_str().unwrap())
}

#[test]
fn the_doctor_looks_at_everything_that_an_installation_depends_on() {
    let mut installation = installation();
    // The doctor takes a worker for alive that shows itself within half of it, also on a machine that is busy.
    installation.set("DIALTONE_LEASE_TTL", "6s");
    let checks = installation.line("doctor --json").done().json_lines();
    assert!(state_of(&checks, "database").starts_with("ok: PostgreSQL"), "{checks:?}");
    assert_eq!(state_of(&checks, "queue"), "ok: 128 queues, each reached");
    assert_eq!(state_of(&checks, "files"), "ok: written and read");
    assert_eq!(state_of(&checks, "workers"), "warning: 0 alive, 0 of 64 shards held: start `dialtone worker`");
    assert_eq!(state_of(&checks, "device"), "warning: not looked at: what is told above comes first");
    installation.start("worker");
    let held = "SELECT count(*) FROM shard_leases WHERE holder IS NOT NULL";
    installation.await_numbers(held, |held| held == [64]);
    let checks = installation.line("doctor --json").done().json_lines();
    assert_eq!(state_of(&checks, "workers"), "ok: 1 alive, 64 of 64 shards held");
    let device = checks.iter().find(|check| check["check"] == "device").unwrap();
    assert_eq!((device["state"].as_str(), device["device"]["ok"].as_bool()), (Some("ok"), Some(true)), "{device}");
    assert_eq!(device["device"]["kind"], "null");
    let checks = installation.line("doctor --no-devices --json").done().json_lines();
    assert!(checks.iter().all(|check| check["check"] != "device"));
}

#[test]
fn the_doctor_says_of_each_device_whether_it_is_well() {
    let home = Home::new();
    assert!(home.line("doctor").done().stdout.contains("there is none yet"));
    home.import("Test", 1, "kind = \"unified_cm\"\nversion = \"12.5\"\naddress = \"simulated\"");
    let told = home.line("doctor").done();
    let line = told.stdout.lines().find(|line| line.contains("device")).unwrap();
    for part in ["ok", "reachable answered in", "version 12.5", "rights complete", "clock as this machine's"] {
        assert!(line.contains(part), "{part} isn't in: {line}");
    }
    let nobody = format!(
        "device add Gone --kind unified-cm --address https://127.0.0.1:{} --version 12.5 --login axl --password-file {}",
        free_port(),
        home.write("password", "secret").display()
    );
    home.command(nobody.split_whitespace())
        .env("DIALTONE_DEVICES_ALLOW", "127.0.0.1")
        .output()
        .map(Answer::from)
        .unwrap()
        .done();
    let checks = home.line("doctor --json").code(1).json_lines();
    let gone = checks.iter().find(|check| check["device"]["name"] == "Gone").unwrap();
    assert_eq!(gone["state"], "failed", "{gone}");
    assert!(gone["detail"].as_str().unwrap().contains("reachable"), "{gone}");
}

#[test]
fn the_doctor_says_what_failed_and_ends_with_1() {
    let mut installation = Installation::unmigrated();
    installation.set("DIALTONE_QUEUE_URL", "amqp://guest:hunter2@127.0.0.1:1/%2f");
    let answer = installation.line("doctor --json").code(1);
    let checks = answer.json_lines();
    assert!(state_of(&checks, "database").contains("run `dialtone migrate`"), "{checks:?}");
    assert!(state_of(&checks, "queue").starts_with("warning: not looked at"), "{checks:?}");
    assert!(!answer.stdout.contains("hunter2") && !answer.stderr.contains("hunter2"));
    Home::new().line("doctor").done();
}

#[test]
fn the_configuration_can_be_checked_and_shown_without_its_passwords() {
    let home = Home::new();
    let file = home.write("dialtone.toml", "tries = 3\n[database]\nurl = \"postgres://ana:hunter2@db/dialtone\"\n");
    let line = |line: &str| home.line(&format!("--config {} {line}", file.display()));
    line("config check").done();
    let shown = line("config show --json").done();
    let keys = shown.json_lines();
    let value = |name: &str| keys.iter().find(|key| key["key"] == name).unwrap()["value"].clone();
    assert_eq!((value("tries"), value("database.url")), ("3".into(), "postgres://ana:***@db/dialtone".into()));
    assert!(!shown.stdout.contains("hunter2"));
    home.write("dialtone.toml", "tris = 3\n");
    line("config check").code(2).says("did you mean `tries`?");
    line("runs list").code(2).says("did you mean `tries`?");
    let wrong = line("config check --json").code(2).json();
    assert_eq!(wrong["ok"], false);
    home.write("dialtone.toml", "key_file = \"/nowhere/key\"\n[files]\nurl = \"s3://kept\"\n");
    line("config check").code(2).says("/nowhere/key").says("names neither an endpoint nor a region");
    home.write("dialtone.toml", "");
    let misspelt = home.command(["config", "check"]).env("DIALTONE_DATABSE_URL", "postgres://db/x").output().unwrap();
    Answer::from(misspelt).code(2).says("did you mean DIALTONE_DATABASE_URL?");
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

#[test]
fn the_page_of_the_configuration_has_every_key_as_the_program_explains_it() {
    let keys = Home::new().line("config keys --json").done().json_lines();
    let mut table = String::from("| key | variable | otherwise | what |\n| --- | --- | --- | --- |\n");
    for key in keys {
        let text = |field: &str| key[field].as_str().unwrap().to_owned();
        let otherwise = key["default"].as_str().map_or_else(|| text("otherwise"), |default| format!("`{default}`"));
        let file = if key["secret"] == true { format!(", `{}_FILE`", text("variable")) } else { String::new() };
        let (name, variable, help) = (text("key"), text("variable"), text("help"));
        table += &format!("| `{name}` | `{variable}`{file} | {otherwise} | {help} |\n");
    }
    assert!(page("configuration.md").contains(&table), "docs/configuration.md must have this table:\n{table}");
}

#[test]
fn the_page_of_the_metrics_has_those_of_the_program_and_no_others() {
    let mut measured = BTreeSet::new();
    for file in ["worker/src/meters.rs", "scheduler/src/meters.rs", "queue/src/meters.rs", "cli/telemetry.rs"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let names = text.split('"').filter(|word| word.starts_with("dialtone_") && !word.contains(' '));
        measured.extend(names.map(str::to_owned));
    }
    let page = page("metrics.md");
    let told: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `dialtone_")?.split('`').next())
        .map(|name| format!("dialtone_{name}"))
        .collect();
    assert!(measured.len() > 20, "{measured:?}");
    assert_eq!(told, measured);
}

#[test]
fn a_flag_that_names_no_address_is_refused() {
    let answer: Answer = Home::new().line("worker --listen nowhere");
    answer.code(2).says("--listen");
}
