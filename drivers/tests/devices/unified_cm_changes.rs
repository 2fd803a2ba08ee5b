//! Everything that can be done to what a Unified CM holds, as cases for the tests that every action passes.

use dialtone_drivers::{Call, Look};
use dialtone_model::{Action, Activation, Credential, Fault, LinePlace, LineTarget, UnifiedCmObject};
use serde_json::json;

use crate::support::{Bench, Case, call, step};
use crate::unified_cm::{PHONE, associate, attributes, device_profile, line, number, phone, remote_destination};
use crate::unified_cm::{remote_profile, user};

pub(crate) const PROFILE: &str = "tony-profile";
pub(crate) const REMOTE: &str = "tony-remote";

pub(crate) fn dn(pattern: &str, partition: Option<&str>) -> UnifiedCmObject {
    UnifiedCmObject::DirectoryNumber { pattern: pattern.to_owned(), partition: partition.map(str::to_owned) }
}

pub(crate) fn change(object: UnifiedCmObject, values: &[(&str, &str)]) -> Action {
    Action::ChangeObject { object, attributes: attributes(values) }
}

fn rename(object: UnifiedCmObject, to: UnifiedCmObject) -> Action {
    Action::RenameObject { object, to }
}

pub(crate) fn remove(object: UnifiedCmObject) -> Action {
    Action::RemoveObject { object }
}

pub(crate) fn phone_object(name: &str) -> UnifiedCmObject {
    UnifiedCmObject::Phone(name.to_owned())
}

fn profile_object(name: &str) -> UnifiedCmObject {
    UnifiedCmObject::DeviceProfile(name.to_owned())
}

fn remote_object(name: &str) -> UnifiedCmObject {
    UnifiedCmObject::RemoteDestinationProfile(name.to_owned())
}

fn user_object(user_id: &str) -> UnifiedCmObject {
    UnifiedCmObject::User(user_id.to_owned())
}

pub(crate) fn place(pattern: &str, index: u16) -> LinePlace {
    LinePlace { pattern: pattern.to_owned(), partition: None, index }
}

pub(crate) fn associate_line(target: LineTarget, name: &str, user_id: &str) -> Action {
    Action::AssociateLineUser {
        target,
        name: name.to_owned(),
        pattern: "1001".to_owned(),
        partition: None,
        user_id: user_id.to_owned(),
    }
}

fn dissociate_line(target: LineTarget, name: &str) -> Action {
    Action::DissociateLineUser {
        target,
        name: name.to_owned(),
        pattern: "1001".to_owned(),
        partition: None,
        user_id: "tony".to_owned(),
    }
}

fn ring(pattern: &str) -> Action {
    let destination = "442071234567".to_owned();
    Action::AssociateDestinationLine { destination, pattern: pattern.to_owned(), partition: None }
}

fn ring_no_more(pattern: &str) -> Action {
    let destination = "442071234567".to_owned();
    Action::DissociateDestinationLine { destination, pattern: pattern.to_owned(), partition: None }
}

pub(crate) fn detach(target: LineTarget, name: &str) -> Action {
    Action::DetachLine { target, name: name.to_owned(), pattern: "1001".to_owned(), partition: None }
}

/// The line that `from` tells of gets the number `pattern`.
pub(crate) fn change_line(
    target: LineTarget,
    name: &str,
    from: LinePlace,
    pattern: &str,
    values: &[(&str, &str)],
) -> Action {
    Action::ChangeLine {
        target,
        name: name.to_owned(),
        from,
        pattern: pattern.to_owned(),
        partition: None,
        attributes: attributes(values),
    }
}

