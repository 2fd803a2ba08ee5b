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
    home.run(["run", &home.bulk(0..2), "--simulator-fault", &fault]).code(4);
    let held = orders(&home, "--state hold");
    assert_eq!((held.len(), &held[0]["extended"]), (1, &json!("unrecoverable_error")));
    let licences = home.line("organization show --json").json()["licences"][0].clone();
    assert_eq!((&licences["free"], &licences["reserved"], &licences["used"]), (&json!(1), &json!(0), &json!(1)));
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
