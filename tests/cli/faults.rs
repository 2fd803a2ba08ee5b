use serde_json::json;

use crate::home::{Home, key};

/// Two tries that follow at once.
const QUICK: [&str; 4] = ["--tries", "2", "--retry-after", "1ms"];

fn orders(home: &Home, filter: &str) -> Vec<serde_json::Value> {
    home.line(&format!("order list --json {filter}")).done().json_lines()
}

#[test]
fn what_may_pass_waits_for_a_person_and_a_retry_completes_it() {
    let home = Home::with_organization(3);
    let file = home.bulk(0..3);
    let fault = format!("phone-system:error=key:{}", key(1));
    let arguments = ["run", &file, "--json", "--simulator-fault", &fault];
    let answer = home.run(arguments.into_iter().chain(QUICK)).code(4).json();
    assert_eq!((&answer["orders"]["completed"], &answer["orders"]["released"]), (&json!(2), &json!(1)));
    let waiting = orders(&home, "--extended recoverable_error");
    assert_eq!((waiting.len(), &waiting[0]["tries"]), (1, &json!(2)));

    let number = waiting[0]["number"].to_string();
    home.run(["order", "retry", &number]).done();
    assert_eq!(home.effects().len(), 3);
    assert!(home.effects().values().all(|count| *count == 1));
    home.run(["order", "retry", &number]).code(1);
}

#[test]
fn what_the_device_refuses_goes_to_hold_and_gives_its_licence_back() {
    let home = Home::with_organization(2);
    let fault = format!("phone-system:refuse=key:{}", key(0));
    let answer = home.run(["run", &home.bulk(0..2), "--simulator-fault", &fault, "--json"]).code(4).json();
    let failed = std::fs::read_to_string(answer["failed_rows"][0].as_str().unwrap()).unwrap();
    assert!(
        failed.contains(&key(0)) && failed.contains("phone-system-refused") && !failed.contains(&key(1)),
        "{failed}"
    );
    let held = orders(&home, "--state hold");
    assert_eq!((held.len(), &held[0]["extended"]), (1, &json!("unrecoverable_error")));
    let licences = home.line("organization show --json").json()["licences"][0].clone();
    assert_eq!((&licences["free"], &licences["reserved"], &licences["used"]), (&json!(1), &json!(0), &json!(1)));
    // The row may be uploaded again, or its order released.
    let again = answer["failed_rows"][0].as_str().unwrap();
    home.run(["validate", again, "--organization", "Test Organization"]).done();
    home.run(["order", "release", &held[0]["number"].to_string()]).done();
    assert_eq!(home.effects().len(), 2);
}

#[test]
fn a_lost_answer_is_looked_up_and_never_doubled() {
    let home = Home::with_organization(20);
    let arguments = ["run", &home.bulk(0..20), "--json", "--simulator-fault", "phone-system:drop-after=50%"];
    home.run(arguments.into_iter().chain(["--retry-after", "1ms"])).done();
    assert_eq!(home.effects().values().copied().collect::<Vec<_>>(), vec![1; 20]);
}

#[test]
fn a_person_can_abort_what_waits() {
    let home = Home::with_organization(1);
    let fault = ["--simulator-fault", "phone-system:error=100%"];
    home.run(["run", &home.bulk(0..1)].into_iter().chain(QUICK).chain(fault)).code(4);
    let number = orders(&home, "")[0]["number"].to_string();
    home.run(["order", "abort", &number]).done();
    let held = orders(&home, "--state hold");
    assert_eq!(held[0]["extended"], "aborted");
    assert!(held[0]["reason"]["message"].as_str().unwrap().contains("cli:tester"), "{held:?}");
    let shown = home.run(["order", "show", &number]).done().stdout;
    assert!(shown.contains("provision extension") && shown.contains("aborted"), "{shown}");
}

#[test]
fn one_retry_takes_all_orders_of_a_run_that_may_pass() {
    let home = Home::with_organization(3);
    let file = home.bulk(0..3);
    let faults = [format!("phone-system:error=key:{}", key(0)), format!("phone-system:error=key:{}", key(2))];
    let faults = faults.iter().flat_map(|fault| ["--simulator-fault", fault.as_str()]);
    let failed = home.run(["run", &file, "--json", "--name", "New"].into_iter().chain(QUICK).chain(faults)).code(4);
    let run = failed.json()["run"].as_str().unwrap().to_owned();
    failed.says(&format!("runs retry {run}"));
    let numbers: Vec<String> = orders(&home, "--state released").iter().map(|one| one["number"].to_string()).collect();
    home.run(["order", "retry", &numbers[0], "99"]).code(1).says("there is no order 99");
    let waiting = orders(&home, "--extended recoverable_error");
    assert_eq!(waiting.len(), 2, "a slip of the pen retries nothing");
    let report = home.run(["report", &run, "--only-failed"]).done().stdout;
    assert!(report.contains(&format!("`dialtone order retry {}`", numbers[0])), "{report}");

    let answer = home.run(["runs", "retry", &run, "--json"]).done().json();
    assert_eq!(answer["orders"]["completed"], 3);
    home.run(["runs", "retry", &run]).code(1).says("no order of run");
    home.line("template retry New").code(1).says("no order of run");
    assert_eq!(home.line("template show New --json").json()["status"], "completed");
}

#[test]
fn several_orders_are_told_apart_when_some_refuse_the_act() {
    let home = Home::with_organization(2);
    let fault = format!("phone-system:refuse=key:{}", key(0));
    home.run(["run", &home.bulk(0..2), "--simulator-fault", &fault]).code(4);
    let answer =
        home.line("order abort 1 2 --json").code(1).says("order 2: an order that is completed can't be aborted");
    assert_eq!(answer.json_lines()[0]["extended"], "aborted");
    home.line("order list --extended aborded").code(2).says("aborted");
}