/// Everything that one user may have, with two lines on everything that carries lines.
pub(crate) fn whole_desk() -> Vec<Action> {
    let mut desk = vec![user("tony"), user("jane"), phone(PHONE), number("1001"), number("1002"), number("1003")];
    desk.extend([device_profile(), remote_profile(), remote_destination()]);
    for (target, name) in [
        (LineTarget::Phone, PHONE),
        (LineTarget::DeviceProfile, PROFILE),
        (LineTarget::RemoteDestinationProfile, REMOTE),
    ] {
        desk.extend([line(target, name, 1, "1001"), line(target, name, 2, "1002")]);
    }
    desk.extend([associate(LineTarget::Phone, PHONE), associate(LineTarget::DeviceProfile, PROFILE)]);
    desk
}

fn after_desk(more: &[Action], action: Action) -> Case {
    (whole_desk().into_iter().chain(more.iter().cloned()).collect(), action)
}

fn since(version: &str, major: u32) -> bool {
    version.split('.').next().and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| number >= major)
}

/// Every action on what is there that can be taken back.
pub(crate) fn reversible(version: &str) -> Vec<Case> {
    let mut cases = vec![
        after_desk(&[], rename(phone_object(PHONE), phone_object("SEP00AABBCCDDEE"))),
        after_desk(&[], rename(dn("1001", None), dn("1004", None))),
        after_desk(&[], rename(dn("1001", None), dn("1001", Some("Internal")))),
        after_desk(&[], rename(profile_object(PROFILE), profile_object("other-profile"))),
        after_desk(&[], rename(remote_object(REMOTE), remote_object("other-remote"))),
        after_desk(&[], rename(user_object("tony"), user_object("anthony"))),
        after_desk(&[], associate_line(LineTarget::Phone, PHONE, "jane")),
        after_desk(&[], associate_line(LineTarget::DeviceProfile, PROFILE, "jane")),
        after_desk(&[], ring("1001")),
        after_desk(&[ring("1001")], ring("1002")),
        after_desk(&[ring("1001"), ring("1002")], ring_no_more("1002")),
        after_desk(&[], dissociate_line(LineTarget::Phone, PHONE)),
        after_desk(&[], dissociate_line(LineTarget::RemoteDestinationProfile, REMOTE)),
        after_desk(
            &[],
            Action::DissociateDevice { user_id: "tony".to_owned(), target: LineTarget::Phone, name: PHONE.to_owned() },
        ),
    ];
    if since(version, 10) {
        let presence = Action::SetSubscriber {
            user_id: "tony".to_owned(),
            attributes: attributes(&[("homeCluster", "true"), ("imAndPresenceEnable", "true")]),
        };
        let assign = Action::AssignPresenceNode { user_id: "tony".to_owned(), node: "imp-1".to_owned() };
        cases.push(after_desk(&[presence], assign));
    }
    cases
}

