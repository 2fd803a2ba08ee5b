use dialtone_drivers::{Look, Ran};
use dialtone_model::{Action, Attributes, Fault};
use dialtone_simulator::Protocol;
use serde_json::json;

use crate::support::{Bench, Case, failed, twice, undone};

fn attributes(values: &[(&str, &str)]) -> Attributes {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn mailbox(alias: &str, extension: &str) -> Action {
    Action::AddMailbox {
        alias: alias.to_owned(),
        extension: extension.to_owned(),
        template: "voicemailusertemplate".to_owned(),
        attributes: attributes(&[
            ("FirstName", "Tony"),
            ("DisplayName", "Tony \"Ö\" <&>"),
            ("ListInDirectory", "true"),
        ]),
    }
}

fn email(address: &str) -> Action {
    Action::SetMailbox { alias: "tony".to_owned(), attributes: attributes(&[("EmailAddress", address)]) }
}

fn unified(address: &str) -> Action {
    Action::AddUnifiedMessaging {
        alias: "tony".to_owned(),
        service: "Unified Messaging".to_owned(),
        email: address.to_owned(),
    }
}

/// Every action that can be undone, with what must be there before it. Other users stand beside, because a list of one
/// is no list.
fn additions() -> Vec<Case> {
    let others = || vec![mailbox("jane", "1002"), mailbox("tony2", "1003")];
    let there = || [others(), vec![mailbox("tony", "1001")]].concat();
    vec![
        (vec![], mailbox("tony", "1001")),
        (others(), mailbox("tony", "1001")),
        (vec![], mailbox("o'neill (x)&y=z%", "1001")),
        (there(), unified("tony@example.com")),
    ]
}

fn actions() -> Vec<Case> {
    let mut actions = additions();
    actions.push((vec![mailbox("tony", "1001")], email("tony@example.com")));
    actions
}

#[tokio::test]
async fn every_action_run_twice_has_one_effect() {
    twice(Protocol::Cupi, "", actions()).await;
}

#[tokio::test]
async fn every_action_failed_before_or_after_its_effect_comes_to_the_same_end() {
    failed(Protocol::Cupi, "", actions()).await;
}

#[tokio::test]
async fn every_addition_undone_leaves_what_was_there() {
    undone(Protocol::Cupi, "", additions()).await;
}

#[tokio::test]
async fn a_mailbox_with_unified_messaging_is_as_ordered() {
    let bench = Bench::unity_connection(&[]).await;
    let Ran::Done(made) = bench.run(&mailbox("tony", "1001")).await.unwrap() else { panic!("it was there already") };
    let path = made.reference.unwrap();
    assert!(path.starts_with("/vmrest/users/"), "{path}");
    bench.done(&email("tony@example.com")).await;
    bench.done(&unified("tony@example.com")).await;
    let state = bench.state();
    let user = &state["users"][0];
    assert_eq!(user["EmailAddress"], "tony@example.com");
    assert_eq!(user["URI"], path);
    let account = &state["externalserviceaccounts"][0];
    assert_eq!((&account["UserObjectId"], &account["EnableTtsOfEmailCapability"]), (&user["ObjectId"], &json!("true")));
}

#[tokio::test]
async fn what_someone_else_has_is_different_and_stays_theirs() {
    let bench = Bench::unity_connection(&[]).await;
    bench.done(&mailbox("tony", "1001")).await;
    bench.done(&unified("tony@example.com")).await;
    let state = bench.state();
    let Look::Different { differences } = bench.settle(&mailbox("TONY", "1002")).await else { panic!("not noticed") };
    assert_eq!(
        differences,
        ["Alias: device has tony, the order says TONY", "DtmfAccessId: device has 1001, the order says 1002"]
    );
    let Look::Different { differences } = bench.settle(&unified("other@example.com")).await else {
        panic!("not noticed")
    };
    assert_eq!(differences, ["EmailAddress: device has tony@example.com, the order says other@example.com"]);
    assert_eq!(bench.undo(&unified("other@example.com")).await.unwrap_err().complaint().code, "cupi-changed-since");
    assert_eq!(bench.undo(&email("x")).await.unwrap_err().complaint().code, "no-undo");
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn what_the_device_refuses_is_the_rows() {
    let bench = Bench::unity_connection(&["refuse=EmailAddress:bad@example.com"]).await;
    assert_eq!(bench.run(&email("a@example.com")).await.unwrap_err().complaint().code, "cupi-no-user");
    assert!(matches!(bench.look(&email("a@example.com")).await.unwrap(), Look::Different { .. }));
    assert_eq!(bench.run(&unified("a@example.com")).await.unwrap_err().complaint().code, "cupi-no-user");
    bench.done(&mailbox("tony", "1001")).await;
    let new = |extension: &str, template: &str, values: &[(&str, &str)]| Action::AddMailbox {
        alias: "jane".to_owned(),
        extension: extension.to_owned(),
        template: template.to_owned(),
        attributes: attributes(values),
    };
    let template = "voicemailusertemplate";
    let elsewhere = Action::AddUnifiedMessaging {
        alias: "tony".to_owned(),
        service: "Elsewhere".to_owned(),
        email: "a@example.com".to_owned(),
    };
    for (action, code) in [
        (new("1001", template, &[]), "cupi-database-procedure-error"),
        (new("12x", template, &[]), "cupi-invalid-parameter"),
        (new("1002", "no such template", &[]), "cupi-invalid-parameter"),
        (new("1002", template, &[("Colour", "red")]), "cupi-invalid-parameter"),
        (new("1002", template, &[("Alias", "other")]), "cupi-attribute"),
        (new("1002", template, &[("Title", "a\u{7}b")]), "cupi-attribute"),
        (email("bad@example.com"), "cupi-invalid-parameter"),
        (elsewhere, "cupi-no-service"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{fault}");
    }
    assert_eq!(bench.effects(), 1);
}

#[tokio::test]
async fn a_throttling_device_is_busy() {
    let bench = Bench::unity_connection(&["rate=0"]).await;
    let fault = bench.run(&mailbox("tony", "1001")).await.unwrap_err();
    assert!(matches!(&fault, Fault::Busy { retry_after: Some(_), .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "cupi-http-503");
}
