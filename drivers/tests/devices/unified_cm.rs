use dialtone_drivers::{Look, Ran};
use dialtone_model::{Action, Attributes, LineTarget};
use dialtone_simulator::Protocol;
use serde_json::json;

use crate::support::{Bench, Case, failed, twice, undone};
use crate::unified_cm_changes::{invisible, irreversible, reversible};

/// One version of each form that the requests have.
const VERSIONS: [&str; 5] = ["9.1", "10.0", "11.5", "12.5", "15.0"];

pub(crate) const PHONE: &str = "SEP0011AABBCCDD";

pub(crate) fn attributes(values: &[(&str, &str)]) -> Attributes {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn user(user_id: &str) -> Action {
    Action::AddSubscriber {
        user_id: user_id.to_owned(),
        first_name: Some("Tony".to_owned()),
        last_name: "Soprano & Söhne <Ltd>".to_owned(),
        attributes: attributes(&[("mailid", "tony@example.com"), ("telephoneNumber", "1001")]),
    }
}

pub(crate) fn phone(name: &str) -> Action {
    Action::AddPhone {
        name: name.to_owned(),
        phone_type: "Cisco 7965".to_owned(),
        protocol: "SCCP".to_owned(),
        owner: Some("tony".to_owned()),
        attributes: attributes(&[
            ("description", "Tony's"),
            ("enableExtensionMobility", "true"),
            ("dndOption", "Call Reject"),
        ]),
    }
}

/// A phone at a port of a voice gateway, whose name follows from the port.
fn analog_phone() -> Action {
    Action::AddPhone {
        name: "AN1122334455001".to_owned(),
        phone_type: "Analog Phone".to_owned(),
        protocol: "SCCP".to_owned(),
        owner: None,
        attributes: attributes(&[("description", "the lift")]),
    }
}

pub(crate) fn number(pattern: &str) -> Action {
    let attributes = attributes(&[
        ("alertingName", "Tony"),
        ("callForwardAll.forwardToVoiceMail", "true"),
        ("callForwardNoAnswer.destination", "1999"),
        ("callForwardNoAnswer.duration", "12"),
        ("voiceMailProfileName", "Default"),
    ]);
    Action::AddDirectoryNumber { pattern: pattern.to_owned(), partition: None, attributes }
}

pub(crate) fn line(target: LineTarget, name: &str, index: u16, pattern: &str) -> Action {
    Action::AttachLine {
        target,
        name: name.to_owned(),
        index,
        pattern: pattern.to_owned(),
        partition: None,
        associated_user: Some("tony".to_owned()),
        attributes: attributes(&[("display", "Tony"), ("maxNumCalls", "4"), ("callInfoDisplay.callerNumber", "true")]),
    }
}

pub(crate) fn associate(target: LineTarget, name: &str) -> Action {
    Action::AssociateDevice { user_id: "tony".to_owned(), target, name: name.to_owned() }
}

pub(crate) fn device_profile() -> Action {
    Action::AddDeviceProfile {
        name: "tony-profile".to_owned(),
        phone_type: "Cisco 8845".to_owned(),
        protocol: "SIP".to_owned(),
        attributes: attributes(&[("description", "Tony's profile")]),
    }
}

pub(crate) fn remote_profile() -> Action {
    Action::AddRemoteDestinationProfile {
        name: "tony-remote".to_owned(),
        user_id: "tony".to_owned(),
        attributes: attributes(&[("description", "Tony's mobile")]),
    }
}

pub(crate) fn remote_destination() -> Action {
    Action::AddRemoteDestination {
        destination: "442071234567".to_owned(),
        profile: "tony-remote".to_owned(),
        user_id: "tony".to_owned(),
        attributes: attributes(&[("name", "mobile"), ("isMobilePhone", "true")]),
    }
}

/// Every action that can be undone, with what must be there before it.
fn additions() -> Vec<Case> {
    let all = || vec![user("tony"), phone(PHONE), number("1001"), number("1002"), device_profile(), remote_profile()];
    let with_line = |target, name: &str| {
        let mut before = all();
        before.push(line(target, name, 1, "1001"));
        before
    };
    vec![
        (vec![], user("tony")),
        (vec![user("tony")], phone(PHONE)),
        (vec![], analog_phone()),
        (vec![], number("1001")),
        (vec![], device_profile()),
        (vec![user("tony")], remote_profile()),
        (all(), remote_destination()),
        (all(), line(LineTarget::Phone, PHONE, 1, "1001")),
        (with_line(LineTarget::Phone, PHONE), line(LineTarget::Phone, PHONE, 2, "1002")),
        (
            with_line(LineTarget::DeviceProfile, "tony-profile"),
            line(LineTarget::DeviceProfile, "tony-profile", 2, "1002"),
        ),
        (
            with_line(LineTarget::RemoteDestinationProfile, "tony-remote"),
            line(LineTarget::RemoteDestinationProfile, "tony-remote", 2, "1002"),
        ),
        (all(), associate(LineTarget::Phone, PHONE)),
        (all(), associate(LineTarget::DeviceProfile, "tony-profile")),
    ]
}

fn settings() -> Action {
    let attributes = attributes(&[
        ("enableMobility", "true"),
        ("enableMobileVoiceAccess", "true"),
        ("maxDeskPickupWaitTime", "1000"),
        ("remoteDestinationLimit", "4"),
        ("enableCti", "true"),
        ("associatedPc", "pc-17.example.com"),
        ("imAndPresenceEnable", "true"),
        ("homeCluster", "true"),
    ]);
    Action::SetSubscriber { user_id: "tony".to_owned(), attributes }
}

/// Every action whose effect shows, as far as a version has operations for it.
pub(crate) fn actions(version: &str) -> Vec<Case> {
    let mut actions = additions();
    actions.extend(reversible(version));
    actions.extend(irreversible(version));
    actions.push((vec![user("tony")], settings()));
    actions
}

#[tokio::test]
async fn every_action_run_twice_has_one_effect() {
    for version in VERSIONS {
        twice(Protocol::Axl, version, actions(version)).await;
    }
}

#[tokio::test]
async fn every_action_failed_before_or_after_its_effect_comes_to_the_same_end() {
    for version in ["9.1", "12.5"] {
        let actions = actions(version).into_iter().chain(invisible(version));
        failed(Protocol::Axl, version, actions.collect()).await;
    }
}

#[tokio::test]
async fn every_addition_undone_leaves_what_was_there() {
    for version in VERSIONS {
        undone(Protocol::Axl, version, additions()).await;
        undone(Protocol::Axl, version, reversible(version)).await;
    }
}

#[tokio::test]
async fn a_whole_desk_is_as_ordered() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    for action in additions().into_iter().map(|(_, action)| action).chain([settings()]) {
        if let Action::AttachLine { name, index: 2, .. } = &action {
            // The second lines above want a first one.
            let Action::AttachLine { target, .. } = action else { unreachable!() };
            drop(bench.run(&line(target, name, 1, "1001")).await);
        }
        if let Action::AttachLine { pattern, .. } = &action {
            drop(bench.run(&number(pattern)).await);
        }
        assert!(matches!(bench.settle(&action).await, Look::Equal(_)), "{action:?}");
    }
    let state = bench.state();
    insta::assert_json_snapshot!(json!({
        "user": state["user"],
        "phone": state["phone"],
        "line": state["line"],
        "deviceProfile": state["deviceProfile"],
        "remoteDestinationProfile": state["remoteDestinationProfile"],
        "remoteDestination": state["remoteDestination"],
    }));
}