/// Every action on what is there that can't be taken back, because nobody knows what was before.
pub(crate) fn irreversible(version: &str) -> Vec<Case> {
    let forwarding = [("callForwardAll.destination", "1999"), ("voiceMailProfileName", ""), ("hrDuration", "")];
    let on_phone = |from, pattern: &str, values: &[_]| change_line(LineTarget::Phone, PHONE, from, pattern, values);
    let swapped = Action::PlaceLines {
        target: LineTarget::Phone,
        name: PHONE.to_owned(),
        places: vec![place("1001", 2), place("1002", 1)],
    };
    let moved = Action::PlaceLines {
        target: LineTarget::DeviceProfile,
        name: PROFILE.to_owned(),
        places: vec![place("1002", 4)],
    };
    let no_remote_destination = remove(UnifiedCmObject::RemoteDestination("442071234567".to_owned()));
    let services = [
        ("services[1].telecasterServiceName", "Extension Mobility"),
        ("services[2].telecasterServiceName", "Corporate Directory"),
        ("services[2].name", "People"),
        ("services[2].urlButtonIndex", "2"),
        ("services[2].urlLabel", "People"),
    ];
    let subscribed = change(phone_object(PHONE), &services);
    let extension = [("primaryExtension.pattern", "1001"), ("primaryExtension.routePartitionName", "")];
    let mut cases = vec![
        after_desk(&[], change(phone_object(PHONE), &[("description", "Jane's"), ("ownerUserName", "jane")])),
        after_desk(&[], change(phone_object(PHONE), &[("ownerUserName", ""), ("idleTimeout", "")])),
        after_desk(&[], subscribed.clone()),
        after_desk(std::slice::from_ref(&subscribed), change(phone_object(PHONE), &services[..1])),
        after_desk(&[subscribed], change(phone_object(PHONE), &[("services", ""), ("description", "none")])),
        after_desk(&[], change(profile_object(PROFILE), &services)),
        after_desk(&[], change(dn("1001", None), &[("alertingName", "Jane"), ("description", "")])),
        after_desk(&[], change(dn("1001", None), &forwarding)),
        after_desk(&[], change(profile_object(PROFILE), &[("description", "changed"), ("softkeyTemplateName", "")])),
        after_desk(&[], change(remote_object(REMOTE), &[("description", "changed"), ("userId", "jane")])),
        after_desk(
            &[],
            change(UnifiedCmObject::RemoteDestination("442071234567".to_owned()), &[("answerTooSoonTimer", "1000")]),
        ),
        after_desk(&[], change(user_object("tony"), &extension)),
        after_desk(
            &[],
            change(
                dn("1001", None),
                &[("callForwardAlternateParty.destination", "1998"), ("callForwardAlternateParty.duration", "")],
            ),
        ),
        after_desk(
            &[],
            on_phone(place("1001", 1), "1001", &[("display", "Jane"), ("callInfoDisplay.callerNumber", "false")]),
        ),
        after_desk(&[], on_phone(place("1002", 2), "1003", &[("label", "third"), ("busyTrigger", "1")])),
        after_desk(&[], change_line(LineTarget::DeviceProfile, PROFILE, place("1001", 1), "1003", &[])),
        after_desk(
            &[],
            change_line(LineTarget::RemoteDestinationProfile, REMOTE, place("1002", 2), "1002", &[("display", "J")]),
        ),
        after_desk(&[], swapped),
        after_desk(&[], moved),
        after_desk(&[], detach(LineTarget::Phone, PHONE)),
        after_desk(&[], detach(LineTarget::DeviceProfile, PROFILE)),
        after_desk(&[detach(LineTarget::Phone, PHONE)], {
            let Action::DetachLine { target, name, partition, .. } = detach(LineTarget::Phone, PHONE) else {
                unreachable!()
            };
            Action::DetachLine { target, name, pattern: "1002".to_owned(), partition }
        }),
        after_desk(&[], remove(phone_object(PHONE))),
        after_desk(&[], remove(dn("1003", None))),
        after_desk(&[], remove(profile_object(PROFILE))),
        after_desk(&[], no_remote_destination.clone()),
        after_desk(std::slice::from_ref(&no_remote_destination), remove(remote_object(REMOTE))),
        after_desk(&[no_remote_destination, remove(remote_object(REMOTE))], remove(user_object("tony"))),
    ];
    if since(version, 10) {
        let presence = Action::SetSubscriber {
            user_id: "tony".to_owned(),
            attributes: attributes(&[("homeCluster", "true"), ("imAndPresenceEnable", "true")]),
        };
        let assign = Action::AssignPresenceNode { user_id: "tony".to_owned(), node: "imp-1".to_owned() };
        cases.push(after_desk(&[presence, assign], Action::UnassignPresenceNode { user_id: "tony".to_owned() }));
    }
    cases
}

