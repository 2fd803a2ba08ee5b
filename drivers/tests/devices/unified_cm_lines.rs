//! Lines of phones and profiles on a Unified CM that aren't where an order takes them to be, and those of replaced phones.

use dialtone_drivers::Look;
use dialtone_model::{Action, Attributes, Fault, LineTarget, SyncScope};
use serde_json::json;

use crate::unified_cm::{PHONE, associate, attributes, line, number, phone};
use crate::unified_cm_changes::{
    PROFILE, REMOTE, associate_line, change, change_line, desk, detach, dn, phone_object, place, remove,
};
use crate::unified_cm_reading::read_whole;

#[tokio::test]
async fn a_phone_in_place_of_another_has_its_services_and_the_users_of_its_lines() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        let services = attributes(&[
            ("services[1].telecasterServiceName", "Extension Mobility"),
            ("services[1].name", "Log in"),
            ("services[1].urlButtonIndex", "3"),
        ]);
        let Action::AddPhone { phone_type, protocol, owner, .. } = phone("") else { unreachable!() };
        let name = "SEP00AABBCCDDEE".to_owned();
        bench.done(&Action::AddPhone { name: name.clone(), phone_type, protocol, owner, attributes: services }).await;
        bench.done(&line(LineTarget::Phone, &name, 1, "1001")).await;
        bench.done(&associate_line(LineTarget::Phone, &name, "jane")).await;
        bench.done(&remove(phone_object(PHONE))).await;
        let read = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
        let phone = read.found.iter().find(|object| object.key == name).unwrap();
        for (attribute, value) in [
            ("services[1].telecasterServiceName", "Extension Mobility"),
            ("services[1].name", "Log in"),
            ("services[1].urlButtonIndex", "3"),
            ("lines[1].pattern", "1001"),
            ("lines[1].maxNumCalls", "4"),
            ("lines[1].associatedEndusers[1]", "jane"),
            ("lines[1].associatedEndusers[2]", "tony"),
        ] {
            assert_eq!(phone.attributes[attribute], value, "{version}: {attribute}");
        }
        let unknown = change(phone_object(&name), &[("services[1].telecasterServiceName", "Nothing")]);
        assert!(matches!(bench.run(&unknown).await.unwrap_err(), Fault::Rejected(_)), "{version}");
    }
}

#[tokio::test]
async fn a_replaced_phone_keeps_its_lines_at_their_positions() {
    let bench = desk("12.5").await;
    let new = "SEP00AABBCCDDEE";
    let new_phone = Action::AddPhone {
        name: new.to_owned(),
        phone_type: "Cisco 8845".to_owned(),
        protocol: "SIP".to_owned(),
        owner: Some("tony".to_owned()),
        attributes: Attributes::new(),
    };
    for action in [
        new_phone,
        line(LineTarget::Phone, new, 1, "1001"),
        line(LineTarget::Phone, new, 2, "1002"),
        associate(LineTarget::Phone, new),
        remove(phone_object(PHONE)),
    ] {
        bench.done(&action).await;
    }
    let state = bench.state();
    let numbers: Vec<_> = [0, 1].map(|line| state["phone"][new]["lines"][line]["dirn"].clone()).into();
    assert_eq!(numbers, ["1001/", "1002/"]);
    assert_eq!(state["user"]["tony"]["associatedDevices"], json!([new]));
    assert_eq!(state["line"]["1001/"]["alertingName"], "Tony", "the numbers stay");
}

#[tokio::test]
async fn a_line_that_is_not_there_can_not_be_changed() {
    let bench = desk("12.5").await;
    let state = bench.state();
    for action in [
        change_line(LineTarget::Phone, PHONE, place("1006", 6), "1006", &[]),
        Action::PlaceLines { target: LineTarget::Phone, name: PHONE.to_owned(), places: vec![place("1003", 3)] },
    ] {
        assert_eq!(bench.run(&action).await.unwrap_err().complaint().code, "axl-no-line", "{action:?}");
    }
    let taken =
        Action::PlaceLines { target: LineTarget::Phone, name: PHONE.to_owned(), places: vec![place("1001", 2)] };
    assert_eq!(bench.run(&taken).await.unwrap(), dialtone_drivers::Ran::AlreadyThere);
    assert_eq!(bench.state(), state);
}