#[tokio::test]
async fn a_new_object_is_known_by_its_uuid() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    let Ran::Done(made) = bench.run(&user("tony")).await.unwrap() else { panic!("it was there already") };
    let uuid = made.reference.unwrap();
    assert!(uuid.starts_with('{') && uuid.ends_with('}') && uuid.len() == 38, "{uuid}");
    let Look::Equal(found) = bench.look(&user("tony")).await.unwrap() else { panic!("it is not there") };
    assert_eq!(found.reference, Some(uuid));
}

#[tokio::test]
async fn what_someone_else_has_is_different_and_stays_theirs() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    for action in [user("tony"), phone(PHONE), number("1001"), number("1002")] {
        bench.done(&action).await;
    }
    bench.done(&line(LineTarget::Phone, PHONE, 1, "1001")).await;
    let state = bench.state();

    let Action::AddPhone { name, phone_type, protocol, attributes, .. } = phone(PHONE) else { unreachable!() };
    let other = Action::AddPhone { name, phone_type, protocol, owner: None, attributes };
    assert!(matches!(bench.settle(&other).await, Look::Equal(_)), "an order without an owner leaves it alone");

    let Action::AddSubscriber { user_id, first_name, attributes, .. } = user("tony") else { unreachable!() };
    let other = Action::AddSubscriber { user_id, first_name, last_name: "Stark".to_owned(), attributes };
    let Look::Different { differences } = bench.settle(&other).await else { panic!("not noticed") };
    assert_eq!(differences, ["lastName: device has Soprano & Söhne <Ltd>, the order says Stark"]);
    assert!(matches!(bench.undo(&other).await.unwrap_err().complaint().code.as_str(), "axl-changed-since"));

    for (index, pattern, difference) in [
        (1, "1002", "dirn.pattern: device has 1001, the order says 1002"),
        (2, "1001", "index: device has 1, the order says 2"),
    ] {
        let Look::Different { differences } = bench.settle(&line(LineTarget::Phone, PHONE, index, pattern)).await
        else {
            panic!("not noticed")
        };
        assert_eq!(differences, [difference]);
    }
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn a_list_of_another_profile_keeps_all_that_its_lines_had() {
    for target in [LineTarget::DeviceProfile, LineTarget::Phone] {
        let name = if target == LineTarget::Phone { PHONE } else { "tony-profile" };
        let bench = Bench::unified_cm("9.1", &[]).await;
        for action in [user("tony"), phone(PHONE), device_profile(), number("1001"), number("1002")] {
            bench.done(&action).await;
        }
        bench.done(&line(target, name, 2, "1001")).await;
        let class = if target == LineTarget::Phone { "phone" } else { "deviceProfile" };
        let lines = |bench: &Bench| bench.state()[class][name]["lines"].clone();
        let first = lines(&bench)[0].clone();
        bench.done(&line(target, name, 1, "1002")).await;
        assert_eq!(lines(&bench)[1], first);
        assert_eq!(lines(&bench)[0]["dirn"], "1002/");
    }
}

#[tokio::test]
async fn settings_that_differ_are_set_and_unset() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    bench.done(&user("tony")).await;
    let set =
        |values: &[(&str, &str)]| Action::SetSubscriber { user_id: "tony".to_owned(), attributes: attributes(values) };
    let on = set(&[("remoteDestinationLimit", "4"), ("mailid", "new@example.com")]);
    assert_eq!(bench.look(&on).await.unwrap(), Look::Absent);
    bench.done(&on).await;
    bench.done(&set(&[("remoteDestinationLimit", ""), ("mailid", "")])).await;
    let tony = &bench.state()["user"]["tony"];
    // A number is unset by 0, a text by being empty.
    assert_eq!((&tony["remoteDestinationLimit"], &tony["mailid"]), (&json!("0"), &json!(null)));
    assert_eq!(bench.undo(&on).await.unwrap_err().complaint().code, "no-undo");
}