/// Every action of which nothing on the device shows whether it was done.
pub(crate) fn invisible(version: &str) -> Vec<Case> {
    let mut cases = vec![
        after_desk(
            &[change(phone_object(PHONE), &[("description", "changed")])],
            Action::ActivateObject { object: phone_object(PHONE), how: Activation::Restart },
        ),
        after_desk(&[], Action::ActivateObject { object: phone_object(PHONE), how: Activation::Reset }),
        after_desk(&[], Action::ActivateObject { object: phone_object(PHONE), how: Activation::Apply }),
    ];
    for credential in [Credential::Pin, Credential::Password] {
        let user_id = "tony".to_owned();
        cases.push(after_desk(&[], Action::SetSubscriberCredential { user_id, credential }));
    }
    if since(version, 10) {
        cases.push(after_desk(
            &[change(dn("1001", None), &[("alertingName", "Jane")])],
            Action::ActivateObject { object: dn("1001", None), how: Activation::Apply },
        ));
    }
    if since(version, 11) {
        for credential in [Credential::Pin, Credential::Password] {
            cases.push(after_desk(&[], Action::UnlockSubscriber { user_id: "tony".to_owned(), credential }));
        }
    }
    cases
}

#[tokio::test]
async fn what_nothing_shows_may_be_asked_for_twice() {
    for version in ["9.1", "10.0", "12.5"] {
        for (before, action) in invisible(version) {
            let bench = Bench::unified_cm(version, &[]).await;
            for action in &before {
                bench.done(action).await;
            }
            bench.done(&action).await;
            let (state, effects) = (bench.state(), bench.effects());
            assert_eq!(bench.look(&action).await.unwrap(), Look::Absent, "{action:?}");
            bench.done(&action).await;
            assert_eq!((bench.state(), bench.effects()), (state, effects), "{action:?}");
        }
    }
}

#[tokio::test]
async fn a_pin_of_unified_cm_comes_with_the_call_and_is_never_shown() {
    let bench = desk("12.5").await;
    let set = Action::SetSubscriberCredential { user_id: "tony".to_owned(), credential: Credential::Pin };
    let before = bench.effects();
    bench.run_with(&set, "40506").await.unwrap();
    assert_eq!(bench.effects(), before + 1);
    let spoiled = bench.run_with(&set, "60708\n").await.unwrap_err();
    let as_attribute = bench.run(&change(user_object("tony"), &[("pin", "60708")])).await.unwrap_err();
    for fault in [spoiled, as_attribute] {
        assert_eq!(fault.complaint().code, "axl-attribute", "{fault}");
        assert!(!format!("{fault:?}").contains("60708"), "{fault:?}");
    }
    let step = step(&set);
    let without = Call { secret: None, ..call(&step) };
    assert_eq!(bench.driver.run(without).await.unwrap_err().complaint().code, "secret-missing");
    assert_eq!(bench.effects(), before + 1);
    let log = bench.simulator.log(bench.protocol).unwrap();
    assert!(log.iter().all(|entry| !entry.request.contains("40506")), "{log:?}");
}

#[tokio::test]
async fn what_can_not_be_taken_back_says_so() {
    for (before, action) in irreversible("12.5").into_iter().chain(invisible("12.5")) {
        let bench = Bench::unified_cm("12.5", &[]).await;
        for action in &before {
            bench.done(action).await;
        }
        bench.done(&action).await;
        assert_eq!(bench.undo(&action).await.unwrap_err().complaint().code, "no-undo", "{action:?}");
    }
}

pub(crate) async fn desk(version: &str) -> Bench {
    let bench = Bench::unified_cm(version, &[]).await;
    for action in whole_desk() {
        bench.done(&action).await;
    }
    bench
}

#[tokio::test]
async fn a_renamed_number_shows_on_every_phone_and_profile() {
    let bench = desk("12.5").await;
    bench.done(&rename(dn("1001", None), dn("2001", Some("Internal")))).await;
    let state = bench.state();
    for (class, name) in [("phone", PHONE), ("deviceProfile", PROFILE), ("remoteDestinationProfile", REMOTE)] {
        assert_eq!(state[class][name]["lines"][0]["dirn"], "2001/Internal", "{class}");
    }
    assert_eq!(state["line"]["2001/Internal"]["alertingName"], "Tony");
}

