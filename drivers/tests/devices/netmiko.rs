use std::process::Command;

use dialtone_simulator::{Protocol, Simulator};

#[tokio::test(flavor = "multi_thread")]
async fn netmiko_configures_a_desk_from_beginning_to_end() {
    let python = std::env::var("DIALTONE_TEST_PYTHON").expect("DIALTONE_TEST_PYTHON is not set: see tests/python.sh");
    let simulator = Simulator::builder().ios(0).cue(0).start().await.unwrap();
    let ports = [simulator.ios(), simulator.cue()].map(|address| address.unwrap().port().to_string());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/netmiko_desk.py");
    let client = move || Command::new(python).arg(script).args(ports).output().unwrap();
    let output = tokio::task::spawn_blocking(client).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(simulator.state(Protocol::Ios).get("ephone-dn 1").is_none());
    assert_eq!(simulator.state(Protocol::Cue), serde_json::json!({}));
}
