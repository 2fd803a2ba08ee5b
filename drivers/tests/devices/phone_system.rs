use dialtone_drivers::{Look, Ran, for_device};
use dialtone_model::{Action, AddOn, Device, DeviceKind, Extension, UserId};
use dialtone_simulator::{Protocol, Simulator};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Bench, Case, call, device, failed, step, twice};

pub(crate) fn extension(key: &str, user: u128) -> Extension {
    Extension {
        key: key.to_owned(),
        directory_name: format!("User {user}"),
        user: Some(UserId(Uuid::from_u128(user))),
        number: Some(format!("4420{user:08}")),
        add_ons: vec![AddOn("call-recording".to_owned())],
    }
}

pub(crate) fn provision(key: &str, user: u128) -> Action {
    Action::ProvisionExtension(extension(key, user))
}

fn change(from: &str, to: Extension) -> Action {
    Action::ChangeExtension { from: from.to_owned(), to }
}

fn delete(key: &str) -> Action {
    Action::DeleteExtension { key: key.to_owned() }
}

/// Every action with what must be there before it.
fn actions() -> Vec<Case> {
    let there = || vec![provision("0101", 1)];
    vec![
        (vec![], provision("0101", 1)),
        (there(), change("0101", extension("0101", 2))),
        (there(), change("0101", extension("0102", 1))),
        (there(), delete("0101")),
    ]
}

#[tokio::test]
async fn an_extension_is_taken_whole() {
    let bench = Bench::phone_system(&[]).await;
    let Ok(Ran::Done(done)) = bench.run(&provision("0101", 1)).await else { panic!("it was not made") };
    assert_eq!(done.reference.as_deref(), Some("/v1/extensions/0101"));
    let user = Uuid::from_u128(1);
    let held = json!({ "key": "0101", "directoryName": "User 1", "user": user, "number": "442000000001",
        "addOns": ["call-recording"] });
    assert_eq!(bench.state(), json!({ "extensions": [held] }));
    let log = bench.simulator.log(Protocol::PhoneSystem).unwrap();
    assert_eq!(log[0].id.as_deref(), Some("00000000-0000-0000-0000-000000000007/0"));
}

#[tokio::test]
async fn every_action_run_twice_has_one_effect() {
    twice(Protocol::PhoneSystem, "", actions()).await;
}

#[tokio::test]
async fn every_action_failed_before_or_after_its_effect_comes_to_the_same_end() {
    failed(Protocol::PhoneSystem, "", actions()).await;
}

#[tokio::test]
async fn a_key_that_someone_else_has_is_different_and_stays_theirs() {
    let bench = Bench::phone_system(&[]).await;
    bench.done(&provision("0101", 1)).await;
    let Look::Different { differences } = bench.settle(&provision("0101", 2)).await else { panic!("not noticed") };
    let of = |user: u128| Uuid::from_u128(user);
    assert_eq!(
        differences,
        [
            "directory name: device has User 1, the order says User 2".to_owned(),
            format!("user: device has {}, the order says {}", of(1), of(2)),
            "number: device has 442000000001, the order says 442000000002".to_owned(),
        ]
    );
    assert_eq!(bench.effects(), 1);
}

#[tokio::test]
async fn changing_an_extension_that_is_not_there_is_noticed() {
    let bench = Bench::phone_system(&[]).await;
    for to in ["0101", "0102"] {
        let action = change("0101", extension(to, 1));
        let Look::Different { differences } = bench.settle(&action).await else { panic!("not noticed") };
        assert_eq!(differences, ["extension 0101: the device has none"]);
    }
}

#[tokio::test]
async fn undoing_a_provisioning_removes_it_unless_it_was_changed_since() {
    let bench = Bench::phone_system(&[]).await;
    let action = provision("0101", 1);
    bench.undo(&action).await.unwrap();
    bench.done(&action).await;
    bench.undo(&action).await.unwrap();
    bench.undo(&action).await.unwrap();
    assert_eq!(bench.state(), json!({ "extensions": [] }));

    bench.done(&action).await;
    bench.done(&change("0101", extension("0101", 2))).await;
    let fault = bench.undo(&action).await.unwrap_err();
    assert_eq!(fault.complaint().code, "phone-system-changed-since");
    assert_eq!(bench.undo(&delete("0101")).await.unwrap_err().complaint().code, "no-undo");
}

#[tokio::test]
async fn a_device_that_lost_power_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Simulator::builder().data(folder.path()).phone_system(0).start();
    let simulator = start().await.unwrap();
    let address = simulator.phone_system().unwrap();
    let row = device(DeviceKind::PhoneSystem, address, &simulator);
    let driver = for_device(&row).unwrap();
    for action in [provision("101", 1), provision("102", 2), change("102", extension("103", 2)), delete("101")] {
        driver.run(call(&step(&action))).await.unwrap();
    }
    let (state, log) = (simulator.state(Protocol::PhoneSystem), simulator.log(Protocol::PhoneSystem).unwrap());
    drop(simulator);

    let simulator = start().await.unwrap();
    assert_eq!(simulator.state(Protocol::PhoneSystem), state);
    assert_eq!(simulator.log(Protocol::PhoneSystem).unwrap(), log);
    // The certificate that the row trusts still vouches for the device, and the uniqueness rules still know the user.
    let address = format!("https://{}", simulator.phone_system().unwrap());
    let driver = for_device(&Device { address, ..row }).unwrap();
    let fault = driver.run(call(&step(&provision("104", 2)))).await.unwrap_err();
    assert_eq!(fault.complaint().code, "phone-system-user-taken");
}

#[tokio::test]
async fn a_connection_that_the_device_closed_meanwhile_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let start = |port| Simulator::builder().data(folder.path()).phone_system(port).start();
    let simulator = start(0).await.unwrap();
    let address = simulator.phone_system().unwrap();
    let driver = for_device(&device(DeviceKind::PhoneSystem, address, &simulator)).unwrap();
    driver.run(call(&step(&provision("101", 1)))).await.unwrap();
    simulator.stop().await;
    let _simulator = start(address.port()).await.unwrap();
    driver.run(call(&step(&provision("102", 2)))).await.unwrap();
}