#[tokio::test]
async fn a_number_that_is_taken_is_a_conflict() {
    let bench = desk("12.5").await;
    let state = bench.state();
    let Look::Different { differences } = bench.settle(&rename(dn("1001", None), dn("1002", None))).await else {
        panic!("not noticed")
    };
    assert_eq!(differences, ["directory number 1002: the device has another one"]);
    assert_eq!(bench.state(), state);
    let fault = bench.run(&rename(dn("1009", None), dn("1010", None))).await.unwrap_err();
    assert_eq!(fault.complaint().code, "axl-5007");
}

#[tokio::test]
async fn a_forwarding_keeps_what_is_not_named() {
    let bench = desk("12.5").await;
    bench.done(&change(dn("1001", None), &[("callForwardNoAnswer.duration", "30")])).await;
    let forward = &bench.state()["line"]["1001/"]["callForwardNoAnswer"];
    assert_eq!(forward, &json!({"destination": "1999", "duration": "30", "forwardToVoiceMail": "false"}));
}

#[tokio::test]
async fn a_directory_number_has_an_alternate_party_for_calls_of_precedence() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        let to = |values: &[(&str, &str)]| change(dn("1001", None), values);
        let set =
            to(&[("callForwardAlternateParty.destination", "1998"), ("callForwardAlternateParty.duration", "20")]);
        bench.done(&set).await;
        assert!(matches!(bench.look(&set).await.unwrap(), Look::Equal(_)), "{version}");
        let later = to(&[("callForwardAlternateParty.duration", "30")]);
        bench.done(&later).await;
        assert_eq!(bench.look(&set).await.unwrap(), Look::Absent);
        bench.done(&to(&[("callForwardAlternateParty.duration", "20")])).await;
        assert!(matches!(bench.look(&set).await.unwrap(), Look::Equal(_)), "{version}: the destination stayed");
    }
}

#[tokio::test]
async fn what_only_older_versions_have_is_set_there_and_survives_a_change_of_other_lines() {
    let bench = desk("9.1").await;
    let label = change_line(LineTarget::Phone, PHONE, place("1001", 1), "1001", &[("asciiLabel", "Tony")]);
    bench.done(&label).await;
    bench.done(&change_line(LineTarget::Phone, PHONE, place("1002", 2), "1002", &[("display", "Jane")])).await;
    assert!(matches!(bench.look(&label).await.unwrap(), Look::Equal(_)));
    let primary = change(user_object("tony"), &[("primaryDevice", PHONE)]);
    bench.done(&primary).await;
    assert!(matches!(bench.look(&primary).await.unwrap(), Look::Equal(_)));
    let newer = desk("12.5").await;
    for action in [label, primary] {
        assert_eq!(newer.run(&action).await.unwrap_err().complaint().code, "axl-attribute", "{action:?}");
    }
}

#[tokio::test]
async fn what_there_must_always_be_one_of_can_not_be_unset() {
    let bench = desk("12.5").await;
    let destination = UnifiedCmObject::RemoteDestination("442071234567".to_owned());
    for action in
        [change(profile_object(PROFILE), &[("phoneTemplateName", "")]), change(destination, &[("ownerUserId", "")])]
    {
        assert_eq!(bench.run(&action).await.unwrap_err().complaint().code, "axl-attribute", "{action:?}");
    }
}

#[tokio::test]
async fn one_user_of_several_can_not_be_unset() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        bench.done(&associate_line(LineTarget::Phone, PHONE, "jane")).await;
        let state = bench.state();
        assert_eq!(
            state["phone"][PHONE]["lines"][0]["associatedEndusers"],
            json!([{"userId": "tony"}, {"userId": "jane"}])
        );
        let fault = bench.run(&dissociate_line(LineTarget::Phone, PHONE)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.repair.is_some()), "{fault:?}");
        assert_eq!(fault.complaint().code, "axl-several-users");
        assert_eq!(bench.state(), state);
    }
}

