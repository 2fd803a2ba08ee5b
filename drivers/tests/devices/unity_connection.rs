use dialtone_drivers::{Look, Ran};
use dialtone_model::{Action, Attributes, Credential, Fault, MailboxAction};
use dialtone_simulator::Protocol;
use serde_json::json;

use crate::support::{Bench, Case, failed, twice, undone};
use crate::unified_cm_reading::TIMEOUT;

fn attributes(values: &[(&str, &str)]) -> Attributes {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn mailbox(alias: &str, extension: &str) -> Action {
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

pub(crate) fn unified(address: &str) -> Action {
    Action::AddUnifiedMessaging {
        alias: "tony".to_owned(),
        service: "Unified Messaging".to_owned(),
        email: address.to_owned(),
    }
}

fn rename(to: &str) -> Action {
    Action::Mailbox(MailboxAction::Rename { alias: "tony".to_owned(), to: to.to_owned() })
}

fn remove() -> Action {
    Action::Mailbox(MailboxAction::Remove { alias: "tony".to_owned() })
}

fn import(extension: &str) -> Action {
    Action::Mailbox(MailboxAction::Import {
        alias: "tony".to_owned(),
        extension: extension.to_owned(),
        template: "voicemailusertemplate".to_owned(),
    })
}

fn pin() -> Action {
    let credential = Credential::Pin;
    Action::Mailbox(MailboxAction::SetCredential { alias: "tony".to_owned(), credential, must_change: true })
}

fn unlock(credential: Credential) -> Action {
    Action::Mailbox(MailboxAction::Unlock { alias: "tony".to_owned(), credential })
}

fn other_address(email: &str) -> Action {
    Action::Mailbox(MailboxAction::ChangeUnifiedMessaging {
        alias: "tony".to_owned(),
        service: "Unified Messaging".to_owned(),
        email: email.to_owned(),
    })
}

fn no_unified() -> Action {
    Action::Mailbox(MailboxAction::RemoveUnifiedMessaging {
        alias: "tony".to_owned(),
        service: "Unified Messaging".to_owned(),
    })
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
        (there(), rename("anthony")),
        (there(), rename("Tony")),
    ]
}

fn actions() -> Vec<Case> {
    let mut actions = additions();
    let there = || vec![mailbox("jane", "1002"), mailbox("tony", "1001")];
    let with_account = || [there(), vec![unified("tony@example.com")]].concat();
    let extension = attributes(&[("DtmfAccessId", "1009")]);
    actions.extend([
        (there(), email("tony@example.com")),
        (there(), Action::SetMailbox { alias: "tony".to_owned(), attributes: extension }),
        (there(), remove()),
        (with_account(), remove()),
        (with_account(), other_address("anthony@example.com")),
        (with_account(), no_unified()),
    ]);
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
    let import = Action::Mailbox(MailboxAction::Import {
        alias: "jane".to_owned(),
        extension: "1003".to_owned(),
        template: template.to_owned(),
    });
    for (action, code) in [
        (new("1001", template, &[]), "cupi-database-procedure-error"),
        (new("12x", template, &[]), "cupi-invalid-parameter"),
        (new("1002", "no such template", &[]), "cupi-invalid-parameter"),
        (new("1002", template, &[("ListInDirectory", "perhaps")]), "cupi-invalid-parameter"),
        (new("1002", template, &[("Alias", "other")]), "cupi-attribute"),
        (new("1002", template, &[("Title", "a\u{7}b")]), "cupi-attribute"),
        (email("bad@example.com"), "cupi-invalid-parameter"),
        (Action::SetMailbox { alias: "tony".to_owned(), attributes: attributes(&[("Alias", "x")]) }, "cupi-attribute"),
        (elsewhere, "cupi-no-service"),
        (other_address("a@example.com"), "cupi-no-account"),
        (import, "cupi-not-in-directory"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{fault}");
    }
    assert_eq!(bench.run_with(&pin(), "12").await.unwrap_err().complaint().code, "cupi-invalid-parameter");
    assert_eq!(bench.effects(), 1);
}

#[tokio::test]
async fn a_session_that_unity_connection_has_forgotten_is_opened_anew() {
    let bench = Bench::unity_connection(&[]).await;
    bench.done(&mailbox("tony", "1001")).await;
    bench.inject("session=0s");
    bench.done(&email("tony@example.com")).await;
    assert!(matches!(bench.look(&email("tony@example.com")).await.unwrap(), Look::Equal(_)));
    assert_eq!(bench.effects(), 2, "what was refused for its session is sent once more, and had no effect before");
}

#[tokio::test]
async fn a_throttling_device_is_busy() {
    let bench = Bench::unity_connection(&["rate=0"]).await;
    let fault = bench.run(&mailbox("tony", "1001")).await.unwrap_err();
    assert!(matches!(&fault, Fault::Busy { retry_after: Some(_), .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "cupi-http-503");
}

/// The faults that strike the first request that would change something.
const FAULTS: [&str; 3] = ["drop-before=100%,once", "drop-after=100%,once", "error=100%,once"];

#[tokio::test]
async fn a_user_of_the_ldap_directory_is_imported_once_whatever_fails() {
    for fault in FAULTS {
        let bench = Bench::unity_connection(&["ldap=jane,tony", fault]).await;
        assert!(matches!(bench.settle(&import("1001")).await, Look::Equal(_)), "{fault}");
        assert!(matches!(bench.settle(&import("1001")).await, Look::Equal(_)), "{fault}, run twice");
        let user = &bench.state()["users"][0];
        assert_eq!((&user["Alias"], &user["DtmfAccessId"]), (&json!("tony"), &json!("1001")));
        assert_eq!(bench.effects(), 1, "{fault}");
        bench.simulator.heal(Protocol::Cupi);
        bench.inject("ldap=jane,tony");
        bench.undo(&import("1001")).await.unwrap();
        bench.undo(&import("1001")).await.unwrap();
        assert_eq!(bench.state()["users"], json!([]));
        assert!(matches!(bench.settle(&import("1001")).await, Look::Equal(_)), "again");
    }
}

#[tokio::test]
async fn a_user_of_another_origin_or_extension_is_not_the_imported_one() {
    let bench = Bench::unity_connection(&[]).await;
    bench.done(&mailbox("tony", "1001")).await;
    let Look::Different { differences } = bench.settle(&import("1002")).await else { panic!("not noticed") };
    assert_eq!(
        differences,
        [
            "DtmfAccessId: device has 1001, the order says 1002",
            "user tony: device has one of its own, the order says the directory's"
        ]
    );
}

#[tokio::test]
async fn an_alias_that_someone_else_has_is_not_taken() {
    let bench = Bench::unity_connection(&[]).await;
    bench.done(&mailbox("tony", "1001")).await;
    bench.done(&mailbox("jane", "1002")).await;
    let state = bench.state();
    let Look::Different { differences } = bench.settle(&rename("jane")).await else { panic!("not noticed") };
    assert_eq!(differences, ["user jane: the device has another one"]);
    assert_eq!(bench.state(), state);
    bench.done(&rename("anthony")).await;
    bench.done(&mailbox("tony", "1003")).await;
    assert_eq!(bench.undo(&rename("anthony")).await.unwrap_err().complaint().code, "cupi-changed-since");
}

#[tokio::test]
async fn what_is_not_there_can_be_removed_and_nothing_else() {
    let bench = Bench::unity_connection(&[]).await;
    for action in [remove(), no_unified()] {
        bench.done(&action).await;
        assert!(matches!(bench.look(&action).await.unwrap(), Look::Equal(_)));
    }
    let others = [rename("anthony"), pin(), unlock(Credential::Pin), other_address("a@example.com")];
    for action in others {
        assert_eq!(bench.run(&action).await.unwrap_err().complaint().code, "cupi-no-user", "{action:?}");
        assert!(matches!(bench.look(&action).await.unwrap(), Look::Different { .. }), "{action:?}");
    }
    bench.done(&mailbox("tony", "1001")).await;
    assert!(matches!(bench.look(&other_address("a@example.com")).await.unwrap(), Look::Different { .. }));
    for action in [remove(), pin(), unlock(Credential::Pin), no_unified()] {
        assert_eq!(bench.undo(&action).await.unwrap_err().complaint().code, "no-undo", "{action:?}");
    }
}

#[tokio::test]
async fn a_pin_is_set_and_never_shown() {
    for fault in FAULTS {
        let bench = Bench::unity_connection(&[]).await;
        bench.done(&mailbox("tony", "1001")).await;
        bench.inject(fault);
        // Nothing shows whether it was set, so it is set until the device says so, to one effect.
        assert!(matches!(bench.settle(&pin()).await, Look::Equal(_)), "{fault}");
        let credential = &bench.state()["credentials"][0];
        assert_eq!((&credential["Credentials"], &credential["CredMustChange"]), (&json!("635241"), &json!("true")));
        assert_eq!(bench.effects(), 2, "{fault}: the user and the PIN");
    }
    let bench = Bench::unity_connection(&["refuse=Credentials:635241"]).await;
    bench.done(&mailbox("tony", "1001")).await;
    let fault = bench.run(&pin()).await.unwrap_err();
    assert_eq!(fault.to_string(), "the device refuses … as Credentials");
}

#[tokio::test]
async fn a_locked_user_may_try_again() {
    for fault in FAULTS {
        for credential in [Credential::Pin, Credential::Password] {
            let bench = Bench::unity_connection(&["lock=alias:tony", "lockout=0"]).await;
            bench.done(&mailbox("tony", "1001")).await;
            assert_eq!(bench.look(&unlock(credential)).await.unwrap(), Look::Absent);
            bench.inject(fault);
            assert!(matches!(bench.settle(&unlock(credential)).await, Look::Equal(_)), "{fault}");
            assert!(matches!(bench.look(&unlock(credential)).await.unwrap(), Look::Equal(_)), "{fault}");
            assert_eq!(bench.effects(), 2, "{fault}: the user and the unlocking");
        }
    }
}

#[tokio::test]
async fn who_is_let_in_again_after_a_time_needs_no_administrator() {
    let bench = Bench::unity_connection(&["lock=alias:tony"]).await;
    bench.done(&mailbox("tony", "1001")).await;
    for credential in [Credential::Pin, Credential::Password] {
        let fault = bench.run(&unlock(credential)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "cupi-lockout"), "{fault:?}");
        let rule = "the authentication rule Recommended Voice Mail Authentication Rule lets in again after 30 minutes";
        assert!(fault.to_string().starts_with(rule), "{fault}");
    }
    assert_eq!(bench.effects(), 1, "the user alone");
}

#[tokio::test]
async fn a_unity_connection_that_starts_is_asked_again() {
    let bench = Bench::unity_connection(&["lockout=0", "lock=alias:tony"]).await;
    let all = actions().into_iter().map(|(_, action)| action);
    for action in all.chain([pin(), unlock(Credential::Pin), import("1001")]) {
        bench.inject("starting=1000s");
        for fault in [bench.run(&action).await.unwrap_err(), bench.look(&action).await.unwrap_err()] {
            assert!(matches!(&fault, Fault::NotSent { .. }), "{action:?}: {fault:?}");
            assert_eq!(fault.complaint().code, "cupi-not-there", "{action:?}");
        }
        bench.inject("starting=0s");
    }
    assert_eq!(bench.effects(), 0);
    bench.inject("starting=1000s");
    assert_eq!(bench.driver.probe(TIMEOUT).await.unwrap_err().complaint().code, "cupi-not-there");
    bench.inject("starting=0s");
    bench.done(&mailbox("tony", "1001")).await;
    bench.inject("starting=1000s");
    assert!(matches!(bench.run(&remove()).await.unwrap_err(), Fault::NotSent { .. }), "nobody has gone");
    bench.inject("starting=0s");
    assert_eq!(bench.state()["users"][0]["Alias"], "tony");
}

#[tokio::test]
async fn each_action_asks_for_what_it_needs_and_no_more() {
    let bench = Bench::unity_connection(&["ldap=tony", "lock=alias:tony", "lockout=0"]).await;
    let mut told = String::new();
    let mut seen = 0;
    for (what, action) in [
        ("import", import("1001")),
        ("set", email("tony@example.com")),
        ("unlock the PIN", unlock(Credential::Pin)),
        ("set the PIN", pin()),
        ("add unified messaging", unified("tony@example.com")),
        ("change unified messaging", other_address("anthony@example.com")),
        ("remove unified messaging", no_unified()),
        ("remove", remove()),
        ("add", mailbox("tony", "1001")),
        ("rename", rename("anthony")),
    ] {
        bench.done(&action).await;
        told += &format!("{what}\n");
        let log = bench.simulator.log(Protocol::Cupi).unwrap();
        for entry in &log[seen..] {
            // The ids of a device follow from the numbers of its requests.
            let words = entry.request.split('/').map(|part| if part.len() == 36 { "ID" } else { part });
            told += &format!("  {} -> {}\n", words.collect::<Vec<_>>().join("/"), entry.status.unwrap());
        }
        seen = log.len();
    }
    insta::assert_snapshot!(told);
}