#[tokio::test]
async fn a_position_or_a_line_that_is_taken_is_a_conflict_that_says_by_what() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        let state = bench.state();
        let to_taken = Action::PlaceLines {
            target: LineTarget::DeviceProfile,
            name: PROFILE.to_owned(),
            places: vec![place("1001", 2)],
        };
        let expected = ["position 2: 1001 and 1002 would both have it"];
        assert_eq!(
            bench.settle(&to_taken).await,
            Look::Different { differences: expected.map(str::to_owned).to_vec() }
        );
        let taken = change_line(LineTarget::Phone, PHONE, place("1001", 1), "1002", &[("display", "Jane")]);
        let expected = ["line 1002: device has it at 2, the order says 1"];
        assert_eq!(bench.settle(&taken).await, Look::Different { differences: expected.map(str::to_owned).to_vec() });
        assert_eq!(bench.state(), state, "{version}");
    }
}

#[tokio::test]
async fn a_number_leaves_only_with_its_last_line() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        let state = bench.state();
        let gone = remove(dn("1001", None));
        let refused = [bench.run(&gone).await.unwrap_err(), bench.undo(&number("1001")).await.unwrap_err()];
        for fault in refused {
            assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.repair.is_some()), "{fault:?}");
            assert_eq!(fault.complaint().code, "axl-in-use");
            let expected = format!("directory number 1001 is still a line of {PHONE}, {PROFILE}, {REMOTE}");
            assert_eq!(fault.to_string(), expected);
        }
        assert_eq!(bench.look(&gone).await.unwrap(), Look::Absent);
        assert_eq!(bench.state(), state, "{version}");
        for (target, name) in [
            (LineTarget::Phone, PHONE),
            (LineTarget::DeviceProfile, PROFILE),
            (LineTarget::RemoteDestinationProfile, REMOTE),
        ] {
            assert_eq!(bench.run(&gone).await.unwrap_err().complaint().code, "axl-in-use", "{name} has it");
            bench.done(&detach(target, name)).await;
        }
        for _ in 0..2 {
            bench.done(&gone).await;
            assert!(matches!(bench.look(&gone).await.unwrap(), Look::Equal(_)), "{version}");
        }
    }
}

#[tokio::test]
async fn a_line_that_was_moved_or_renumbered_since_is_not_changed() {
    for version in ["9.1", "12.5"] {
        let bench = desk(version).await;
        let to_third =
            |index| change_line(LineTarget::Phone, PHONE, place("1001", index), "1003", &[("label", "third")]);
        let different = |differences: &[&str]| Look::Different {
            differences: differences.iter().map(|difference| (*difference).to_owned()).collect(),
        };
        let swap = |one, other| Action::PlaceLines {
            target: LineTarget::Phone,
            name: PHONE.to_owned(),
            places: vec![place("1001", one), place("1002", other)],
        };
        bench.done(&swap(2, 1)).await;
        let state = bench.state();
        let moved =
            ["position 1: device has 1002, the order says 1001", "line 1001: device has it at 2, the order says 1"];
        assert_eq!(bench.settle(&to_third(1)).await, different(&moved));
        assert_eq!(bench.settle(&to_third(5)).await, different(&["line 1001: device has it at 2, the order says 5"]));
        assert_eq!(bench.state(), state, "{version}");
        bench.done(&to_third(2)).await;
        bench.done(&to_third(2)).await;
        let gone = change_line(LineTarget::Phone, PHONE, place("1001", 2), "1001", &[("label", "first")]);
        assert_eq!(bench.settle(&gone).await, different(&["position 2: device has 1003, the order says 1001"]));
    }
}