#[tokio::test]
async fn a_line_rings_a_remote_destination_that_is_there_and_no_other_line_is_lost() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    assert_eq!(bench.run(&ring("1001")).await.unwrap_err().complaint().code, "axl-5007");
    assert!(matches!(bench.look(&ring("1001")).await.unwrap(), Look::Different { .. }));
    bench.done(&ring_no_more("1001")).await;
    let bench = desk("12.5").await;
    for action in [ring("1001"), ring("1002"), ring_no_more("1001")] {
        bench.done(&action).await;
    }
    assert!(matches!(bench.look(&ring("1002")).await.unwrap(), Look::Equal(_)));
    assert_eq!(bench.look(&ring("1001")).await.unwrap(), Look::Absent);
}

#[tokio::test]
async fn another_owner_gets_the_phone_its_lines_and_the_extension() {
    let bench = desk("12.5").await;
    let set = |user_id: &str, values: &[(&str, &str)]| change(user_object(user_id), values);
    for action in [
        set("tony", &[("primaryExtension.pattern", "1001"), ("telephoneNumber", "1001")]),
        Action::DissociateDevice { user_id: "tony".to_owned(), target: LineTarget::Phone, name: PHONE.to_owned() },
        Action::AssociateDevice { user_id: "jane".to_owned(), target: LineTarget::Phone, name: PHONE.to_owned() },
        change(phone_object(PHONE), &[("ownerUserName", "jane"), ("description", "Jane's")]),
        dissociate_line(LineTarget::Phone, PHONE),
        associate_line(LineTarget::Phone, PHONE, "jane"),
        set("jane", &[("primaryExtension.pattern", "1001"), ("telephoneNumber", "1001")]),
        set("tony", &[("telephoneNumber", "")]),
    ] {
        bench.done(&action).await;
        assert!(matches!(bench.look(&action).await.unwrap(), Look::Equal(_)), "{action:?}");
    }
    let state = bench.state();
    assert_eq!(state["phone"][PHONE]["ownerUserName"], "jane");
    assert_eq!(state["phone"][PHONE]["lines"][0]["associatedEndusers"], json!([{"userId": "jane"}]));
    assert_eq!(state["user"]["jane"]["associatedDevices"], json!([PHONE]));
    assert_eq!(state["user"]["jane"]["primaryExtension"], "1001/");
    assert_eq!(state["user"]["tony"]["associatedDevices"], json!([]));
}

#[tokio::test]
async fn what_a_version_has_no_operation_for_is_told() {
    let bench = desk("9.1").await;
    for action in [
        Action::UnlockSubscriber { user_id: "tony".to_owned(), credential: Credential::Pin },
        Action::AssignPresenceNode { user_id: "tony".to_owned(), node: "imp-1".to_owned() },
        Action::ActivateObject { object: dn("1001", None), how: Activation::Apply },
    ] {
        assert_eq!(bench.run(&action).await.unwrap_err().complaint().code, "axl-not-in-version", "{action:?}");
    }
    let other = rename(phone_object(PHONE), profile_object(PHONE));
    assert_eq!(bench.run(&other).await.unwrap_err().complaint().code, "axl-attribute");
    let fixed = change(phone_object(PHONE), &[("product", "Cisco 8845")]);
    assert_eq!(bench.run(&fixed).await.unwrap_err().complaint().code, "axl-attribute");
}

#[tokio::test]
async fn users_of_an_ldap_directory_come_with_its_synchronisation() {
    let bench = Bench::unified_cm("12.5", &["ldap=Example", "synchronising=30s"]).await;
    let fault = bench.run(&user("tony")).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "it may come: {fault:?}");
    assert_eq!(fault.complaint().code, "axl-ldap");
    let synchronise = |directory: &str| Action::SynchroniseLdap { directory: directory.to_owned() };
    assert_eq!(bench.run(&synchronise("Other")).await.unwrap_err().complaint().code, "axl-5007");
    for _ in 0..2 {
        bench.done(&synchronise("Example")).await;
    }
    let started = bench.simulator.log(bench.protocol).unwrap();
    let started = started.iter().filter(|entry| entry.request.starts_with("doLdapSync"));
    assert_eq!(started.count(), 1, "one that is under way will do");
}
