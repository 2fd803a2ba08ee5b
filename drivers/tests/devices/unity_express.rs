use std::time::Duration;

use dialtone_drivers::{Look, PageRequest, Ran, for_device};
use dialtone_model::{Action, Credential, DeviceKind, ExpressAction, ExpressMailbox, Fault, ObjectKind, SyncScope};
use dialtone_simulator::{Protocol, Simulator};

use crate::command_lines::{failed_at_every_line, refused_at_every_line};
use crate::support::{Bench, Case, call, device, failed, step, twice, undone};

fn mailbox(user_id: &str, number: &str) -> ExpressMailbox {
    ExpressMailbox {
        user_id: user_id.to_owned(),
        display_name: "TonyJones".to_owned(),
        number: number.to_owned(),
        description: Some("Tony's mailbox".to_owned()),
        size: Some(600),
    }
}

fn add(user_id: &str, number: &str) -> Action {
    Action::Express(ExpressAction::AddMailbox(mailbox(user_id, number)))
}

fn remove(user_id: &str) -> Action {
    Action::Express(ExpressAction::RemoveMailbox { user_id: user_id.to_owned() })
}

fn additions() -> Vec<Case> {
    let plain = ExpressMailbox { description: None, size: None, ..mailbox("tony", "1001") };
    vec![
        (vec![], add("tony", "1001")),
        (vec![add("jane", "1002")], add("tony", "1001")),
        (vec![], Action::Express(ExpressAction::AddMailbox(plain))),
    ]
}

fn changes() -> Vec<Case> {
    let there = || vec![add("jane", "1002"), add("tony", "1001")];
    let renamed = ExpressMailbox { display_name: "Anthony".to_owned(), ..mailbox("tony", "1001") };
    let other = ExpressMailbox { number: "1009".to_owned(), description: None, ..renamed.clone() };
    let larger = ExpressMailbox { size: Some(1200), ..other.clone() };
    let change = |to| Action::Express(ExpressAction::ChangeMailbox(to));
    vec![(there(), change(renamed)), (there(), change(other)), (there(), change(larger))]
}

fn removals() -> Vec<Case> {
    let plain = ExpressMailbox { description: None, size: None, ..mailbox("tony", "1001") };
    let plain = Action::Express(ExpressAction::AddMailbox(plain));
    vec![(vec![add("jane", "1002"), add("tony", "1001")], remove("tony")), (vec![plain], remove("tony"))]
}

fn actions() -> Vec<Case> {
    [additions(), changes(), removals()].concat()
}

#[tokio::test]
async fn every_mailbox_action_run_twice_has_one_effect() {
    twice(Protocol::Cue, "", actions()).await;
}

#[tokio::test]
async fn every_line_for_a_mailbox_failed_before_or_after_its_effect_comes_to_the_same_end() {
    failed_at_every_line(Protocol::Cue, actions()).await;
}

#[tokio::test]
async fn all_the_lines_for_a_mailbox_may_fail_once_each() {
    failed(Protocol::Cue, "", vec![(vec![], add("tony", "1001"))]).await;
}

#[tokio::test]
async fn a_mailbox_that_is_refused_halfway_leaves_nothing() {
    refused_at_every_line(Protocol::Cue, additions()).await;
}

#[tokio::test]
async fn a_change_of_a_mailbox_that_is_refused_halfway_leaves_what_was_there() {
    refused_at_every_line(Protocol::Cue, changes()).await;
}

#[tokio::test]
async fn a_removal_of_a_mailbox_that_is_refused_halfway_leaves_what_was_there() {
    refused_at_every_line(Protocol::Cue, removals()).await;
    let bench = Bench::start(Protocol::Cue, "", &[]).await;
    bench.done(&add("tony", "1001")).await;
    bench.inject("refuse=command:username tony delete,once");
    let fault = bench.run(&remove("tony")).await.unwrap_err();
    assert!(fault.to_string().ends_with("the mailbox is there again, but the messages in it are lost"), "{fault}");
    bench.done(&remove("tony")).await;
    assert!(bench.state().get("mailbox/tony").is_none() && bench.state().get("user/tony").is_none());
}

#[tokio::test]
async fn every_mailbox_undone_leaves_what_was_there() {
    undone(Protocol::Cue, "", additions()).await;
}

#[tokio::test]
async fn credentials_are_set_and_never_shown() {
    let bench = Bench::start(Protocol::Cue, "", &[]).await;
    bench.done(&add("tony", "1001")).await;
    let set = |credential| Action::Express(ExpressAction::SetCredential { user_id: "tony".to_owned(), credential });
    let (password, pin) = (set(Credential::Password), set(Credential::Pin));
    for _ in 0..2 {
        bench.run_with(&password, "tulip-7").await.unwrap();
        bench.run_with(&pin, "918273").await.unwrap();
    }
    let state = bench.state();
    assert_eq!((&state["user/tony"]["password"], &state["user/tony"]["pin"]), (&"tulip-7".into(), &"918273".into()));
    for (action, secret, code) in
        [(&password, "tu\"lip", "cli-value"), (&pin, "91827x", "cli-value"), (&pin, "1", "cue-refused")]
    {
        assert_eq!(bench.look(action).await.unwrap(), Look::Absent, "it can't be seen");
        let fault = bench.run_with(action, secret).await.unwrap_err();
        assert_eq!(fault.complaint().code, code, "{fault}");
        let shown = format!("{fault:?}");
        assert!(!shown.contains("lip") && !shown.contains("91827"), "{shown}");
    }
    let log =
        format!("{:?}", bench.simulator.log(Protocol::Cue).unwrap().iter().map(|e| &e.request).collect::<Vec<_>>());
    assert!(!log.contains("tulip") && !log.contains("918273"), "{log}");
}

