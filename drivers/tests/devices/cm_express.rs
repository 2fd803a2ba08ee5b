use std::time::Duration;

use dialtone_drivers::{Look, PageRequest, Ran};
use dialtone_model::{Action, ExpressAction, ExpressNumber, ExpressPhone, Fault, ObjectKind, PhoneProtocol, SyncScope};
use dialtone_simulator::Protocol;

use crate::command_lines::{failed_at_every_line, refused_at_every_line};
use crate::support::{Bench, Case, failed, twice, undone};

pub(crate) const TONY: &str = "SEP001122334455";
const JANE: &str = "SEP0011223344FF";
const BOTH: [PhoneProtocol; 2] = [PhoneProtocol::Sccp, PhoneProtocol::Sip];

pub(crate) fn phone(name: &str, protocol: PhoneProtocol) -> ExpressPhone {
    ExpressPhone {
        name: name.to_owned(),
        protocol,
        phone_type: "Cisco 7965".to_owned(),
        description: Some("Tony's desk".to_owned()),
        username: (protocol == PhoneProtocol::Sccp).then(|| "tony".to_owned()),
    }
}

pub(crate) fn number(number: &str, protocol: PhoneProtocol) -> ExpressNumber {
    ExpressNumber {
        number: number.to_owned(),
        protocol,
        name: Some("Tony Jones".to_owned()),
        label: Some("Tony".to_owned()),
    }
}

pub(crate) fn add_phone(name: &str, protocol: PhoneProtocol) -> Action {
    Action::Express(ExpressAction::AddPhone(phone(name, protocol)))
}

pub(crate) fn add_number(of: &str, protocol: PhoneProtocol) -> Action {
    Action::Express(ExpressAction::AddNumber(number(of, protocol)))
}

fn attach(phone: &str, number: &str, position: Option<u16>) -> Action {
    Action::Express(ExpressAction::AttachLine { phone: phone.to_owned(), number: number.to_owned(), position })
}

pub(crate) fn voicemail(number: &str) -> Action {
    let commands = ["call-forward busy 5000", "call-forward noan 5000 timeout 20"].map(str::to_owned).to_vec();
    Action::Express(ExpressAction::SetCommands { number: number.to_owned(), commands })
}

/// Every action that can be undone, with what must be there before it.
fn additions(protocols: &[PhoneProtocol]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &protocol in protocols {
        let others = || vec![add_number("1000", protocol), add_phone(JANE, protocol)];
        let both = || [others(), vec![add_phone(TONY, protocol), add_number("1001", protocol)]].concat();
        let nameless = ExpressNumber { name: None, label: None, ..number("1001", protocol) };
        let plain = ExpressPhone { description: None, username: None, ..phone(TONY, protocol) };
        cases.extend([
            (vec![], add_phone(TONY, protocol)),
            (others(), add_phone(TONY, protocol)),
            (others(), Action::Express(ExpressAction::AddPhone(plain))),
            (vec![], add_number("1001", protocol)),
            (others(), Action::Express(ExpressAction::AddNumber(nameless))),
            (both(), attach(TONY, "1001", None)),
            ([both(), vec![attach(TONY, "1000", None)]].concat(), attach(TONY, "1001", Some(3))),
            (vec![add_number("1001", protocol)], voicemail("1001")),
        ]);
    }
    cases
}

/// Every action that leaves something to look at.
fn actions(protocols: &[PhoneProtocol]) -> Vec<Case> {
    let mut cases = additions(protocols);
    for &protocol in protocols {
        let desk = || {
            vec![
                add_phone(JANE, protocol),
                add_phone(TONY, protocol),
                add_number("1000", protocol),
                add_number("1001", protocol),
                attach(TONY, "1000", None),
            ]
        };
        let other = ExpressPhone { phone_type: "7975".to_owned(), description: None, ..phone(TONY, protocol) };
        let replaced = ExpressPhone { name: "SEPAABBCCDDEEFF".to_owned(), ..other.clone() };
        let renamed = ExpressNumber { name: Some("Tony J".to_owned()), ..number("1001", protocol) };
        let moved = ExpressNumber { number: "1009".to_owned(), label: None, ..renamed.clone() };
        let change = |to: ExpressPhone| Action::Express(ExpressAction::ChangePhone { name: TONY.to_owned(), to });
        let change_number =
            |to: ExpressNumber| Action::Express(ExpressAction::ChangeNumber { number: "1001".to_owned(), to });
        let of_number = "1001".to_owned();
        cases.extend([
            (desk(), change(other)),
            (desk(), change(replaced)),
            (desk(), change_number(renamed)),
            (desk(), change_number(moved)),
            (desk(), Action::Express(ExpressAction::RemovePhone { name: TONY.to_owned() })),
            (desk(), Action::Express(ExpressAction::RemoveNumber { number: of_number.clone() })),
            (desk(), Action::Express(ExpressAction::DetachLine { phone: TONY.to_owned(), number: "1000".to_owned() })),
            (
                vec![add_number("1001", protocol), voicemail("1001")],
                Action::Express(ExpressAction::StopForwarding { number: of_number }),
            ),
            (desk(), Action::Express(ExpressAction::Save)),
        ]);
    }
    cases
}

