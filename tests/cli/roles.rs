use std::collections::BTreeMap;
use std::path::Path;

use crate::home::{Answer, Home, Started, key, report_rows};
use crate::installation::{Installation, Simulator, signal};

const ROWS: usize = 120;

fn report_of(answer: &Answer) -> String {
    answer.json()["report"].as_str().unwrap().to_owned()
}

/// An installation with an organization whose Phone System is simulated in a process of its own.
fn with_organization(faults: &[&str]) -> (Installation, Simulator) {
    let installation = Installation::new();
    let simulator = Simulator::start(&installation.home, faults);
    installation.home.write_organization("Test Organization", ROWS, &simulator.device());
    let folder = installation.home.path("organization");
    installation.line(&format!("organization import {}", folder.display())).done();
    (installation, simulator)
}

/// What a report says of each row, without what differs from run to run.
fn said(report: &Path) -> BTreeMap<String, String> {
    let rows = report_rows(report);
    assert_eq!(rows.len(), ROWS);
    rows
}

#[test]
fn two_workers_and_two_schedulers_run_what_the_embedded_mode_runs() {
    let home = Home::with_organization(ROWS);
    let embedded = home.run(["run", &home.bulk(0..ROWS), "--json"]).done();

    let (mut installation, _simulator) = with_organization(&[]);
    for role in ["worker --name ana", "worker --name ben", "scheduler", "scheduler"] {
        installation.start(role);
    }
    let file = installation.home.bulk(0..ROWS);
    let scaled_out = installation.line(&format!("run {file} --json")).done();

    assert_eq!(scaled_out.json()["orders"], embedded.json()["orders"]);
    let report = report_of(&scaled_out);
    assert_eq!(said(Path::new(&report)), said(Path::new(&report_of(&embedded))));
    installation.home.assert_all_done_once(Path::new(&report), (0..ROWS).map(key));
}

#[test]
fn sigterm_finishes_the_steps_in_hand_and_hands_the_rest_to_another_worker() {
    let (mut installation, _simulator) = with_organization(&["phone-system:latency=200ms"]);
    // Nobody is missed here, and a call may take its time also on a machine that is busy.
    installation.set("DIALTONE_LEASE_TTL", "30s");
    let first = installation.start("worker");
    let file = installation.home.bulk(0..ROWS);
    let run = installation.start(&format!("run {file} --report {}", installation.home.path("report.csv").display()));
    installation.home.await_effects(5);
    assert_eq!(installation.end(first, "TERM"), Some(0));
    let done = installation.home.effects().len();
    assert!(done < ROWS, "it was over before the signal");
    let left = "SELECT count(*) FROM orders WHERE claim_epoch IS NOT NULL";
    assert_eq!(installation.numbers(left), [0], "nothing is left claimed");
    let held = "SELECT count(*) FROM shard_leases WHERE holder IS NOT NULL";
    assert_eq!(installation.numbers(held), [0], "every lease is given up");
    assert_eq!(installation.numbers("SELECT count(*) FROM orders WHERE unknown"), [0]);

    installation.start("worker");
    assert_eq!(installation.wait(run), Some(0));
    installation.home.assert_all_done_once(&installation.home.path("report.csv"), (0..ROWS).map(key));
}

#[test]
fn another_worker_takes_over_what_a_killed_one_had_and_doubles_nothing() {
    let (mut installation, _simulator) = with_organization(&["phone-system:latency=100ms"]);
    let first = installation.start("worker");
    let file = installation.home.bulk(0..ROWS);
    let run = installation.start(&format!("run {file} --report {}", installation.home.path("report.csv").display()));
    installation.home.await_effects(5);
    installation.start("worker");
    assert_eq!(installation.end(first, "KILL"), None);
    assert!(installation.home.effects().len() < ROWS, "it was over before the kill");
    assert_eq!(installation.wait(run), Some(0));
    installation.home.assert_all_done_once(&installation.home.path("report.csv"), (0..ROWS).map(key));
}

#[test]
fn the_leader_keeps_the_report_of_a_run_that_nobody_follows() {
    let (mut installation, _simulator) = with_organization(&["phone-system:latency=20ms"]);
    installation.start("worker");
    let file = installation.home.bulk(0..ROWS);
    let follower = installation.start(&format!("run {file}"));
    installation.home.await_effects(5);
    assert_eq!(installation.end(follower, "KILL"), None);
    installation.await_numbers("SELECT count(*) FROM runs WHERE ended_at IS NOT NULL", |ended| ended == [1]);
    let kept = "SELECT count(*) FROM runs WHERE report_version = version";
    assert_eq!(installation.numbers(kept), [0]);

    // Whoever follows a run has a minute to keep its report.
    installation.sql("UPDATE runs SET ended_at = ended_at - interval '2 minutes'");
    installation.start("scheduler");
    installation.await_numbers(kept, |kept| kept == [1]);
    let folder = installation.home.path("data/files/reports");
    let run = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let reports: Vec<_> = std::fs::read_dir(run).unwrap().map(|report| report.unwrap().path()).collect();
    assert_eq!(reports.len(), 1);
    installation.home.assert_all_done_once(&reports[0], (0..ROWS).map(key));
}

