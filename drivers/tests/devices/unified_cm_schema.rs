use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use dialtone_drivers::for_device;
use dialtone_model::{Device, DeviceKind, SyncScope};
use dialtone_simulator::Simulator;

use crate::support::{call, device, step};
use crate::unified_cm::actions;
use crate::unified_cm_changes::{invisible, whole_desk};
use crate::unified_cm_reading::{TIMEOUT, read_whole};

/// Versions whose schema a package of tests/python brings along. With the first four every action is tried; with the
/// others everything is added and read.
const VERSIONS: [&str; 8] = ["9.1", "10.5", "12.5", "14.0", "10.0", "11.0", "11.5", "12.0"];

/// Operations that every version has, and that must be among what was checked.
const OPERATIONS: [&str; 17] = [
    "addDeviceProfile",
    "addLine",
    "addPhone",
    "addRemoteDestination",
    "addRemoteDestinationProfile",
    "addUser",
    "getLine",
    "getPhone",
    "getUser",
    "removeDeviceProfile",
    "removeLine",
    "removePhone",
    "removeRemoteDestination",
    "removeRemoteDestinationProfile",
    "removeUser",
    "updatePhone",
    "updateUser",
];

#[tokio::test]
async fn every_request_and_every_reply_follows_the_makers_schema() {
    let folder = tempfile::tempdir().unwrap();
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let recording = folder.path().join(version);
        let actions = if place < 4 { [actions(version), invisible(version)].concat() } else { Vec::new() };
        for (number, (before, action)) in actions.into_iter().enumerate() {
            let recording = folder.path().join(format!("{version}-{number}"));
            let simulator = Simulator::builder().unified_cm(version, 0).record(&recording).start().await.unwrap();
            let (_, address) = simulator.unified_cm().next().unwrap();
            let row =
                Device { version: Some(version.to_owned()), ..device(DeviceKind::UnifiedCm, address, &simulator) };
            let driver = for_device(&row).unwrap();
            for action in &before {
                driver.run(call(&step(action))).await.unwrap();
            }
            // Whatever comes of it, also a refusal, has gone over the wire.
            let step = step(&action);
            for _ in 0..2 {
                drop(driver.look(call(&step)).await);
                drop(driver.run(call(&step)).await);
            }
            drop(driver.undo(call(&step)).await);
            simulator.stop().await;
        }
        synchronise(version, &folder.path().join(format!("{version}-synchronisation"))).await;
        let mut all = String::new();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            all.push_str(&std::fs::read_to_string(&path).unwrap());
            std::fs::remove_file(path).unwrap();
        }
        std::fs::write(&recording, all).unwrap();
        let checked = check(&recording).unwrap();
        for operation in OPERATIONS.iter().filter(|operation| place < 4 || operation.starts_with("add")) {
            assert!(checked.contains_key(*operation), "{version}: no {operation} was checked");
            assert!(checked.contains_key(&format!("{operation}Response")), "{version}: no answer to {operation}");
        }
        std::fs::remove_file(recording).unwrap();
    }
}

/// Reads everything from a desk, and asks who the device is.
async fn synchronise(version: &str, recording: &Path) {
    let simulator = Simulator::builder().unified_cm(version, 0).record(recording).start().await.unwrap();
    let (_, address) = simulator.unified_cm().next().unwrap();
    let row = Device { version: Some(version.to_owned()), ..device(DeviceKind::UnifiedCm, address, &simulator) };
    let driver = for_device(&row).unwrap();
    for action in whole_desk() {
        driver.run(call(&step(&action))).await.unwrap();
    }
    driver.probe(TIMEOUT).await.unwrap();
    for scope in [SyncScope::Infrastructure, SyncScope::Subscribers] {
        let mark = read_whole(driver.as_ref(), scope, None).await.mark;
        read_whole(driver.as_ref(), scope, mark).await;
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_schema_lets_a_client_ask_for_is_answered_by_the_schema() {
    let python = python();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/axl_replies.py");
    let folder = tempfile::tempdir().unwrap();
    let builder = VERSIONS.iter().fold(Simulator::builder(), |builder, version| builder.unified_cm(*version, 0));
    let simulator = builder.data(folder.path()).start().await.unwrap();
    for (version, address) in simulator.unified_cm() {
        let mut client = Command::new(&python);
        client.arg(script).args(["127.0.0.1", &address.port().to_string(), version, "dialtone", "dialtone"]);
        client.env("REQUESTS_CA_BUNDLE", simulator.ca_file().unwrap());
        let asked = tokio::task::spawn_blocking(move || client.output().unwrap()).await.unwrap();
        assert!(asked.status.success(), "{version}: {}", String::from_utf8_lossy(&asked.stderr));
    }
}

#[tokio::test]
async fn a_message_that_does_not_follow_the_schema_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("recording");
    let envelope = |content: &str| {
        format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{content}</e:Body></e:Envelope>"#
        )
    };
    let axl = r#"xmlns:a="http://www.cisco.com/AXL/API/12.5""#;
    for (sent, answered, complaint) in [
        (format!("<a:getUser {axl}><userid>a</userid><colour/></a:getUser>"), String::new(), "colour"),
        (format!("<a:removeUser {axl}/>"), String::new(), "Missing child element"),
        (
            format!("<a:getUser {axl}><userid>a</userid></a:getUser>"),
            format!("<a:getUserResponse {axl}><return><phone/></return></a:getUserResponse>"),
            "phone",
        ),
    ] {
        let answered = if answered.is_empty() { answered } else { envelope(&answered) };
        let exchange = serde_json::json!({
            "device": "axl12.5", "request": "POST", "path": "/axl/",
            "sent": envelope(&sent), "status": 200, "answered": answered,
        });
        std::fs::write(&recording, exchange.to_string()).unwrap();
        let complaints = check(&recording).unwrap_err();
        assert!(complaints.contains(complaint), "{complaints}");
    }
    std::fs::write(&recording, "").unwrap();
    check(&recording).unwrap_err();
}

/// How many messages of each operation were checked, or what is wrong with them.
fn check(recording: &Path) -> Result<BTreeMap<String, usize>, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/axl_schema.py");
    let checked = Command::new(python()).arg(script).arg(recording).output().unwrap();
    if !checked.status.success() {
        return Err(String::from_utf8_lossy(&checked.stderr).into_owned());
    }
    let counts = String::from_utf8(checked.stdout).unwrap();
    let count = |line: &str| line.split_once(' ').map(|(name, count)| (name.to_owned(), count.parse().unwrap()));
    Ok(counts.lines().filter_map(count).collect())
}

fn python() -> String {
    std::env::var("DIALTONE_TEST_PYTHON").expect("DIALTONE_TEST_PYTHON is not set: see tests/python.sh")
}