#[tokio::test]
async fn every_command_line_action_run_twice_has_one_effect() {
    twice(Protocol::Ios, "", actions(&BOTH)).await;
}

#[tokio::test]
async fn every_line_failed_before_or_after_its_effect_comes_to_the_same_end() {
    failed_at_every_line(Protocol::Ios, actions(&[PhoneProtocol::Sccp])).await;
}

#[tokio::test]
async fn every_line_for_sip_failed_before_or_after_its_effect_comes_to_the_same_end() {
    failed_at_every_line(Protocol::Ios, actions(&[PhoneProtocol::Sip])).await;
}

#[tokio::test]
async fn all_the_lines_for_a_phone_may_fail_once_each() {
    failed(Protocol::Ios, "", vec![(vec![], add_phone(TONY, PhoneProtocol::Sccp))]).await;
}

#[tokio::test]
async fn an_action_that_is_refused_halfway_leaves_what_was_there() {
    refused_at_every_line(Protocol::Ios, actions(&BOTH)).await;
}

#[tokio::test]
async fn every_addition_to_a_router_undone_leaves_what_was_there() {
    undone(Protocol::Ios, "", additions(&BOTH)).await;
}

#[tokio::test]
async fn a_desk_is_configured_as_a_person_would() {
    let bench = Bench::start(Protocol::Ios, "", &[]).await;
    let Ran::Done(made) = bench.run(&add_number("1001", PhoneProtocol::Sccp)).await.unwrap() else { panic!() };
    assert_eq!(made.reference.as_deref(), Some("ephone-dn 1"));
    bench.done(&add_phone(TONY, PhoneProtocol::Sccp)).await;
    bench.done(&attach(TONY, "1001", None)).await;
    bench.done(&voicemail("1001")).await;
    bench.done(&add_number("2001", PhoneProtocol::Sip)).await;
    bench.done(&add_phone(JANE, PhoneProtocol::Sip)).await;
    bench.done(&attach(JANE, "2001", Some(2))).await;
    bench.done(&voicemail("2001")).await;
    let restart = |reset| Action::Express(ExpressAction::RestartPhone { name: TONY.to_owned(), reset });
    bench.done(&restart(false)).await;
    bench.done(&restart(true)).await;
    bench.done(&Action::Express(ExpressAction::Save)).await;
    let state = bench.state();
    let saved = state["startup-config"]["text"].as_str().unwrap();
    let from = saved.find("voice register dn").unwrap();
    insta::assert_snapshot!(&saved[from..saved.find("line con").unwrap()]);
    let log = bench.simulator.log(Protocol::Ios).unwrap();
    assert!(log.iter().any(|entry| entry.request == "ephone 1: restart"));
}