#[tokio::test]
async fn a_locked_mailbox_opens() {
    let bench = Bench::start(Protocol::Cue, "", &["lock=owner:tony"]).await;
    bench.done(&add("tony", "1001")).await;
    let unlock = Action::Express(ExpressAction::UnlockMailbox { user_id: "tony".to_owned() });
    assert_eq!(bench.look(&unlock).await.unwrap(), Look::Absent);
    bench.done(&unlock).await;
    let effects = bench.effects();
    bench.done(&unlock).await;
    assert!(matches!(bench.look(&unlock).await.unwrap(), Look::Equal(_)));
    assert_eq!(bench.effects(), effects);
    let nobody = Action::Express(ExpressAction::UnlockMailbox { user_id: "nobody".to_owned() });
    assert_eq!(bench.run(&nobody).await.unwrap_err().complaint().code, "cue-no-mailbox");
    bench.done(&Action::Express(ExpressAction::Save)).await;
}

#[tokio::test]
async fn what_unity_express_refuses_is_the_rows() {
    let bench = Bench::start(Protocol::Cue, "", &[]).await;
    bench.done(&add("jane", "1002")).await;
    let state = bench.state();
    let named = ExpressMailbox { display_name: "Tony \"J\"".to_owned(), ..mailbox("tony", "1001") };
    let change = Action::Express(ExpressAction::ChangeMailbox(mailbox("tony", "1001")));
    for (action, code) in [
        (add("tony", "1002"), "cue-refused"),
        (add("t", "1001"), "cue-user-id"),
        (add("tony delete", "1001"), "cue-user-id"),
        (add("tony", "1001 x"), "cli-value"),
        (Action::Express(ExpressAction::AddMailbox(named)), "cli-value"),
        (change, "cue-no-user"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{fault}");
    }
    let other = Action::Express(ExpressAction::AddMailbox(ExpressMailbox {
        display_name: "Other".to_owned(),
        ..mailbox("jane", "1009")
    }));
    let Look::Different { differences } = bench.settle(&other).await else { panic!("not noticed") };
    assert_eq!(
        differences,
        ["full name: device has TonyJones, the order says Other", "phone number: device has 1002, the order says 1009"]
    );
    assert_eq!(bench.undo(&other).await.unwrap_err().complaint().code, "cue-changed-since");
    assert_eq!(bench.undo(&remove("jane")).await.unwrap_err().complaint().code, "no-undo");
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn unity_express_is_reached_through_its_router_too() {
    for privileged in [true, false] {
        let builder = Simulator::builder().ios(0).cue(0);
        let simulator = if privileged { builder } else { builder.unprivileged() }.start().await.unwrap();
        let mut row = device(DeviceKind::UnityExpress, simulator.ios().unwrap(), &simulator);
        row.settings.insert("ssh.service-module".to_owned(), "integrated-Service-Engine 0/0".to_owned());
        let driver = for_device(&row).unwrap();
        let step = step(&add("tony", "1001"));
        assert!(matches!(driver.run(call(&step)).await.unwrap(), Ran::Done(_)));
        assert!(matches!(driver.look(call(&step)).await.unwrap(), Look::Equal(_)));
        assert_eq!(simulator.state(Protocol::Cue)["user/tony"]["fullname"], "TonyJones");
    }
    let simulator = Simulator::builder().ios(0).start().await.unwrap();
    let mut row = device(DeviceKind::UnityExpress, simulator.ios().unwrap(), &simulator);
    row.settings.insert("ssh.service-module".to_owned(), "integrated-Service-Engine 0/0".to_owned());
    let fault = for_device(&row).unwrap().run(call(&step(&add("tony", "1001")))).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { complaint, .. } if complaint.code == "module-refused"), "{fault:?}");
}

#[tokio::test]
async fn unity_express_is_read_page_by_page() {
    let bench = Bench::start(Protocol::Cue, "", &[]).await;
    for last in 0..60 {
        let plain = ExpressMailbox {
            description: None,
            size: None,
            ..mailbox(&format!("user{last:02}"), &format!("10{last:02}"))
        };
        bench.done(&Action::Express(ExpressAction::AddMailbox(plain))).await;
    }
    let timeout = Duration::from_secs(30);
    let mut request = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
    let first = bench.driver.read(&request, timeout).await.unwrap();
    assert_eq!((first.found.len(), first.next.as_deref(), first.whole), (50, Some("user49"), true));
    request.after = first.next;
    let second = bench.driver.read(&request, timeout).await.unwrap();
    assert_eq!((second.found.len(), second.next), (10, None));
    let last = second.found.last().unwrap();
    assert_eq!((last.kind, last.key.as_str()), (ObjectKind::Mailbox, "user59"));
    assert_eq!((last.attributes["phonenumber"].as_str(), last.attributes["fullname"].as_str()), ("1059", "TonyJones"));
    let probe = bench.driver.probe(timeout).await.unwrap();
    assert_eq!(probe.version.as_deref(), Some("CUE Software Version: 8.6.1"));
    assert!(probe.clock.is_some());
}