#[test]
fn a_standby_leads_when_the_leader_dies_or_goes() {
    let leader = "SELECT epoch FROM shard_leases WHERE shard = 65535 AND holder IS NOT NULL";
    let mut installation = Installation::new();
    // Long enough that a leader on a busy machine isn't missed before it dies.
    installation.set("DIALTONE_LEASE_TTL", "3s");
    let first = installation.start("scheduler");
    installation.await_numbers(leader, |epochs| epochs == [1]);
    let second = installation.start("scheduler");
    assert_eq!(installation.end(first, "KILL"), None);
    installation.await_numbers(leader, |epochs| epochs.iter().any(|epoch| *epoch >= 2));
    installation.start("scheduler");
    assert_eq!(installation.end(second, "TERM"), Some(0));
    installation.await_numbers(leader, |epochs| epochs.iter().any(|epoch| *epoch >= 3));
}

#[test]
fn a_leader_goes_on_leading_while_it_takes_stock() {
    let mut installation = Installation::new();
    installation.while_locked("runs", |installation| {
        installation.start("scheduler");
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'runs'::regclass \
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        installation.await_numbers(waiting, |waiting| waiting[0] >= 1);
        // A leader gives four signs of life in the time that it may be silent for.
        let beat = "SELECT beat FROM shard_leases WHERE shard = 65535 AND holder IS NOT NULL";
        let before = installation.numbers(beat)[0];
        installation.await_numbers(beat, |beat| beat.iter().any(|beat| *beat >= before + 8));
        assert!(installation.numbers(waiting)[0] >= 1, "the stock was taken");
    });
}

#[test]
fn sigterm_ends_a_role_although_the_database_does_not_answer() {
    let mut installation = Installation::new();
    let (worker, scheduler) = (installation.start("worker"), installation.start("scheduler"));
    let held = "SELECT count(*) FROM shard_leases WHERE holder IS NOT NULL";
    installation.await_numbers(held, |held| held == [65]);
    installation.while_locked("shard_leases", |installation| {
        // By now each waits for the database at one of its leases.
        let waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted \
                       AND relation = 'shard_leases'::regclass AND database = (SELECT oid FROM pg_database \
                       WHERE datname = current_database())";
        installation.await_numbers(waiting, |waiting| waiting[0] >= 2);
        for role in [worker, scheduler] {
            assert_eq!(installation.end(role, "TERM"), Some(0));
        }
    });
}

#[test]
fn a_stopped_worker_that_wakes_up_after_its_lease_does_no_harm() {
    let (mut installation, _simulator) = with_organization(&["phone-system:latency=40ms"]);
    let first = installation.start("worker");
    let file = installation.home.bulk(0..ROWS);
    let run = installation.start(&format!("run {file} --report {}", installation.home.path("report.csv").display()));
    installation.home.await_effects(5);
    signal(first, "STOP");
    installation.start("worker");
    let taken = "SELECT max(epoch) FROM shard_leases WHERE shard < 64";
    installation.await_numbers(taken, |epochs| epochs[0] > 1);
    signal(first, "CONT");
    assert_eq!(installation.wait(run), Some(0));
    installation.home.assert_all_done_once(&installation.home.path("report.csv"), (0..ROWS).map(key));
}

#[test]
fn a_database_that_is_not_as_it_should_be_is_refused_with_what_to_do() {
    let installation = Installation::unmigrated();
    for line in ["runs list", "worker", "scheduler"] {
        installation.line(line).code(1).says("run `dialtone migrate`");
    }
    let migrated = installation.line("migrate --json").done().json();
    assert_eq!(migrated["shards"], 64);
    installation.line("migrate").done();
    installation.command(["migrate"]).env("DIALTONE_SHARDS", "16").output().map(Answer::from).unwrap().code(1);
    let other = installation.command(["runs", "list"]).env("DIALTONE_SHARDS", "16").output().map(Answer::from).unwrap();
    other.code(1).says("the installation has 64 shards");

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'later', true, '\\x00', 0)";
    installation.sql(newer);
    for line in ["runs list", "worker", "migrate"] {
        installation.line(line).code(1).says("a newer Dialtone made it");
    }
}

#[test]
fn roles_need_a_database_that_others_reach() {
    let home = Home::new();
    home.line("worker").code(1).says("needs database.url");
    home.line("scheduler").code(1).says("needs database.url");
}

#[test]
fn who_waits_is_told_that_no_worker_is_there_and_that_devices_are_simulated_apart() {
    let mut installation = Installation::new();
    installation.home.write_organization("Test", 2, "kind = \"phone_system\"\naddress = \"simulated\"");
    let folder = installation.home.path("organization");
    installation.line(&format!("organization import {}", folder.display())).done();
    let file = installation.home.bulk(0..1);
    let mut waiting = Started::new(installation.command(["run", &file, "--json"]));
    let said = waiting.message_with("no worker is there yet");
    assert!(said.contains("dialtone worker"), "{said}");
    installation.set("DIALTONE_TRIES", "1");
    installation.start("worker");
    let answer = waiting.end().code(4);
    let report = std::fs::read_to_string(report_of(&answer)).unwrap();
    assert!(report.contains("start `dialtone simulator`"), "{report}");
}