#[tokio::test]
async fn what_someone_else_has_on_a_router_is_different_and_stays_theirs() {
    let bench = Bench::start(Protocol::Ios, "", &[]).await;
    bench.done(&add_number("1001", PhoneProtocol::Sccp)).await;
    bench.done(&add_phone(TONY, PhoneProtocol::Sccp)).await;
    bench.done(&attach(TONY, "1001", Some(2))).await;
    bench.done(&add_number("1002", PhoneProtocol::Sccp)).await;
    let state = bench.state();
    let other = ExpressNumber { name: Some("Jane".to_owned()), label: None, ..number("1001", PhoneProtocol::Sccp) };
    let other = Action::Express(ExpressAction::AddNumber(other));
    let Look::Different { differences } = bench.settle(&other).await else { panic!("not noticed") };
    assert_eq!(
        differences,
        ["label: device has Tony, the order says nothing", "name: device has Tony Jones, the order says Jane"]
    );
    let Look::Different { differences } = bench.settle(&add_phone(TONY, PhoneProtocol::Sip)).await else {
        panic!("not noticed")
    };
    assert!(differences[0].contains("device has ephone"), "{differences:?}");
    let Look::Different { differences } = bench.settle(&attach(TONY, "1002", Some(2))).await else {
        panic!("not noticed")
    };
    assert_eq!(differences, ["button 2 has another number"]);
    assert_eq!(bench.undo(&other).await.unwrap_err().complaint().code, "ios-changed-since");
    let change = Action::Express(ExpressAction::ChangeNumber {
        number: "1002".to_owned(),
        to: number("1001", PhoneProtocol::Sccp),
    });
    assert!(matches!(bench.settle(&change).await, Look::Different { .. }));
    assert_eq!(bench.undo(&change).await.unwrap_err().complaint().code, "no-undo");
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn two_orders_at_once_take_two_slots() {
    let bench = Bench::start(Protocol::Ios, "", &["latency=1ms"]).await;
    let numbers: Vec<Action> = (0..6).map(|last| add_number(&format!("100{last}"), PhoneProtocol::Sccp)).collect();
    let runs = futures_util::future::join_all(numbers.iter().map(|action| bench.run(action))).await;
    let mut slots: Vec<String> = runs
        .into_iter()
        .map(|ran| match ran.unwrap() {
            Ran::Done(done) => done.reference.unwrap(),
            Ran::AlreadyThere => panic!("none was there"),
        })
        .collect();
    slots.sort();
    assert_eq!(slots, (1..=6).map(|tag| format!("ephone-dn {tag}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_router_is_read_with_all_its_lines() {
    let bench = Bench::start(Protocol::Ios, "", &[]).await;
    bench.done(&add_number("1001", PhoneProtocol::Sccp)).await;
    bench.done(&add_number("1002", PhoneProtocol::Sccp)).await;
    bench.done(&add_phone(TONY, PhoneProtocol::Sccp)).await;
    bench.done(&attach(TONY, "1001", None)).await;
    let timeout = Duration::from_secs(10);
    let request = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
    let page = bench.driver.read(&request, timeout).await.unwrap();
    assert!(page.whole && page.next.is_none());
    let keys: Vec<(ObjectKind, &str)> = page.found.iter().map(|object| (object.kind, object.key.as_str())).collect();
    assert_eq!(
        keys,
        [(ObjectKind::Phone, TONY), (ObjectKind::DirectoryNumber, "1001/"), (ObjectKind::DirectoryNumber, "1002/")]
    );
    assert_eq!(page.found[0].attributes["lines[1].number"], "1001");
    assert_eq!(page.found[1].attributes.get("orphan"), None);
    assert_eq!(page.found[2].attributes["orphan"], "true");
    let infrastructure = PageRequest { scope: SyncScope::Infrastructure, ..request };
    assert!(bench.driver.read(&infrastructure, timeout).await.unwrap().found.is_empty());

    let probe = bench.driver.probe(timeout).await.unwrap();
    assert!(probe.version.as_deref().unwrap().contains("Version 15.1(4)M"), "{probe:?}");
    assert!(probe.version.as_deref().unwrap().ends_with("CM Express 8.6"), "{probe:?}");
    assert!(probe.missing_rights.is_empty() && probe.clock.is_some_and(|clock| clock > 1_700_000_000), "{probe:?}");
}

#[tokio::test]
async fn a_number_on_a_phone_does_not_go() {
    let bench = Bench::start(Protocol::Ios, "", &[]).await;
    bench.done(&add_number("1001", PhoneProtocol::Sccp)).await;
    bench.done(&add_phone(TONY, PhoneProtocol::Sccp)).await;
    bench.done(&attach(TONY, "1001", None)).await;
    let state = bench.state();
    let gone = Action::Express(ExpressAction::RemoveNumber { number: "1001".to_owned() });
    let fault = bench.run(&gone).await.unwrap_err();
    assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "ios-in-use"), "{fault:?}");
    assert!(fault.to_string().contains("ephone 1"));
    assert_eq!(bench.state(), state);
}
