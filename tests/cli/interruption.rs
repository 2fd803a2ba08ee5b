use std::path::PathBuf;

use serde_json::json;

use crate::home::{Answer, Home, key};

const ROWS: usize = 120;
/// A device that takes its time, so that there is a middle to interrupt.
const SLOW: [&str; 2] = ["--simulator-fault", "phone-system:latency=200ms"];

fn report_of(answer: &Answer) -> PathBuf {
    answer.json()["report"].as_str().unwrap().into()
}

#[test]
fn an_interrupt_finishes_the_steps_in_hand_and_resume_goes_on() {
    for signal in ["INT", "TERM"] {
        let home = Home::with_organization(ROWS);
        let started = home.start(["run", &home.bulk(0..ROWS)].into_iter().chain(SLOW));
        home.await_effects(5);
        started.signal(signal);
        started.end().code(130).says("dialtone --data").says("resume");
        let done = home.effects().len();
        assert!(done < ROWS, "it was over before the interrupt");
        let open = home.line("order list --state released --json").json_lines();
        assert!(open.iter().all(|order| order["tries"] == 0), "a step in hand was dropped: {open:?}");
        let answer = home.line("resume --json").done();
        home.assert_all_done_once(&report_of(&answer), (0..ROWS).map(key));
    }
}

#[test]
fn a_killed_run_goes_on_with_the_same_command_and_loses_and_doubles_nothing() {
    let home = Home::with_organization(ROWS);
    let file = home.bulk(0..ROWS);
    for effects in [1, 30, 60] {
        let started = home.start(["run", &file].into_iter().chain(SLOW));
        home.await_effects(effects);
        started.signal("KILL");
        started.end().code(-1);
        assert!(home.effects().len() < ROWS, "it was over before the kill");
    }
    let answer = home.run(["run", &file, "--json"]).done().says("going on with it");
    home.assert_all_done_once(&report_of(&answer), (0..ROWS).map(key));
}

#[test]
fn a_paused_run_stops_between_steps_and_goes_on_when_resumed() {
    let home = Home::with_organization(ROWS);
    let started = home.start(["run", &home.bulk(0..ROWS), "--json"].into_iter().chain(SLOW));
    home.await_effects(5);
    let run = started.run.clone();
    home.run(["runs", "pause", &run]).done();
    let paused = started.end().code(4).says("Paused").json();
    assert_eq!(paused["state"], "paused");
    let done = home.effects().len();
    assert!(done < ROWS, "it was over before the pause");
    home.line("resume").done().says("is paused");
    home.run(["runs", "pause", &run]).code(1).says("Paused");
    assert_eq!(home.effects().len(), done, "nothing is started for a paused run");
    let status = home.line("order list --state initial --json").json_lines();
    assert!(status.iter().all(|order| order["extended"] == "paused"), "{status:?}");
    let answer = home.run(["runs", "resume", &run, "--json"]).done();
    home.assert_all_done_once(&report_of(&answer), (0..ROWS).map(key));
}

#[test]
fn a_cancelled_run_keeps_what_is_done_and_cancels_the_rest() {
    let home = Home::with_organization(ROWS);
    let started = home.start(["run", &home.bulk(0..ROWS), "--json"].into_iter().chain(SLOW));
    home.await_effects(5);
    home.run(["runs", "cancel", &started.run]).done();
    let orders = started.end().code(4).json()["orders"].clone();
    let effects = home.effects().len();
    assert_eq!(orders["completed"], effects, "{orders}");
    assert_eq!(orders["cancelled"], ROWS - effects, "{orders}");
    let licences = home.line("organization show --json").json()["licences"][0].clone();
    assert_eq!((&licences["used"], &licences["reserved"]), (&json!(effects), &json!(0)));
}

#[test]
fn a_second_process_submits_and_the_first_one_works() {
    let home = Home::with_organization(ROWS);
    let first = home.start(["run", &home.bulk(0..ROWS - 1), "--json"].into_iter().chain(SLOW));
    home.await_effects(1);
    // Whoever has the folder when the other ends goes on with what is left; both report their own run.
    let second = home.run(["run", &home.bulk(ROWS - 1..ROWS), "--json"]).done().json();
    assert_eq!(second["orders"]["completed"], 1);
    first.end().done();
    assert!(home.effects().values().all(|count| *count == 1));
    assert_eq!(home.effects().len(), ROWS);
}
